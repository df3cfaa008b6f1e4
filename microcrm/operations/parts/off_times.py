"""Time of a calendar's column that cannot be booked, in minutes after midnight of one day. Pure."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.hours import Window, Windows, subtract
from microcrm.domain.zones import to_wall
from microcrm.operations.parts.working_time import MemberDay

WHOLE_DAY = Window(0, DAY_MINUTES)


class OffTime(NamedTuple):
    """``column`` is a member or a room. ``kind`` is closed, break or leave."""

    column: int
    day: date
    window: Window
    kind: str


def off_times(member_id: int, day: date, hours: MemberDay) -> list[OffTime]:
    """Closed before, after and when the shop is; a break between two stretches of work; leave."""
    return [OffTime(member_id, day, window, kind) for window, kind in _off_windows(hours)]


@lru_cache(maxsize=2048)  # most days of most people are the same few
def _off_windows(hours: MemberDay) -> tuple[tuple[Window, str], ...]:
    if not hours.planned:
        return ((WHOLE_DAY, "leave" if hours.shop and hours.leave else "closed"),)
    first, last = hours.planned[0].start, hours.planned[-1].end
    found = [(window, "closed") for window in subtract((WHOLE_DAY,), (Window(first, last),))]
    found += [(window, "break") for window in subtract((Window(first, last),), hours.planned)]
    away = [window for window in hours.leave if window.start < last and first < window.end]
    found += [(Window(max(first, window.start), min(last, window.end)), "leave") for window in away]
    return tuple(sorted(found))


def closed_times(column: int, day: date, shop: Windows) -> list[OffTime]:
    """Of a room: when the shop is closed."""
    return [OffTime(column, day, window, "closed") for window in subtract((WHOLE_DAY,), shop)]


def minute_on(day: date, instant: datetime, zone: ZoneInfo) -> int:
    """Minutes after midnight of ``day``, kept inside it."""
    on, minute = to_wall(instant, zone)
    if on != day:
        return 0 if on < day else DAY_MINUTES
    return minute
