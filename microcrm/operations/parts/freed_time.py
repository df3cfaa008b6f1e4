"""Time that a visit gave back, on its way to the waiting list: told in the transaction that frees it, looked at by a task
after that has been committed, so that cancelling a visit stays quick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, exists, func, or_, select

from microcrm.domain.booking import LIVE
from microcrm.domain.hours import Window, intersect, subtract
from microcrm.domain.waitlist import Freed, Waiting
from microcrm.domain.zones import day_bounds, to_wall, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.models.classes import ClassSession
from microcrm.models.customers import Customer
from microcrm.models.waiting import WaitlistEntry, WaitlistOffer, WaitlistPreference
from microcrm.operations.parts.occupy import read_busy
from microcrm.operations.parts.wishes import preferences_of
from microcrm.operations.parts.working_time import read_working_time
from microcrm.operations.unit_of_work import UnitOfWork

KIND = "time_freed"
UNDO_TIME = timedelta(seconds=10)  # a slip of the finger is taken back before anybody has been asked
MOST_SEATS = 20  # of one class that are offered at once
MOST = 500  # entries looked at for one freed time


@dataclass(frozen=True, slots=True)
class FreedSpan:
    """One member's time. ``booking_id``: the visit that had it; else ``class_id``: the class that did. With ``session_id`` a
    place in that class of ``service_id`` became free."""

    booking_id: int | None
    member_id: int
    start: datetime
    end: datetime
    service_id: int
    session_id: int | None = None
    class_id: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that is still to be asked. ``taken``: when its customer has a visit already, in minutes of that day."""

    waiting: Waiting
    customer_id: int
    taken: tuple[Window, ...]


def spans_of(items: Iterable[BookingItem]) -> list[FreedSpan]:
    """The time of these items as they stand; of a class each place."""
    return [
        FreedSpan(item.booking_id, item.member_id, item.starts_at, item.ends_at, item.service_id, item.session_id)
        for item in items
        for _ in range(min(item.seats, MOST_SEATS) if item.session_id is not None else 1)
    ]


def tell_freed(
    uow: UnitOfWork, booking: Booking, freed: Iterable[FreedSpan], *, offered: WaitlistOffer | None = None
) -> None:
    """Somebody may have waited for this. Call it in the transaction in which the booking loses that time. ``offered``: as what
    it was offered before; then it goes on from there down the line."""
    freed_by, class_id = (offered.freed_booking_id, offered.freed_session_id) if offered else (booking.id, None)
    spans = [
        [span.member_id, span.start.isoformat(), span.end.isoformat(), span.service_id, span.session_id, class_id]
        for span in freed
        if span.end > uow.now
    ]
    if not spans or not uow.session.execute(select(_somebody_waits(uow))).scalar():
        return
    key = f"freed:{booking.id}:{booking.version}"
    uow.enqueue(KIND, key, {"booking_id": freed_by, "spans": spans}, due_at=uow.now + UNDO_TIME)


def tell_class_time_freed(
    uow: UnitOfWork, session: ClassSession, member_id: int, start: datetime, end: datetime
) -> None:
    """A class was moved or called off: whoever gave it is free then. Whoever is first in line is asked."""
    if end > uow.now and uow.session.execute(select(_somebody_waits(uow))).scalar():
        span = [member_id, start.isoformat(), end.isoformat(), session.service_id, None, session.id]
        key = f"freed:class:{session.id}:{session.version}:time"
        uow.enqueue(KIND, key, {"booking_id": None, "spans": [span]}, due_at=uow.now + UNDO_TIME)


def tell_seats_freed(uow: UnitOfWork, session: ClassSession, seats: int) -> None:
    """So many more seats of a class can be had: somebody may have waited for one."""
    if seats > 0 and session.ends_at > uow.now and uow.session.execute(select(_somebody_waits(uow))).scalar():
        times = session.starts_at.isoformat(), session.ends_at.isoformat()
        span = [session.member_id, *times, session.service_id, session.id, session.id]
        key = f"freed:class:{session.id}:{session.version}"
        uow.enqueue(
            KIND,
            key,
            {"booking_id": None, "spans": [span] * min(seats, MOST_SEATS)},
            due_at=uow.now + UNDO_TIME,
        )


def spans_in(payload: dict[str, Any]) -> list[FreedSpan]:
    """What ``tell_freed`` has written."""
    return [
        FreedSpan(payload["booking_id"], member, datetime.fromisoformat(start), datetime.fromisoformat(end), *rest)
        for member, start, end, *rest in payload["spans"]
    ]


def stretches(uow: UnitOfWork, span: FreedSpan) -> list[Freed]:
    """What of it is free now, with the free time around it. Usually one; none when somebody has booked it meanwhile, or a
    class does not take place then any more."""
    zone = zone_of(uow.actor.zone)
    day, start = to_wall(span.start, zone)
    length = int((span.end - span.start).total_seconds()) // 60
    freed = Window(start, min(start + length, 24 * 60))
    if span.session_id is not None:
        member_id = _who_gives_class(uow, span)
        return [] if member_id is None else [Freed(member_id, day, freed, freed)]
    working = read_working_time(uow, day, day, {span.member_id}).member(span.member_id, day).working
    busy = read_busy(uow, *day_bounds(day, zone), [span.member_id]).taken.get(span.member_id, [])
    taken = [Window(max(0, _minute(one.start, day, zone)), min(24 * 60, _minute(one.end, day, zone))) for one in busy]
    free = subtract(working, taken)
    return [Freed(span.member_id, day, part, window) for window in free for part in intersect((window,), (freed,))]


def candidates(
    uow: UnitOfWork, freed: Freed, span: FreedSpan, notice_min: int, except_entries: Collection[int]
) -> list[Candidate]:
    """Everybody whose service the member does and who has not been asked for this visit's time before."""
    rows = _waiting_rows(uow, freed, span, except_entries)
    preferences = preferences_of(uow, [row.id for row in rows])
    taken = _taken(uow, freed, {row.customer_id for row in rows})
    zone = zone_of(uow.actor.zone)
    found = []
    for row in rows:
        notice = notice_min if row.min_notice_min is None else row.min_notice_min
        day, minute = to_wall(uow.now + timedelta(minutes=notice), zone)
        if day > freed.day:
            continue
        is_seat = span.session_id is not None
        waiting = Waiting(
            entry_id=row.id,
            service_id=row.service_id,
            priority=row.priority,
            since=row.created_at,
            minutes=freed.freed.end - freed.freed.start if is_seat else row.minutes,
            before=0 if is_seat else row.buffer_before_min,
            after=0 if is_seat else row.buffer_after_min,
            preferences=preferences.get(row.id, ()),
            earliest=minute + 1 if day == freed.day else 0,
        )
        found.append(Candidate(waiting, row.customer_id, tuple(taken.get(row.customer_id, ()))))
    return found


def _who_gives_class(uow: UnitOfWork, span: FreedSpan) -> int | None:
    """``None`` when it is off, or at another time."""
    one = ClassSession
    query = select(one.member_id).where(
        one.business_id == uow.business_id, one.id == span.session_id, one.is_live, one.starts_at == span.start
    )
    return uow.session.scalars(query).first()


def _somebody_waits(uow: UnitOfWork) -> Any:
    return exists().where(WaitlistEntry.business_id == uow.business_id, WaitlistEntry.state == "waiting")


def _waiting_rows(
    uow: UnitOfWork, freed: Freed, span: FreedSpan, except_entries: Collection[int]
) -> Sequence[Row[Any]]:
    entry, wish = WaitlistEntry, WaitlistPreference
    suits = exists().where(
        wish.business_id == entry.business_id,
        wish.entry_id == entry.id,
        wish.first_day <= freed.day,
        wish.last_day >= freed.day,
        or_(wish.member_id.is_(None), wish.member_id == freed.member_id),
    )
    same = [Service.seats == 1] if span.session_id is None else [Service.id == span.service_id]
    return uow.session.execute(
        select(
            entry.id, entry.customer_id, entry.service_id, entry.priority, entry.created_at, Service.min_notice_min,
            Service.buffer_before_min, Service.buffer_after_min,
            func.coalesce(ServiceMember.duration_min, Service.duration_min).label("minutes"),
        )
        .join(Service, and_(Service.business_id == entry.business_id, Service.id == entry.service_id))
        .join(
            ServiceMember,
            and_(
                ServiceMember.business_id == entry.business_id,
                ServiceMember.service_id == entry.service_id,
                ServiceMember.member_id == freed.member_id,
            ),
        )
        .join(Customer, and_(Customer.business_id == entry.business_id, Customer.id == entry.customer_id))
        .where(
            entry.business_id == uow.business_id,
            entry.state == "waiting",
            entry.id.not_in(list(except_entries)),
            Service.is_active,
            Customer.archived_at.is_(None),
            suits,
            *same,
            ~_was_asked(span),
        )
        .order_by(entry.priority.desc(), entry.created_at, entry.id)
        .limit(MOST)
    ).all()  # fmt: skip


def _was_asked(span: FreedSpan) -> Any:
    """Whether the entry has been offered what this visit gave back, or this class at about that time, before."""
    offer = WaitlistOffer
    asked = exists().where(offer.business_id == WaitlistEntry.business_id, offer.entry_id == WaitlistEntry.id)
    if span.booking_id is not None:
        return asked.where(offer.freed_booking_id == span.booking_id)
    return asked.where(
        offer.freed_session_id == span.class_id,
        Booking.business_id == offer.business_id,
        Booking.id == offer.booking_id,
        Booking.starts_at < span.end,
        Booking.ends_at > span.start,
    )


def _taken(uow: UnitOfWork, freed: Freed, customers: Collection[int]) -> dict[int, list[Window]]:
    """Visits that these customers have on that day anyway."""
    zone = zone_of(uow.actor.zone)
    start, end = day_bounds(freed.day, zone)
    rows = uow.session.execute(
        select(Booking.customer_id, Booking.starts_at, Booking.ends_at).where(
            Booking.business_id == uow.business_id,
            Booking.customer_id.in_(list(customers)),
            Booking.starts_at < end,
            Booking.ends_at > start,
            Booking.status.in_(list(LIVE)),
            or_(Booking.expires_at.is_(None), Booking.expires_at > uow.now),
        )
    )
    found: dict[int, list[Window]] = defaultdict(list)
    for customer_id, begins, ends in rows:
        found[customer_id].append(Window(_minute(begins, freed.day, zone), _minute(ends, freed.day, zone)))
    return found


def _minute(instant: datetime, day: Any, zone: Any) -> int:
    """By the wall clock of ``day``, below 0 on the day before and above 1440 on the next."""
    there, minute = to_wall(instant, zone)
    return minute + (there - day).days * 24 * 60
