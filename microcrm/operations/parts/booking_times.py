"""Whether a planned visit lies inside working hours, and when it could be instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.errors import OutsideHours, SlotTaken
from microcrm.domain.formatting import format_clock_range, format_near_day, format_time, format_weekday_short
from microcrm.domain.free_times import Need, Part, nearest_starts
from microcrm.domain.hours import Window, Windows, contains, intersect
from microcrm.domain.occupancy import Span
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, to_wall, today_in
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.occupy import NoRoom, busy_times
from microcrm.operations.parts.working_time import MemberDay, read_working_time, spans_of
from microcrm.operations.unit_of_work import UnitOfWork

LOOK_AHEAD_DAYS = 6  # when the day itself has no place left


def may_run_calendar(uow: UnitOfWork) -> bool:
    return uow.may(Permission.BOOKINGS_ALL) and not uow.actor.is_own_calendar_only


def check_hours(uow: UnitOfWork, items: Sequence[PlannedItem], zone: ZoneInfo, reason: str) -> None:
    """``OutsideHours`` unless every item lies inside one opening of its member, or somebody who runs the whole calendar
    gives a reason. Time before and after for cleaning may lie outside."""
    if reason and may_run_calendar(uow):
        return
    days = [to_wall(item.start, zone)[0] for item in items]
    working = read_working_time(uow, min(days), max(days), {item.member_id for item in items})
    for item, day in zip(items, days, strict=True):
        start = to_wall(item.start, zone)[1]
        hours = working.member(item.member_id, day)
        if not contains(hours.working, start, start + item.duration):
            remedy = "Choose a time inside working hours."
            if may_run_calendar(uow):
                remedy = "Choose another time, or give a reason to book it anyway."
            raise OutsideHours(
                why := _why_not(item, day, hours, Window(start, min(start + item.duration, DAY_MINUTES))),
                remedy=remedy,
                fields={"time": why},
            )


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


def slot_taken(
    uow: UnitOfWork,
    items: Sequence[PlannedItem],
    zone: ZoneInfo,
    why: NoRoom | None = None,
    *,
    except_item: int | None = None,
) -> SlotTaken:
    """The refusal, with the three free starts nearest to the one that was wanted."""
    nearest = _nearest(uow, items, zone, except_item)
    item = why.item if why else items[0]
    if why and not why.is_member_busy:
        message = f"No room or equipment for that is free at {format_time(item.start, zone)}."
    else:
        message = f"{item.member_name} is not free at {format_time(item.start, zone)}."
    if not nearest:
        return SlotTaken(message, remedy="Nothing is free that week. Choose somebody else or another week.")
    today = today_in(zone, uow.now)
    words = ", ".join(start_in_words(start, items[0].start, zone, today) for start in nearest)
    return SlotTaken(message, remedy=f"Nearest free: {words}.", nearest=nearest)


def start_in_words(start: datetime, wanted: datetime, zone: ZoneInfo, today: date) -> str:
    """Like "11:30 am", with the day when it is another one than the one asked for."""
    day = to_wall(start, zone)[0]
    clock = format_time(start, zone)
    return clock if day == to_wall(wanted, zone)[0] else f"{format_near_day(day, today)}, {clock}"


def _nearest(
    uow: UnitOfWork, items: Sequence[PlannedItem], zone: ZoneInfo, except_item: int | None
) -> tuple[datetime, ...]:
    day = to_wall(items[0].start, zone)[0]
    found = _nearest_within(uow, items, zone, day, day, except_item)
    if len(found) == 3:
        return found
    return _nearest_within(uow, items, zone, day, day + timedelta(days=LOOK_AHEAD_DAYS), except_item)


def _nearest_within(
    uow: UnitOfWork, items: Sequence[PlannedItem], zone: ZoneInfo, first: date, last: date, except_item: int | None
) -> tuple[datetime, ...]:
    working = read_working_time(uow, first, last, {item.member_id for item in items})
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    parts = [
        _part(
            item,
            items[0].start,
            tuple(s for d in days for s in spans_of(working.member(item.member_id, d).working, d, zone)),
        )
        for item in items
    ]
    busy = busy_times(uow, to_instant(first, 0, zone), to_instant(last, DAY_MINUTES, zone), except_item=except_item)
    return nearest_starts(items[0].start, parts, busy, earliest=uow.now)


def _part(item: PlannedItem, visit: datetime, openings: tuple[Span, ...]) -> Part:
    def minutes(span: Span) -> tuple[int, int]:
        return (_minutes(span.start - visit), _minutes(span.end - visit))

    return Part(
        *minutes(Span(item.start, item.end)),
        openings=openings,
        needs=(
            Need((item.member_id,), tuple(minutes(span) for span in item.member_spans)),
            *(Need(tuple(-r for r in choice), (minutes(item.room_span),)) for choice in item.choices),
        ),
    )


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60
