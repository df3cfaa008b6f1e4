"""Whether Twilio signed a form that came in (twilio.com/docs/usage/security). By itself, so that the web process does without the SDK.

The algorithm is ours to say and not the sender's: an account's auth token signs by HMAC-SHA1, whatever a header names.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit, urlunsplit

_PORTS = {"https": 443, "http": 80}


def is_signed(url: str, fields: Sequence[tuple[str, str]], signature: str, token: str) -> bool:
    """``url``: the public one, as Twilio was given it, with its query. ``fields``: all of the form, empty ones too. Twilio leaves
    the usual port out of what it signs or writes it, so that both count."""
    if not token or not signature or not signature.isascii():
        return False
    values = "".join(name + value for name, value in sorted(set(fields)))
    return any(hmac.compare_digest(_signature(token, one + values), signature) for one in _with_and_without_port(url))


def _signature(token: str, text: str) -> str:
    digest = hmac.new(token.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _with_and_without_port(url: str) -> Iterable[str]:
    yield url
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    if parts.port == port:
        yield urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))
    elif parts.port is None and port is not None:
        yield urlunsplit(parts._replace(netloc=f"{parts.netloc}:{port}"))
