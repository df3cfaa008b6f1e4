"""The steps of a visit (confirmed, arrived, started, done, did not come) and calling it off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from microcrm.domain.booking import CANCELLED, LABELS, BookingStatus, can_follow
from microcrm.domain.errors import Conflict, Forbidden, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.booking_fees import charge, fee_words, read_waiver
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.notices import notify
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import (
    BookingDone,
    check_columns,
    give_number,
    note_event,
    open_booking,
    untold,
    who_comes,
)
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.online_mode import online_mode
from microcrm.operations.parts.rows import plain
from microcrm.operations.parts.safety import check_kept, refuse_unsafe, with_safety
from microcrm.operations.parts.starting import Passed, check_start
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus
_BEGUN = {_S.STARTED, _S.FINISHED}  # what is done at once has begun, too
_TOLD = {"approved": NoticeStep.APPROVED, "to_pay": NoticeStep.TO_PAY, "declined": NoticeStep.DECLINED}
WHO_CANCELS = {
    "customer": _S.CANCELLED_BY_CUSTOMER,
    "late": _S.LATE_CANCELLED,
    "business": _S.CANCELLED_BY_BUSINESS,
}


@dataclass(frozen=True, slots=True)
class Step:
    """``version`` may be left out where only the next step is offered (Today): the status itself is the guard then.
    ``is_waived``: what not coming would cost is not asked for, and ``waiver`` says why. ``reason``: why it starts though a form
    is missing."""

    booking_id: Any
    status: Any
    version: Any = None
    is_waived: Any = False
    waiver: Any = ""
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """To a request. ``reason`` goes to the customer when it is declined; ``safety_reason`` goes past what is not safe, for those
    who may, and stays in the shop. ``version`` may be left out as in ``Step``."""

    booking_id: Any
    version: Any
    reason: Any = ""
    tell: Any = True
    safety_reason: Any = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """``who`` is customer, late (the customer, too late: by the owner's ladder that costs something) or business.
    ``is_waived``: that is not asked for, and ``waiver`` says why."""

    booking_id: Any
    version: Any
    who: Any
    reason: Any = ""
    is_waived: Any = False
    waiver: Any = ""
    tell: Any = False


def step(uow: UnitOfWork, command: Step) -> BookingDone:
    """Raises ``Conflict`` when the visit cannot go there from where it is; ``FormMissing`` when it would start without a form
    that one of its services needs, ``NotSafe`` when an allergy names what one of them uses."""
    uow.require(Permission.BOOKINGS_OWN)
    status = _status(command.status)
    reader = Reader()
    waiver = read_waiver(reader, command) if status is _S.NO_SHOW else ""
    reason = reader.text("reason", command.reason, "Reason", limit=120, required=False)
    reader.done()
    booking, items = open_booking(uow, command.booking_id, command.version)
    if not may_run_calendar(uow) and uow.actor.member_id not in {item.member_id for item in items}:
        raise Forbidden("You can change only the bookings of your own calendar.")
    past, old = Passed("", ""), _S(booking.status)
    if (old, status) == (_S.PENDING_APPROVAL, _S.BOOKED):  # the same answer, given by the visit's own button
        return _approve(uow, booking, items, reason, tell=True)
    if status in _BEGUN and old not in _BEGUN and can_follow(old, status):
        past = check_start(uow, {item.service_id for item in items}, booking.customer_id, reason)
    done = _go(uow, booking, items, status, f"{reason} ({past.words})" if past.words else "", waiver=waiver)
    past.note(uow, booking.id, number=booking.number)
    return done


def cancel(uow: UnitOfWork, command: Cancel) -> BookingDone:
    """Call the visit off; its time is free at once."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    who = reader.choice("who", command.who, "Who cancelled", WHO_CANCELS)
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    waiver = read_waiver(reader, command) if who == "late" else ""
    tell = reader.flag("tell", command.tell, "Tell the customer")
    reader.done()
    booking, items = open_booking(uow, command.booking_id, command.version)
    check_columns(uow, {item.member_id for item in items})
    booking.cancel_reason = reason
    return _go(uow, booking, items, WHO_CANCELS[who], reason, waiver=waiver, tell=tell)


def approve(uow: UnitOfWork, command: Answer) -> BookingDone:
    """The request becomes a booking, or waits for its deposit as long as the customer waited for the answer at most.
    ``Conflict`` when it is none any more; ``NotSafe`` as ``book`` raises it."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    safety_reason = reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False)
    tell = reader.flag("tell", command.tell, "Tell the customer")
    reader.done()
    booking, items = _requested(uow, command)
    return _approve(uow, booking, items, safety_reason, tell=tell)


def _approve(
    uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem], safety_reason: str, *, tell: bool
) -> BookingDone:
    check_columns(uow, {item.member_id for item in items})
    unsafe = check_kept(uow, items, booking.customer_id, zone_of(uow.actor.zone), booking.id or 0)
    refuse_unsafe(uow, unsafe, safety_reason)
    done = _agree(uow, booking, items, with_safety("", safety_reason, unsafe), tell=tell)
    Passed(unsafe, "").note(uow, booking.id, number=booking.number)
    return done


def _agree(uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem], reason: str, *, tell: bool) -> BookingDone:
    if not booking.deposit_paise or not online_mode(uow):
        return _go(uow, booking, items, _S.BOOKED, reason, kind="approved", tell=tell)
    until = min(uow.now + timedelta(hours=policy_of(uow).approval_hours), booking.starts_at)
    return _go(uow, booking, items, _S.PENDING_PAYMENT, reason, kind="to_pay", tell=tell, until=until)


def decline(uow: UnitOfWork, command: Answer) -> BookingDone:
    """The request is refused; its time is free at once."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    tell = reader.flag("tell", command.tell, "Tell the customer")
    reader.done()
    booking, items = _requested(uow, command)
    booking.cancel_reason = reason
    return _go(uow, booking, items, _S.CANCELLED_BY_BUSINESS, reason, kind="declined", tell=tell)


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
    *,
    waiver: str = "",
    tell: bool = False,
    until: datetime | None = None,
) -> BookingDone:
    old = BookingStatus(booking.status)
    if not can_follow(old, status):
        raise Conflict(
            f"This booking is already marked “{LABELS[old]}”.", remedy="Look at how it stands now, then try again."
        )
    before = {
        name: plain(getattr(booking, name)) for name in ("status", "expires_at", "cancel_fee_paise", "fee_waiver")
    }
    fee = charge(uow, booking, items, status, waiver)
    set_status(uow, booking, items, status, until)
    if booking.number is None:  # a hold that was called off by hand: from now on people may speak of it
        set_committed_value(booking, "number", give_number(uow, booking.id or 0))
    event = note_event(uow, booking.id or 0, kind or _kind(status), old=old, new=status, reason=reason)
    notice = _TOLD.get(kind, NoticeStep.CANCELLED)
    notify(uow, booking, notice, tell=tell)
    who = who_comes(uow, booking.customer_id)
    label = f"{who.name}: {LABELS[status]}{fee_words(fee, waiver)}"
    undo = uow.undoable(
        f"“{LABELS[status]}” of booking {booking.number}",
        "booking_status",
        booking.id or 0,
        before=before,
        after_version=booking.version,
        audit_event_id=event,
    )
    ids = tuple(item.id or 0 for item in items)
    is_news = kind in _TOLD or status in CANCELLED
    return BookingDone(
        booking.id or 0, ids, booking.number or 0, booking.version, status, label, str(undo),
        untold=untold(uow, who, notice, booking.ends_at, tell=tell) if is_news else "",
    )  # fmt: skip


def _kind(status: BookingStatus) -> str:
    return "cancelled" if status in CANCELLED else status.value
