"""Accounts of the stand-in for Twilio: as with Razorpay's, made from the installation's seed and stored nowhere.

Their shape is Twilio's own, since everything that takes an account sid checks it; a row of ours says which kind it is.
"""

from __future__ import annotations

import hashlib
import hmac


def sandbox_account(seed: str, account: str) -> tuple[str, str]:
    """Account sid and auth token of ``account``, the same each time."""
    sid = f"AC{_hex(seed, f'twilio id:{account}')}"
    return sid, token_of(seed, sid)


def token_of(seed: str, account_sid: str) -> str:
    return _hex(seed, f"twilio token:{account_sid}")


def sandbox_number(seed: str, account_sid: str) -> str:
    """A number to send from on WhatsApp, in E.164: none that somebody has, since no Indian area begins like that."""
    digits = int(_hex(seed, f"twilio number:{account_sid}")[:12], 16) % 10**8
    return f"+9100{digits:08d}"


def _hex(seed: str, about: str) -> str:
    return hmac.new(seed.encode(), about.encode(), hashlib.sha256).hexdigest()[:32]
