"""Fees of visits that were cancelled late or missed, as long as nobody has written their bill or waived them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, text

from microcrm.domain.booking import OFF, BookingStatus
from microcrm.domain.documents import VOUCHERS
from microcrm.domain.gateway import DISPUTE_OPEN
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.customers import Customer
from microcrm.models.gateway import Dispute, GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.customer_access import visible_bookings
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 50
_CHARGED = tuple(status.value for status in (*OFF, BookingStatus.NO_SHOW))


@dataclass(frozen=True, slots=True)
class FeeDue:
    """Paise. ``paid``: what of its deposit has not gone back and is kept for it. ``item_id``: the first service, which opens the
    visit in the calendar."""

    booking_id: int
    item_id: int
    customer: str
    starts_at: datetime
    is_missed: bool
    fee: int
    paid: int


@dataclass(frozen=True, slots=True)
class FeesDue:
    """The oldest first, at most 50; ``count`` and ``total`` are of all."""

    rows: tuple[FeeDue, ...] = ()
    count: int = 0
    total: int = 0


NO_FEES = FeesDue()
# As the index says it, so that a plan that is kept still uses it.
_IS_KEPT = text("bookings.cancel_fee_paise > 0 AND bookings.fee_waiver = ''")


def fees_due(uow: UnitOfWork, most: int = MOST) -> FeesDue:
    """One statement."""
    uow.require(Permission.INVOICES_VIEW)
    first = (
        select(func.min(BookingItem.id))
        .where(BookingItem.business_id == Booking.business_id, BookingItem.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    query = (
        select(
            Booking.id, first, Customer.name, Booking.starts_at, Booking.status, Booking.cancel_fee_paise,
            _paid() - _gone() - _disputed(), func.count().over(),
            func.sum(Booking.cancel_fee_paise).over(),
        )
        .outerjoin(Customer, and_(Customer.business_id == Booking.business_id, Customer.id == Booking.customer_id))
        .where(Booking.business_id == uow.business_id, *_stands(), visible_bookings(uow.actor))
        .order_by(Booking.starts_at, Booking.id)
        .limit(most)
    )  # fmt: skip
    found = uow.session.execute(query).all()
    if not found:
        return NO_FEES
    rows = tuple(
        FeeDue(
            id_, item, name or "Walk-in", starts_at, status == BookingStatus.NO_SHOW, fee, min(fee, max(0, int(paid)))
        )
        for id_, item, name, starts_at, status, fee, paid, _, _ in found
    )
    return FeesDue(rows, int(found[0][-2]), int(found[0][-1]))


def _stands() -> tuple[Any, ...]:
    bill = select(Document.id).where(
        Document.business_id == Booking.business_id,
        Document.booking_id == Booking.id,
        Document.state != "cancelled",
        Document.corrects_id.is_(None),
        Document.kind.not_in(VOUCHERS),
    )
    return (
        _IS_KEPT,
        Booking.status.in_(_CHARGED),
        ~exists(bill.correlate(Booking)),
    )


_CAME = and_(
    PayRequest.business_id == Booking.business_id,
    PayRequest.booking_id == Booking.id,
    GatewayPayment.business_id == PayRequest.business_id,
    GatewayPayment.pay_request_id == PayRequest.id,
    GatewayPayment.payment_id.is_not(None),
)


def _paid() -> ColumnElement[int]:
    return _sum(GatewayPayment.amount_paise)


def _gone() -> ColumnElement[int]:
    """Back to the customer, or on its way."""
    return _sum(
        GatewayRefund.amount_paise,
        GatewayRefund.business_id == GatewayPayment.business_id,
        GatewayRefund.gateway_payment_id == GatewayPayment.id,
        GatewayRefund.status != "failed",
    )


def _disputed() -> ColumnElement[int]:
    """What a bank wants, or has taken."""
    return _sum(
        Dispute.amount_paise,
        Dispute.business_id == GatewayPayment.business_id,
        Dispute.gateway_payment_id == GatewayPayment.id,
        Dispute.status.in_((*DISPUTE_OPEN, "lost")),
    )


def _sum(paise: Any, *more: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.coalesce(func.sum(paise), 0)).where(_CAME, *more).correlate(Booking).scalar_subquery()
