"""What customers may do with their own visit, by the link they have: look, cancel, choose another time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from microcrm.domain.booking import NEXT, TENTATIVE, BookingStatus
from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.cancellation import NO_FEE, Fee, cancel_until, fee_at, is_late, move_until
from microcrm.domain.deposit import DepositMoney, kept_of
from microcrm.domain.errors import Conflict, NotFound, NotSafe
from microcrm.domain.fields import Reader
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.hold import parse_start
from microcrm.operations.links import LINK_LASTS, behind, make_link
from microcrm.operations.move import shift, written_down
from microcrm.operations.notices import notify
from microcrm.operations.online.deposits import deposit_money
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import BookingDone, check_columns, note_event, open_booking
from microcrm.operations.parts.moving import check_movable
from microcrm.operations.parts.public_rules import check_public_start, services_in
from microcrm.operations.parts.safety import TOO_SOON_ONLINE
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """``fee`` is what cancelling would cost now, said before anybody presses. ``cancel_until``: from then on it is late;
    ``move_until``: from then on only the shop moves it."""

    booking_id: int
    version: int
    number: int
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    may_cancel: bool
    may_move: bool
    is_late: bool
    fee: Fee
    cancel_until: datetime
    move_until: datetime
    paid_fee_paise: int  # of a visit that was cancelled late or missed
    deposit: DepositMoney

    @property
    def kept(self) -> int:
        """What would stay of the deposit if it were cancelled now."""
        return kept_of(self.deposit.left, self.fee.paise)

    @property
    def back(self) -> int:
        """What would come back of it."""
        return self.deposit.left - self.kept


@dataclass(frozen=True, slots=True)
class CustomerCancel:
    """``fee_paise`` is the fee that the page showed: a dearer one is not taken unseen."""

    token: Any
    version: Any
    fee_paise: Any = 0
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class CustomerMove:
    """``start`` as the free times give it; ``members`` one for each service, empty: as before."""

    token: Any
    version: Any
    start: Any
    members: Sequence[Any] = ()


def own_visit(uow: UnitOfWork, token: Any) -> OwnVisit:
    """``NotFound`` for a link that opens no visit (any more)."""
    uow.require_public()
    booking, items = _open(uow, token)
    terms = policy_of(uow)
    status = _S(booking.status)
    is_coming = booking.starts_at > uow.now
    has_items = not any(item.session_id for item in items)
    return OwnVisit(
        booking_id=booking.id or 0,
        version=booking.version,
        number=booking.number or 0,
        status=status,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        may_cancel=_may_cancel(status) and is_coming,
        may_move=_may_move(status) and has_items and uow.now <= move_until(terms, booking.starts_at),
        is_late=_is_late(uow, terms, booking),
        fee=_fee(uow, terms, booking, items),
        cancel_until=cancel_until(terms, booking.starts_at),
        move_until=move_until(terms, booking.starts_at),
        paid_fee_paise=0 if booking.fee_waiver else booking.cancel_fee_paise,
        deposit=deposit_money(uow, booking),
    )


def customer_cancel(uow: UnitOfWork, command: CustomerCancel) -> BookingDone:
    """``Conflict`` when the visit has begun or is off, or when it costs more by now than the page said."""
    uow.require_public()
    reader = Reader()
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    seen = reader.whole_number("fee_paise", command.fee_paise, "Fee", low=0, high=10**12, default=0)
    reader.done()
    booking, items = _open(uow, command.token, command.version)
    old = _S(booking.status)
    if not _may_cancel(old) or booking.starts_at <= uow.now:
        raise Conflict("This visit cannot be cancelled here any more.", remedy="Call the shop.")
    terms = policy_of(uow)
    fee = _fee(uow, terms, booking, items)
    if fee.paise > seen:
        raise Conflict(
            "Cancelling costs more by now than when you looked.", remedy="Look at the fee, then decide again."
        )
    status = _S.LATE_CANCELLED if _is_late(uow, terms, booking) else _S.CANCELLED_BY_CUSTOMER
    booking.cancel_reason, booking.cancel_fee_paise = reason, fee.paise
    set_status(uow, booking, items, status)
    note_event(uow, booking.id or 0, "cancelled", old=old, new=status, reason=reason, fee_paise=fee.paise)
    notify(uow, booking, NoticeStep.CANCELLED)
    return _done(booking, items, "Cancelled")


def customer_move(uow: UnitOfWork, command: CustomerMove) -> BookingDone:
    """Raises as ``hold_public`` does; ``Conflict`` when it is too late to choose alone."""
    uow.require_public()
    reader = Reader()
    start = reader.by("time", parse_start, command.start, instead=uow.now)
    members = tuple(
        None if one in (None, "") else reader.id("member_id", one, "Staff member") for one in command.members
    )
    reader.done()
    booking, items = _open(uow, command.token, command.version)
    if not _may_move(_S(booking.status)):
        raise Conflict("This visit cannot be moved here any more.", remedy="Call the shop.")
    check_movable(booking, items)
    terms = policy_of(uow)
    if uow.now > move_until(terms, booking.starts_at):
        raise Conflict("It is too late to change the time here.", remedy="Call the shop.")
    if members and len(members) != len(items):
        raise NotFound
    chosen = members or (None,) * len(items)
    serving = [one or item.member_id for one, item in zip(chosen, items, strict=True)]
    check_public_start(uow, terms, services_in(uow, items), serving, start, booking.id)
    try:
        before, _ = shift(uow, booking, items, start, members or None)
    except NotSafe:  # why is for those who may know what is on record
        raise Conflict(TOO_SOON_ONLINE, remedy="Call the shop.") from None
    return written_down(uow, booking, before, "Moved", "", tell=True)


def new_link(uow: UnitOfWork, booking_id: Any) -> str:
    """Another link to the visit, for the desk to hand over."""
    uow.require(Permission.BOOKINGS_OWN)
    booking, items = open_booking(uow, booking_id)
    check_columns(uow, {item.member_id for item in items})
    return make_link(uow, booking_id=booking.id, expires_at=booking.ends_at + LINK_LASTS)


def _open(uow: UnitOfWork, token: Any, version: Any = None) -> tuple[Booking, list[BookingItem]]:
    """By a booking's link only; a bare hold has no page."""
    found = behind(uow, token)
    if found.booking_id is None:
        raise NotFound
    booking, items = open_booking(uow, found.booking_id, version)
    if booking.number is None:
        raise NotFound
    return booking, items


def _may_cancel(status: BookingStatus) -> bool:
    return _S.CANCELLED_BY_CUSTOMER in NEXT[status] and status is not _S.ARRIVED


def _may_move(status: BookingStatus) -> bool:
    return status in (_S.PENDING_APPROVAL, _S.BOOKED, _S.CONFIRMED)


def _is_late(uow: UnitOfWork, terms: PolicyTerms, booking: Booking) -> bool:
    """Nothing was agreed about a request, so it is never late."""
    return booking.status not in TENTATIVE and is_late(terms.cancel_cutoff_min, booking.starts_at, uow.now)


def _fee(uow: UnitOfWork, terms: PolicyTerms, booking: Booking, items: Sequence[BookingItem]) -> Fee:
    if booking.status in TENTATIVE or not _may_cancel(_S(booking.status)):
        return NO_FEE
    return fee_at(terms.fee_ladder, sum(item.price_paise for item in items), booking.starts_at, uow.now)


def _done(booking: Booking, items: Sequence[BookingItem], label: str) -> BookingDone:
    ids = tuple(item.id or 0 for item in items)
    return BookingDone(booking.id or 0, ids, booking.number or 0, booking.version, booking.status, label, "")
