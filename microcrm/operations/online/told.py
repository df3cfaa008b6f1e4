"""What Razorpay says, taken in: by webhook or by looking, once or often, in any order. Each thing only ever goes forward, so
that whatever comes last, the same is known in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.bell import BellKind
from microcrm.domain.gateway import (
    DISPUTE_RANK,
    PAYMENT_RANK,
    REFUND_RANK,
    RemoteDispute,
    RemoteLink,
    RemoteOrder,
    RemotePayment,
    RemoteRefund,
    Told,
)
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking
from microcrm.models.gateway import Dispute, GatewayAccount, GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.bell.ringing import ring
from microcrm.operations.online.deposits import return_what_was_held
from microcrm.operations.online.settling import settle_gateway_payment
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

POLLED = "polled"  # said because we asked, not by a webhook
_HEARD_EVERY = timedelta(minutes=5)


def take_told(uow: UnitOfWork, told: Told) -> bool:
    """Whether it was about something of ours. A payment that we never asked for (a shop may use the same account elsewhere) is
    remembered, and touches nothing."""
    uow.require(Permission.PAYMENTS_TAKE)
    request = _request(uow, told)
    remote_id = told.refund.payment_id if told.refund else told.dispute.payment_id if told.dispute else ""
    lock_subject(uow, request or request_of(uow, told.payment.id if told.payment else remote_id))
    if told.link is not None and request is not None:
        _take_link(uow, request, told.link, told.order)
    if told.payment is not None:
        payment: GatewayPayment | None = _take_payment(uow, told.payment, request)
    elif told.dispute is not None:
        payment = _named(uow, remote_id)
    else:
        payment = _known(uow, remote_id)
    if payment is None:
        return request is not None
    if told.refund is not None:
        _take_refund(uow, payment, told.refund)
    is_free = told.dispute is not None and _take_dispute(uow, payment, told.dispute, told.at or uow.now)
    settle_gateway_payment(uow, payment)
    if is_free and (asked := request or request_of(uow, payment.remote_id)) and asked.booking_id is not None:
        return_what_was_held(uow, asked.booking_id)
    return payment.pay_request_id is not None


def note_heard(uow: UnitOfWork) -> None:
    """That a webhook came, for the settings page: to some minutes, so that not each one writes."""
    uow.require(Permission.PAYMENTS_TAKE)
    uow.session.execute(
        update(GatewayAccount)
        .where(
            GatewayAccount.business_id == uow.business_id,
            or_(GatewayAccount.heard_at.is_(None), GatewayAccount.heard_at < uow.now - _HEARD_EVERY),
        )
        .values(heard_at=uow.now)
    )


def _request(uow: UnitOfWork, told: Told) -> PayRequest | None:
    """What was asked, by whichever of its names is there."""
    order_id = told.payment.order_id if told.payment else told.order.id if told.order else ""
    names = []
    if order_id:
        names += [PayRequest.remote_id == order_id, PayRequest.order_id == order_id]
    if told.order is not None and told.order.receipt:
        names.append(PayRequest.reference == told.order.receipt)
    if told.link is not None:
        names += [PayRequest.remote_id == told.link.id, PayRequest.reference == told.link.reference]
    if not names:
        return None
    query = select(PayRequest).where(PayRequest.business_id == uow.business_id, or_(*names))
    return uow.session.scalars(query.order_by(PayRequest.id).limit(1)).first()


def request_of(uow: UnitOfWork, remote_id: str) -> PayRequest | None:
    """Of a payment that is known already."""
    query = (
        select(PayRequest)
        .join(
            GatewayPayment,
            (GatewayPayment.business_id == PayRequest.business_id) & (GatewayPayment.pay_request_id == PayRequest.id),
        )
        .where(GatewayPayment.business_id == uow.business_id, GatewayPayment.remote_id == remote_id)
    )
    return uow.session.scalars(query).first()


def lock_subject(uow: UnitOfWork, request: PayRequest | None) -> None:
    """The visit, then what was asked, then the payment: everybody in this order, so that nobody waits for each other. Whoever
    cancels a visit locks it before its payments as well."""
    if request is None:
        return
    if request.booking_id is not None:
        own = (Booking.business_id == uow.business_id, Booking.id == request.booking_id)
        uow.session.execute(select(Booking.id).where(*own).with_for_update())
    find(uow, PayRequest, request.id)


def _take_link(uow: UnitOfWork, request: PayRequest, link: RemoteLink, order: RemoteOrder | None) -> None:
    request.remote_id, request.url = request.remote_id or link.id, request.url or link.url
    request.order_id = request.order_id or (order.id if order else link.order_id) or None
    if link.status in ("cancelled", "expired") and request.state in ("wanted", "open"):
        request.state = "ended"
    uow.session.flush()


def _known(uow: UnitOfWork, remote_id: str) -> GatewayPayment | None:
    query = select(GatewayPayment).where(
        GatewayPayment.business_id == uow.business_id, GatewayPayment.remote_id == remote_id
    )
    return uow.session.scalars(query.with_for_update()).first()


def _named(uow: UnitOfWork, remote_id: str) -> GatewayPayment:
    """The payment of a dispute, which may be heard of before it: then only its name is known so far, and Razorpay is asked."""
    row, is_new = _row_of(uow, remote_id, 0, "", uow.now)
    if is_new:
        uow.enqueue("razorpay_look", f"razorpay-look:{uow.business_id}:{remote_id}", {"payment": remote_id})
    return row


def _row_of(uow: UnitOfWork, remote_id: str, paise: int, currency: str, at: datetime) -> tuple[GatewayPayment, bool]:
    """The payment, locked, and whether it was stored just now. Of two that store the same one the second waits and finds it."""
    stored = uow.session.execute(
        insert(GatewayPayment)
        .values(
            business_id=uow.business_id,
            remote_id=remote_id,
            status="created",
            amount_paise=paise,
            currency=currency,
            method="",
            error="",
            is_late=False,
            concern="",
            at=at,
        )
        .on_conflict_do_nothing(index_elements=["business_id", "remote_id"])
        .returning(GatewayPayment.id)
    ).first()
    row = _known(uow, remote_id)
    if row is None:
        raise LookupError("a row that was just stored")
    return row, stored is not None


def _take_payment(uow: UnitOfWork, said: RemotePayment, request: PayRequest | None) -> GatewayPayment:
    row, _ = _row_of(uow, said.id, said.amount, said.currency, said.at)
    if not row.amount_paise:  # a dispute named it first
        row.amount_paise, row.currency, row.at = said.amount, said.currency, said.at
    if request is not None and row.pay_request_id is None:
        row.pay_request_id = request.id
    known, new = PAYMENT_RANK[row.status], PAYMENT_RANK[said.status]
    # It failed once and came all the same: whichever of the two is heard first.
    row.is_late = row.is_late or ({row.status, said.status} >= {"failed"} and max(known, new) > PAYMENT_RANK["failed"])
    row.status = said.status if new > known else row.status
    row.method = row.method or said.method[:40]
    row.error = row.error or said.error[:300]
    row.refunded_paise = max(row.refunded_paise, said.refunded)
    row.fee_paise = max(row.fee_paise, said.fee)
    uow.session.flush()
    return row


def _take_refund(uow: UnitOfWork, payment: GatewayPayment, said: RemoteRefund) -> None:
    """Ours by its key, or one that was made in Razorpay's dashboard."""
    mine = GatewayRefund.business_id == uow.business_id
    names = [GatewayRefund.remote_id == said.id, *([GatewayRefund.key == said.receipt] if said.receipt else [])]
    row = uow.session.scalars(select(GatewayRefund).where(mine, or_(*names)).with_for_update()).first()
    if row is None:
        row = GatewayRefund(
            business_id=uow.business_id,
            gateway_payment_id=payment.id,
            remote_id=said.id,
            amount_paise=said.amount,
            status="pending",
            at=said.at,
        )
        uow.session.add(row)
    row.remote_id = row.remote_id or said.id
    if REFUND_RANK[said.status] > REFUND_RANK[row.status]:
        row.status = said.status
    uow.session.flush()


def _take_dispute(uow: UnitOfWork, payment: GatewayPayment, said: RemoteDispute, at: datetime) -> bool:
    """Whether it has ended just now and the money is the shop's again."""
    query = select(Dispute).where(Dispute.business_id == uow.business_id, Dispute.remote_id == said.id)
    row = uow.session.scalars(query.with_for_update()).first()
    if row is None:
        row = Dispute(
            business_id=uow.business_id,
            remote_id=said.id,
            gateway_payment_id=payment.id,
            amount_paise=said.amount,
            status="open",
            reason=said.reason[:80],
            said_at=datetime.min.replace(tzinfo=UTC),
        )
        uow.session.add(row)
    is_new, known, new = row.id is None, DISPUTE_RANK[row.status], DISPUTE_RANK[said.status]
    if new > known:
        row.status = said.status
    if not new and (at, said.status) > (row.said_at or at, row.status if row.said_at == at else ""):
        row.said_at, row.respond_by = at, said.respond_by
        row.status = said.status if not known else row.status
    uow.session.flush()
    if is_new or (new > known and said.status == "lost"):
        _tell(uow, payment, row)
    return new > known and said.status in ("won", "closed")


def _tell(uow: UnitOfWork, payment: GatewayPayment, row: Dispute) -> None:
    """On the bell of those who can answer it: that it began, and that it was lost."""
    request = None if payment.pay_request_id is None else uow.session.get(PayRequest, payment.pay_request_id)
    ring(
        uow, BellKind.DISPUTE, f"{row.remote_id}:{row.status}", paise=row.amount_paise, status=row.status,
        document=request.document_id if request else None,
        respond_by=row.respond_by.isoformat() if row.respond_by else None,
    )  # fmt: skip
