"""The services of a stretch of time with all that a calendar writes on them, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select

from microcrm.domain.booking import OFF, BookingStatus
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.parts.booking_rows import WALK_IN
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.unit_of_work import UnitOfWork

MOST_ITEMS = 600


@dataclass(frozen=True, slots=True)
class DayItem:
    """``busy_from`` and ``busy_until`` add the buffers; for a visit that is off they are its own start and end."""

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

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60


def read_day_items(uow: UnitOfWork, start: datetime, end: datetime) -> list[DayItem]:
    """What touches ``start``..``end``, in order of time, without what was cancelled. Members with their own calendar only
    get only their own."""
    rows = uow.session.execute(day_items_statement(uow, start, end)).all()
    return [
        DayItem(
            item_id=row.item_id,
            booking_id=row.booking_id,
            version=row.version,
            number=row.number or 0,
            status=BookingStatus(row.status),
            member_id=row.member_id,
            customer_id=row.customer_id,
            customer=row.customer or WALK_IN,
            is_new_customer=row.customer_id is not None and row.visit_count == 0,
            service=row.service,
            hue=row.hue,
            start=row.starts_at,
            end=row.ends_at,
            price_paise=row.price_paise,
            busy_from=row.busy_from or row.starts_at,
            busy_until=row.busy_until or row.ends_at,
        )
        for row in rows
    ]


def day_items_statement(uow: UnitOfWork, start: datetime, end: datetime) -> Select[Any]:
    """Walks the btree of (business_id, starts_at) from a little before ``start``."""
    item, booking = BookingItem, Booking
    own = [item.member_id == uow.actor.member_id] if sees_own_only(uow.actor) else []
    return (
        select(
            item.id.label("item_id"), item.booking_id, item.member_id, item.starts_at, item.ends_at, item.price_paise,
            booking.version, booking.number, booking.status, booking.customer_id,
            Customer.name.label("customer"), Customer.visit_count,
            Service.name.label("service"), Service.colour.label("hue"),
            _held(func.min(func.lower(Occupancy.span))).label("busy_from"),
            _held(func.max(func.upper(Occupancy.span))).label("busy_until"),
        )
        .join(booking, and_(booking.business_id == item.business_id, booking.id == item.booking_id))
        .join(Service, and_(Service.business_id == item.business_id, Service.id == item.service_id))
        .outerjoin(Customer, and_(Customer.business_id == item.business_id, Customer.id == booking.customer_id))
        .where(
            item.business_id == uow.business_id,
            item.starts_at > start - REACH,
            item.starts_at < end,
            item.ends_at > start,
            booking.status.not_in(list(OFF)),
            *own,
        )
        .order_by(item.starts_at, item.id)
        .limit(MOST_ITEMS)
    )  # fmt: skip


def _held(what: Any) -> Any:
    return (
        select(what)
        .where(
            Occupancy.business_id == BookingItem.business_id,
            Occupancy.booking_item_id == BookingItem.id,
            Occupancy.member_id.is_not(None),
            Occupancy.is_live,
        )
        .scalar_subquery()
    )
