"""Random tokens for cookies and mail links. The database keeps only their hash."""

from __future__ import annotations

import re
import secrets
from typing import Any

from microcrm.operations.sessions import hash_of

_FORM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_token() -> tuple[str, bytes]:
    """256 bits as URL-safe text, and the hash to keep."""
    token = secrets.token_urlsafe(32)
    return token, hash_of(token)


def hash_of_typed(raw: Any) -> bytes:
    """The hash to look for; of nothing that was ever given out when the text cannot be a token."""
    return hash_of(raw) if isinstance(raw, str) and _FORM.fullmatch(raw) else b""
