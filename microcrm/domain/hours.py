"""Opening and working hours: windows of minutes after midnight, by weekday, with dated exceptions, holidays and leave.

A window is half-open; a break is the space between two windows of one day. Nothing here knows a zone: ``zones`` turns a
day and a minute into an instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import WEEKDAY_NAMES, format_clock_range

MOST_WINDOWS = 6  # a day


class Window(NamedTuple):
    """Minutes after midnight, ``start`` inside, ``end`` outside; ``end`` 1440 is the end of the day."""

    start: int
    end: int


Windows = tuple[Window, ...]
Week = tuple[Windows, ...]  # seven of them, Monday first
CLOSED: Windows = ()
CLOSED_WEEK: Week = (CLOSED,) * 7


def check_windows(windows: Iterable[tuple[int, int]], label: str = "The day") -> Windows:
    """The windows of one day in order; ``Invalid`` when one is empty, outside the day or laps over another."""
    rows = sorted(Window(*window) for window in windows)
    if len(rows) > MOST_WINDOWS:
        raise Invalid(f"{label} can have at most {MOST_WINDOWS} openings.")
    for row in rows:
        if not 0 <= row.start < DAY_MINUTES or row.end > DAY_MINUTES:
            raise Invalid(f"{label}: times must lie between midnight and midnight.")
        if row.start >= row.end:
            raise Invalid(f"{label}: closing must be later than opening.")
    for earlier, later in pairwise(rows):
        if later.start < earlier.end:
            raise Invalid(f"{label}: {format_clock_range(*earlier)} and {format_clock_range(*later)} overlap.")
    return merge(rows)


def check_week(days: Sequence[Iterable[tuple[int, int]]]) -> Week:
    """A checked week, Monday first; ``Invalid.fields`` names each wrong weekday ("monday": …)."""
    if len(days) != 7:
        raise Invalid("A week has seven days.")
    checked, errors = [], {}
    for name, windows in zip(WEEKDAY_NAMES, days, strict=True):
        try:
            checked.append(check_windows(windows, name))
        except Invalid as refusal:
            errors[name.lower()] = refusal.message
    if errors:
        raise Invalid(fields=errors)
    return tuple(checked)


def merge(windows: Iterable[Window]) -> Windows:
    """The same minutes in as few windows as possible, in order; empty ones vanish."""
    merged: list[Window] = []
    for window in sorted(window for window in windows if window.start < window.end):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return tuple(merged)


@lru_cache(maxsize=1024)
def intersect(one: Windows, other: Windows) -> Windows:
    """The minutes that lie in both."""
    return merge(Window(max(a.start, b.start), min(a.end, b.end)) for a in one for b in other)


def subtract(windows: Windows, taken: Iterable[Window]) -> Windows:
    """The minutes of ``windows`` that are not in ``taken``."""
    left = list(merge(windows))
    for hole in taken:
        left = [
            part
            for window in left
            for part in (
                Window(window.start, min(window.end, hole.start)),
                Window(max(window.start, hole.end), window.end),
            )
            if part.start < part.end
        ]
    return merge(left)


@dataclass(frozen=True, slots=True)
class Timetable:
    """Hours of a shop or of one person. ``exceptions`` replace a day's windows; ``()`` there means closed that day."""

    week: Week
    exceptions: Mapping[date, Windows] = field(default_factory=dict)


def open_windows(day: date, timetable: Timetable, holidays: Iterable[date] = ()) -> Windows:
    """When a shop is open: the day's exception if there is one, else nothing on a holiday, else the weekday's hours.

    An exception beats a holiday, so that a shop may open on Diwali morning.
    """
    if day in timetable.exceptions:
        return timetable.exceptions[day]
    if day in holidays:
        return CLOSED
    return timetable.week[day.weekday()]


def working_windows(day: date, shop: Windows, person: Timetable, leave: Iterable[Window] = ()) -> Windows:
    """When a staff member can be booked: their own hours, inside the shop's, less their leave of that day."""
    return subtract(intersect(shop, open_windows(day, person)), leave)


def minutes_of(windows: Windows) -> int:
    return sum(window.end - window.start for window in windows)


def contains(windows: Windows, start: int, end: int) -> bool:
    """Whether the whole stretch lies inside one opening."""
    return any(window.start <= start and end <= window.end for window in merge(windows))
