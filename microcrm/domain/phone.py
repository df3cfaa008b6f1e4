"""Telephone numbers: kept as E.164, shown grouped, masked for those who may not see them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from microcrm.domain.errors import Invalid

_CARRIES_MESSAGES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_CHANNEL = re.compile(r"^(?:whatsapp|tel|sms):", re.IGNORECASE)
_HINT = "Type the phone number with its ten digits, such as 98450 12345."
_HINT_MOBILE = "Type a mobile number with its ten digits, such as 98450 12345."


def parse_phone(raw: Any, *, region: str = "IN", mobile: bool = False, required: bool = True) -> str:
    """E.164 of a number typed in any usual way; "" for nothing unless ``required``.

    ``mobile``: refuse numbers that cannot receive a message.
    """
    hint = _HINT_MOBILE if mobile else _HINT
    if raw is not None and (not isinstance(raw, str) or len(raw) > 40):
        raise Invalid(hint)
    text = _CHANNEL.sub("", (raw or "").strip())
    if not text:
        if required:
            raise Invalid("A mobile number is needed." if mobile else "A phone number is needed.")
        return ""
    found, is_mobile = _read(text, region)
    if not found or (mobile and not is_mobile):
        raise Invalid(hint)
    return found


@lru_cache(maxsize=256)  # a form's number is read more than once on its way
def _read(text: str, region: str) -> tuple[str, bool]:
    """E.164, and whether messages can arrive there; "" for what is no number."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "", False
    if not phonenumbers.is_valid_number(number) or number.extension:
        return "", False
    is_mobile = phonenumbers.number_type(number) in _CARRIES_MESSAGES
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), is_mobile


def display_phone(e164: str) -> str:
    """Like "+91 98450 12345"; other countries in their own international grouping; "" stays ""."""
    if not e164:
        return ""
    if len(e164) == 13 and e164.startswith("+91") and e164[3] in "6789":
        return f"+91 {e164[3:8]} {e164[8:]}"
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def mask_phone(e164: str) -> str:
    """Like "•••• 12345": enough to recognise a number one knows, too little to dial it."""
    return f"•••• {e164[-5:]}" if e164 else ""


def last_four(e164: str) -> str:
    return e164[-4:]
