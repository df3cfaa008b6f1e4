"""One customer with the facts that the shop asks for first. Always the same five statements, however long the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from microcrm.domain.booking import CANCELLED, LABELS, LIVE, OFF, BookingStatus
from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count, format_day, format_near_day, format_range, format_time
from microcrm.domain.money import format_rupees
from microcrm.domain.names import hue_for, initials
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import (
    email_for,
    may_contact,
    phone_for,
    visible_bookings,
    visible_customers,
)
from microcrm.operations.unit_of_work import UnitOfWork

SHOWN_VISITS = 50
_TONES = {BookingStatus.FINISHED: "ok", BookingStatus.NO_SHOW: "bad", **dict.fromkeys(OFF, "neutral")}


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that matters, and what puts it in proportion."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Visit:
    """``heading`` is the month, on the first visit of each month only. ``tone`` is a chip's."""

    id: str
    heading: str
    title: str
    detail: str
    day: str
    status: str
    tone: str


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody else with the same phone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CustomerView:
    """What the customer's page shows. ``..._input`` is how a form shows it; phone, e-mail and address are empty in the form
    of people who may not see them. ``whatsapp`` is digits for a wa.me link, or empty."""

    id: str = ""
    version: int = 0
    name: str = ""
    initials: str = ""
    hue: str = ""
    phone: str = ""
    phone_input: str = ""
    whatsapp: str = ""
    email: str = ""
    email_input: str = ""
    address: str = ""
    is_contact_hidden: bool = False
    birthday: str = ""
    birthday_input: str = ""
    tags: tuple[str, ...] = ()
    tags_input: str = ""
    notes: str = ""
    since: str = ""
    is_archived: bool = False
    facts: tuple[Fact, ...] = ()
    visits: tuple[Visit, ...] = ()
    visits_note: str = ""
    family: tuple[Relative, ...] = ()


NOBODY = CustomerView()  # before anybody is loaded


def view(uow: UnitOfWork, customer_id: Any) -> CustomerView:
    """Raises ``NotFound`` for a customer of another shop and for one this person may not see."""
    uow.require(Permission.CUSTOMERS_VIEW)
    customer = _find(uow, customer_id)
    zone = zone_of(uow.actor.zone)
    created = to_wall(customer.created_at, zone)[0]
    is_open = may_contact(uow.actor)
    birthday = customer.birthday
    bookings = _bookings(uow, customer.id or 0)
    facts, count = _facts(uow, customer.id or 0)
    return CustomerView(
        id=str(customer.id),
        version=customer.version,
        name=customer.name,
        initials=initials(customer.name),
        hue=hue_for(customer.id or 0),
        phone=phone_for(uow.actor, customer.phone),
        phone_input=customer.phone.removeprefix("+91") if is_open else "",
        whatsapp=customer.phone.lstrip("+") if is_open else "",
        email=email_for(uow.actor, customer.email),
        email_input=customer.email if is_open else "",
        address=customer.address if is_open else "",
        is_contact_hidden=not is_open,
        birthday=format_day(birthday) if birthday else "",
        birthday_input=birthday.isoformat() if birthday else "",
        tags=tuple(customer.tags),
        tags_input=", ".join(customer.tags),
        notes=customer.notes,
        since=f"Customer since {MONTHS[created.month - 1]} {created.year}",
        is_archived=customer.archived_at is not None,
        facts=facts,
        visits=_visits(uow, bookings),
        visits_note=f"The latest {SHOWN_VISITS} of {format_count(count, 'booking')}" if count > SHOWN_VISITS else "",
        family=_family(uow, customer),
    )


def _find(uow: UnitOfWork, raw_id: Any) -> Customer:
    reader = Reader()
    customer_id = reader.id("customer_id", raw_id, "Customer")
    query = select(Customer).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    customer = None if reader.errors else uow.session.scalars(query).first()
    if customer is None:
        raise NotFound("We could not find that customer.")
    return customer


def _facts(uow: UnitOfWork, customer_id: int) -> tuple[tuple[Fact, ...], int]:
    """The facts, and how many bookings there are in all."""
    status, starts = Booking.status, Booking.starts_at
    query = select(
        func.count().label("bookings"),
        func.count().filter(status == BookingStatus.FINISHED).label("done"),
        func.count().filter(status == BookingStatus.NO_SHOW).label("missed"),
        func.count().filter(status.in_(CANCELLED)).label("cancelled"),
        func.max(starts).filter(status == BookingStatus.FINISHED).label("last"),
        func.min(starts).filter(status.in_(LIVE), starts > uow.now).label("next"),
    ).where(Booking.business_id == uow.business_id, Booking.customer_id == customer_id, visible_bookings(uow.actor))
    row = uow.session.execute(query).one()
    zone = zone_of(uow.actor.zone)
    today = to_wall(uow.now, zone)[0]
    last = f"last {format_day(to_wall(row.last, zone)[0])}" if row.last else "none yet"
    of_all = f"of {format_count(row.bookings, 'booking')}"
    coming = (
        Fact("Next visit", format_near_day(to_wall(row.next, zone)[0], today), format_time(row.next, zone))
        if row.next
        else Fact("Next visit", "Not booked", "")
    )
    facts = (
        Fact("Visits", str(row.done), last),
        Fact("Did not come", str(row.missed), of_all),
        Fact("Cancelled", str(row.cancelled), of_all),
        coming,
    )
    return facts, row.bookings


def _bookings(uow: UnitOfWork, customer_id: int) -> Sequence[Booking]:
    query = (
        select(Booking)
        .where(Booking.business_id == uow.business_id, Booking.customer_id == customer_id, visible_bookings(uow.actor))
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(SHOWN_VISITS)
    )
    return uow.session.scalars(query).all()


def _visits(uow: UnitOfWork, bookings: Sequence[Booking]) -> tuple[Visit, ...]:
    query = (
        select(
            BookingItem.booking_id, Service.name.label("service"), Member.name.label("member"), BookingItem.price_paise
        )
        .join(Service, (Service.business_id == BookingItem.business_id) & (Service.id == BookingItem.service_id))
        .join(Member, (Member.business_id == BookingItem.business_id) & (Member.id == BookingItem.member_id))
        .where(
            BookingItem.business_id == uow.business_id,
            BookingItem.booking_id.in_([booking.id for booking in bookings]),
        )
        .order_by(BookingItem.starts_at, BookingItem.id)
    )
    items: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in uow.session.execute(query):
        items[row.booking_id].append(row)
    visits: list[Visit] = []
    month = ""
    for booking in bookings:
        day = to_wall(booking.starts_at, zone_of(uow.actor.zone))[0]
        this_month = f"{MONTHS[day.month - 1]} {day.year}"
        visits.append(_visit(uow, booking, items[booking.id or 0], this_month if this_month != month else ""))
        month = this_month
    return tuple(visits)


def _visit(uow: UnitOfWork, booking: Booking, items: Sequence[Row[Any]], heading: str) -> Visit:
    zone = zone_of(uow.actor.zone)
    status = BookingStatus(booking.status)
    people = ", ".join(dict.fromkeys(item.member for item in items))
    price = format_rupees(sum(item.price_paise for item in items))
    return Visit(
        id=str(booking.id),
        heading=heading,
        title=", ".join(item.service for item in items) or "Visit",
        detail=f"{people}, {format_range(booking.starts_at, booking.ends_at, zone)} · {price}",
        day=format_near_day(to_wall(booking.starts_at, zone)[0], to_wall(uow.now, zone)[0]),
        status=LABELS[status],
        tone=_TONES.get(status, "info"),
    )


def _family(uow: UnitOfWork, customer: Customer) -> tuple[Relative, ...]:
    query = (
        select(Customer.id, Customer.name)
        .where(
            Customer.business_id == uow.business_id,
            Customer.phone == customer.phone,
            Customer.phone != "",
            Customer.id != customer.id,
            Customer.archived_at.is_(None),
            visible_customers(uow.actor),
        )
        .order_by(Customer.name_key)
        .limit(10)
    )
    return tuple(Relative(str(row.id), row.name) for row in uow.session.execute(query))
