"""What cancelling late or not coming costs: shown before it is done, noted on the visit, waived with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from microcrm.domain.booking import BookingStatus
from microcrm.domain.cancellation import NO_FEE, Fee, fee_at, is_late, share
from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.online.deposits import deposit_money
from microcrm.operations.online.returning import deposit_follows_fee
from microcrm.operations.parts.booking_rows import BookingDone, check_columns, customer_name, note_event, open_booking
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus


@dataclass(frozen=True, slots=True)
class WaiveFee:
    booking_id: Any
    version: Any
    reason: Any


@dataclass(frozen=True, slots=True)
class Fees:
    """Of one visit as it stands: ``late`` if it were cancelled now, ``missed`` if nobody came. ``deposit``: paise
    paid ahead and still there. ``is_late``: by the owner's terms the time to cancel is over."""

    booking_id: int
    version: int
    customer: str
    starts_at: datetime
    late: Fee
    missed: Fee
    deposit: int
    is_late: bool
    today: date


def fees_of(uow: UnitOfWork, raw_booking_id: Any) -> Fees:
    uow.require(Permission.BOOKINGS_OWN)
    booking, items = open_booking(uow, raw_booking_id)
    terms, price = policy_of(uow), _price(items)
    return Fees(
        booking_id=booking.id or 0,
        version=booking.version,
        customer=customer_name(uow, booking.customer_id),
        starts_at=booking.starts_at,
        late=fee_at(terms.fee_ladder, price, booking.starts_at, uow.now),
        missed=share(price, terms.no_show_percent),
        deposit=deposit_money(uow, booking).left,
        is_late=is_late(terms.cancel_cutoff_min, booking.starts_at, uow.now),
        today=today_in(zone_of(uow.actor.zone), uow.now),
    )


def waive_fee(uow: UnitOfWork, command: WaiveFee) -> BookingDone:
    """The fee of a visit that was cancelled late or missed is not asked for, and why."""
    uow.require(Permission.BOOKINGS_ALL)
    reader = Reader()
    reason = reader.text("waiver", command.reason, "A reason", limit=200)
    reader.done()
    return _decide(uow, command.booking_id, command.version, reason)


def restore_fee(uow: UnitOfWork, raw_booking_id: Any, raw_version: Any) -> BookingDone:
    """A fee that was waived is asked for after all."""
    uow.require(Permission.BOOKINGS_ALL)
    return _decide(uow, raw_booking_id, raw_version, "")


def _decide(uow: UnitOfWork, raw_booking_id: Any, raw_version: Any, reason: str) -> BookingDone:
    booking, items = open_booking(uow, raw_booking_id, raw_version)
    check_columns(uow, {item.member_id for item in items})
    if not booking.cancel_fee_paise:
        raise Conflict("There is no fee for this booking.", remedy="Nothing has to be done.")
    before = booking.fee_waiver
    booking.fee_waiver, booking.version = reason, booking.version + 1
    deposit_follows_fee(uow, booking)
    event = note_event(
        uow, booking.id or 0, "fee_waived" if reason else "fee_stands", old=booking.status, new=booking.status,
        reason=reason,
    )  # fmt: skip
    label = f"{format_rupees(booking.cancel_fee_paise)} {'waived' if reason else 'to be paid'}"
    undo = uow.undoable(
        f"the fee of booking {booking.number}", "booking_fee", booking.id or 0,
        before={"fee_waiver": before}, after_version=booking.version, audit_event_id=event,
    )  # fmt: skip
    ids = tuple(item.id or 0 for item in items)
    return BookingDone(booking.id or 0, ids, booking.number or 0, booking.version, booking.status, label, str(undo))


def charge(
    uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem], status: BookingStatus, waiver: str = ""
) -> Fee:
    """What a step into late-cancelled or not-come costs by the owner's terms; every other step costs nothing. A ``waiver``
    is kept only where there is something to waive."""
    fee = NO_FEE
    if status in (_S.LATE_CANCELLED, _S.NO_SHOW):
        terms, price = policy_of(uow), _price(items)
        fee = share(price, terms.no_show_percent)
        if status is _S.LATE_CANCELLED:
            fee = fee_at(terms.fee_ladder, price, booking.starts_at, uow.now)
    booking.cancel_fee_paise, booking.fee_waiver = fee.paise, waiver if fee.paise else ""
    return fee


def read_waiver(reader: Reader, command: Any) -> str:
    """The reason of ``command.is_waived`` and ``command.waiver``; "" when the fee stands. Nothing is waived without one."""
    is_waived = reader.flag("is_waived", command.is_waived, "Waive the fee")
    waiver = reader.text("waiver", command.waiver, "Why no fee is asked for", limit=200, required=False)
    if is_waived and not waiver:
        reader.refuse("waiver", "Say why no fee is asked for.")
    return waiver if is_waived else ""


def fee_words(fee: Fee, waiver: str) -> str:
    """Like ", Rs 400.00 to be paid"; "" for what costs nothing."""
    if not fee.paise:
        return ""
    return f", {format_rupees(fee.paise)} {'waived' if waiver else 'to be paid'}"


def _price(items: Sequence[BookingItem]) -> int:
    return sum(item.price_paise for item in items)
