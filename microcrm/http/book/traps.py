"""What keeps programs from filling in the forms of the public pages, and the same form from counting twice.

Each form carries a key: when it was shown and a random number, signed. A form that comes back within a second was not
read by anybody; one that is older than a day is shown again. The field that people do not see must stay empty.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from microcrm.http.forms import Form, Refused
from microcrm.settings import settings

KEY, TRAP = "key", "website"  # names of fields
QUICKEST = timedelta(seconds=1)
_OLDEST = timedelta(hours=24)


def new_key(now: datetime) -> str:
    body = f"{int(now.timestamp() * 1000):x}.{secrets.token_hex(12)}"
    return f"{body}.{_signature(body)}"


def request_key(form: Form, now: datetime, *more: str) -> str:
    """A short name for this one form post with ``more``; the same post again has the same. Raises: Refused."""
    raw = form.get(KEY)
    body, _, signature = raw.rpartition(".")
    if form.get(TRAP) or len(raw) > 120 or not hmac.compare_digest(signature.encode(), _signature(body).encode()):
        raise Refused(400, "That isn’t a form of ours", "Open the page and try again. Nothing was changed.")
    age = now - datetime.fromtimestamp(int(body.partition(".")[0], 16) / 1000, tz=now.tzinfo)
    if age < QUICKEST:
        raise Refused(429, "That was very quick", "Go back, wait a second and press the button again.")
    if age > _OLDEST:
        raise Refused(403, "That page has expired", "Go back, refresh the page and try again. Nothing was changed.")
    return hashlib.sha256("|".join([body, *more]).encode()).hexdigest()[:40]


def _signature(body: str) -> str:
    return hmac.new(settings().secret_key.encode(), f"book:{body}".encode(), hashlib.sha256).hexdigest()[:32]
