"""What of a payment is spoken for already: a deposit by its visit, and what is on its way back through Razorpay."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from microcrm.domain.booking import BookingStatus
from microcrm.models.billing import Payment
from microcrm.models.bookings import Booking
from microcrm.models.gateway import GatewayPayment, GatewayRefund, PayRequest

_S = BookingStatus
_TO_COME = (_S.PENDING_PAYMENT, _S.BOOKED, _S.CONFIRMED, _S.ARRIVED, _S.STARTED)


def pays_visit(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the ``Payment`` is the deposit of such a ``Booking``."""
    came = and_(GatewayPayment.business_id == PayRequest.business_id, GatewayPayment.pay_request_id == PayRequest.id)
    visit = and_(Booking.business_id == PayRequest.business_id, Booking.id == PayRequest.booking_id)
    query = select(PayRequest.id).join(GatewayPayment, came).join(Booking, visit)
    mine = (GatewayPayment.business_id == Payment.business_id, GatewayPayment.payment_id == Payment.id)
    return exists(query.where(*mine, which).correlate(Payment))


def is_to_be_billed() -> ColumnElement[bool]:
    """A ``Booking`` whose deposit is not free: the visit comes, or it is off and its fee stands."""
    return or_(Booking.status.in_(_TO_COME), and_(Booking.cancel_fee_paise > 0, Booking.fee_waiver == ""))


def going_back() -> Any:
    """Paise of the ``Payment`` that were asked back and have not gone through."""
    came = and_(
        GatewayPayment.business_id == GatewayRefund.business_id, GatewayPayment.id == GatewayRefund.gateway_payment_id
    )
    return (
        select(func.coalesce(func.sum(GatewayRefund.amount_paise), 0))
        .join(GatewayPayment, came)
        .where(
            GatewayPayment.business_id == Payment.business_id,
            GatewayPayment.payment_id == Payment.id,
            GatewayRefund.status.in_(("wanted", "pending")),
        )
        .correlate(Payment)
        .scalar_subquery()
    )
