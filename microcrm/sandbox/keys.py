"""Keys of the sandbox: anybody who knows the installation's seed can make them, so they are stored nowhere.

Their ids begin differently from Razorpay's own (``rzp_test_``, ``rzp_live_``), so that nobody confuses the two.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

PREFIX = "rzp_sandbox_"
_ID = re.compile(rf"{PREFIX}[A-Za-z0-9]{{14}}", re.ASCII)


def is_sandbox(key_id: str) -> bool:
    return _ID.fullmatch(key_id) is not None


def sandbox_keys(seed: str, account: str) -> tuple[str, str]:
    """Key id and key secret of ``account``, the same each time."""
    key_id = PREFIX + _letters(seed, f"id:{account}")[:14]
    return key_id, secret_of(seed, key_id)


def secret_of(seed: str, key_id: str) -> str:
    return _letters(seed, f"secret:{key_id}")[:24]


def _letters(seed: str, about: str) -> str:
    digest = hmac.new(seed.encode(), about.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode().replace("+", "A").replace("/", "B").rstrip("=")
