"""An answer about a visit: which visit, and doing what it says by the customer's own rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select

from microcrm.domain.booking import TENTATIVE, BookingStatus, can_follow
from microcrm.domain.cancellation import fee_at, is_late
from microcrm.domain.messenger import Inbound
from microcrm.domain.notices import NoticeStep
from microcrm.domain.replies import Outcome
from microcrm.domain.reply_words import Intent
from microcrm.models.bookings import Booking, BookingEvent, BookingItem
from microcrm.models.messages import Message
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.notices import notify
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import note_event, open_booking
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus
_COMING = (_S.PENDING_APPROVAL, _S.PENDING_PAYMENT, _S.BOOKED, _S.CONFIRMED)
_HEARD = "answered by message"  # in the visit's story
_ASKED = frozenset({"ask_to_confirm", "ask_again", "reminder"})


@dataclass(frozen=True, slots=True)
class About:
    """``is_open``: a person has to look all the same."""

    outcome: Outcome
    booking_id: int | None = None
    customer_id: int | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A message of ours that may be what they answer. ``at``: when it left."""

    booking_id: int
    step: str
    at: datetime


def answer_about_visit(uow: UnitOfWork, told: Inbound, intent: Intent, customers: Sequence[int]) -> About:
    """The visit of the message that they answered; else the only coming one; else the one of which we have just asked."""
    pointed = _answered(uow, told)
    question = pointed or _last_said(uow, customers)
    if intent is Intent.NO and (question is None or question.step not in _ASKED):
        return About(Outcome.FOR_PERSON)
    if pointed is not None:
        return _answer(uow, pointed.booking_id, intent, pointed, customers)
    coming = _coming(uow, customers)
    if not coming:
        return About(Outcome.NO_VISIT)
    asked = [row for row in coming if question is not None and row.id == question.booking_id]
    chosen = coming if len(coming) == 1 else asked
    if len(chosen) != 1:
        return About(Outcome.SEVERAL)
    return _answer(uow, chosen[0].id, intent, question if asked else None, customers)


def _answered(uow: UnitOfWork, told: Inbound) -> Question | None:
    """By the provider's id of the message that the phone says was answered."""
    if not told.answers:
        return None
    query = select(Message.booking_id, Message.step, Message.handed_at).where(
        Message.business_id == uow.business_id, Message.provider_id == told.answers, Message.booking_id.is_not(None)
    )
    return _question(uow.session.execute(query.limit(1)).first())


def _last_said(uow: UnitOfWork, customers: Sequence[int]) -> Question | None:
    query = (
        select(Message.booking_id, Message.step, Message.handed_at)
        .where(
            Message.business_id == uow.business_id,
            Message.customer_id.in_(customers),
            Message.handed_at.is_not(None),
            Message.booking_id.is_not(None),
        )
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(1)
    )
    return _question(uow.session.execute(query).first())


def _question(row: Row[tuple[int | None, str, datetime | None]] | None) -> Question | None:
    if row is None or row.booking_id is None or row.handed_at is None:
        return None
    return Question(row.booking_id, row.step, row.handed_at)


def _coming(uow: UnitOfWork, customers: Sequence[int]) -> Sequence[Row[tuple[int | None, datetime]]]:
    query = (
        select(Booking.id, Booking.starts_at)
        .where(
            Booking.business_id == uow.business_id,
            Booking.customer_id.in_(customers),
            Booking.status.in_(_COMING),
            Booking.starts_at > uow.now,
        )
        .order_by(Booking.starts_at, Booking.id)
        .limit(3)
    )
    return uow.session.execute(query).all()


def _answer(
    uow: UnitOfWork, booking_id: int | None, intent: Intent, question: Question | None, customers: Sequence[int]
) -> About:
    booking, items = open_booking(uow, booking_id)
    if booking.customer_id not in customers:  # the number belongs to somebody else by now
        return About(Outcome.FOR_PERSON)

    def said(outcome: Outcome, *, is_open: bool = False) -> About:
        return About(outcome, booking.id, booking.customer_id, is_open)

    status = _S(booking.status)
    if status in (_S.CANCELLED_BY_CUSTOMER, _S.LATE_CANCELLED):
        return said(Outcome.CONTRADICTS if intent is Intent.CONFIRM else Outcome.KNOWN)
    if status not in _COMING or booking.starts_at <= uow.now:
        return said(Outcome.TOO_LATE)
    if question is not None and _was_moved_since(uow, booking_id, question.at):
        return said(Outcome.OLD_TIME)
    if intent is Intent.CHANGE:
        return said(Outcome.CHANGE_LINK)
    if intent is Intent.CONFIRM:
        return said(_confirm(uow, booking, items))
    return said(_cancel(uow, booking, items), is_open=status is _S.CONFIRMED)  # a change of mind: a person looks


def _was_moved_since(uow: UnitOfWork, booking_id: int | None, at: datetime) -> bool:
    query = select(BookingEvent.id).where(
        BookingEvent.business_id == uow.business_id,
        BookingEvent.booking_id == booking_id,
        BookingEvent.kind == "moved",
        BookingEvent.at > at,
    )
    return uow.session.scalars(query.limit(1)).first() is not None


def _confirm(uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem]) -> Outcome:
    status = _S(booking.status)
    if status is _S.CONFIRMED:
        return Outcome.KNOWN
    if status in TENTATIVE or not can_follow(status, _S.CONFIRMED):  # nothing is agreed that could be confirmed
        return Outcome.FOR_PERSON
    set_status(uow, booking, items, _S.CONFIRMED)
    note_event(uow, booking.id or 0, "confirmed", old=status, new=_S.CONFIRMED, reason=_HEARD)
    return Outcome.CONFIRMED


def _cancel(uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem]) -> Outcome:
    """Only where it costs nothing: who would pay for it sees how much before they decide."""
    status, terms = _S(booking.status), policy_of(uow)
    is_agreed = status not in TENTATIVE
    fee = fee_at(terms.fee_ladder, sum(item.price_paise for item in items), booking.starts_at, uow.now)
    if (is_agreed and fee.paise) or booking.deposit_paise:
        return Outcome.CANCEL_LINK
    late = is_agreed and is_late(terms.cancel_cutoff_min, booking.starts_at, uow.now)
    new = _S.LATE_CANCELLED if late else _S.CANCELLED_BY_CUSTOMER
    booking.cancel_reason = _HEARD
    set_status(uow, booking, items, new)
    note_event(uow, booking.id or 0, "cancelled", old=status, new=new, reason=_HEARD)
    notify(uow, booking, NoticeStep.CANCELLED)
    return Outcome.CANCELLED
