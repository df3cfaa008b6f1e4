"""What a message says that nobody else may know: the secret of its link, or a code. Made of the installation's key each time it is
needed and never stored, so that each attempt says the same words, and what left in the moment a worker died is found by them."""

from __future__ import annotations

import base64
import hmac

from microcrm.domain.notices import NoticeStep

_TOKEN = 16  # bytes
_CODES = 1_000_000


def secret_of(key: str, business_id: int, message_id: int, step: str, subject: str, version: int) -> str:
    """What stands in this message's text, if it says one at all."""
    if step == NoticeStep.CODE:
        return code_of(key, business_id, subject, version)
    return token_of(key, business_id, message_id)


def token_of(key: str, business_id: int, message_id: int) -> str:
    """128 bits that only this installation can make (RFC 2104 section 5). Only the hash is kept."""
    digest = _digest(key, f"message:{business_id:x}.{message_id:x}")
    return base64.urlsafe_b64encode(digest[:_TOKEN]).rstrip(b"=").decode()


def code_of(key: str, business_id: int, subject: str, version: int) -> str:
    """Six digits, others for each ``version`` that is asked for."""
    return f"{int.from_bytes(_digest(key, f'{subject}:{business_id:x}.{version:x}')[:8]) % _CODES:06d}"


def _digest(key: str, about: str) -> bytes:
    return hmac.digest(key.encode(), about.encode(), "sha256")
