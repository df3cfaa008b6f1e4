"""What the owner has to look at beside payments that do not fit: disputes, and money that did not go back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from microcrm.domain.gateway import DISPUTE_OPEN
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document, Payment
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.gateway import Dispute, GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.online.asking import STUCK_AFTER
from microcrm.operations.online.refunds import first_item
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 20
SHOWN_LOST = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class MoneyMatter:
    """``what``: the status of a dispute, or refund. It is about a bill (``document_id``, ``number``) or the deposit of a visit
    (``item_id``, ``starts_at``); a dispute may be about a payment that was not asked for here, or that is not known yet: then
    only ``payment``, Razorpay's id, says which. ``amount`` in paise."""

    what: str
    amount: int
    document_id: int | None
    number: str
    item_id: int | None
    starts_at: datetime | None
    customer: str
    payment: str
    respond_by: datetime | None = None


def money_matters(uow: UnitOfWork) -> list[MoneyMatter]:
    """For Today, the most pressing first."""
    uow.require(Permission.INVOICES_CORRECT)
    return [*_disputes(uow), *_refunds(uow)]


def _disputes(uow: UnitOfWork) -> list[MoneyMatter]:
    """Open ones by their last day to answer, then those that were lost lately. Also about payments that nobody asked for here:
    the shop has to answer those as well."""
    is_open = Dispute.status.in_(DISPUTE_OPEN)
    lost = exists(
        select(Payment.id).where(
            Payment.business_id == Dispute.business_id,
            Payment.id == Dispute.payment_id,
            Payment.received_at > uow.now - SHOWN_LOST,
        )
    )
    query = _about(uow, Dispute.status, Dispute.amount_paise, Dispute.respond_by).join(
        Dispute,
        and_(Dispute.business_id == GatewayPayment.business_id, Dispute.gateway_payment_id == GatewayPayment.id),
    )
    rows = uow.session.execute(
        query.where(or_(is_open, lost)).order_by(~is_open, Dispute.respond_by, Dispute.id).limit(MOST)
    )
    return [_matter(row.status, row) for row in rows]


def _refunds(uow: UnitOfWork) -> list[MoneyMatter]:
    """Refused by Razorpay and not asked for again, or never sent; unless somebody has said that it may stay so."""
    later = aliased(GatewayRefund)
    is_last = ~exists(
        select(later.id).where(
            later.business_id == GatewayRefund.business_id,
            later.gateway_payment_id == GatewayRefund.gateway_payment_id,
            later.id > GatewayRefund.id,
        )
    )
    is_stuck = and_(GatewayRefund.status == "wanted", GatewayRefund.at < uow.now - STUCK_AFTER)
    is_news = or_(GatewayPayment.concern_closed_at.is_(None), GatewayPayment.concern_closed_at <= GatewayRefund.at)
    query = _about(uow, GatewayRefund.status, GatewayRefund.amount_paise).join(
        GatewayRefund,
        and_(
            GatewayRefund.business_id == GatewayPayment.business_id,
            GatewayRefund.gateway_payment_id == GatewayPayment.id,
        ),
    )
    rows = uow.session.execute(
        query.where(GatewayPayment.pay_request_id.is_not(None))
        .where(or_(and_(GatewayRefund.status == "failed", is_last, is_news), is_stuck))
        .order_by(GatewayRefund.id.desc())
        .limit(MOST)
    )
    return [_matter("refund", row) for row in rows]


def _about(uow: UnitOfWork, *columns: Any) -> Select[Any]:
    """Payments of this business with the bill or the visit that they are for."""

    def of(table: Any, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(table.business_id == PayRequest.business_id, table.id == column)

    return (
        select(
            *columns,
            Document.id.label("document_id"),
            Document.number,
            first_item().label("item_id"),
            Booking.starts_at,
            Customer.name.label("customer"),
            GatewayPayment.remote_id.label("payment"),
        )
        .select_from(GatewayPayment)
        .outerjoin(
            PayRequest,
            and_(PayRequest.business_id == GatewayPayment.business_id, PayRequest.id == GatewayPayment.pay_request_id),
        )
        .outerjoin(Document, of(Document, PayRequest.document_id))
        .outerjoin(Booking, of(Booking, PayRequest.booking_id))
        .outerjoin(
            Customer,
            and_(
                Customer.business_id == PayRequest.business_id,
                or_(Customer.id == Booking.customer_id, Customer.id == Document.customer_id),
            ),
        )
        .where(GatewayPayment.business_id == uow.business_id)
    )


def _matter(what: str, row: Any) -> MoneyMatter:
    respond_by = getattr(row, "respond_by", None)
    return MoneyMatter(
        what,
        row.amount_paise,
        row.document_id,
        row.number or "",
        row.item_id,
        row.starts_at,
        row.customer or "",
        row.payment,
        respond_by,
    )
