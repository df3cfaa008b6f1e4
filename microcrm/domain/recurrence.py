"""What comes again: an RRULE (RFC 5545) over days of the wall clock. The time of day is kept apart, so that a visit at ten
stays at ten when the clocks change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from dateutil.rrule import rrulestr

from microcrm.domain.formatting import WEEKDAY_NAMES, format_day

MOST = 104  # times: two years of weeks
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NTH = ("first", "second", "third", "fourth", "last")


class Every(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"  # on the same day of the month; months without it are left out
    MONTH_WEEKDAY = "month_weekday"  # like the second Tuesday


_FREQ = {Every.DAY: "DAILY", Every.WEEK: "WEEKLY", Every.MONTH: "MONTHLY", Every.MONTH_WEEKDAY: "MONTHLY"}
_EVERY = {"DAILY": Every.DAY, "WEEKLY": Every.WEEK, "MONTHLY": Every.MONTH}


@dataclass(frozen=True, slots=True)
class Repeat:
    """Ends after ``count`` times or with the day ``until``, whichever is given. ``weekdays`` (Monday 0) only for weeks;
    none means the weekday of the first time."""

    every: Every
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    count: int | None = None
    until: date | None = None


def rule_of(repeat: Repeat, first: date) -> str:
    """Like "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=10"."""
    parts = [f"FREQ={_FREQ[repeat.every]}", f"INTERVAL={repeat.interval}"]
    if repeat.every is Every.WEEK:
        parts.append("BYDAY=" + ",".join(_DAYS[day] for day in sorted(repeat.weekdays or (first.weekday(),))))
    elif repeat.every is Every.MONTH_WEEKDAY:
        parts.append(f"BYDAY={_place_in_month(first)}{_DAYS[first.weekday()]}")
    parts.append(f"COUNT={repeat.count}" if repeat.count else f"UNTIL={repeat.until:%Y%m%d}")
    return ";".join(parts)


def repeat_of(rule: str) -> Repeat:
    """What ``rule_of`` was made of. Reads our own rules only."""
    parts = dict(part.split("=") for part in rule.split(";"))
    days = parts.get("BYDAY", "")
    every = Every.MONTH_WEEKDAY if parts["FREQ"] == "MONTHLY" and days else _EVERY[parts["FREQ"]]
    until = parts.get("UNTIL")
    return Repeat(
        every,
        int(parts["INTERVAL"]),
        tuple(_DAYS.index(day) for day in days.split(",")) if every is Every.WEEK else (),
        int(parts["COUNT"]) if "COUNT" in parts else None,
        date(int(until[:4]), int(until[4:6]), int(until[6:])) if until else None,
    )


def days_of(rule: str, first: date, most: int = MOST) -> tuple[date, ...]:
    """The days on which it comes, from ``first`` on, at most ``most``."""
    found: list[date] = []
    for moment in rrulestr(rule, dtstart=datetime.combine(first, time())):
        found.append(moment.date())
        if len(found) == most:
            break
    return tuple(found)


def in_words(repeat: Repeat, first: date) -> str:
    """Like "every 2 weeks on Monday and Wednesday, 10 times"."""
    words = rhythm(repeat, first)
    return f"{words}, {repeat.count} times" if repeat.count else f"{words}, until {format_day(repeat.until or first)}"


def rhythm(repeat: Repeat, first: date) -> str:
    """The same without its end."""
    n = repeat.interval
    unit = "month" if repeat.every is Every.MONTH_WEEKDAY else repeat.every.value
    words = f"every {unit}" if n == 1 else f"every {n} {unit}s"
    if repeat.every is Every.WEEK:
        words += " on " + _listed([WEEKDAY_NAMES[day] for day in sorted(repeat.weekdays or (first.weekday(),))])
    elif repeat.every is Every.MONTH_WEEKDAY:
        place = _place_in_month(first)
        words += f" on the {_NTH[place - 1 if place > 0 else 4]} {WEEKDAY_NAMES[first.weekday()]}"
    elif repeat.every is Every.MONTH:
        words += f" on day {first.day}"
    return words


def _place_in_month(day: date) -> int:
    """1 to 4, or -1: a fifth one is the last, for not every month has a fifth."""
    place = (day.day - 1) // 7 + 1
    return place if place < 5 else -1


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"
