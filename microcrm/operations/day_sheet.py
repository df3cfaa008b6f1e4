"""The day on paper: what happens when, for whom, with whom."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, select

from microcrm.domain.booking import LABELS, BookingStatus
from microcrm.domain.calendar_ask import read_ask
from microcrm.domain.formatting import format_range, format_weekday
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.models.bookings import Booking
from microcrm.models.business import Business, Member
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import may_contact, phone_for
from microcrm.operations.parts.class_blocks import read_class_blocks
from microcrm.operations.parts.day_items import Wanted, read_day_items
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SheetLine:
    """``phone`` is empty for those who may not see it."""

    time: str
    customer: str
    phone: str
    service: str
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class SheetPart:
    member: str
    lines: tuple[SheetLine, ...]


@dataclass(frozen=True, slots=True)
class DaySheet:
    shop: str
    day: date
    title: str
    has_phones: bool
    parts: tuple[SheetPart, ...]


def day_sheet(uow: UnitOfWork, raw_day: Any = None) -> DaySheet:
    """By member, in order of time, without what was cancelled; what the actor may see of it."""
    uow.require(Permission.CALENDAR_OWN)
    zone = zone_of(uow.actor.zone)
    day = read_ask({"date": raw_day}, today_in(zone, uow.now)).day
    start, end = day_bounds(day, zone)
    items = read_day_items(uow, start, end, Wanted(with_classes=False))
    known = _facts(uow, [item.booking_id for item in items])
    lines: dict[int, list[tuple[Any, SheetLine]]] = defaultdict(list)
    for item in items:
        note, phone = known.get(item.booking_id, ("", ""))
        status = "" if item.status is BookingStatus.BOOKED else LABELS[item.status]
        line = SheetLine(format_range(item.start, item.end, zone), item.customer, phone, item.service, status, note)
        lines[item.member_id].append((item.start, line))
    for one in read_class_blocks(uow, start, end):
        seats = f"{one.taken} of {one.seats} seats"
        line = SheetLine(format_range(one.start, one.end, zone), "Class", "", one.service, seats, "")
        lines[one.member_id].append((one.start, line))
    names = _names(uow, list(lines))
    return DaySheet(
        shop=uow.session.connection().scalar(select(Business.name).where(Business.id == uow.business_id)) or "",
        day=day,
        title=format_weekday(day),
        has_phones=may_contact(uow.actor),
        parts=tuple(
            SheetPart(name, tuple(line for _, line in sorted(lines[member], key=lambda pair: pair[0])))
            for member, name in names
        ),
    )


def _facts(uow: UnitOfWork, bookings: list[int]) -> dict[int, tuple[str, str]]:
    """Booking -> its note and the customer's phone as the actor may see it, or nothing."""
    rows = uow.session.connection().execute(
        select(Booking.id, Booking.note, Customer.phone)
        .outerjoin(Customer, and_(Customer.business_id == Booking.business_id, Customer.id == Booking.customer_id))
        .where(Booking.business_id == uow.business_id, Booking.id.in_(bookings))
    )
    return {row[0]: (row[1], phone_for(uow.actor, row[2]) if row[2] and may_contact(uow.actor) else "") for row in rows}


def _names(uow: UnitOfWork, members: list[int]) -> list[tuple[int, str]]:
    rows = uow.session.connection().execute(
        select(Member.id, Member.name)
        .where(Member.business_id == uow.business_id, Member.id.in_(members))
        .order_by(Member.position, Member.id)
    )
    return [(row[0], row[1]) for row in rows]
