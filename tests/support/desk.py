"""A day at the desk of a test shop: short ways to book, and to look behind the walls at what is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session

from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, Occupancy
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.operations.book import Book, BookService
from microcrm.operations.move import Move
from microcrm.operations.parts.booking_rows import BookingDone
from tests.support.shops import Shop

INDIA = ZoneInfo("Asia/Kolkata")
MONDAY = "2026-11-30"  # both test shops are open from 9 to 8 every day
MORNING = datetime(2026, 11, 24, 9, 30, tzinfo=INDIA)  # when the tests of bookings happen


def wish(shop: Shop, time: str, *, role: Role = Role.MANAGER, day: str = MONDAY, **changes: Any) -> Book:
    """A haircut with the member of that role."""
    haircut = BookService(shop.service_id, shop.members[role])
    return Book(**({"day": day, "time": time, "services": (haircut,), "customer_id": shop.customer_id} | changes))


def move_to(done: BookingDone, time: str, day: str = MONDAY, **changes: Any) -> Move:
    where = {"booking_id": done.booking_id, "version": done.version, "item_id": done.item_ids[0]}
    return Move(**(where | {"day": day, "time": time} | changes))


@dataclass(frozen=True)
class Held:
    """One stretch of taken time, in the wall clock of India."""

    keeper: int
    start: str
    end: str


def held_by(session: Session, booking_id: int) -> list[Held]:
    """What a booking holds now, in order; resources have negative keepers."""
    rows = session.execute(
        select(Occupancy)
        .where(
            Occupancy.booking_item_id.in_(_items(booking_id)),
            Occupancy.is_live,
        )
        .order_by(Occupancy.span, Occupancy.member_id)
    ).scalars()
    return [Held(row.member_id or -row.resource_id, _clock(row.span.lower), _clock(row.span.upper)) for row in rows]


def _items(booking_id: int) -> Any:
    from microcrm.models.bookings import BookingItem

    return select(BookingItem.id).where(BookingItem.booking_id == booking_id)


def _clock(instant: datetime) -> str:
    return instant.astimezone(INDIA).strftime("%H:%M")


def add_service(session: Session, shop: Shop, name: str, roles: tuple[Role, ...] = tuple(Role), **columns: Any) -> int:
    """Another service of the shop, done by the members of these roles. Returns its id."""
    values = {"duration_min": 60, "price_paise": 100_000} | columns
    service = Service(business_id=shop.business_id, name=name, **values)
    session.add(service)
    session.flush()
    for role in roles:
        session.add(ServiceMember(business_id=shop.business_id, service_id=service.id, member_id=shop.members[role]))
    session.flush()
    return int(service.id or 0)


def booking_of(session: Session, booking_id: int) -> Booking:
    session.expire_all()
    return session.execute(select(Booking).where(Booking.id == booking_id)).scalar_one()
