"""A link that is good for one customer of one business and needs no row: who has it has had it from us.

Signed with HMAC-SHA256, of which 128 bits are kept (RFC 2104 section 5); the ids in it say nothing that could be used without.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

_SHAPE = re.compile(r"([1-9a-f][0-9a-f]{0,15})\.([1-9a-f][0-9a-f]{0,15})\.[A-Za-z0-9_-]{22}", re.ASCII)
_LARGEST = 2**63 - 1


def signed(key: str, business_id: int, customer_id: int) -> str:
    about = f"{business_id:x}.{customer_id:x}"
    digest = hmac.new(key.encode(), f"customer:{about}".encode(), hashlib.sha256).digest()[:16]
    return f"{about}.{urlsafe_b64encode(digest).decode().rstrip('=')}"


def read_signed(key: str, token: object) -> tuple[int, int] | None:
    """Business and customer; None for what we have not signed."""
    found = _SHAPE.fullmatch(token) if isinstance(token, str) else None
    if found is None:
        return None
    business_id, customer_id = (int(one, 16) for one in found.groups())
    if max(business_id, customer_id) > _LARGEST:
        return None
    is_ours = hmac.compare_digest(signed(key, business_id, customer_id), found.string)
    return (business_id, customer_id) if is_ours else None
