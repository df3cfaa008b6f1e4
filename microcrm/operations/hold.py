"""Keeping a time while a form is filled in, or while somebody makes up their mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from microcrm.domain.booking import BookingStatus
from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.errors import Conflict, HoldLapsed, Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.book import AHEAD, BACK, BookService, own_customer
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.customers import AddCustomer
from microcrm.operations.customers import add as add_customer
from microcrm.operations.links import behind, make_link
from microcrm.operations.parts.booking_plan import PlannedItem, WantedItem, plan_items, read_items
from microcrm.operations.parts.booking_rows import BookingDone, check_columns, note_story, open_booking
from microcrm.operations.parts.booking_times import check_hours
from microcrm.operations.parts.class_seats import find_place, take_place
from microcrm.operations.parts.confirming import (
    check_held,
    done_again,
    give_to_guest,
    made_already,
    read_person,
    read_typed,
    settle,
)
from microcrm.operations.parts.deposit_rules import deposit_due, servings
from microcrm.operations.parts.public_rules import check_public, check_public_class, needs_approval, services_in
from microcrm.operations.parts.safety import check_kept, refuse_unsafe, why_at, with_safety
from microcrm.operations.parts.seats import give_seats_back
from microcrm.operations.parts.visits import NewVisit, Taken, take
from microcrm.operations.unit_of_work import UnitOfWork

SOURCES = ("staff", "waitlist", "queue")
LONGEST = 24 * 60  # minutes; an offer of the waiting list may be kept for a day
MOST_SEATS = 20  # in one booking


@dataclass(frozen=True, slots=True)
class Hold:
    """``start`` is an instant as the free times give it (ISO 8601 with offset); or give ``day`` and ``time`` in wall clock.
    With ``session_id`` it is ``seats`` places in that class, and ``services`` stay empty. ``minutes`` empty: as long as the
    policy says. ``reason`` goes past working hours, and ``safety_reason`` past what is not safe for the customer, for those who may."""

    services: Sequence[BookService] = ()
    start: Any = None
    day: Any = None
    time: Any = None
    session_id: Any = None
    seats: Any = 1
    minutes: Any = None
    customer_id: Any = None
    source: Any = "staff"
    reason: Any = ""
    safety_reason: Any = ""


@dataclass(frozen=True, slots=True)
class PublicHold:
    """What a customer chose on the shop's page. ``instead_of``: the token of a hold that this one replaces."""

    services: Sequence[BookService] = ()
    start: Any = None
    session_id: Any = None
    seats: Any = 1
    instead_of: Any = None


@dataclass(frozen=True, slots=True)
class ConfirmHold:
    """``who`` is known (``customer_id``, or the customer the hold was made for), new (``name``, ``phone``), phone (whoever
    has it, new if nobody) or walk_in. The same ``request_key`` again gives the same booking. ``safety_reason`` as in ``Book``."""

    booking_id: Any
    version: Any = None
    who: Any = "known"
    customer_id: Any = None
    name: Any = ""
    phone: Any = ""
    is_family: Any = False
    note: Any = ""
    language: Any = ""
    request_key: Any = ""
    tell: Any = False
    safety_reason: Any = ""


@dataclass(frozen=True, slots=True)
class ConfirmPublic:
    """What a customer typed; ``token`` is the hold's."""

    token: Any
    name: Any
    phone: Any
    email: Any = ""
    note: Any = ""
    language: Any = "en"
    request_key: Any = ""


@dataclass(frozen=True, slots=True)
class HoldDone:
    """``token`` opens the hold, and later the visit, for whoever has no account; said only to strangers."""

    booking_id: int
    item_ids: tuple[int, ...]
    version: int
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    token: str = ""


@dataclass(frozen=True, slots=True)
class _Wish:
    start: datetime
    items: tuple[WantedItem, ...]
    session_id: int | None
    seats: int


def hold(uow: UnitOfWork, command: Hold) -> HoldDone:
    """For the desk and the waiting list. Raises as ``book`` does; for nobody in particular nothing is unsafe yet."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    wish = _read(uow, reader, command)
    terms = policy_of(uow)
    minutes = reader.whole_number(
        "minutes", command.minutes, "Minutes kept", low=1, high=LONGEST, default=terms.hold_min
    )
    source = reader.choice("source", command.source, "Where it came from", SOURCES)
    reason = reader.text("reason", command.reason, "Reason", limit=120, required=False)
    safety_reason = reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False)
    customer_id = None if command.customer_id is None else reader.id("customer_id", command.customer_id, "Customer")
    reader.done()
    zone, past = zone_of(uow.actor.zone), ""
    if customer_id is not None:
        own_customer(uow, customer_id)
    expires_at = uow.now + timedelta(minutes=minutes)
    visit = NewVisit(BookingStatus.HOLD, source, customer_id, expires_at=expires_at)
    if wish.session_id is not None:
        place = find_place(uow, wish.session_id, wish.seats)
        check_columns(uow, {place.session.member_id})
        wanted = [(place.session.service_id, place.session.starts_at)]
        done = _done(take_place(uow, place, visit), place.session.starts_at, place.session.ends_at, expires_at)
    else:
        items = plan_items(uow, wish.items, wish.start)
        check_columns(uow, {item.member_id for item in items})
        check_hours(uow, items, zone, reason)
        wanted = [(item.service_id, item.start) for item in items]
        done = _done(take(uow, items, visit), *_span(items), expires_at)
    if customer_id is not None:
        past = why_at(uow, wanted, customer_id, zone, done.booking_id)
        refuse_unsafe(uow, past, safety_reason)
    if past:
        note_story(
            uow, done.booking_id, "held", new=BookingStatus.HOLD, reason=with_safety(reason, safety_reason, past)
        )
        uow.audit("booking.unsafe", "booking", done.booking_id)
    return done


def hold_public(uow: UnitOfWork, command: PublicHold) -> HoldDone:
    """For a customer on the shop's page, by the owner's terms. ``Invalid`` names what the terms do not allow."""
    uow.require_public()
    reader = Reader()
    wish = _read(uow, reader, command)
    reader.done()
    terms = policy_of(uow)
    if command.instead_of:
        forget_hold(uow, command.instead_of)
    expires_at = uow.now + timedelta(minutes=terms.hold_min)
    visit = NewVisit(BookingStatus.HOLD, "online", expires_at=expires_at)
    if wish.session_id is not None:
        place = find_place(uow, wish.session_id, wish.seats)
        check_public_class(uow, terms, place.service, place.session.starts_at)
        done = _done(take_place(uow, place, visit), place.session.starts_at, place.session.ends_at, expires_at)
    else:
        done = _hold_times(uow, wish, terms, visit, expires_at)
    return replace(done, token=make_link(uow, booking_id=done.booking_id))


def confirm_hold(uow: UnitOfWork, command: ConfirmHold) -> BookingDone:
    """The held time becomes a booking. ``HoldLapsed`` when somebody else has the time by now; a hold that has run out and
    that nobody wanted is still good. ``NotSafe`` as ``book`` raises it: now it is known who comes."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    who = reader.choice("who", command.who, "Customer", ("known", "new", "phone", "walk_in"))
    typed = read_typed(reader, command)
    tell = reader.flag("tell", command.tell, "Tell the customer")
    safety_reason = reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False)
    reader.done()
    if (again := made_already(uow, typed.request_key)) is not None:
        return again
    try:
        booking, items = open_booking(uow, command.booking_id, command.version)
    except NotFound:
        raise HoldLapsed from None
    check_columns(uow, {item.member_id for item in items})
    check_held(booking)
    if who == "known" and command.customer_id is not None:
        booking.customer_id = own_customer(uow, command.customer_id)
    elif who == "known" and booking.customer_id is None:
        raise Invalid(fields={"customer_id": "Choose customer."})
    elif who == "new":
        person = AddCustomer(name=command.name, phone=command.phone, is_family=command.is_family)
        booking.customer_id = add_customer(uow, person).id
    elif who == "phone":
        give_to_guest(uow, booking, *read_person(command.name, command.phone))
    past = check_kept(uow, items, booking.customer_id, zone_of(uow.actor.zone), booking.id or 0)
    refuse_unsafe(uow, past, safety_reason)
    story = with_safety("", safety_reason, past)
    done = settle(uow, booking, items, typed, BookingStatus.BOOKED, tell=tell, reason=story)
    if past:
        uow.audit("booking.unsafe", "booking", booking.id, number=booking.number)
    return done


def confirm_public(uow: UnitOfWork, command: ConfirmPublic) -> BookingDone:
    """The same for who has the hold's link; by the owner's terms it may first be a request, or wait to be paid."""
    uow.require_public()
    reader = Reader()
    typed = read_typed(reader, command)
    reader.done()
    person = read_person(command.name, command.phone, command.email)
    if uow.actor.business_id is not None and (again := made_already(uow, typed.request_key)) is not None:
        return again
    booking, items = held_behind(uow, command.token)
    if booking.status != BookingStatus.HOLD and typed.request_key and booking.request_key == typed.request_key:
        return replace(done_again(uow, booking, items), token=command.token)
    check_held(booking)
    give_to_guest(uow, booking, *person)
    status, until = BookingStatus.BOOKED, None
    terms = policy_of(uow)
    booking.deposit_paise = deposit_due(uow, servings(items))
    if booking.source == "online" and needs_approval(terms, services_in(uow, items)):
        status = BookingStatus.PENDING_APPROVAL
        until = min(uow.now + timedelta(hours=terms.approval_hours), booking.starts_at)
    elif booking.deposit_paise:
        status = BookingStatus.PENDING_PAYMENT
        until = min(uow.now + timedelta(minutes=terms.payment_min), booking.starts_at)
    return settle(uow, booking, items, typed, status, until, tell=True, token=command.token)


def release_hold(uow: UnitOfWork, booking_id: Any) -> None:
    """The time is free again. A hold that has gone already is no mistake; one that was confirmed is."""
    uow.require(Permission.BOOKINGS_OWN)
    try:
        booking, items = open_booking(uow, booking_id)
    except NotFound:
        return
    check_columns(uow, {item.member_id for item in items})
    drop_hold(uow, booking, items)


def release_public(uow: UnitOfWork, token: Any) -> None:
    """The same for who has the hold's link."""
    uow.require_public()
    forget_hold(uow, token)


def held_behind(uow: UnitOfWork, token: Any) -> tuple[Booking, list[BookingItem]]:
    """The booking that the link opens, locked. ``HoldLapsed`` when it has gone."""
    try:
        found = behind(uow, token)
        return open_booking(uow, found.booking_id)
    except NotFound:
        raise HoldLapsed from None


def drop_hold(uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem]) -> None:
    """``Conflict`` unless it is still a hold."""
    if booking.status == BookingStatus.EXPIRED:
        return
    if booking.status != BookingStatus.HOLD:
        raise Conflict("This booking has been confirmed.", remedy="Cancel it instead.")
    give_seats_back(uow, items)
    uow.session.execute(
        delete(Booking).where(Booking.business_id == uow.business_id, Booking.id == booking.id),
        execution_options={"synchronize_session": False},
    )
    uow.session.expunge(booking)


def _hold_times(uow: UnitOfWork, wish: _Wish, terms: PolicyTerms, visit: NewVisit, expires_at: datetime) -> HoldDone:
    items = plan_items(uow, wish.items, wish.start)
    check_public(uow, terms, items)
    check_hours(uow, items, zone_of(uow.actor.zone), "")
    return _done(take(uow, items, visit), *_span(items), expires_at)


def forget_hold(uow: UnitOfWork, token: Any) -> None:
    """Of whoever has the link; one that has gone already is no mistake."""
    try:
        booking, items = held_behind(uow, token)
    except HoldLapsed:
        return
    drop_hold(uow, booking, items)


def _read(uow: UnitOfWork, reader: Reader, command: Hold | PublicHold) -> _Wish:
    seats = reader.whole_number("seats", command.seats, "Seats", low=1, high=MOST_SEATS)
    if command.session_id is not None:
        return _Wish(uow.now, (), reader.id("session_id", command.session_id, "Class"), seats)
    return _Wish(_read_start(uow, reader, command), read_items(reader, command.services), None, seats)


def _read_start(uow: UnitOfWork, reader: Reader, command: Hold | PublicHold) -> datetime:
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    if command.start is None and isinstance(command, Hold):
        day = reader.day("day", command.day, "Day", earliest=today - BACK, latest=today + AHEAD)
        return to_instant(day, min(reader.clock("time", command.time, "Time"), 24 * 60 - 1), zone)
    start = reader.by("time", parse_start, command.start, instead=uow.now)
    if not uow.now - BACK <= start <= uow.now + AHEAD:
        reader.refuse("time", "Choose a time from the list.")
    return start


def parse_start(raw: Any) -> datetime:
    """An instant on a whole minute, as free times are written: "2026-12-05T05:30:00+00:00"."""
    try:
        start = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw)[:40])
        is_good = start.tzinfo is not None and not start.second and not start.microsecond
        if is_good:
            return start.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Invalid("Choose a time from the list.")


def _span(items: Sequence[PlannedItem]) -> tuple[datetime, datetime]:
    return min(item.start for item in items), max(item.end for item in items)


def _done(taken: Taken, start: datetime, end: datetime, expires_at: datetime) -> HoldDone:
    return HoldDone(taken.booking_id, taken.item_ids, 1, start, end, expires_at)
