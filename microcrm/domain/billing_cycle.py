"""When a bill that recurs is due: every so many weeks or months from a first day on. Periods are counted from 0 and each has
one bill."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

MOST_STEPS = 52


class Unit(StrEnum):
    WEEK = "week"
    MONTH = "month"  # on the same day; the last day of a month that has no such day


def due_day(first: date, unit: Unit, step: int, period: int) -> date:
    """The day of a period; ``OverflowError`` beyond the calendar."""
    if unit is Unit.WEEK:
        return first + timedelta(weeks=step * period)
    months = first.month - 1 + step * period
    year, month = first.year + months // 12, months % 12 + 1
    if year > date.max.year:
        raise OverflowError("beyond the calendar")
    return date(year, month, min(first.day, monthrange(year, month)[1]))


def period_from(first: date, unit: Unit, step: int, day: date) -> int:
    """The first period that is due on or after the day."""
    if day <= first:
        return 0
    if unit is Unit.WEEK:
        return -(-(day - first).days // (7 * step))
    guess = max(0, ((day.year - first.year) * 12 + day.month - first.month) // step - 1)
    while due_day(first, unit, step, guess) < day:
        guess += 1
    return guess


def rhythm_words(unit: Unit, step: int) -> str:
    """Like "every month", "every 2 weeks"."""
    return f"every {unit.value}" if step == 1 else f"every {step} {unit.value}s"
