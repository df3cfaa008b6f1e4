"""Six-digit codes of an authenticator app (RFC 6238: SHA-1, 30 seconds), and recovery codes for a lost one."""

from __future__ import annotations

import hmac
import re
import unicodedata
from datetime import datetime
from typing import Any

import pyotp

ISSUER = "MicroCRM"
STEP = 30  # seconds
_DRIFT = 1  # steps that a phone's clock may be ahead or behind
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"  # nothing that can be taken for something else
RECOVERY_LENGTH, _GROUP = 16, 4  # 78 bits


def matching_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The 30-second step that ``code`` belongs to, or ``None``. A step is good once, so it must be after ``last_step``."""
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP
    found = None
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > last_step:
            found = step
    return found


def provisioning_uri(secret: str, account: str) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def read_code(raw: Any) -> str:
    """Six ASCII digits out of what was typed ("123 456", Indian digits), else "": as wrong as any wrong code."""
    if not isinstance(raw, str) or len(raw) > 40:
        return ""
    digits = [unicodedata.decimal(c, None) for c in raw if c not in " -\u00a0"]
    return "".join(map(str, digits)) if len(digits) == 6 and None not in digits else ""


def recovery_code_of(numbers: bytes) -> str:
    """A code out of random bytes; two bytes a letter keep the letters equally likely to within 0.05 %."""
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return "".join(_LETTERS[(a * 256 + b) % len(_LETTERS)] for a, b in pairs)


def show_recovery_code(code: str) -> str:
    """Like "k7qm-x2rd-9hwp-tn4c"."""
    return "-".join(code[i : i + _GROUP] for i in range(0, len(code), _GROUP))


def show_secret(secret: str) -> str:
    """The secret in groups of four, for those who type it instead of scanning."""
    return " ".join(secret[i : i + _GROUP] for i in range(0, len(secret), _GROUP))


def read_recovery_code(raw: Any) -> str:
    """The bare letters of a recovery code, else ""."""
    if not isinstance(raw, str) or len(raw) > 80:
        return ""
    bare = re.sub(r"[^a-z0-9]", "", raw.lower())
    return bare if len(bare) == RECOVERY_LENGTH and set(bare) <= set(_LETTERS) else ""
