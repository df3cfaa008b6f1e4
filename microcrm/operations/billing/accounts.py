"""What a customer owes, has paid ahead and was billed; and using what was paid ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.documents import OWED
from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.models.customers import Customer
from microcrm.operations.billing.ledger import ADVANCES, RECEIVABLE, post
from microcrm.operations.billing.listing import DocumentRow, documents_of
from microcrm.operations.billing.settling import OPEN, due_of, settle
from microcrm.operations.billing.vouchers import use_voucher
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CustomerMoney:
    """Paise. ``due`` of which ``overdue``; ``advance``: paid and not used yet; ``billed`` without credit notes."""

    customer_id: int
    name: str
    due: int
    overdue: int
    advance: int
    billed: int
    rows: tuple[DocumentRow, ...]


@dataclass(frozen=True, slots=True)
class AdvanceUsed:
    number: str
    used: int
    due: int


def customer_money(uow: UnitOfWork, customer_id: Any) -> CustomerMoney:
    """With the latest bills. ``NotFound`` for another business's customer."""
    uow.require(Permission.INVOICES_VIEW)
    found, name = _customer(uow, customer_id)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    is_open = Document.state.in_(OPEN)
    query = select(
        func.coalesce(func.sum(due).filter(is_open), 0),
        func.coalesce(func.sum(due).filter(is_open, Document.due_on < today), 0),
        func.coalesce(func.sum(Document.total_paise).filter(Document.state.in_((*OPEN, "paid"))), 0),
    ).where(
        Document.business_id == uow.business_id,
        Document.customer_id == found,
        Document.kind.in_(OWED),
    )
    owed, overdue, billed = uow.session.execute(query).one()
    return CustomerMoney(
        customer_id=found,
        name=name,
        due=int(owed),
        overdue=int(overdue),
        advance=sum(left for _, left in unused(uow, found)),
        billed=int(billed),
        rows=documents_of(uow, found),
    )


def use_advance(uow: UnitOfWork, document_id: Any) -> AdvanceUsed:
    """Settle a bill with what its customer has paid ahead, the oldest payment first. ``Conflict`` when nothing is due,
    ``Invalid`` when nothing is left to use."""
    uow.require(Permission.PAYMENTS_TAKE)
    document = find(uow, Document, document_id)
    due = due_of(document)
    if document.state not in OPEN or document.kind not in OWED or due <= 0:
        raise Conflict("This bill takes no payment.", remedy="Look at how it stands now.")
    left = due
    for payment, spare in unused(uow, document.customer_id or 0, is_locked=True):
        part = min(spare, left)
        if not part:
            break
        left -= part
        uow.session.add(
            Allocation(business_id=uow.business_id, payment_id=payment.id, document_id=document.id, amount_paise=part)
        )
        day = today_in(zone_of(uow.actor.zone), uow.now)
        post(uow, {ADVANCES: part, RECEIVABLE: -part}, day, document_id=document.id, payment_id=payment.id)
        use_voucher(uow, payment.id, document, part)
    if left == due:
        raise Invalid("This customer has no advance left.")
    settle(uow, document, due - left)
    uow.audit("payment.advance_used", "document", document.id, number=document.number, amount=due - left)
    return AdvanceUsed(document.number or "", due - left, left)


def unused(uow: UnitOfWork, customer_id: int, *, is_locked: bool = False) -> list[tuple[Payment, int]]:
    """The customer's payments of which something is left, the oldest first, and how much."""
    settled = (
        select(func.coalesce(func.sum(Allocation.amount_paise), 0))
        .where(Allocation.business_id == Payment.business_id, Allocation.payment_id == Payment.id)
        .correlate(Payment)
        .scalar_subquery()
    )
    query = (
        select(Payment, Payment.amount_paise - settled)
        .where(
            Payment.business_id == uow.business_id,
            Payment.customer_id == customer_id,
            Payment.voided_at.is_(None),
            Payment.amount_paise > settled,
        )
        .order_by(Payment.received_at, Payment.id)
    )
    if is_locked:  # first the locks, then the sums: a statement that waits has counted before it waited
        mine = select(Payment.id).where(Payment.business_id == uow.business_id, Payment.customer_id == customer_id)
        uow.session.execute(mine.order_by(Payment.id).with_for_update()).all()
    return [(payment, int(left)) for payment, left in uow.session.execute(query)]


def _customer(uow: UnitOfWork, raw_id: Any) -> tuple[int, str]:
    try:
        wanted = parse_whole(raw_id)
    except Invalid:
        raise NotFound from None
    if wanted is None or not 0 < wanted <= BIGINT:
        raise NotFound
    query = select(Customer.id, Customer.name).where(
        Customer.business_id == uow.business_id, Customer.id == wanted, visible_customers(uow.actor)
    )
    row = uow.session.execute(query).first()
    if row is None:
        raise NotFound("We could not find that customer.")
    return row.id, row.name
