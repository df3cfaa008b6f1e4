"""One day of the calendar: who works, what is booked, and the time that cannot be. Three statements, whatever the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, or_, select

from microcrm.domain.booking import MOVABLE
from microcrm.domain.calendar_text import DAY_MINUTES, parse_day
from microcrm.domain.errors import Invalid
from microcrm.domain.hours import Window, Windows, minutes_of, subtract
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, to_wall, today_in, zone_of
from microcrm.models.bookings import BookingItem
from microcrm.models.business import Member
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.day_items import DayItem, read_day_items
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.parts.working_time import MemberDay, WorkingTime, read_working_time
from microcrm.operations.unit_of_work import UnitOfWork

MOST_MEMBERS = 200
USUAL_DAY = Window(9 * 60, 20 * 60)  # drawn for a shop that has not said when it is open
MORE = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class StaffDay:
    """``load``: booked minutes in a hundred working minutes, or ``None`` for somebody who is off."""

    member_id: int
    name: str
    bookings: int
    load: int | None
    may_book: bool


@dataclass(frozen=True, slots=True)
class OffTime:
    """Time of one member that cannot be booked, in minutes after midnight. ``kind`` is closed, break, leave or buffer."""

    member_id: int
    window: Window
    kind: str
    hue: str = "slate"


@dataclass(frozen=True, slots=True)
class WeekDay:
    day: date
    is_closed: bool


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """``drawn`` is the part of the day worth drawing, in whole hours. ``movable`` are ids of items that may be dragged."""

    day: date
    today: date
    now: datetime
    zone: str
    shop: Windows
    drawn: Window
    staff: tuple[StaffDay, ...]
    items: tuple[DayItem, ...]
    movable: frozenset[int]
    off: tuple[OffTime, ...]
    week: tuple[WeekDay, ...]


def calendar_day(uow: UnitOfWork, raw_day: Any = None) -> CalendarDay:
    """The day as the actor may see it; today for anything that is no day within two years."""
    uow.require(Permission.CALENDAR_OWN)
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    day = _read_day(raw_day, today)
    monday = day - timedelta(days=day.weekday())
    start, end = day_bounds(day, zone)
    members = _members(uow, start, end)
    working = read_working_time(uow, monday, monday + timedelta(days=6), [member.id or 0 for member in members])
    items = tuple(read_day_items(uow, start, end))
    hours = {member.id or 0: working.member(member.id or 0, day) for member in members}
    drawn = _drawn(working, monday, items, day, zone)
    return CalendarDay(
        day=day,
        today=today,
        now=uow.now,
        zone=uow.actor.zone,
        shop=working.shop(day),
        drawn=drawn,
        staff=tuple(_staff(uow, member, items, hours[member.id or 0]) for member in members),
        items=items,
        movable=frozenset(item.item_id for item in items if _may_move(uow, item)),
        off=tuple(
            [off for member, day_hours in hours.items() for off in off_times(member, day_hours)]
            + [off for item in items for off in _buffers(item, day, zone)]
        ),
        week=tuple(WeekDay(one, not working.shop(one)) for one in (monday + timedelta(days=n) for n in range(7))),
    )


def _read_day(raw: Any, today: date) -> date:
    try:
        day = parse_day(raw) or today
    except Invalid:
        return today
    return day if abs(day - today) <= MORE else today


def _members(uow: UnitOfWork, start: datetime, end: datetime) -> Sequence[Member]:
    """Whoever takes bookings, and whoever has some that day though they take none any more."""
    has_items = exists(
        select(BookingItem.id).where(
            BookingItem.business_id == Member.business_id,
            BookingItem.member_id == Member.id,
            BookingItem.starts_at > start - REACH,
            BookingItem.starts_at < end,
            BookingItem.ends_at > start,
            BookingItem.is_live,
        )
    )
    own = [Member.id == uow.actor.member_id] if sees_own_only(uow.actor) else []
    return uow.session.scalars(
        select(Member)
        .where(
            Member.business_id == uow.business_id,
            or_(and_(Member.deactivated_at.is_(None), Member.is_bookable), has_items),
            *own,
        )
        .order_by(Member.position, Member.id)
        .limit(MOST_MEMBERS)
    ).all()


def _may_move(uow: UnitOfWork, item: DayItem) -> bool:
    is_mine = may_run_calendar(uow) or item.member_id == uow.actor.member_id
    return item.status in MOVABLE and is_mine and uow.may(Permission.BOOKINGS_OWN) and not uow.actor.is_viewing_as


def _staff(uow: UnitOfWork, member: Member, items: Sequence[DayItem], hours: MemberDay) -> StaffDay:
    mine = [item for item in items if item.member_id == member.id and item.status != "no_show"]
    capacity = minutes_of(hours.working)
    takes = member.deactivated_at is None and member.is_bookable
    return StaffDay(
        member_id=member.id or 0,
        name=member.name,
        bookings=len(mine),
        load=min(100, round(100 * sum(item.minutes for item in mine) / capacity)) if capacity else None,
        may_book=takes and (may_run_calendar(uow) or member.id == uow.actor.member_id),
    )


def off_times(member_id: int, hours: MemberDay) -> list[OffTime]:
    """Closed before, after and when the shop is; a break between two stretches of work; leave."""
    whole = (Window(0, DAY_MINUTES),)
    if not hours.planned:
        kind = "leave" if hours.shop and hours.leave else "closed"
        return [OffTime(member_id, whole[0], kind)]
    first, last = hours.planned[0].start, hours.planned[-1].end
    found = [(window, "closed") for window in subtract(whole, (Window(first, last),))]
    found += [(window, "break") for window in subtract((Window(first, last),), hours.planned)]
    away = [window for window in hours.leave if window.start < last and first < window.end]
    found += [(Window(max(first, window.start), min(last, window.end)), "leave") for window in away]
    return [OffTime(member_id, window, kind) for window, kind in sorted(found)]


def _buffers(item: DayItem, day: date, zone: ZoneInfo) -> list[OffTime]:
    spans = ((item.busy_from, item.start), (item.end, item.busy_until))
    return [
        OffTime(item.member_id, Window(_minute(start, day, zone), _minute(end, day, zone)), "buffer", item.hue)
        for start, end in spans
        if start < end
    ]


def _minute(instant: datetime, day: date, zone: ZoneInfo) -> int:
    """Minutes after midnight of ``day``, kept inside it."""
    on, minute = to_wall(instant, zone)
    if on != day:
        return 0 if on < day else DAY_MINUTES
    return minute


def _drawn(working: WorkingTime, monday: date, items: Sequence[DayItem], day: date, zone: ZoneInfo) -> Window:
    """The same for each day of a week, so that the page does not jump; longer when a visit lies outside."""
    windows = [window for n in range(7) for window in working.shop(monday + timedelta(days=n))] or [USUAL_DAY]
    starts = [window.start for window in windows] + [_minute(item.start, day, zone) for item in items]
    ends = [window.end for window in windows] + [_minute(item.end, day, zone) for item in items]
    return Window(min(starts) // 60 * 60, -(-max(ends) // 60) * 60)
