"""From what Razorpay says to the ledger: a captured payment settles its bill once, a refund that went through comes off once, and
what does not fit is put before the owner."""

from __future__ import annotations

from sqlalchemy import func, select

from microcrm.domain.gateway import CURRENCY
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.models.gateway import GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.billing.advances import advance_given_back
from microcrm.operations.billing.ledger import ADVANCES, RECEIVABLE, post
from microcrm.operations.billing.settling import OPEN, due_of, settle, settle_anew
from microcrm.operations.billing.vouchers import voucher_of
from microcrm.operations.online.asking import mark_paid
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

MODE = "razorpay"


def settle_gateway_payment(uow: UnitOfWork, row: GatewayPayment) -> None:
    """``row`` is locked by whoever calls. Does what is still to be done, and nothing twice."""
    if row.pay_request_id is None:
        return
    if row.status == "authorized":
        key = f"razorpay-capture:{uow.business_id}:{row.remote_id}"
        uow.enqueue("razorpay_capture", key, {"payment": row.remote_id, "amount": row.amount_paise})
        return
    if row.status not in ("captured", "refunded"):
        return
    if row.payment_id is None and row.currency == CURRENCY:
        _take_in(uow, row)
    elif row.payment_id is None and not row.concern:
        row.concern = "currency"
        mark_paid(uow, row.pay_request_id)
        uow.audit("payment.odd", "gateway_payment", row.id, concern=row.concern)
    if row.payment_id is not None:
        for refund in _through(uow, row):
            _give_back(uow, row, refund)
    uow.session.flush()


def _take_in(uow: UnitOfWork, row: GatewayPayment) -> None:
    request = find(uow, PayRequest, row.pay_request_id)
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
        request_key=f"{MODE}:{row.remote_id}",
    )
    _store(uow, payment, document, settled)
    settle(uow, document, settled)
    row.payment_id = payment.id
    mark_paid(uow, row.pay_request_id or 0)
    uow.audit("payment.taken", "payment", payment.id, mode=MODE, amount=row.amount_paise, document=document.id)


def _concern(row: GatewayPayment, request: PayRequest, document: Document, settled: int) -> str:
    if document.state == "cancelled":
        return "cancelled"
    if row.amount_paise != request.amount_paise:
        return "amount"
    return "settled" if settled < row.amount_paise else ""


def _through(uow: UnitOfWork, row: GatewayPayment) -> list[GatewayRefund]:
    query = select(GatewayRefund).where(
        GatewayRefund.business_id == uow.business_id,
        GatewayRefund.gateway_payment_id == row.id,
        GatewayRefund.status == "processed",
        GatewayRefund.payment_id.is_(None),
    )
    return list(uow.session.scalars(query.order_by(GatewayRefund.id).with_for_update()))


def _give_back(uow: UnitOfWork, row: GatewayPayment, refund: GatewayRefund) -> None:
    """First of what was never used for the bill, then of what the bill was paid with."""
    request = find(uow, PayRequest, row.pay_request_id)
    document = find(uow, Document, request.document_id)
    used = _used(uow, row)
    spare = min(refund.amount_paise, max(0, row.amount_paise - used - _given_of_spare(uow, row)))
    from_bill = refund.amount_paise - spare
    payment = Payment(
        business_id=uow.business_id,
        customer_id=document.customer_id,
        mode=MODE,
        amount_paise=-refund.amount_paise,
        evidence="webhook",
        proof=refund.remote_id or "",
        received_at=uow.now,
        member_id=refund.member_id,
        request_key=f"{MODE}:{refund.remote_id}",
    )
    _store(uow, payment, document, -from_bill)
    if spare:
        _give_back_spare(uow, find(uow, Payment, row.payment_id), payment, document, spare, refund.reason)
    refund.payment_id = payment.id
    settle_anew(uow, document)
    uow.audit("payment.refunded", "payment", payment.id, amount=refund.amount_paise, document=document.id)


def _give_back_spare(
    uow: UnitOfWork, paid: Payment, back: Payment, document: Document, spare: int, reason: str
) -> None:
    """What settled nothing is the customer's advance no longer: with a refund voucher where it had a receipt voucher."""
    if voucher_of(uow, paid.id) is not None:
        advance_given_back(uow, paid, back, spare, reason)
        return
    for one, part in ((paid, spare), (back, -spare)):
        uow.session.add(
            Allocation(business_id=uow.business_id, payment_id=one.id, document_id=document.id, amount_paise=part)
        )
    uow.session.flush()


def _store(uow: UnitOfWork, payment: Payment, document: Document, settled: int) -> None:
    uow.session.add(payment)
    uow.session.flush()
    if settled:
        uow.session.add(
            Allocation(
                business_id=uow.business_id, payment_id=payment.id, document_id=document.id, amount_paise=settled
            )
        )
        uow.session.flush()
    amounts = {MODE: payment.amount_paise, RECEIVABLE: -settled, ADVANCES: settled - payment.amount_paise}
    post(uow, amounts, today_in(zone_of(uow.actor.zone), uow.now), payment_id=payment.id)


def _used(uow: UnitOfWork, row: GatewayPayment) -> int:
    """How much of the payment settles its bill, refunds taken off."""
    refunds = select(GatewayRefund.payment_id).where(
        GatewayRefund.business_id == uow.business_id, GatewayRefund.gateway_payment_id == row.id
    )
    query = select(func.coalesce(func.sum(Allocation.amount_paise), 0)).where(
        Allocation.business_id == uow.business_id,
        (Allocation.payment_id == row.payment_id) | Allocation.payment_id.in_(refunds),
    )
    return int(uow.session.execute(query).scalar_one())


def _given_of_spare(uow: UnitOfWork, row: GatewayPayment) -> int:
    """How much was given back altogether: with what the bill still has of it, what is left of the payment is spare."""
    query = select(func.coalesce(func.sum(GatewayRefund.amount_paise), 0)).where(
        GatewayRefund.business_id == uow.business_id,
        GatewayRefund.gateway_payment_id == row.id,
        GatewayRefund.payment_id.is_not(None),
    )
    return int(uow.session.execute(query).scalar_one())
