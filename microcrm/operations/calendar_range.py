"""The days that a view of the calendar draws block by block: who or what has a column, what is booked there, and the time
that cannot be booked. Eight statements, however long and full the range; nine with rooms."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from microcrm.domain.booking import MOVABLE, OFF, BookingStatus
from microcrm.domain.calendar_ask import MOST_CHOSEN, WEEK_COLUMNS, By, CalendarAsk, View, read_ask
from microcrm.domain.hours import Window, Windows, minutes_of
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.class_blocks import ClassBlock, read_class_blocks
from microcrm.operations.parts.day_items import DayItem, Wanted, read_day_items
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.parts.off_times import OffTime, closed_times, minute_on, off_times
from microcrm.operations.parts.working_time import WorkingTime, read_working_time
from microcrm.operations.unit_of_work import UnitOfWork

MOST_MEMBERS = 200
USUAL_DAY = Window(9 * 60, 20 * 60)  # drawn for a shop that has not said when it is open
_GAVE_BACK = OFF | {BookingStatus.NO_SHOW}


_MEMBERS = fixed("""
SELECT m.id, m.name, m.deactivated_at IS NULL AND m.is_bookable FROM members m
WHERE m.business_id = :business AND (CAST(:only AS bigint) IS NULL OR m.id = :only)
  AND (m.deactivated_at IS NULL AND m.is_bookable OR EXISTS (
    SELECT FROM booking_items i
    WHERE i.business_id = m.business_id AND i.member_id = m.id AND i.starts_at > :from AND i.starts_at < :end
      AND i.ends_at > :start AND i.is_live))
ORDER BY m.position, m.id LIMIT :most
""")
_ROOMS = fixed("SELECT id, name FROM resources WHERE business_id = :business AND is_active ORDER BY position, id")


class Lane(NamedTuple):
    """A member or a room that can have a column. ``takes``: bookings, still."""

    id: int
    name: str
    takes: bool = True


@dataclass(frozen=True, slots=True)
class Column:
    """A member or a room. ``capacity``: working minutes of the range. ``load``: booked minutes in a hundred of them, or
    ``None`` for somebody who is off. Classes are among the bookings."""

    id: int
    name: str
    bookings: int
    capacity: int
    load: int | None
    may_book: bool
    classes: int = 0
    class_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class StripDay:
    day: date
    is_closed: bool


@dataclass(frozen=True, slots=True)
class CalendarRange:
    """``drawn`` is the part of a day worth drawing, in whole hours. ``movable`` are ids of items that may be dragged.
    ``people`` are all that can be chosen; ``columns`` those of this page, the ``first_column``th and on of ``of_columns``."""

    ask: CalendarAsk
    today: date
    now: datetime
    zone: str
    shop: Windows
    drawn: Window
    people: tuple[Person, ...]
    columns: tuple[Column, ...]
    first_column: int
    of_columns: int
    items: tuple[DayItem, ...]
    classes: tuple[ClassBlock, ...]
    movable: frozenset[int]
    off: tuple[OffTime, ...]
    week: tuple[StripDay, ...]


def calendar_range(uow: UnitOfWork, query: Mapping[str, Any], columns: int = 0) -> CalendarRange:
    """What the address ``query`` asks for, as the actor may see it. ``columns``: how many fit beside each other; 0 reads
    all. Today and the day view for anything that makes no sense."""
    uow.require(Permission.CALENDAR_OWN)
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    ask = read_ask(query, today)
    start, end = day_bounds(ask.first, zone)[0], day_bounds(ask.last, zone)[1]
    members = _members(uow, start, end)
    ask = _fitting(uow, ask, members, WEEK_COLUMNS if columns else MOST_CHOSEN)
    chosen = [member for member in members if not ask.staff or member.id in ask.staff]
    rooms = _rooms(uow) if ask.by is By.ROOM else []
    lanes = rooms if ask.by is By.ROOM else chosen
    page, shown = _page(ask, lanes, columns)
    ask = replace(ask, page=page)
    who = None if ask.by is By.ROOM and not ask.staff else [one.id for one in (chosen if ask.by is By.ROOM else shown)]
    wanted = Wanted(who, ask.service, ask.statuses, shows_off=ask.shows_off, with_classes=False)
    items = tuple(read_day_items(uow, start, end, wanted))
    classes = read_class_blocks(uow, start, end, members=who, service=ask.service) if not ask.status else ()
    monday = ask.day - timedelta(days=ask.day.weekday())
    working = read_working_time(
        uow, min(monday, ask.first), max(monday + timedelta(days=6), ask.last), [member.id for member in members]
    )
    kept = [item for item in items if item.status not in _GAVE_BACK]
    lanes_taken = _by_lane([*kept, *classes], ask)
    return CalendarRange(
        ask=ask,
        today=today,
        now=uow.now,
        zone=uow.actor.zone,
        shop=working.shop(ask.day),
        drawn=_drawn(working, monday, ask, (items, classes), zone),
        people=tuple(Person(member.id, member.name) for member in members),
        columns=tuple(_column(uow, one, ask, lanes_taken[one.id], working) for one in shown),
        first_column=next((place for place, one in enumerate(lanes, start=1) if shown and one is shown[0]), 1),
        of_columns=len(lanes),
        items=items,
        classes=classes,
        movable=movable_of(uow, items),
        off=tuple(_off(ask, shown, working)),
        week=tuple(StripDay(one, not working.shop(one)) for one in (monday + timedelta(days=n) for n in range(7))),
    )


def movable_of(uow: UnitOfWork, items: Sequence[DayItem]) -> frozenset[int]:
    """Ids of those that the actor may drag."""
    if not uow.may(Permission.BOOKINGS_OWN):
        return frozenset()
    me = None if may_run_calendar(uow) else uow.actor.member_id
    return frozenset(item.item_id for item in items if item.status in MOVABLE and me in (None, item.member_id))


def _fitting(uow: UnitOfWork, ask: CalendarAsk, members: Sequence[Lane], most: int) -> CalendarAsk:
    """Only members there are, and for a week few: whoever looks, if they take bookings, else the first."""
    known = [member.id for member in members]
    staff = tuple(one for one in ask.staff if one in known)
    if ask.view is View.WEEK and not staff and known:
        staff = (uow.actor.member_id if uow.actor.member_id in known else known[0],)
    return replace(ask, staff=staff[:most] if ask.view is View.WEEK else staff)


def _page(ask: CalendarAsk, lanes: Sequence[Lane], columns: int) -> tuple[int, Sequence[Lane]]:
    if not columns or ask.view is not View.DAY:
        return 1, lanes
    page = min(ask.page, max(1, -(-len(lanes) // columns)))
    return page, lanes[(page - 1) * columns : page * columns]


def _members(uow: UnitOfWork, start: datetime, end: datetime) -> Sequence[Lane]:
    """Whoever takes bookings, and whoever has some in the range though they take none any more."""
    values = {
        "business": uow.business_id, "from": start - REACH, "start": start, "end": end, "most": MOST_MEMBERS,
        "only": uow.actor.member_id if sees_own_only(uow.actor) else None,
    }  # fmt: skip
    return [Lane(*row) for row in uow.session.connection().execute(_MEMBERS, values)]


def _rooms(uow: UnitOfWork) -> Sequence[Lane]:
    rooms = uow.session.connection().execute(_ROOMS, {"business": uow.business_id})
    return [Lane(*row) for row in rooms]


def _by_lane(taken: Sequence[Any], ask: CalendarAsk) -> Mapping[int, list[Any]]:
    """``taken``: without what gave its time back."""
    lanes: dict[int, list[Any]] = defaultdict(list)
    for item in taken:
        if ask.by is By.STAFF:
            lanes[item.member_id].append(item)
            continue
        for lane in set(item.rooms):
            lanes[lane].append(item)
    return lanes


def _column(uow: UnitOfWork, one: Lane, ask: CalendarAsk, mine: Sequence[Any], working: WorkingTime) -> Column:
    if ask.by is By.ROOM:
        capacity = sum(minutes_of(working.shop(day)) for day in ask.days)
        may_book = may_run_calendar(uow)
    else:
        capacity = sum(minutes_of(working.member(one.id, day).working) for day in ask.days)
        may_book = one.takes and (may_run_calendar(uow) or one.id == uow.actor.member_id)
    classes = [item for item in mine if isinstance(item, ClassBlock)]
    return Column(
        id=one.id,
        name=one.name,
        bookings=len(mine),
        capacity=capacity,
        load=load_of(sum(item.minutes for item in mine), capacity),
        may_book=may_book and uow.may(Permission.BOOKINGS_OWN),
        classes=len(classes),
        class_minutes=sum(item.minutes for item in classes),
    )


def load_of(minutes: int, capacity: int) -> int | None:
    return min(100, round(100 * minutes / capacity)) if capacity else None


def _off(ask: CalendarAsk, shown: Sequence[Lane], working: WorkingTime) -> Iterator[OffTime]:
    if ask.view is View.AGENDA:
        return
    days = ask.days
    for one in shown:
        for day in days:
            if ask.by is By.ROOM:
                yield from closed_times(one.id, day, working.shop(day))
            else:
                yield from off_times(one.id, day, working.member(one.id, day))


def _drawn(
    working: WorkingTime, monday: date, ask: CalendarAsk, taken: Sequence[Sequence[Any]], zone: ZoneInfo
) -> Window:
    """The same for each day of a week, so that the page does not jump; longer when a visit lies outside. ``taken``: visits
    and classes, each in order of time."""
    windows = [window for n in range(7) for window in working.shop(monday + timedelta(days=n))] or [USUAL_DAY]
    starts = [window.start for window in windows]
    ends = [window.end for window in windows]
    for some in taken:
        for day, of_day in _by_day(some, ask, zone):
            starts.append(minute_on(day, of_day[0].start, zone))
            ends.append(minute_on(day, max(item.end for item in of_day), zone))
    return Window(min(starts) // 60 * 60, -(-max(ends) // 60) * 60)


def _by_day(items: Sequence[Any], ask: CalendarAsk, zone: ZoneInfo) -> Iterator[tuple[date, Sequence[Any]]]:
    """The items of each day that has some; what began before the first day counts to it."""
    place = 0
    for day in ask.days:
        after = bisect_left(items, day_bounds(day, zone)[1], lo=place, key=attrgetter("start"))
        if after > place:
            yield day, items[place:after]
        place = after
