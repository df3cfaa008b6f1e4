"""The day's real facts: who is busy and who is next, what is expected, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, func, or_, select

from microcrm.domain.booking import LIVE, BookingStatus
from microcrm.domain.hours import Window, Windows, merge, subtract
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, to_wall, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import ServiceMember
from microcrm.operations.billing.fees_due import NO_FEES, FeesDue, fees_due
from microcrm.operations.customer_access import sees_own_only, visible_bookings
from microcrm.operations.onboarding import Checklist, checklist
from microcrm.operations.parts.day_items import DayItem, read_day_items
from microcrm.operations.parts.working_time import WorkingTime, read_working_time
from microcrm.operations.products import running_low
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus
LATE = timedelta(minutes=15)
WEEKS = 7
LEAST_GAP = 30  # minutes; a shorter gap is a breath, not a place for a customer
OPEN_FOR = timedelta(days=30)  # older visits that nobody closed are history, not work
_EXPECTED = (_S.BOOKED, _S.CONFIRMED)
_ONGOING = (_S.ARRIVED, _S.STARTED)


@dataclass(frozen=True, slots=True)
class StaffNow:
    """``current``: being served, or here and waiting. ``late``: expected and not here. ``next``: who comes then."""

    member_id: int
    name: str
    is_working: bool
    current: DayItem | None
    late: DayItem | None
    next: DayItem | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Paise and minutes. ``last_...``: the same weekday a week ago; ``weeks``: bookings and paise of that weekday in the
    seven weeks before, the oldest first. Gaps lie between now and closing."""

    bookings: int
    to_come: int
    expected_paise: int
    finished: int
    finished_paise: int
    gaps: int
    gap_minutes: int
    last_bookings: int
    last_expected_paise: int
    weeks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Attention:
    """Counts of what waits for somebody. ``unplaced`` are members who take bookings but do no service; ``low`` the names of the
    first products that run low, of ``low_count`` in all; ``fees`` of visits that are off, with the oldest one."""

    late: tuple[DayItem, ...] = ()
    left_open: int = 0
    unplaced: tuple[str, ...] = ()
    has_no_hours: bool = False
    low: tuple[str, ...] = ()
    low_count: int = 0
    fees: FeesDue = NO_FEES


@dataclass(frozen=True, slots=True)
class Today:
    """``has_calendar`` is false for members who may see no calendar: then only the checklist is there."""

    now: datetime
    day: date
    zone: str
    has_calendar: bool
    shop: Windows
    items: tuple[DayItem, ...]
    staff: tuple[StaffNow, ...]
    figures: Figures
    attention: Attention
    checklist: Checklist


def today(uow: UnitOfWork) -> Today:
    uow.require(Permission.SHOP_VIEW)
    zone = zone_of(uow.actor.zone)
    day = today_in(zone, uow.now)
    has_calendar = uow.may(Permission.CALENDAR_OWN)
    members = _members(uow) if has_calendar else []
    working = read_working_time(uow, day, day, [member.id or 0 for member in members])
    items = tuple(read_day_items(uow, *day_bounds(day, zone))) if has_calendar else ()
    return Today(
        now=uow.now,
        day=day,
        zone=uow.actor.zone,
        has_calendar=has_calendar,
        shop=working.shop(day),
        items=items,
        staff=tuple(_staff_now(uow.now, member, items, working, day, zone) for member in members),
        figures=_figures(uow, members, items, working, day, zone),
        attention=_attention(uow, members, items, working, day, zone) if has_calendar else Attention(),
        checklist=checklist(uow),
    )


def is_late(item: DayItem, now: datetime) -> bool:
    return item.status in _EXPECTED and item.start + LATE <= now < item.end


def _members(uow: UnitOfWork) -> Sequence[Member]:
    own = [Member.id == uow.actor.member_id] if sees_own_only(uow.actor) else []
    return uow.session.scalars(
        select(Member)
        .where(Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.is_bookable, *own)
        .order_by(Member.position, Member.id)
        .limit(200)
    ).all()


def _staff_now(
    now: datetime, member: Member, items: Sequence[DayItem], working: WorkingTime, day: date, zone: ZoneInfo
) -> StaffNow:
    mine = [item for item in items if item.member_id == member.id]
    ongoing = [item for item in mine if item.status in _ONGOING]
    late = [item for item in mine if is_late(item, now)]
    coming = [item for item in mine if item.status in _EXPECTED and item.start + LATE > now]
    minute = to_wall(now, zone)[1]
    windows = working.member(member.id or 0, day).working
    return StaffNow(
        member_id=member.id or 0,
        name=member.name,
        is_working=any(window.start <= minute < window.end for window in windows),
        current=max(ongoing, key=lambda item: (item.status == _S.STARTED, item.start), default=None),
        late=late[0] if late else None,
        next=coming[0] if coming else None,
    )


def _figures(
    uow: UnitOfWork,
    members: Sequence[Member],
    items: Sequence[DayItem],
    working: WorkingTime,
    day: date,
    zone: ZoneInfo,
) -> Figures:
    kept = [item for item in items if item.status in LIVE]
    finished = [item for item in kept if item.status is _S.FINISHED]
    gaps = [gap for member in members for gap in _gaps(uow.now, member, kept, working, day, zone)]
    weeks = _same_weekdays(uow, day, zone)
    return Figures(
        bookings=len({item.booking_id for item in kept}),
        to_come=len({item.booking_id for item in kept if item.status in _EXPECTED}),
        expected_paise=sum(item.price_paise for item in kept),
        finished=len({item.booking_id for item in finished}),
        finished_paise=sum(item.price_paise for item in finished),
        gaps=len(gaps),
        gap_minutes=sum(gap.end - gap.start for gap in gaps),
        last_bookings=weeks[-1][0],
        last_expected_paise=weeks[-1][1],
        weeks=weeks,
    )


def _gaps(
    now: datetime, member: Member, items: Sequence[DayItem], working: WorkingTime, day: date, zone: ZoneInfo
) -> list[Window]:
    """Free stretches of the rest of the day that are long enough for a customer."""
    minute = to_wall(now, zone)[1]
    busy = [
        Window(_minute(item.busy_from, day, zone), _minute(item.busy_until, day, zone))
        for item in items
        if item.member_id == member.id
    ]
    free = subtract(working.member(member.id or 0, day).working, [Window(0, minute), *merge(busy)])
    return [window for window in free if window.end - window.start >= LEAST_GAP]


def _minute(instant: datetime, day: date, zone: ZoneInfo) -> int:
    on, minute = to_wall(instant, zone)
    return minute if on == day else (0 if on < day else 24 * 60)


def _same_weekdays(uow: UnitOfWork, day: date, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """Bookings and paise of this weekday, in each of the last weeks."""
    days = [day - timedelta(days=7 * week) for week in range(WEEKS, 0, -1)]
    if not uow.may(Permission.CALENDAR_OWN):
        return tuple((0, 0) for _ in days)
    item = BookingItem
    on = func.date(func.timezone(zone.key, item.starts_at))
    own = [item.member_id == uow.actor.member_id] if sees_own_only(uow.actor) else []
    bounds = [day_bounds(one, zone) for one in days]
    rows = uow.session.execute(
        select(on, func.count(func.distinct(item.booking_id)), func.coalesce(func.sum(item.price_paise), 0))
        .where(
            item.business_id == uow.business_id,
            or_(*(and_(item.starts_at >= start, item.starts_at < end) for start, end in bounds)),
            item.is_live,
            *own,
        )
        .group_by(on)
    )
    found = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    return tuple(found.get(one, (0, 0)) for one in days)


def _attention(
    uow: UnitOfWork,
    members: Sequence[Member],
    items: Sequence[DayItem],
    working: WorkingTime,
    day: date,
    zone: ZoneInfo,
) -> Attention:
    start = day_bounds(day, zone)[0]
    count = select(func.count()).where(
        Booking.business_id == uow.business_id,
        Booking.starts_at >= start - OPEN_FOR,
        Booking.ends_at <= start,
        Booking.status.in_([*_EXPECTED, *_ONGOING]),
        visible_bookings(uow.actor),
    )
    low, low_count = running_low(uow) if uow.may(Permission.INVOICES_EDIT) else ((), 0)
    return Attention(
        late=tuple(item for item in items if is_late(item, uow.now)),
        left_open=uow.session.execute(count).scalar_one(),
        unplaced=_unplaced(uow, members) if uow.may(Permission.CATALOGUE_EDIT) else (),
        has_no_hours=not working.is_set_up and uow.may(Permission.HOURS_EDIT),
        low=low,
        low_count=low_count,
        fees=fees_due(uow, most=1) if uow.may(Permission.INVOICES_EDIT) else NO_FEES,
    )


def _unplaced(uow: UnitOfWork, members: Sequence[Member]) -> tuple[str, ...]:
    does = exists(
        select(ServiceMember.id).where(
            ServiceMember.business_id == Member.business_id, ServiceMember.member_id == Member.id
        )
    )
    idle = set(
        uow.session.scalars(
            select(Member.id).where(
                Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.is_bookable, ~does
            )
        )
    )
    return tuple(member.name for member in members if member.id in idle)
