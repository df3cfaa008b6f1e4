"""The waiting list: who wants a time that has become free, and who is asked first.

Days and minutes after midnight are the shop's wall clock. Nothing here knows which services a member does or whether a
room is free: whoever calls brings only entries whose service the member does, with the minutes it takes with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.hours import Window

MOST_PREFERENCES = 5
# Parts of a day that customers choose between: from and until, minutes after midnight. They are those of the free times.
PARTS: dict[str, Window] = {
    "": Window(0, DAY_MINUTES),
    "morning": Window(0, 12 * 60),
    "afternoon": Window(12 * 60, 17 * 60),
    "evening": Window(17 * 60, DAY_MINUTES),
}
EVERY_WEEKDAY = 127  # bits, Monday 1, Sunday 64


@dataclass(frozen=True, slots=True)
class Preference:
    """A time that would suit: from ``first_day`` to ``last_day``, on these weekdays, the visit wholly within ``start_min``
    and ``end_min``; with one member, or whoever (``None``)."""

    place: int
    first_day: date
    last_day: date
    start_min: int = 0
    end_min: int = DAY_MINUTES
    weekdays: int = EVERY_WEEKDAY
    member_id: int | None = None

    def is_on(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day and bool(self.weekdays & 1 << day.weekday())


@dataclass(frozen=True, slots=True)
class Freed:
    """Time of one member that nobody holds any more (``freed``), and the stretch of free time around it (``free``) that a
    visit may use: a long service may begin before or end after what became free, if that was free already."""

    member_id: int
    day: date
    freed: Window
    free: Window


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry. ``minutes``, ``before`` and ``after`` are its service's with the member whose time is free. No visit may
    begin before ``earliest``, minutes after midnight: the shop wants to be told in time."""

    entry_id: int
    service_id: int
    priority: int
    since: datetime
    minutes: int
    before: int
    after: int
    preferences: tuple[Preference, ...]
    earliest: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """The entry could have a visit at ``start`` minutes after midnight; ``place`` is that of the preference it meets."""

    entry: Waiting
    start: int
    place: int

    @property
    def rank(self) -> tuple[int, datetime, int, int]:
        """Who is asked first: the higher priority, then who came first; the preference's place and the entry's number
        decide between people who came in the same instant."""
        return -self.entry.priority, self.entry.since, self.place, self.entry.entry_id


def match(entry: Waiting, freed: Freed, step: int) -> Match | None:
    """How the freed time suits the entry: by its first preference that fits, nearest to the start of what became free.
    ``step`` is how far apart starts lie, in minutes."""
    for preference in sorted(entry.preferences, key=lambda one: one.place):
        if preference.member_id not in (None, freed.member_id) or not preference.is_on(freed.day):
            continue
        for start in _starts(freed.freed, entry.minutes, step):
            if _fits(entry, freed.free, start) and _is_within(preference, start, start + entry.minutes):
                return Match(entry, start, preference.place)
    return None


def in_turn(entries: Iterable[Waiting], freed: Freed, step: int) -> list[Match]:
    """All whom the freed time suits, in the order they are asked."""
    found = (match(entry, freed, step) for entry in entries)
    return sorted((one for one in found if one is not None), key=lambda one: one.rank)


def band(matches: Sequence[Match], size: int) -> tuple[Match, ...]:
    """Who is asked at once: the first in turn, and after them at most ``size - 1`` who want the very same visit. One hold
    keeps it for all of them, so that it can be won once."""
    if not matches:
        return ()
    first = matches[0]
    same = (one for one in matches if (one.entry.service_id, one.start) == (first.entry.service_id, first.start))
    return tuple(same)[:size]


def _starts(freed: Window, minutes: int, step: int) -> list[int]:
    """Starts whose visit lies at least partly in what became free: the nearest to its beginning first, later before
    earlier."""
    later = range(freed.start, freed.end, step)
    earlier = range(freed.start - step, max(freed.start - minutes, -1), -step)
    return sorted([*later, *earlier], key=lambda start: (abs(start - freed.start), start < freed.start))


def _fits(entry: Waiting, free: Window, start: int) -> bool:
    is_free = free.start <= start - entry.before and start + entry.minutes + entry.after <= free.end
    return is_free and start >= entry.earliest


def _is_within(preference: Preference, start: int, end: int) -> bool:
    return preference.start_min <= start and end <= preference.end_min
