"""From what Razorpay says to the ledger: a captured payment settles its bill (or is the deposit of its visit) once, what went
back or was lost in a dispute comes off once, and what does not fit is put before the owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import exists, func, select

from microcrm.domain.gateway import CURRENCY, DISPUTE_OPEN
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, LedgerEntry, Payment
from microcrm.models.bookings import Booking
from microcrm.models.gateway import Dispute, GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.billing.advances import Advance, advance_given_back, advance_taken
from microcrm.operations.billing.ledger import ADVANCES, RECEIVABLE, post
from microcrm.operations.billing.settling import OPEN, due_of, settle, settle_anew
from microcrm.operations.billing.vouchers import voucher_of
from microcrm.operations.online.asking import mark_paid
from microcrm.operations.online.deposits import follow_payment, take_lapsed_time
from microcrm.operations.online.returning import used_of
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

CAPTURED_BY_ITSELF = timedelta(minutes=1)  # Razorpay does it, as our orders ask, unless the bank was late
MODE, DISPUTED = "razorpay", "disputed"
LOST = "Lost to the customer’s bank in a dispute"
Settled = Sequence[tuple[Document, int]]


def settle_gateway_payment(uow: UnitOfWork, row: GatewayPayment) -> None:
    """``row`` is locked by whoever calls, and before it the visit and the request that it pays. Does what is still to be done,
    and nothing twice."""
    if row.pay_request_id is None:
        return
    if row.status == "authorized":
        key = f"razorpay-capture:{uow.business_id}:{row.remote_id}"
        due = uow.now if row.is_late else min(row.at, uow.now) + CAPTURED_BY_ITSELF
        uow.enqueue("razorpay_capture", key, {"payment": row.remote_id, "amount": row.amount_paise}, due)
        return
    if row.status not in ("captured", "refunded"):
        return
    request = find(uow, PayRequest, row.pay_request_id, is_locked=False)
    if row.payment_id is None and row.currency == CURRENCY:
        _take_in(uow, row, request)
    elif row.payment_id is None and not row.concern:
        row.concern = "currency"
        mark_paid(uow, row.pay_request_id)
        uow.audit("payment.odd", "gateway_payment", row.id, concern=row.concern)
    has_refunds, has_disputes = _has_more(uow, row)
    if row.payment_id is not None and has_refunds:
        for refund in _through(uow, row):
            refund.payment_id = _take_off(
                uow, row, request, refund.amount_paise, refund.remote_id or "", refund.reason, refund.member_id
            )
            uow.audit("payment.refunded", "payment", refund.payment_id, amount=refund.amount_paise)
    if row.payment_id is not None and has_disputes:
        for dispute in _lost(uow, row):
            dispute.payment_id = _take_off(uow, row, request, dispute.amount_paise, dispute.remote_id, LOST)
            uow.audit("payment.lost", "payment", dispute.payment_id, amount=dispute.amount_paise)
        _set_aside(uow, row)
    uow.session.flush()


def _take_in(uow: UnitOfWork, row: GatewayPayment, request: PayRequest) -> None:
    key = f"{MODE}:{row.remote_id}"
    mark_paid(uow, row.pay_request_id or 0)
    if request.document_id is None:
        paid_ahead = Advance(
            _customer_of(uow, request) or 0, row.amount_paise, MODE, key, "webhook", row.remote_id, request.booking_id
        )
        has_time = take_lapsed_time(uow, row, request)
        row.payment_id = advance_taken(uow, paid_ahead).payment_id
        follow_payment(uow, row, request, has_time=has_time)
        return
    document = find(uow, Document, request.document_id)
    settled = min(row.amount_paise, max(0, due_of(document))) if document.state in OPEN else 0
    row.concern = row.concern or _concern(row, request, document, settled)
    payment = Payment(
        business_id=uow.business_id,
        customer_id=document.customer_id,
        mode=MODE,
        amount_paise=row.amount_paise,
        evidence="webhook",
        proof=row.remote_id,
        received_at=uow.now,
        request_key=key,
    )
    row.payment_id = _store(uow, payment, [(document, settled)] if settled else ())
    settle(uow, document, settled)
    uow.audit("payment.taken", "payment", row.payment_id, mode=MODE, amount=row.amount_paise, document=document.id)


def _concern(row: GatewayPayment, request: PayRequest, document: Document, settled: int) -> str:
    if document.state == "cancelled":
        return "cancelled"
    if row.amount_paise != request.amount_paise:
        return "amount"
    return "settled" if settled < row.amount_paise else ""


def _customer_of(uow: UnitOfWork, request: PayRequest) -> int | None:
    table, wanted = (Document, request.document_id) if request.document_id else (Booking, request.booking_id)
    query = select(table.customer_id).where(table.business_id == uow.business_id, table.id == wanted)
    return uow.session.execute(query).scalar_one()


def _has_more(uow: UnitOfWork, row: GatewayPayment) -> tuple[bool, bool]:
    """Whether there are refunds, and disputes: most payments have neither."""
    kinds = [
        exists().where(kind.business_id == uow.business_id, kind.gateway_payment_id == row.id)
        for kind in (GatewayRefund, Dispute)
    ]
    has_refunds, has_disputes = uow.session.execute(select(*kinds)).one()
    return has_refunds, has_disputes


def _through(uow: UnitOfWork, row: GatewayPayment) -> list[GatewayRefund]:
    """Refunds that went through and that the ledger does not know."""
    query = select(GatewayRefund).where(
        GatewayRefund.business_id == uow.business_id,
        GatewayRefund.gateway_payment_id == row.id,
        GatewayRefund.status == "processed",
        GatewayRefund.payment_id.is_(None),
    )
    return list(uow.session.scalars(query.order_by(GatewayRefund.id).with_for_update()))


def _lost(uow: UnitOfWork, row: GatewayPayment) -> list[Dispute]:
    query = select(Dispute).where(
        Dispute.business_id == uow.business_id,
        Dispute.gateway_payment_id == row.id,
        Dispute.status == "lost",
        Dispute.payment_id.is_(None),
    )
    return list(uow.session.scalars(query.order_by(Dispute.id).with_for_update()))


def _take_off(
    uow: UnitOfWork,
    row: GatewayPayment,
    request: PayRequest,
    paise: int,
    proof: str,
    reason: str,
    member_id: int | None = None,
) -> int:
    """First of what was never used, then of the bills that it paid; what is more than came in is the customer's to give back.
    The id of the (negative) payment."""
    used = used_of(uow, row)
    spare = min(paise, max(0, row.amount_paise - used - _taken_off(uow, row)))
    settled = _spread(uow, row, min(paise - spare, used))
    payment = Payment(
        business_id=uow.business_id,
        customer_id=_customer_of(uow, request),
        mode=MODE,
        amount_paise=-paise,
        evidence="webhook",
        proof=proof,
        received_at=uow.now,
        member_id=member_id,
        request_key=f"{MODE}:{proof}",
    )
    payment_id = _store(uow, payment, [(document, -part) for document, part in settled])
    if spare:
        _take_off_spare(uow, find(uow, Payment, row.payment_id), payment, request, spare, reason)
    touched = [document for document, _ in settled]
    if request.document_id is not None and not touched:
        touched = [find(uow, Document, request.document_id)]
    for document in touched:
        settle_anew(uow, document)
    return payment_id


def _take_off_spare(
    uow: UnitOfWork, paid: Payment, back: Payment, request: PayRequest, spare: int, reason: str
) -> None:
    """What settled nothing is the customer's advance no longer: with a refund voucher where it had a receipt voucher."""
    if voucher_of(uow, paid.id) is not None:
        advance_given_back(uow, paid, back, spare, reason)
        return
    for one, part in ((paid, spare), (back, -spare)):
        uow.session.add(
            Allocation(
                business_id=uow.business_id, payment_id=one.id, document_id=request.document_id, amount_paise=part
            )
        )
    uow.session.flush()


def _taken_off(uow: UnitOfWork, row: GatewayPayment) -> int:
    """How much of the payment the ledger has taken off already."""
    refunds = select(func.coalesce(func.sum(GatewayRefund.amount_paise), 0)).where(
        GatewayRefund.business_id == uow.business_id,
        GatewayRefund.gateway_payment_id == row.id,
        GatewayRefund.payment_id.is_not(None),
    )
    disputes = select(func.coalesce(func.sum(Dispute.amount_paise), 0)).where(
        Dispute.business_id == uow.business_id,
        Dispute.gateway_payment_id == row.id,
        Dispute.payment_id.is_not(None),
    )
    return sum(int(uow.session.execute(query).scalar_one()) for query in (refunds, disputes))


def _spread(uow: UnitOfWork, row: GatewayPayment, paise: int) -> list[tuple[Document, int]]:
    """So much over the bills that the payment has paid, the first one first."""
    if not paise:
        return []
    refunds = select(GatewayRefund.payment_id).where(
        GatewayRefund.business_id == uow.business_id, GatewayRefund.gateway_payment_id == row.id
    )
    lost = select(Dispute.payment_id).where(
        Dispute.business_id == uow.business_id, Dispute.gateway_payment_id == row.id
    )
    total = func.sum(Allocation.amount_paise)
    query = (
        select(Allocation.document_id, total)
        .where(
            Allocation.business_id == uow.business_id,
            (Allocation.payment_id == row.payment_id)
            | Allocation.payment_id.in_(refunds)
            | Allocation.payment_id.in_(lost),
        )
        .group_by(Allocation.document_id)
        .having(total > 0)
        .order_by(Allocation.document_id)
    )
    parts: list[tuple[Document, int]] = []
    for document_id, settled in uow.session.execute(query).all():
        part = min(paise, int(settled))
        paise -= part
        if part:
            parts.append((find(uow, Document, document_id), part))
    return parts


def _set_aside(uow: UnitOfWork, row: GatewayPayment) -> None:
    """Money that is disputed stands in an account of its own until the bank has decided."""
    mine = (Dispute.business_id == uow.business_id, Dispute.gateway_payment_id == row.id)
    open_now = select(func.coalesce(func.sum(Dispute.amount_paise), 0)).where(*mine, Dispute.status.in_(DISPUTE_OPEN))
    posted = select(func.coalesce(func.sum(LedgerEntry.amount_paise), 0)).where(
        LedgerEntry.business_id == uow.business_id,
        LedgerEntry.account == DISPUTED,
        LedgerEntry.payment_id == row.payment_id,
    )
    change = int(uow.session.execute(open_now).scalar_one()) - int(uow.session.execute(posted).scalar_one())
    if change:
        post(uow, {DISPUTED: change, MODE: -change}, _today(uow), payment_id=row.payment_id)


def _store(uow: UnitOfWork, payment: Payment, settled: Settled) -> int:
    uow.session.add(payment)
    uow.session.flush()
    uow.session.add_all(
        Allocation(business_id=uow.business_id, payment_id=payment.id, document_id=document.id, amount_paise=paise)
        for document, paise in settled
    )
    uow.session.flush()
    used = sum(paise for _, paise in settled)
    amounts = {MODE: payment.amount_paise, RECEIVABLE: -used, ADVANCES: used - payment.amount_paise}
    post(uow, amounts, _today(uow), payment_id=payment.id)
    return payment.id or 0


def _today(uow: UnitOfWork) -> date:
    return today_in(zone_of(uow.actor.zone), uow.now)
