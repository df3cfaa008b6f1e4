"""Making a booking: a known customer, a new one, or somebody who walked in; one or several services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, today_in, zone_of
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.customers import AddCustomer
from microcrm.operations.customers import add as add_customer
from microcrm.operations.notices import notify, wants_telling
from microcrm.operations.parts.anybody import choose_members
from microcrm.operations.parts.booking_plan import WantedItem, plan_items, read_items
from microcrm.operations.parts.booking_rows import (
    BookingDone,
    check_columns,
    open_booking,
    untold,
    who_comes,
)
from microcrm.operations.parts.booking_times import check_hours, may_override
from microcrm.operations.parts.safety import check_safety, with_safety
from microcrm.operations.parts.visit_sql import Story
from microcrm.operations.parts.visits import NewVisit, take
from microcrm.operations.unit_of_work import UnitOfWork

BACK, AHEAD = timedelta(days=366), timedelta(days=731)  # how far from today a visit may lie


@dataclass(frozen=True, slots=True)
class BookService:
    """``minutes`` empty: as long as the service takes with this member. ``member_id`` empty: whoever is free then and has
    the least to do that day."""

    service_id: Any
    member_id: Any
    minutes: Any = None


@dataclass(frozen=True, slots=True)
class Book:
    """As typed, in the business's wall clock. ``who`` is known (``customer_id``), new (``name``, ``phone``) or walk_in.
    ``reason`` books outside working hours and ``safety_reason`` past a safety timer of the service, for those who may."""

    day: Any
    time: Any
    services: Sequence[BookService]
    who: Any = "known"
    customer_id: Any = None
    name: Any = ""
    phone: Any = ""
    is_family: Any = False
    note: Any = ""
    reason: Any = ""
    safety_reason: Any = ""
    tell: Any = False

    @property
    def sought(self) -> str:
        """The same for all who want the same people at the same time on the same terms."""
        services = [(one.service_id, one.member_id, one.minutes) for one in self.services]
        return repr((self.day, self.time, services, self.reason, self.safety_reason and self.customer_id))


@dataclass(frozen=True, slots=True)
class Rebook:
    """``booking_id`` once more, in wall clock. Reasons as in ``Book``."""

    booking_id: Any
    day: Any
    time: Any
    reason: Any = ""
    safety_reason: Any = ""
    tell: Any = False


@dataclass(frozen=True, slots=True)
class _Wish:
    start: datetime
    day: date
    items: tuple[WantedItem, ...]
    who: str
    customer_id: int
    note: str
    reason: str
    safety_reason: str
    tell: bool


def book(uow: UnitOfWork, command: Book) -> BookingDone:
    """Raises ``OutsideHours``, or ``SlotTaken`` with the nearest free times. With two people booking the same time, the
    database lets exactly one of them have it."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _read(uow, command)
    items = plan_items(uow, choose_members(uow, wish.items, wish.start), wish.start)
    check_columns(uow, {item.member_id for item in items})
    zone = zone_of(uow.actor.zone)
    check_hours(uow, items, zone, wish.reason)
    customer_id = _customer(uow, wish, command)
    past = check_safety(uow, items, customer_id, zone, wish.safety_reason)
    visit = NewVisit(customer_id=customer_id, note=wish.note)
    is_squeezing = may_override(uow, wish.reason)
    taken = take(
        uow,
        items,
        visit,
        is_squeezing=is_squeezing,
        story=Story(reason=with_safety(wish.reason, wish.safety_reason, past)),
    )
    if past:
        uow.audit("booking.unsafe", "booking", taken.booking_id, number=taken.number)
    if wish.tell:
        notify(uow, uow.session.get_one(Booking, taken.booking_id), NoticeStep.BOOKED)
    who = who_comes(uow, customer_id)
    when = f"{format_near_day(wish.day, today_in(zone, uow.now))}, {format_time(wish.start, zone)}"
    label = f"{who.name} is booked: {when} with {items[0].member_name}"
    return BookingDone(
        taken.booking_id, taken.item_ids, taken.number, 1, BookingStatus.BOOKED, label, str(taken.undo or ""),
        untold=untold(uow, who, NoticeStep.BOOKED, items[-1].end, tell=wish.tell),
    )  # fmt: skip


def rebook(uow: UnitOfWork, command: Rebook) -> BookingDone:
    """The same services with the same people for the same customer, at today's prices; the first visit stays as it is.
    Raises as ``book`` does."""
    uow.require(Permission.BOOKINGS_OWN)
    booking, items = open_booking(uow, command.booking_id)
    if any(item.session_id is not None for item in items):
        raise Invalid(
            "Places in a class are booked in another class.", remedy="Open the class and add the customer there."
        )
    again = Book(
        day=command.day,
        time=command.time,
        services=[BookService(item.service_id, item.member_id, item.duration_min) for item in items],
        who="walk_in" if booking.customer_id is None else "known",
        customer_id=booking.customer_id,
        reason=command.reason,
        safety_reason=command.safety_reason,
        tell=command.tell,
    )
    return book(uow, again)


def _read(uow: UnitOfWork, command: Book) -> _Wish:
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    reader = Reader()
    day = reader.day("day", command.day, "Day", earliest=today - BACK, latest=today + AHEAD)
    minute = reader.clock("time", command.time, "Time")
    who = reader.choice("who", command.who, "Customer", ("known", "new", "walk_in"), default="known")
    wish = _Wish(
        start=to_instant(day, min(minute, 24 * 60 - 1), zone),
        day=day,
        items=read_items(reader, command.services, by_anybody=True),
        who=who,
        customer_id=reader.id("customer_id", command.customer_id, "Customer") if who == "known" else 0,
        note=reader.note("note", command.note, "Note", limit=NOTE),
        reason=reader.text("reason", command.reason, "Reason", limit=120, required=False),
        safety_reason=reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False),
        tell=wants_telling(uow, reader, command.tell),
    )
    reader.done()
    return wish


def _customer(uow: UnitOfWork, wish: _Wish, command: Book) -> int | None:
    if wish.who == "walk_in":
        return None
    if wish.who == "new":
        person = AddCustomer(name=command.name, phone=command.phone, is_family=command.is_family)
        return add_customer(uow, person).id
    return own_customer(uow, wish.customer_id)


def own_customer(uow: UnitOfWork, raw_id: Any) -> int:
    """The id of a customer whom the actor may book for."""
    reader = Reader()
    customer_id = reader.id("customer_id", raw_id, "Customer")
    reader.done()
    query = select(Customer.archived_at).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    row = uow.session.execute(query).first()
    if row is None:
        raise NotFound("That customer is not there any more.", remedy="Search for the customer again.")
    if row.archived_at is not None:
        raise Invalid(fields={"customer_id": "This customer is in the archive. Bring them back first."})
    return customer_id
