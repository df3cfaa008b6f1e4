"""The services of a stretch of time with all that a calendar writes on them, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, true

from microcrm.domain.booking import OFF, TENTATIVE, BookingStatus
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.parts.booking_rows import WALK_IN
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.unit_of_work import UnitOfWork

MOST_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class DayItem:
    """``busy_from`` and ``busy_until`` add the buffers; for a visit that is off they are its own start and end. With
    ``session_id`` it is a place in a class, and the class holds the time."""

    item_id: int
    booking_id: int
    version: int
    number: int
    status: BookingStatus
    member_id: int
    customer_id: int | None
    customer: str
    is_new_customer: bool
    service: str
    hue: str
    start: datetime
    end: datetime
    price_paise: int
    busy_from: datetime
    busy_until: datetime
    has_note: bool = False
    expires_at: datetime | None = None
    session_id: int | None = None
    in_series: bool = False
    rooms: tuple[int, ...] = ()

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the items: empty means any. ``shows_off``: the cancelled ones, too. ``bookings``: of these alone."""

    members: Collection[int] | None = None
    service: int | None = None
    statuses: Collection[BookingStatus] | None = None
    shows_off: bool = False
    bookings: Collection[int] | None = None
    with_classes: bool = True


ALL = Wanted()
_STATUS = {status.value: status for status in BookingStatus}


def read_day_items(uow: UnitOfWork, start: datetime, end: datetime, wanted: Wanted = ALL) -> list[DayItem]:
    """What touches ``start``..``end``, in order of time, without what was cancelled. Members with their own calendar only
    get only their own. Unpacked, a row costs half of what it does by the names of its columns."""
    rows = uow.session.connection().execute(day_items_statement(uow, start, end, wanted)).all()
    return [
        DayItem(
            item_id=item_id,
            booking_id=booking_id,
            version=version,
            number=number or 0,
            status=_STATUS[status],
            member_id=member_id,
            customer_id=customer_id,
            customer=guest or customer or WALK_IN,
            is_new_customer=customer_id is not None and visits == 0,
            service=service,
            hue=hue,
            start=starts_at,
            end=ends_at,
            price_paise=price,
            busy_from=busy_from or starts_at,
            busy_until=busy_until or ends_at,
            has_note=has_note,
            expires_at=expires_at,
            session_id=session_id,
            in_series=series_id is not None,
            rooms=tuple(rooms or ()),
        )
        for (
            item_id, booking_id, member_id, starts_at, ends_at, price, session_id, version, number, status, customer_id,
            guest, expires_at, series_id, has_note, customer, visits, service, hue, busy_from, busy_until, rooms,
        ) in rows
    ]  # fmt: skip


def day_items_statement(uow: UnitOfWork, start: datetime, end: datetime, wanted: Wanted = ALL) -> Select[Any]:
    """Walks the btree of (business_id, starts_at) from a little before ``start``, or that of a booking's items."""
    item, booking, held = BookingItem, Booking, _held()
    columns: tuple[Any, ...] = (
        item.id.label("item_id"), item.booking_id, item.member_id, item.starts_at, item.ends_at, item.price_paise,
        item.session_id, booking.version, booking.number, booking.status, booking.customer_id, booking.guest_name,
        booking.expires_at, booking.series_id, (booking.note != "").label("has_note"),
        Customer.name.label("customer"), Customer.visit_count,
        Service.name.label("service"), Service.colour.label("hue"),
        held.c.busy_from, held.c.busy_until, held.c.rooms,
    )  # fmt: skip
    return (
        select(*columns)
        .join(booking, and_(booking.business_id == item.business_id, booking.id == item.booking_id))
        .join(Service, and_(Service.business_id == item.business_id, Service.id == item.service_id))
        .outerjoin(Customer, and_(Customer.business_id == item.business_id, Customer.id == booking.customer_id))
        .outerjoin(held, true())
        .where(
            item.business_id == uow.business_id,
            item.starts_at > start - REACH,
            item.starts_at < end,
            item.ends_at > start,
            *_conditions(uow, wanted),
        )
        .order_by(item.starts_at, item.id)
        .limit(MOST_ITEMS)
    )


def _conditions(uow: UnitOfWork, wanted: Wanted) -> list[Any]:
    status, found = Booking.status, []
    if sees_own_only(uow.actor):
        found.append(BookingItem.member_id == uow.actor.member_id)
    if wanted.members is not None:
        found.append(BookingItem.member_id.in_(list(wanted.members)))
    if wanted.service is not None:
        found.append(BookingItem.service_id == wanted.service)
    if wanted.bookings is not None:
        found.append(BookingItem.booking_id.in_(list(wanted.bookings)))
    if not wanted.with_classes:
        found.append(BookingItem.session_id.is_(None))
    if wanted.statuses is not None:
        found.append(status.in_(list(wanted.statuses)))
    else:
        found.append(status != BookingStatus.EXPIRED if wanted.shows_off else status.not_in(list(OFF)))
    # A hold that has run out is free time already, whether or not the sweep has been there.
    found.append(or_(status.not_in(list(TENTATIVE)), Booking.expires_at.is_(None), Booking.expires_at > uow.now))
    return found


def _held() -> Any:
    is_member = Occupancy.member_id.is_not(None)
    return (
        select(
            func.min(func.lower(Occupancy.span)).filter(is_member).label("busy_from"),
            func.max(func.upper(Occupancy.span)).filter(is_member).label("busy_until"),
            func.array_agg(Occupancy.resource_id).filter(~is_member).label("rooms"),
        )
        .where(
            Occupancy.business_id == BookingItem.business_id,
            Occupancy.booking_item_id == BookingItem.id,
            Occupancy.is_live,
        )
        .correlate(BookingItem)
        .lateral("held")
    )
