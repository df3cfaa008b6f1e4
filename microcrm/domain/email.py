"""E-mail addresses: checked by form alone (no look-up), compared by a lower-case key."""

from __future__ import annotations

from typing import Any

from email_validator import EmailNotValidError, validate_email

from microcrm.domain.errors import Invalid

_HINT = "Type an email address such as name@example.com."


def parse_email(raw: Any, *, required: bool = True) -> str:
    """The address as typed, normalised; "" for nothing unless ``required``."""
    if raw is not None and (not isinstance(raw, str) or len(raw) > 254):  # RFC 5321 4.5.3.1.3 less the two brackets
        raise Invalid(_HINT)
    text = (raw or "").strip()
    if not text:
        if required:
            raise Invalid("An email address is needed.")
        return ""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(_HINT) from None


def email_key(address: str) -> str:
    """What makes two addresses the same account: no provider in use tells Asha@ from asha@."""
    return address.strip().lower()


def mask_email(address: str) -> str:
    """Like "a•••@example.com"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}" if local else ""
