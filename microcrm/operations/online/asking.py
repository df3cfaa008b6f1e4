"""Asking a customer to pay a bill (ahead for a visit: see deposits.py): an order for the checkout, or a link. Written down here
first, made at Razorpay by the edge, noted here again; when the middle has no known outcome, the reference finds it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import extract, or_, select, text, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.documents import OWED
from microcrm.domain.errors import Conflict
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.business import Business
from microcrm.models.gateway import GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.billing.settling import OPEN, due_of
from microcrm.operations.billing.sharing import bill_inside
from microcrm.operations.parts.online_mode import online_mode
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

ORDER_LASTS, LINK_LASTS = timedelta(days=5), timedelta(days=30)
LEAST_PAISE = 100  # Razorpay takes nothing below a rupee
FIRST_LOOK = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(minutes=15)  # a request that Razorpay never got
MOST_LOOKS = 50
STUCK_AFTER = timedelta(hours=6)
_BEHIND = text("SELECT * FROM businesses_with_open_payments(:before)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Paise. ``remote_id`` "": not made at Razorpay yet, or, when it is not new, nobody knows."""

    id: int
    kind: str
    reference: str
    amount: int
    description: str
    remote_id: str
    url: str
    ends_at: datetime
    business_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Open:
    """A request to be looked up. ``is_wanted``: the bill or the visit still waits for the money."""

    id: int
    kind: str
    reference: str
    remote_id: str
    is_wanted: bool
    is_old: bool


def ask_by_public_page(uow: UnitOfWork, token: Any) -> Wanted:
    """An order for the bill behind a secret link. Raises: NotFound, Conflict."""
    uow.require_public()
    return _ask(uow, bill_inside(uow, token), "order", ORDER_LASTS)


def ask_by_link(uow: UnitOfWork, document_id: Any) -> Wanted:
    """A payment link for a bill. Raises: NotFound, Conflict."""
    uow.require(Permission.PAYMENTS_TAKE)
    return _ask(uow, find(uow, Document, document_id).id or 0, "link", LINK_LASTS)


def note_made(uow: UnitOfWork, request_id: int, remote_id: str, url: str = "") -> tuple[str, str]:
    """Razorpay has it. Returns id and address of what counts: two presses at once may each have made one, and then both go
    on with the one that was noted first; nobody is shown the other."""
    uow.require(Permission.PAYMENTS_TAKE)
    row = find(uow, PayRequest, request_id)
    if row.state == "wanted":
        row.state, row.remote_id, row.url = "open", remote_id, url
        uow.session.flush()
    return row.remote_id or remote_id, row.url or url


def note_looked(uow: UnitOfWork, request_id: int, *, is_over: bool) -> None:
    """It was looked up. ``is_over``: nothing more is expected of it; what comes all the same is still taken."""
    uow.require(Permission.PAYMENTS_TAKE)
    row = find(uow, PayRequest, request_id)
    row.looked_at = uow.now
    if is_over and row.state in ("wanted", "open"):
        row.state = "ended"
    uow.session.flush()


def businesses_to_look_at(uow: UnitOfWork) -> list[int]:
    uow.require(Permission.PAYMENTS_TAKE)
    return list(uow.session.execute(_BEHIND, {"before": uow.now - FIRST_LOOK}).scalars())


def open_requests(uow: UnitOfWork) -> list[Open]:
    """Those not looked at for a while: the older a request is, the more seldom."""
    uow.require(Permission.PAYMENTS_TAKE)
    age, since = extract("epoch", uow.now - PayRequest.created_at), extract("epoch", uow.now - PayRequest.looked_at)
    rows = uow.session.execute(
        select(PayRequest, Document, Booking.status)
        .outerjoin(Document, (Document.business_id == PayRequest.business_id) & (Document.id == PayRequest.document_id))
        .outerjoin(Booking, (Booking.business_id == PayRequest.business_id) & (Booking.id == PayRequest.booking_id))
        .where(
            PayRequest.business_id == uow.business_id,
            PayRequest.state.in_(("wanted", "open")),
            PayRequest.looked_at < uow.now - FIRST_LOOK,
            since * 8 > age,
        )
        .order_by(PayRequest.looked_at)
        .limit(MOST_LOOKS)
    )
    return [
        Open(
            row.id, row.kind, row.reference, row.remote_id or "",
            is_due(document) if document else status == BookingStatus.PENDING_PAYMENT,
            row.ends_at <= uow.now or (row.state == "wanted" and row.created_at < uow.now - GIVEN_UP_AFTER),
        )
        for row, document, status in rows
    ]  # fmt: skip


def open_refunds(uow: UnitOfWork) -> list[str]:
    """Payments at Razorpay of which a refund is on its way."""
    uow.require(Permission.PAYMENTS_TAKE)
    query = (
        select(GatewayPayment.remote_id)
        .join(
            GatewayRefund,
            (GatewayRefund.business_id == GatewayPayment.business_id)
            & (GatewayRefund.gateway_payment_id == GatewayPayment.id),
        )
        .where(GatewayPayment.business_id == uow.business_id, GatewayRefund.status.in_(("wanted", "pending")))
        .distinct()
        .limit(MOST_LOOKS)
    )
    return list(uow.session.scalars(query))


def stuck_refunds(uow: UnitOfWork) -> list[tuple[str, int, str]]:
    """Payment, paise and key of what should have left hours ago: the outbox has given up by then, for keys that did not work
    or a Razorpay that did not answer."""
    uow.require(Permission.PAYMENTS_TAKE)
    query = (
        select(GatewayPayment.remote_id, GatewayRefund.amount_paise, GatewayRefund.key)
        .join(
            GatewayRefund,
            (GatewayRefund.business_id == GatewayPayment.business_id)
            & (GatewayRefund.gateway_payment_id == GatewayPayment.id),
        )
        .where(
            GatewayPayment.business_id == uow.business_id,
            GatewayRefund.status == "wanted",
            GatewayRefund.key.is_not(None),
            GatewayRefund.at < uow.now - STUCK_AFTER,
        )
        .order_by(GatewayRefund.id)
        .limit(MOST_LOOKS)
    )
    return [(remote_id, paise, str(key)) for remote_id, paise, key in uow.session.execute(query)]


def is_due(document: Document) -> bool:
    return document.state in OPEN and document.kind in OWED and due_of(document) > 0


def _ask(uow: UnitOfWork, document_id: int, kind: str, lasts: timedelta) -> Wanted:
    if not online_mode(uow):
        raise Conflict("This shop takes no payments online.", remedy="Pay it another way, or ask the shop.")
    document = find(uow, Document, document_id)
    if not is_due(document):
        raise Conflict("There is nothing to pay on this bill.", remedy="Look at how it stands now.")
    due = due_of(document)
    if due < LEAST_PAISE:
        raise Conflict("Less than one rupee cannot be paid online.", remedy="Take it in cash.")
    row = _reusable(uow, document_id, kind, due)
    if is_new := row is None:
        row = PayRequest(
            business_id=uow.business_id,
            document_id=document_id,
            kind=kind,
            reference=f"{document.number}-{secrets.token_hex(5)}",
            amount_paise=due,
            member_id=uow.actor.member_id,
            created_at=uow.now,
            ends_at=uow.now + lasts,
            looked_at=uow.now,
        )
        uow.session.add(row)
        uow.session.flush()
        if kind == "link":
            uow.audit("payment.asked", "document", document.id, number=document.number, amount=due)
    shop = uow.session.execute(select(Business.name).where(Business.id == uow.business_id)).scalar_one()
    return Wanted(
        row.id or 0, kind, row.reference, due, f"Bill {document.number} of {shop}", row.remote_id or "", row.url,
        row.ends_at, uow.business_id, is_new,
    )  # fmt: skip


def _reusable(uow: UnitOfWork, document_id: int, kind: str, due: int) -> PayRequest | None:
    """An open request for the same sum, so that two presses do not make two things that can both be paid."""
    mine = (PayRequest.business_id == uow.business_id, PayRequest.document_id == document_id, PayRequest.kind == kind)
    query = select(PayRequest).where(
        *mine,
        PayRequest.state.in_(("wanted", "open")),
        PayRequest.amount_paise == due,
        or_(PayRequest.kind == "order", PayRequest.ends_at > uow.now + timedelta(hours=1)),
    )
    return uow.session.scalars(query.order_by(PayRequest.id.desc()).limit(1).with_for_update()).first()


def mark_paid(uow: UnitOfWork, request_id: int) -> None:
    uow.session.execute(
        update(PayRequest)
        .where(PayRequest.business_id == uow.business_id, PayRequest.id == request_id)
        .values(state="paid")
    )
