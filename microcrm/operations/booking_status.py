"""The steps of a visit (confirmed, arrived, started, done, did not come) and calling it off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from microcrm.domain.booking import CANCELLED, LABELS, BookingStatus, can_follow
from microcrm.domain.errors import Conflict, Forbidden, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import (
    BookingDone,
    check_columns,
    customer_name,
    note_event,
    open_booking,
)
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.rows import plain
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus
WHO_CANCELS = {
    "customer": _S.CANCELLED_BY_CUSTOMER,
    "late": _S.LATE_CANCELLED,
    "business": _S.CANCELLED_BY_BUSINESS,
}


@dataclass(frozen=True, slots=True)
class Step:
    """``version`` may be left out where only the next step is offered (Today): the status itself is the guard then."""

    booking_id: Any
    status: Any
    version: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """To a request. ``reason`` goes to the customer when it is declined."""

    booking_id: Any
    version: Any
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """``who`` is customer, late (the customer, too late) or business."""

    booking_id: Any
    version: Any
    who: Any
    reason: Any = ""


def step(uow: UnitOfWork, command: Step) -> BookingDone:
    """Raises ``Conflict`` when the visit cannot go there from where it is."""
    uow.require(Permission.BOOKINGS_OWN)
    status = _status(command.status)
    booking, items = open_booking(uow, command.booking_id, command.version)
    if not may_run_calendar(uow) and uow.actor.member_id not in {item.member_id for item in items}:
        raise Forbidden("You can change only the bookings of your own calendar.")
    return _go(uow, booking, items, status)


def cancel(uow: UnitOfWork, command: Cancel) -> BookingDone:
    """Call the visit off; its time is free at once."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    who = reader.choice("who", command.who, "Who cancelled", WHO_CANCELS)
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    reader.done()
    booking, items = open_booking(uow, command.booking_id, command.version)
    check_columns(uow, {item.member_id for item in items})
    booking.cancel_reason = reason
    return _go(uow, booking, items, WHO_CANCELS[who], reason)


def approve(uow: UnitOfWork, command: Answer) -> BookingDone:
    """The request becomes a booking. ``Conflict`` when it is none any more."""
    uow.require(Permission.BOOKINGS_OWN)
    booking, items = _requested(uow, command)
    return _go(uow, booking, items, _S.BOOKED, kind="approved")


def decline(uow: UnitOfWork, command: Answer) -> BookingDone:
    """The request is refused; its time is free at once."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    reader.done()
    booking, items = _requested(uow, command)
    booking.cancel_reason = reason
    return _go(uow, booking, items, _S.CANCELLED_BY_BUSINESS, reason, kind="declined")


def _requested(uow: UnitOfWork, command: Answer) -> tuple[Booking, list[BookingItem]]:
    booking, items = open_booking(uow, command.booking_id, command.version)
    check_columns(uow, {item.member_id for item in items})
    if booking.status != _S.PENDING_APPROVAL:
        raise Conflict(
            f"This booking is marked “{LABELS[_S(booking.status)]}” and waits for no answer.",
            remedy="Look at how it stands now.",
        )
    return booking, items


def _status(raw: Any) -> BookingStatus:
    try:
        status = BookingStatus(raw)
    except ValueError:
        raise Invalid("Choose one of the steps that are offered.") from None
    if status is _S.EXPIRED:
        raise Invalid("Requests lapse by themselves. Decline it instead.")
    if status in CANCELLED:
        raise Invalid("Say who cancelled: use Cancel in the booking.")
    return status


def _go(
    uow: UnitOfWork,
    booking: Booking,
    items: Sequence[BookingItem],
    status: BookingStatus,
    reason: str = "",
    kind: str = "",
) -> BookingDone:
    old = BookingStatus(booking.status)
    if not can_follow(old, status):
        raise Conflict(
            f"This booking is already marked “{LABELS[old]}”.", remedy="Look at how it stands now, then try again."
        )
    before = {"status": old, "expires_at": plain(booking.expires_at)}
    set_status(uow, booking, items, status)
    event = note_event(uow, booking.id or 0, kind or _kind(status), old=old, new=status, reason=reason)
    who = customer_name(uow, booking.customer_id)
    label = f"{who}: {LABELS[status]}"
    undo = uow.undoable(
        f"“{LABELS[status]}” of booking {booking.number}",
        "booking_status",
        booking.id or 0,
        before=before,
        after_version=booking.version,
        audit_event_id=event,
    )
    ids = tuple(item.id or 0 for item in items)
    return BookingDone(booking.id or 0, ids, booking.number or 0, booking.version, status, label, str(undo))


def _kind(status: BookingStatus) -> str:
    return "cancelled" if status in CANCELLED else status.value
