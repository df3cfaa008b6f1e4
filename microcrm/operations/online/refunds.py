"""Giving money back through Razorpay: asked for here with a key of its own, sent by the worker, in the ledger once it went through;
and what the owner has to look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.money import format_rupees, parse_rupees
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.customers import Customer
from microcrm.models.gateway import Dispute, GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.billing.advances import unused_of
from microcrm.operations.billing.purposes import purposes_for
from microcrm.operations.billing.vouchers import voucher_of, write_receipt_voucher
from microcrm.operations.online.returning import asked_back, disputed_of, send_back
from microcrm.operations.parts.online_mode import online_mode
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 10**11
MOST_SHOWN = 20
_KEY = re.compile(r"[A-Za-z0-9_-]{10,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GiveBack:
    """``payment_id``: of the ledger. ``key``: the form's own, so that the same press twice gives back once."""

    payment_id: Any
    amount: Any
    reason: Any
    key: Any


@dataclass(frozen=True, slots=True)
class OnlinePayment:
    """One payment at Razorpay for a bill. Paise; ``left`` can still be given back. ``pending`` is on its way back."""

    id: int
    ledger_id: int | None
    status: str
    amount: int
    currency: str
    method: str
    error: str
    is_late: bool
    left: int
    pending: int
    concern: str
    dispute: str
    respond_by: datetime | None
    at: datetime
    is_deposit: bool = False


@dataclass(frozen=True, slots=True)
class Concern:
    """An online payment that does not fit what was asked for, and why. ``amount`` in hundredths of the currency. It is about a
    bill, or about the deposit of a visit (``item_id``: its first service); ``number`` is the bill's or the visit's."""

    document_id: int | None
    number: str
    why: str
    amount: int
    currency: str
    item_id: int | None = None
    starts_at: datetime | None = None
    customer: str = ""


def give_back(uow: UnitOfWork, command: GiveBack) -> int:
    """Paise that are on their way. Raises: Invalid, Conflict, NotFound."""
    uow.require(Permission.INVOICES_CORRECT)
    reader = Reader()
    nothing: int | None = 0
    paise = reader.by("amount", parse_rupees, command.amount, label="Amount", most=MOST, instead=nothing) or 0
    reason = reader.text("reason", command.reason, "Reason", limit=200)
    key = reader.text("key", command.key, "Form", limit=60, least=10)
    if not _KEY.fullmatch(key):
        reader.refuse("key", "Open the form again.")
    if paise < 100:
        reader.refuse("amount", "Razorpay gives back one rupee or more.")
    reader.done()
    row = _of_ledger(uow, command.payment_id)
    if (known := _by_key(uow, key)) is not None:
        return known.amount_paise
    left = max(0, row.amount_paise - asked_back(uow, row) - disputed_of(uow, row))
    if paise > left:
        raise Invalid(fields={"amount": f"At most {format_rupees(left)} can be given back."})
    if row.concern:
        row.concern_closed_at = uow.now
    send_back(uow, row, paise, key, reason)
    return paise


def note_refund_failed(uow: UnitOfWork, key: str) -> None:
    """Razorpay refused it: nothing goes back, and the sum can be asked for again."""
    uow.require(Permission.INVOICES_CORRECT)
    row = _by_key(uow, key)
    if row is not None and row.status == "wanted":
        row.status = "failed"
        uow.session.flush()


def close_concern(uow: UnitOfWork, gateway_payment_id: Any) -> None:
    """The owner has seen it and leaves it as it is: what settles no bill is the customer's advance from here on."""
    uow.require(Permission.INVOICES_CORRECT)
    row = find(uow, GatewayPayment, gateway_payment_id)
    if row.concern and row.concern_closed_at is None:
        row.concern_closed_at = uow.now
        uow.session.flush()
        uow.audit("payment.looked_at", "gateway_payment", row.id, concern=row.concern)
        if row.payment_id is not None:
            _keep_as_advance(uow, find(uow, Payment, row.payment_id))


def _keep_as_advance(uow: UnitOfWork, payment: Payment) -> None:
    left = unused_of(uow, payment)
    if left > 0 and payment.customer_id is not None and voucher_of(uow, payment.id) is None:
        write_receipt_voucher(uow, payment, left, purposes_for(uow))


def online_payments(uow: UnitOfWork, document_id: Any) -> tuple[OnlinePayment, ...]:
    """Of one bill with the deposit that it was paid with, or of a receipt voucher; the first one first."""
    uow.require(Permission.INVOICES_VIEW)
    document = find(uow, Document, document_id, is_locked=False)
    used = select(Allocation.payment_id).where(
        Allocation.business_id == uow.business_id, Allocation.document_id == document.id
    )
    own = [GatewayPayment.payment_id == document.payment_id] if document.payment_id else []
    rows = uow.session.execute(
        select(GatewayPayment, PayRequest.booking_id)
        .join(
            PayRequest,
            (PayRequest.business_id == GatewayPayment.business_id) & (PayRequest.id == GatewayPayment.pay_request_id),
        )
        .where(
            GatewayPayment.business_id == uow.business_id,
            or_(PayRequest.document_id == document.id, GatewayPayment.payment_id.in_(used), *own),
        )
        .order_by(GatewayPayment.at, GatewayPayment.id)
    )
    return tuple(_view(uow, row, is_deposit=booking_id is not None) for row, booking_id in rows)


def way_to_pay(uow: UnitOfWork) -> str:
    """How the shop takes payments online; "" when it does not."""
    uow.require(Permission.INVOICES_VIEW)
    return online_mode(uow)


def open_concerns(uow: UnitOfWork) -> list[Concern]:
    """For Today, the newest first."""
    uow.require(Permission.INVOICES_CORRECT)
    rows = uow.session.execute(
        select(
            Document.id, Document.number, GatewayPayment.concern, GatewayPayment.amount_paise, GatewayPayment.currency,
            first_item(), Booking.starts_at, Booking.number, Customer.name,
        )
        .select_from(GatewayPayment)
        .join(
            PayRequest,
            (PayRequest.business_id == GatewayPayment.business_id) & (PayRequest.id == GatewayPayment.pay_request_id),
        )
        .outerjoin(Document, (Document.business_id == PayRequest.business_id) & (Document.id == PayRequest.document_id))
        .outerjoin(Booking, (Booking.business_id == PayRequest.business_id) & (Booking.id == PayRequest.booking_id))
        .outerjoin(Customer, (Customer.business_id == Booking.business_id) & (Customer.id == Booking.customer_id))
        .where(
            GatewayPayment.business_id == uow.business_id,
            GatewayPayment.concern != "",
            GatewayPayment.concern_closed_at.is_(None),
        )
        .order_by(GatewayPayment.id.desc())
        .limit(MOST_SHOWN)
    )  # fmt: skip
    return [
        Concern(document_id, number or str(visit or ""), why, amount, currency, item_id, starts_at, name or "")
        for document_id, number, why, amount, currency, item_id, starts_at, visit, name in rows
    ]


def first_item() -> Any:
    """The id of the first service of ``Booking``, which opens the visit in the calendar."""
    return (
        select(func.min(BookingItem.id))
        .where(BookingItem.business_id == Booking.business_id, BookingItem.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )


def _view(uow: UnitOfWork, row: GatewayPayment, *, is_deposit: bool) -> OnlinePayment:
    query = select(Dispute).where(Dispute.business_id == uow.business_id, Dispute.gateway_payment_id == row.id)
    dispute = uow.session.scalars(query.order_by(Dispute.id.desc()).limit(1)).first()
    asked = asked_back(uow, row)
    pending = asked_back(uow, row, ("wanted", "pending"))
    return OnlinePayment(
        id=row.id or 0,
        ledger_id=row.payment_id,
        status=row.status,
        amount=row.amount_paise,
        currency=row.currency,
        method=row.method,
        error=row.error if row.status == "failed" else "",
        is_late=row.is_late,
        left=max(0, row.amount_paise - asked - disputed_of(uow, row)) if row.payment_id else 0,
        pending=pending,
        concern="" if row.concern_closed_at else row.concern,
        dispute=dispute.status if dispute else "",
        respond_by=dispute.respond_by if dispute else None,
        at=row.at,
        is_deposit=is_deposit,
    )


def _of_ledger(uow: UnitOfWork, payment_id: Any) -> GatewayPayment:
    payment = find(uow, Payment, payment_id)
    query = select(GatewayPayment).where(
        GatewayPayment.business_id == uow.business_id, GatewayPayment.payment_id == payment.id
    )
    row = uow.session.scalars(query.with_for_update()).first()
    if row is None:
        raise Conflict("This payment did not come through Razorpay.", remedy="Give it back the way it came.")
    return row


def _by_key(uow: UnitOfWork, key: str) -> GatewayRefund | None:
    query = select(GatewayRefund).where(GatewayRefund.business_id == uow.business_id, GatewayRefund.key == key)
    return uow.session.scalars(query.with_for_update()).first()
