"""From a hold to a booking: reading what was typed, finding the customer, and writing it all down once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from microcrm.domain.bell import BellKind
from microcrm.domain.booking import BookingStatus
from microcrm.domain.email import parse_email
from microcrm.domain.errors import Conflict, HoldLapsed
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.notices import NoticeStep
from microcrm.domain.phone import parse_phone
from microcrm.domain.search_key import search_key
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.bell.ringing import ring
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.links import LINK_LASTS, make_link
from microcrm.operations.notices import notify
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import BookingDone, customer_name, give_number, note_event
from microcrm.operations.parts.guests import guest_of
from microcrm.operations.unit_of_work import UnitOfWork

NAME_LIMIT = 120
_SHORTEST_KEY, _LONGEST_KEY = 16, 80
# Two posts of one form: the second waits until the first is stored, and then finds it.
_LOCK_KEY = fixed("SELECT pg_advisory_xact_lock(7266205, hashtext(:key))")
_BY_KEY = fixed("SELECT id FROM bookings WHERE business_id = :business AND request_key = :key")


@dataclass(frozen=True, slots=True)
class Typed:
    note: str
    language: str
    request_key: str


class Person(NamedTuple):
    name: str
    phone: str
    email: str


def read_typed(reader: Reader, command: Any) -> Typed:
    return Typed(
        note=reader.note("note", command.note, "Note", limit=NOTE),
        language=reader.text("language", command.language, "Language", limit=8, required=False),
        request_key=reader.text(
            "request_key", command.request_key, "The form's number",
            least=_SHORTEST_KEY, limit=_LONGEST_KEY, required=False,
        ),
    )  # fmt: skip


def read_person(raw_name: Any, raw_phone: Any, raw_email: Any = "") -> Person:
    """``Invalid`` at the fields name, phone and email."""
    reader = Reader()
    name = reader.text("name", raw_name, "Name", limit=NAME_LIMIT)
    if name and not search_key(name):
        reader.refuse("name", "Type the name with letters.")
    phone = reader.by("phone", parse_phone, raw_phone, mobile=True, instead="")
    email = reader.by("email", parse_email, raw_email, required=False, instead="")
    reader.done()
    return Person(name, phone, email)


def give_to_guest(uow: UnitOfWork, booking: Booking, name: str, phone: str, email: str) -> None:
    guest = guest_of(uow, name, phone, email)
    booking.customer_id, booking.guest_name = guest.customer_id, guest.guest_name


def check_held(booking: Booking) -> None:
    if booking.status == BookingStatus.EXPIRED:
        raise HoldLapsed
    if booking.status != BookingStatus.HOLD:
        raise Conflict("This booking has been made already.", remedy="Look at how it stands now.")


def made_already(uow: UnitOfWork, request_key: str) -> BookingDone | None:
    """What the same form post has made before. From here on no other post with this key goes on until this one ends."""
    if not request_key:
        return None
    connection = uow.session.connection()
    run(connection, _LOCK_KEY, {"key": f"{uow.business_id} {request_key}"})
    found = run(connection, _BY_KEY, {"business": uow.business_id, "key": request_key}).fetchone()
    if found is None:
        return None
    booking = uow.session.get_one(Booking, found.id)
    query = select(BookingItem).where(BookingItem.business_id == uow.business_id, BookingItem.booking_id == booking.id)
    items = uow.session.scalars(query.order_by(BookingItem.starts_at, BookingItem.id)).all()
    done = done_again(uow, booking, items)
    return BookingDone(
        done.booking_id, done.item_ids, done.number, done.version, done.status, done.label, "",
        make_link(uow, booking_id=booking.id, expires_at=booking.ends_at + LINK_LASTS),
    )  # fmt: skip


def done_again(uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem]) -> BookingDone:
    ids = tuple(item.id or 0 for item in items)
    label = _label(uow, booking)
    return BookingDone(booking.id or 0, ids, booking.number or 0, booking.version, booking.status, label, "")


def settle(
    uow: UnitOfWork,
    booking: Booking,
    items: Sequence[BookingItem],
    typed: Typed,
    status: BookingStatus,
    until: datetime | None = None,
    *,
    tell: bool,
    token: str = "",
    reason: str = "",
) -> BookingDone:
    """Number, story, undo for the desk, and the customer's link (``token``, when they have one already). ``reason``: why it was
    booked past a rule."""
    booking.note = typed.note or booking.note
    booking.language, booking.request_key = typed.language, typed.request_key or None
    set_status(uow, booking, items, status, until)
    set_committed_value(booking, "number", give_number(uow, booking.id or 0))
    kind = kind_of(status)
    event = note_event(
        uow, booking.id or 0, kind, old=BookingStatus.HOLD, new=status, reason=reason,
        services=[item.service_id for item in items], members=[item.member_id for item in items],
        starts_at=booking.starts_at.isoformat(),
    )  # fmt: skip
    notify(uow, booking, NoticeStep(kind), tell=tell)
    if status is BookingStatus.PENDING_APPROVAL:
        tell_of_request(uow, booking.id or 0, items[0].id or 0, booking.starts_at)
    undo = ""
    if uow.actor.kind == "member":
        undo = str(
            uow.undoable(
                f"booking {booking.number}", "booking_made", booking.id or 0,
                before=None, after_version=booking.version, audit_event_id=event,
            )
        )  # fmt: skip
    link = token or make_link(uow, booking_id=booking.id, expires_at=booking.ends_at + LINK_LASTS)
    ids = tuple(item.id or 0 for item in items)
    return BookingDone(
        booking.id or 0, ids, booking.number or 0, booking.version, status, _label(uow, booking), undo, link
    )


def tell_of_offer(uow: UnitOfWork, offer_id: int, item: BookingItem) -> None:
    """On the bell of those who look after the waiting list: somebody said yes by themselves."""
    if uow.actor.kind != "member":
        ring(uow, BellKind.OFFER, str(offer_id), item=item.id, starts_at=item.starts_at.isoformat())


def tell_of_request(uow: UnitOfWork, booking_id: int, item_id: int, starts_at: datetime) -> None:
    """On the bell of those who can say yes."""
    ring(uow, BellKind.REQUEST, str(booking_id), item=item_id, starts_at=starts_at.isoformat())


def kind_of(status: BookingStatus) -> str:
    """The step's word in the story, in the log and of the message."""
    if status is BookingStatus.PENDING_PAYMENT:
        return status.value
    return "requested" if status is BookingStatus.PENDING_APPROVAL else "booked"


def _label(uow: UnitOfWork, booking: Booking) -> str:
    zone = zone_of(uow.actor.zone)
    when = f"{format_near_day(to_wall(booking.starts_at, zone)[0], today_in(zone, uow.now))}, "
    when += format_time(booking.starts_at, zone)
    done = {BookingStatus.PENDING_APPROVAL: "asks for", BookingStatus.PENDING_PAYMENT: "has to pay for"}
    return f"{customer_name(uow, booking.customer_id)} {done.get(BookingStatus(booking.status), 'is booked:')} {when}"
