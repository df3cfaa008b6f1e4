"""What the desk can do about the deposit of one visit: give it back by hand, or leave what does not fit as it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from microcrm.domain.deposit import RUPEE
from microcrm.domain.errors import Conflict
from microcrm.domain.permissions import Permission
from microcrm.models.gateway import GatewayPayment, PayRequest
from microcrm.operations.online.returning import deposit_payments, new_key, send_back, spare_of
from microcrm.operations.parts.booking_rows import note_event, open_booking
from microcrm.operations.unit_of_work import UnitOfWork


def give_deposit_back(uow: UnitOfWork, booking_id: Any) -> int:
    """All that is left of it and no bill has used, in paise. The visit stays as it is. ``Conflict`` when nothing is left: the
    second of two presses gives nothing back."""
    uow.require(Permission.INVOICES_CORRECT)
    booking, _ = open_booking(uow, booking_id)
    sent = 0
    for row in deposit_payments(uow, booking.id or 0):
        left = spare_of(uow, row)
        if left >= RUPEE:
            send_back(uow, row, left, new_key(booking), "Given back by the desk")
            sent += left
    if not sent:
        raise Conflict("Nothing of this deposit is left to give back.", remedy="Look at how it stands now.")
    _close(uow, booking.id or 0)
    note_event(uow, booking.id or 0, "deposit_returned", old=booking.status, new=booking.status)
    return sent


def leave_deposit(uow: UnitOfWork, booking_id: Any) -> None:
    """Somebody has looked at what does not fit and leaves it so."""
    uow.require(Permission.INVOICES_CORRECT)
    booking, _ = open_booking(uow, booking_id)
    for payment_id in _close(uow, booking.id or 0):
        uow.audit("payment.looked_at", "gateway_payment", payment_id)


def _close(uow: UnitOfWork, booking_id: int) -> list[int]:
    of_visit = select(PayRequest.id).where(
        PayRequest.business_id == uow.business_id, PayRequest.booking_id == booking_id
    )
    closed = uow.session.execute(
        update(GatewayPayment)
        .where(
            GatewayPayment.business_id == uow.business_id,
            GatewayPayment.pay_request_id.in_(of_visit),
            GatewayPayment.concern_closed_at.is_(None),
        )
        .values(concern_closed_at=uow.now)
        .returning(GatewayPayment.id),
        execution_options={"synchronize_session": False},
    )
    return list(closed.scalars())
