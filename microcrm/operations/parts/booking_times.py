"""Whether a planned visit lies inside working hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.errors import OutsideHours
from microcrm.domain.formatting import format_clock_range, format_weekday_short
from microcrm.domain.hours import Window, Windows, contains, intersect
from microcrm.domain.permissions import Permission
from microcrm.domain.timeline import minute_of
from microcrm.domain.zones import to_wall
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.working_time import MemberDay, WorkingTime, read_working_time, spans_of
from microcrm.operations.unit_of_work import UnitOfWork

_DAY = timedelta(days=1)


def may_run_calendar(uow: UnitOfWork) -> bool:
    return uow.may(Permission.BOOKINGS_ALL) and not uow.actor.is_own_calendar_only


def may_override(uow: UnitOfWork, reason: str) -> bool:
    """Whether this reason lets somebody go past the rules: only where the owner allows it, and never past the database."""
    return bool(reason) and is_override_allowed(uow)


def is_override_allowed(uow: UnitOfWork) -> bool:
    """Whether a reason would do."""
    return may_run_calendar(uow) and policy_of(uow).is_override_allowed


def check_hours(uow: UnitOfWork, items: Sequence[PlannedItem], zone: ZoneInfo, reason: str) -> None:
    """``OutsideHours`` unless every item lies inside one opening of its member, or somebody who runs the whole calendar
    gives a reason. Time before and after for cleaning may lie outside."""
    if may_override(uow, reason):
        return
    why = outside_hours(uow, [items], zone)[0]
    if why:
        raise OutsideHours(why, may_override=is_override_allowed(uow))


def outside_hours(uow: UnitOfWork, visits: Sequence[Sequence[PlannedItem]], zone: ZoneInfo) -> list[str]:
    """For each visit why it lies outside working hours, "" when it does not. One statement for all of them."""
    items = [item for visit in visits for item in visit]
    days = [to_wall(item.start, zone)[0] for item in items]
    working = read_working_time(uow, min(days) - _DAY, max(days) + _DAY, {item.member_id for item in items})
    return [next((why for item in visit if (why := _why_outside(working, item, zone))), "") for visit in visits]


def _why_outside(working: WorkingTime, item: PlannedItem, zone: ZoneInfo) -> str:
    day, start = to_wall(item.start, zone)
    if _is_inside(item, _openings(working, item.member_id, day, zone)):
        return ""
    hours = working.member(item.member_id, day)
    return _why_not(item, day, hours, Window(start, min(start + item.duration, DAY_MINUTES)))


def _openings(working: WorkingTime, member_id: int, day: date, zone: ZoneInfo) -> Windows:
    """The member's hours around a day in minutes since 1970: what runs into midnight goes on where the next day begins."""
    spans = [s for d in (day - _DAY, day, day + _DAY) for s in spans_of(working.member(member_id, d).working, d, zone)]
    return tuple(Window(minute_of(span.start), minute_of(span.end)) for span in spans)


def _is_inside(item: PlannedItem, openings: Windows) -> bool:
    start = minute_of(item.start)
    return contains(openings, start, start + item.duration)


def _why_not(item: PlannedItem, day: date, hours: MemberDay, wanted: Window) -> str:
    if not hours.shop:
        return f"The shop is closed on {format_weekday_short(day)}."
    if intersect(hours.leave, (wanted,)):
        return f"{item.member_name} is on leave then."
    if not contains(hours.shop, *wanted):
        return f"The shop is open {_in_words(hours.shop)} on {format_weekday_short(day)}."
    if not hours.working:
        return f"{item.member_name} does not work on {format_weekday_short(day)}."
    return f"{item.member_name} works {_in_words(hours.working)} on {format_weekday_short(day)}."


def _in_words(windows: Windows) -> str:
    return " and ".join(format_clock_range(*window) for window in windows)
