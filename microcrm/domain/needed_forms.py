"""A form that a service asks for before it starts: whether it has been filled in, and until when that is good. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from microcrm.domain.formatting import format_day


class Standing(StrEnum):
    MISSING = "missing"
    EXPIRED = "expired"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class NeededForm:
    """``months``: how long it is good; empty: for ever. ``is_signed``: it has a signature, and the day is that of the latest one."""

    form_id: int
    name: str
    months: int | None = None
    is_signed: bool = False
    filled_on: date | None = None

    @property
    def good_until(self) -> date | None:
        """The first day on which it is not good any more: the same day of the month, or the month's last."""
        return None if self.filled_on is None or self.months is None else months_after(self.filled_on, self.months)

    def standing(self, day: date) -> Standing:
        if self.filled_on is None:
            return Standing.MISSING
        until = self.good_until
        return Standing.EXPIRED if until is not None and day >= until else Standing.GOOD

    def in_words(self, day: date, today: date | None = None) -> str:
        """Like "Consent: signed on 12 Nov 2026, good until 12 May 2027". ``today``: when that is read, if the ``day`` is to come."""
        done = "signed" if self.is_signed else "filled in"
        if self.filled_on is None:
            return f"{self.name}: not {done} yet"
        until = self.good_until
        if until is None:
            return f"{self.name}: {done} on {format_day(self.filled_on)}"
        if day >= until:
            ended = "expired" if until <= (today or day) else "runs out"
            return f"{self.name}: {done} on {format_day(self.filled_on)}, {ended} on {format_day(until)}"
        return f"{self.name}: {done} on {format_day(self.filled_on)}, good until {format_day(until)}"


def months_after(day: date, months: int) -> date:
    """31 January and one month is the last day of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def why_not_started(needed: Sequence[NeededForm], day: date) -> str:
    """One sentence, or "" when nothing is missing."""
    missing = [one.in_words(day) for one in needed if one.standing(day) is not Standing.GOOD]
    return f"Before it starts: {'; '.join(missing)}." if missing else ""


def still_to_fill(needed: Sequence[NeededForm], days: Sequence[date], today: date) -> str:
    """Of visits that are to come: what will not be good on one of these days, "" when nothing. It can be done until then, so it says
    that and refuses nothing."""
    missing = []
    for one in needed:
        bad = [day for day in sorted(days) if one.standing(day) is not Standing.GOOD]
        if bad:
            missing.append(one.in_words(bad[0], today))
    return f"{'; '.join(missing)}." if missing else ""
