"""The phone numbers of a cell: one or several, as people and spreadsheets write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from phonenumbers import PhoneMetadata

from microcrm.domain.errors import Invalid
from microcrm.domain.phone import parse_phone

SHORTENED = "Excel has cut this phone number short. Give the column the format Text in Excel, and save the file again."
UNREADABLE = "This is no phone number. It needs its ten digits, such as 98450 12345."
_BETWEEN = re.compile(r"[,;/|\n]|\s(?:and|or|&)\s", re.IGNORECASE)
_NOISE = re.compile(r"[\s().\-\u2010-\u2015\u00a0\u200b\u202a-\u202e\u2066-\u2069]+")
_LABEL = re.compile(r"^(?:(?:mobile|mob|phone|ph|tel|whatsapp|wa|cell|m|no)\s*\.?\s*[:#.]?\s*)+", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?e\+?0?(\d{1,2})", re.IGNORECASE | re.ASCII)
_FLOAT = re.compile(r"(\d{6,15})[.,]0+", re.ASCII)
_INDIAN = re.compile(r"(?:\+?91|0091|0)?([6-9]\d{9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Phones:
    """``first`` and ``others`` in E.164. ``fault``: what is wrong with the cell, when there is no number in it."""

    first: str = ""
    others: tuple[str, ...] = ()
    fault: str = ""
    is_partly_unread: bool = False


def read_phones(cell: str) -> Phones:
    if not cell:
        return Phones()
    quick = indian_mobile(cell)
    if quick:
        return Phones(quick)
    parts = [part for part in (_LABEL.sub("", one.strip()) for one in _BETWEEN.split(cell[:400])) if part]
    found = [_read(part) for part in parts[:8]]
    good = tuple(dict.fromkeys(one for one in found if one and one != SHORTENED))
    if not good:
        return Phones(fault=SHORTENED if SHORTENED in found else UNREADABLE) if parts else Phones()
    return Phones(
        good[0], good[1:], is_partly_unread=len([one for one in found if one and one != SHORTENED]) < len(parts)
    )


def indian_mobile(cell: str) -> str:
    """A mobile number of India and nothing else: the same answer as `parse_phone`, a hundred times as fast."""
    found = _INDIAN.fullmatch(_NOISE.sub("", cell)) if len(cell) < 24 else None
    if found is None or not _mobile().fullmatch(found[1]):
        return ""
    return f"+91{found[1]}"


@cache
def _mobile() -> re.Pattern[str]:
    """Which ten digits are a mobile number, as the metadata of phonenumbers have it."""
    metadata: Any = PhoneMetadata.metadata_for_region("IN")
    return re.compile(metadata.mobile.national_number_pattern)


def _read(part: str) -> str:
    """E.164, ``SHORTENED``, or "" for none."""
    if found := _SCIENTIFIC.fullmatch(part.replace(" ", "")):
        digits, places = found[1] + (found[2] or ""), int(found[3]) + 1
        if len(digits.rstrip("0")) < min(places, 10) - 1:
            return SHORTENED
        part = digits.ljust(places, "0") if len(digits) <= places else digits[:places]
    elif found := _FLOAT.fullmatch(part):
        part = found[1]
    if quick := indian_mobile(part):
        return quick
    try:
        return parse_phone(part.strip("'\"").translate(_DIGITS)[:40], required=False)
    except Invalid:
        return ""


# Digits of the scripts of India, and what comes along when a number is pasted from a page.
_DIGITS = {
    start + digit: str(digit)
    for start in (0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0x660, 0x6F0)
    for digit in range(10)
} | dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0xFEFF], "")
