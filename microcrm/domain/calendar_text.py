"""Days and times of day as people type them, without a zone."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from microcrm.domain.errors import Invalid

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY_MINUTES = 24 * 60
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_NAMED = re.compile(r"(?:[A-Za-z]{3},?\s+)?(\d{1,2})\s+([A-Za-z]{3,9})\s+(\d{4})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::\d{2})?\s*([ap])?\.?\s*(?:m\.?)?", re.ASCII | re.IGNORECASE)
_HINT_DAY = "must be a day such as 05 Dec 2026."
_HINT_CLOCK = "must be a time such as 9:30 am."


def parse_day(raw: Any, label: str = "Day") -> date | None:
    """Like "2026-12-05", "05/12/2026" (day first, as in India) or "Sat, 05 Dec 2026"; ``None`` for nothing."""
    if raw is None or isinstance(raw, date):
        return raw
    if not isinstance(raw, str) or len(raw) > 40:
        raise Invalid(f"{label} {_HINT_DAY}")
    text = raw.strip()
    if not text:
        return None
    try:
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _NUMERIC.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _NAMED.fullmatch(text):
            return date(int(found[3]), _month(found[2]), int(found[1]))
    except ValueError:
        raise Invalid(f"{label} is not a day of the calendar.") from None
    raise Invalid(f"{label} {_HINT_DAY}")


def _month(word: str) -> int:
    return MONTHS.index(word[:3].title()) + 1


def parse_clock(raw: Any, label: str = "Time") -> int | None:
    """Minutes after midnight, 0..1440, of "9:30 am", "9am", "21:00" or 24:00; ``None`` for nothing."""
    if raw is None:
        return None
    if not isinstance(raw, str) or len(raw) > 20:
        raise Invalid(f"{label} {_HINT_CLOCK}")
    text = raw.strip()
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        raise Invalid(f"{label} {_HINT_CLOCK}")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:
        raise Invalid(f"{label} {_HINT_CLOCK}")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    total = hour * 60 + minute
    if minute > 59 or total > DAY_MINUTES:
        raise Invalid(f"{label} {_HINT_CLOCK}")
    return total
