"""What a customer owes, has paid ahead and was billed; and using what was paid ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, true

from microcrm.domain.documents import OWED
from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.operations.billing.earmarks import going_back, is_to_be_billed, pays_visit
from microcrm.operations.billing.ledger import ADVANCES, RECEIVABLE, post
from microcrm.operations.billing.listing import DocumentRow, documents_of
from microcrm.operations.billing.settling import OPEN, due_of, settle
from microcrm.operations.billing.vouchers import use_voucher
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CustomerMoney:
    """Paise. ``due`` of which ``overdue``; ``advance``: paid, not used yet and free to use; ``billed`` without credit notes;
    ``deposit``: paid ahead for the visit that was asked about."""

    customer_id: int
    name: str
    due: int
    overdue: int
    advance: int
    billed: int
    rows: tuple[DocumentRow, ...]
    deposit: int = 0


@dataclass(frozen=True, slots=True)
class AdvanceUsed:
    number: str
    used: int
    due: int


def customer_money(uow: UnitOfWork, customer_id: Any, booking_id: int | None = None) -> CustomerMoney:
    """With the latest bills. ``NotFound`` for another business's customer."""
    uow.require(Permission.INVOICES_VIEW)
    row = _customer_with_sums(uow, customer_id)
    found = row.id
    return CustomerMoney(
        customer_id=found,
        name=row.name,
        due=int(row.due),
        overdue=int(row.overdue),
        advance=int(row.advance),
        billed=int(row.billed),
        rows=documents_of(uow, found),
        deposit=deposit_left(uow, found, booking_id) if booking_id else 0,
    )


def use_advance(uow: UnitOfWork, document_id: Any) -> AdvanceUsed:
    """Settle a bill with what its customer has paid ahead, the oldest payment first. ``Conflict`` when nothing is due,
    ``Invalid`` when nothing is left to use."""
    uow.require(Permission.PAYMENTS_TAKE)
    document = find(uow, Document, document_id)
    due = due_of(document)
    if document.state not in OPEN or document.kind not in OWED or due <= 0:
        raise Conflict("This bill takes no payment.", remedy="Look at how it stands now.")
    own = unused(uow, document.customer_id or 0, is_locked=True, for_booking=document.booking_id)
    used = _use(uow, document, own)
    if not used:
        raise Invalid("This customer has no advance left.")
    return AdvanceUsed(document.number or "", used, due - used)


def set_off_deposit(uow: UnitOfWork, document: Document) -> int:
    """What was paid ahead for the visit pays its bill, in paise; for the operation that issues it."""
    if document.booking_id is None or document.customer_id is None or document.kind not in OWED:
        return 0
    own = unused(uow, document.customer_id, is_locked=True, for_booking=document.booking_id, is_own_only=True)
    return _use(uow, document, own)


def _use(uow: UnitOfWork, document: Document, payments: Sequence[tuple[Payment, int]]) -> int:
    left = due = due_of(document)
    for payment, spare in payments:
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
    if left < due:
        settle(uow, document, due - left)
        uow.audit("payment.advance_used", "document", document.id, number=document.number, amount=due - left)
    return due - left


def deposit_left(uow: UnitOfWork, customer_id: int, booking_id: int) -> int:
    """Paise that were paid ahead for one visit and settle nothing yet."""
    return sum(left for _, left in unused(uow, customer_id, for_booking=booking_id, is_own_only=True))


def unused(
    uow: UnitOfWork,
    customer_id: int,
    *,
    is_locked: bool = False,
    for_booking: int | None = None,
    is_own_only: bool = False,
) -> list[tuple[Payment, int]]:
    """The customer's payments of which something is left that is not on its way back, the oldest first, and how much. Deposits
    of visits that are still to come, or whose fee is still to be billed, are for those: only the one of ``for_booking`` is
    counted. ``is_own_only``: nothing but that one."""
    query = _unused(uow, customer_id, for_booking=for_booking, is_own_only=is_own_only)
    if is_locked:  # first the locks, then the sums: a statement that waits has counted before it waited
        mine = select(Payment.id).where(Payment.business_id == uow.business_id, Payment.customer_id == customer_id)
        uow.session.execute(mine.order_by(Payment.id).with_for_update()).all()
    return [(payment, int(left)) for payment, left in uow.session.execute(query)]


def _unused(
    uow: UnitOfWork, customer_id: int, *, for_booking: int | None = None, is_own_only: bool = False
) -> Select[tuple[Payment, int]]:
    settled = (
        select(func.coalesce(func.sum(Allocation.amount_paise), 0))
        .where(Allocation.business_id == Payment.business_id, Allocation.payment_id == Payment.id)
        .correlate(Payment)
        .scalar_subquery()
    )
    left = Payment.amount_paise - settled - going_back()
    which = pays_visit(Booking.id == for_booking)
    if not is_own_only:
        which = or_(which, ~pays_visit(is_to_be_billed()))
    return (
        select(Payment, left.label("left"))
        .where(
            Payment.business_id == uow.business_id,
            Payment.customer_id == customer_id,
            Payment.voided_at.is_(None),
            left > 0,
            which,
        )
        .order_by(Payment.received_at, Payment.id)
    )


def _customer_with_sums(uow: UnitOfWork, raw_id: Any) -> Row[Any]:
    """Id and name, and the paise that are due, overdue, billed and paid ahead."""
    try:
        wanted = parse_whole(raw_id)
    except Invalid:
        raise NotFound from None
    if wanted is None or not 0 < wanted <= BIGINT:
        raise NotFound
    today = today_in(zone_of(uow.actor.zone), uow.now)
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    is_open = Document.state.in_(OPEN)
    sums = (
        select(
            func.coalesce(func.sum(due).filter(is_open), 0).label("due"),
            func.coalesce(func.sum(due).filter(is_open, Document.due_on < today), 0).label("overdue"),
            func.coalesce(func.sum(Document.total_paise).filter(Document.state.in_((*OPEN, "paid"))), 0).label(
                "billed"
            ),
        )
        .where(
            Document.business_id == uow.business_id,
            Document.customer_id == wanted,
            Document.kind.in_(OWED),
        )
        .subquery()
    )
    left = _unused(uow, wanted).subquery()
    advance = select(func.coalesce(func.sum(left.c.left), 0).label("advance")).subquery()
    query = (
        select(Customer.id, Customer.name, sums, advance)
        .select_from(Customer)
        .where(Customer.business_id == uow.business_id, Customer.id == wanted, visible_customers(uow.actor))
    )
    row = uow.session.execute(query.join(sums, true()).join(advance, true())).first()
    if row is None:
        raise NotFound("We could not find that customer.")
    return row
