"""Money on its way back through Razorpay: written down with a key of its own, sent by the outbox; and what comes back of a
deposit when its visit is off."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from microcrm.domain.deposit import RUPEE, kept_of
from microcrm.domain.errors import Conflict
from microcrm.domain.gateway import DISPUTE_OPEN
from microcrm.models.billing import Allocation
from microcrm.models.bookings import Booking
from microcrm.models.gateway import Dispute, GatewayPayment, GatewayRefund, PayRequest
from microcrm.models.records import OutboxMessage
from microcrm.operations.unit_of_work import UnitOfWork

KIND = "razorpay_refund"
IN_PEACE = timedelta(minutes=15)  # so long the desk can take a cancellation back before anything leaves
_CANCELLED, _TOO_LATE, _TWICE = "Visit cancelled", "Paid after the time was gone", "Paid twice"
REASONS = {"cancelled": _CANCELLED, "late": _TOO_LATE, "twice": _TWICE}


def send_back(
    uow: UnitOfWork, row: GatewayPayment, paise: int, key: str, reason: str, due_at: datetime | None = None
) -> None:
    """For operations that hold ``row`` locked and know that so much is left of it."""
    refund = GatewayRefund(
        business_id=uow.business_id,
        gateway_payment_id=row.id,
        key=key,
        amount_paise=paise,
        reason=reason,
        member_id=uow.actor.member_id,
        at=uow.now,
    )
    uow.session.add(refund)
    uow.session.flush()
    sent = {"payment": row.remote_id, "amount": paise, "key": key}
    uow.enqueue(KIND, outbox_key(uow, key), sent, due_at)
    uow.audit("payment.given_back", "payment", row.payment_id, amount=paise)


def outbox_key(uow: UnitOfWork, key: str) -> str:
    return f"razorpay-refund:{uow.business_id}:{key}"


def asked_back(
    uow: UnitOfWork, row: GatewayPayment, states: tuple[str, ...] = ("wanted", "pending", "processed")
) -> int:
    """Paise of a payment that went back, or are on their way."""
    query = select(func.coalesce(func.sum(GatewayRefund.amount_paise), 0)).where(
        GatewayRefund.business_id == uow.business_id,
        GatewayRefund.gateway_payment_id == row.id,
        GatewayRefund.status.in_(states),
    )
    return int(uow.session.execute(query).scalar_one())


def return_deposit(uow: UnitOfWork, booking: Booking) -> None:
    """Of a visit that is off, what the fee does not keep goes back; what is on its way already is not sent again. What the desk
    does it may take back for a while; for a customer it leaves at once. Call it with the visit locked."""
    if not booking.deposit_paise:
        return
    fee = 0 if booking.fee_waiver else booking.cancel_fee_paise
    due_at = uow.now + IN_PEACE if uow.actor.kind == "member" else None
    for row in deposit_payments(uow, booking.id or 0):
        left = spare_of(uow, row)
        kept = kept_of(left, fee)
        fee -= kept
        if left - kept >= RUPEE:
            send_back(uow, row, left - kept, new_key(booking), _CANCELLED, due_at)


def keep_deposit_after_all(uow: UnitOfWork, booking: Booking) -> None:
    """The visit is on again: what was to go back stays. ``Conflict`` when it has left."""
    if not booking.deposit_paise:
        return
    if not _recall(uow, booking):
        raise Conflict("The deposit is on its way back to the customer by now.", remedy="Book the customer again.")


def deposit_follows_fee(uow: UnitOfWork, booking: Booking) -> None:
    """The fee of a visit that is off was waived, or stands after all: more of the deposit goes back, or less of it, as far as it
    has not left."""
    if booking.deposit_paise:
        _recall(uow, booking)
        return_deposit(uow, booking)


def deposit_payments(uow: UnitOfWork, booking_id: int) -> list[GatewayPayment]:
    """Of one visit, those that are in the ledger, locked."""
    query = (
        select(GatewayPayment)
        .join(
            PayRequest,
            (PayRequest.business_id == GatewayPayment.business_id) & (PayRequest.id == GatewayPayment.pay_request_id),
        )
        .where(
            GatewayPayment.business_id == uow.business_id,
            PayRequest.booking_id == booking_id,
            GatewayPayment.payment_id.is_not(None),
        )
        .order_by(GatewayPayment.id)
        .with_for_update(of=GatewayPayment)
        .execution_options(populate_existing=True)
    )
    return list(uow.session.scalars(query))


def spare_of(uow: UnitOfWork, row: GatewayPayment) -> int:
    """What is left of a payment: no bill has used it, it did not go back and no bank has taken it."""
    gone = asked_back(uow, row) + disputed_of(uow, row)
    return max(0, row.amount_paise - used_of(uow, row) - gone)


def disputed_of(uow: UnitOfWork, row: GatewayPayment) -> int:
    """Paise of a payment that the customer's bank wants, or has taken: nothing of that can be given back as well."""
    query = select(func.coalesce(func.sum(Dispute.amount_paise), 0)).where(
        Dispute.business_id == uow.business_id,
        Dispute.gateway_payment_id == row.id,
        Dispute.status.in_((*DISPUTE_OPEN, "lost")),
    )
    return int(uow.session.execute(query).scalar_one())


def used_of(uow: UnitOfWork, row: GatewayPayment) -> int:
    """How much of a payment settles bills, what went back taken off."""
    refunds = select(GatewayRefund.payment_id).where(
        GatewayRefund.business_id == uow.business_id, GatewayRefund.gateway_payment_id == row.id
    )
    lost = select(Dispute.payment_id).where(
        Dispute.business_id == uow.business_id, Dispute.gateway_payment_id == row.id
    )
    query = select(func.coalesce(func.sum(Allocation.amount_paise), 0)).where(
        Allocation.business_id == uow.business_id,
        (Allocation.payment_id == row.payment_id)
        | Allocation.payment_id.in_(refunds)
        | Allocation.payment_id.in_(lost),
    )
    return int(uow.session.execute(query).scalar_one())


def send_all_back(uow: UnitOfWork, booking: Booking, row: GatewayPayment, why: str) -> None:
    """A payment that came for nothing: ``why`` is late, twice or cancelled."""
    left = spare_of(uow, row)
    if left >= RUPEE:
        send_back(uow, row, left, new_key(booking), REASONS[why])


def new_key(booking: Booking) -> str:
    """Another one for each time that something goes back. It is stored before anything is sent, so that a second try has the
    same; the locks see to it that nothing is asked for twice."""
    return f"visit-{booking.id}-{secrets.token_hex(8)}"


def _recall(uow: UnitOfWork, booking: Booking) -> bool:
    """Whether nothing of what was to go back for a cancellation has left."""
    is_all = True
    for row in deposit_payments(uow, booking.id or 0):
        wanted = select(GatewayRefund).where(
            GatewayRefund.business_id == uow.business_id,
            GatewayRefund.gateway_payment_id == row.id,
            GatewayRefund.reason == _CANCELLED,
            GatewayRefund.status != "failed",
        )
        for refund in uow.session.scalars(wanted.with_for_update()).all():
            if refund.status == "wanted" and _recalled(uow, refund.key or ""):
                uow.session.delete(refund)
            else:
                is_all = False
    uow.session.flush()
    return is_all


def _recalled(uow: UnitOfWork, key: str) -> bool:
    """Whether it had not left yet."""
    gone = uow.session.execute(
        delete(OutboxMessage)
        .where(
            OutboxMessage.business_id == uow.business_id,
            OutboxMessage.key == outbox_key(uow, key),
            OutboxMessage.state == "queued",
            OutboxMessage.leased_until.is_(None),
            OutboxMessage.attempts == 0,
        )
        .returning(OutboxMessage.id),
        execution_options={"synchronize_session": False},
    )
    return gone.first() is not None
