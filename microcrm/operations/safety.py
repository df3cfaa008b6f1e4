"""What the forms about visits say about safety before anything is booked or moved: of the day that is chosen, and of those after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.needed_forms import NeededForm, still_to_fill
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.book import own_customer
from microcrm.operations.customer_access import visible_bookings
from microcrm.operations.parts.booking_rows import check_columns, open_booking
from microcrm.operations.parts.needed_forms import needed_forms
from microcrm.operations.parts.safety import Visit, judged, judged_at, rules_of, unsafe_days
from microcrm.operations.unit_of_work import UnitOfWork

MOST_DAYS = 62


@dataclass(frozen=True, slots=True)
class SafetyAsked:
    """As chosen in the form so far. ``customer_id`` empty: nobody in particular. ``days``: how many, from that one on."""

    services: Any
    day: Any
    customer_id: Any = None
    days: int = 1


@dataclass(frozen=True, slots=True)
class VisitSafety:
    """``booking_id`` moved to the day, or only its item ``item_id``; ``is_again``: the same visit once more."""

    booking_id: Any
    day: Any
    item_id: Any = None
    is_again: bool = False
    days: int = 1


@dataclass(frozen=True, slots=True)
class SafetySaid:
    """``words``: why the services are not safe on that day, "" when they are. ``records``: of the allergies that speak against them,
    those that may be opened here. ``unsafe``: the days that a timer stands against. ``forms``: what has to be filled in before it
    starts, as it stands on ``today``; ``customer_id``: by whom."""

    words: str = ""
    records: tuple[int, ...] = ()
    unsafe: Mapping[date, str] = field(default_factory=dict)
    forms: tuple[NeededForm, ...] = ()
    today: date = date.min
    customer_id: int | None = None

    def to_fill(self, *days: date) -> str:
        """What is missing, or will have run out, on one of these days; it can be booked all the same."""
        return still_to_fill(self.forms, days, self.today)


def safety_words(uow: UnitOfWork, command: SafetyAsked) -> SafetySaid:
    """Of a new visit. Three statements; two more with a timer, and with a service that says what it uses one, and one to note down that
    somebody was told. Raises: Invalid, NotFound."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    day = reader.day("day", command.day, "Day")
    services = reader.ids("service_id", command.services, "Services", limit=6)
    reader.done()
    customer_id = own_customer(uow, command.customer_id) if command.customer_id else None
    return _of_new(uow, services, customer_id, day, command.days)


def safety_of_visit(uow: UnitOfWork, command: VisitSafety) -> SafetySaid:
    """Of a visit that there is: moved, or once more. As many statements. Raises: Invalid, NotFound."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    day = reader.day("day", command.day, "Day")
    booking_id = reader.id("booking_id", command.booking_id, "Booking")
    item_id = None if command.item_id in (None, "") else reader.id("item_id", command.item_id, "Service")
    reader.done()
    query = (
        select(Booking.customer_id, BookingItem.service_id, BookingItem.id)
        .join(BookingItem, (BookingItem.business_id == Booking.business_id) & (BookingItem.booking_id == Booking.id))
        .where(Booking.business_id == uow.business_id, Booking.id == booking_id, visible_bookings(uow.actor))
    )
    rows = uow.session.execute(query).all()
    if not rows:
        raise NotFound
    if command.is_again:
        return _of_new(uow, {row.service_id for row in rows}, rows[0].customer_id, day, command.days)
    zone = zone_of(uow.actor.zone)
    found = unsafe_days(uow, booking_id, _days(day, command.days), zone, item_id)
    services = {row.service_id for row in rows if item_id in (None, row.id)}
    forms = needed_forms(uow, services, rows[0].customer_id)
    return SafetySaid(found.get(day, ""), (), found, forms, today_in(zone, uow.now), rows[0].customer_id)


def safety_as_booked(uow: UnitOfWork, booking_id: Any) -> SafetySaid:
    """Why a visit as it stands is not safe, and whose records say so. Five statements at most and one a service. Raises: Forbidden,
    NotFound."""
    uow.require(Permission.BOOKINGS_OWN)
    booking, items = open_booking(uow, booking_id)
    check_columns(uow, {item.member_id for item in items})
    starts = [(item.service_id, item.starts_at) for item in items]
    found = judged_at(uow, starts, booking.customer_id, zone_of(uow.actor.zone), booking.id or 0)
    return SafetySaid(found.words, found.records, customer_id=booking.customer_id)


def _of_new(uow: UnitOfWork, services: Collection[int], customer_id: int | None, day: date, days: int) -> SafetySaid:
    """Allergies are asked about once: no day changes them."""
    rules = rules_of(uow, services)
    timers = [rule for rule in rules.values() if rule.has_timer]
    ahead = _days(day, days) if timers else []
    visits = [Visit(customer_id, tuple((replace(rule, substances=()), one) for rule in timers)) for one in ahead]
    whole = Visit(customer_id, tuple((rule, day) for rule in rules.values()))
    zone = zone_of(uow.actor.zone)
    now, *later = judged(uow, [whole, *visits], zone, are_together=False)
    unsafe = {one: said.words for one, said in zip(ahead, later, strict=True) if said.words}
    forms = needed_forms(uow, services, customer_id)
    return SafetySaid(now.words, now.records, unsafe, forms, today_in(zone, uow.now), customer_id)


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(max(1, min(count, MOST_DAYS)))]
