"""One bill as its screen and the printed page show it, with its payments and the papers that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import aliased

from microcrm.domain.bill import QUANTITY_ONE
from microcrm.domain.documents import DocumentKind, Registration, title_of
from microcrm.domain.einvoice import is_reported
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.money import half_up, share
from microcrm.domain.permissions import Permission
from microcrm.models.billing import AdvanceUse, Allocation, BillingProfile, Document, DocumentLine, Payment
from microcrm.models.customers import Customer
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class LineView:
    place: int
    description: str
    sac: str
    quantity: int
    price: int
    discount_bp: int
    discount: int
    bill_discount: int
    tax_class: str
    rate_bp: int
    is_exempt: bool
    is_with_tax: bool
    taxable: int
    cgst: int
    sgst: int
    igst: int
    service_id: int | None
    member_id: int | None
    booking_item_id: int | None
    product_id: int | None = None
    unit: str = ""

    @property
    def reduction(self) -> int:
        """What the discounts of the line and of the bill take off it, in the terms of its price."""
        gross = half_up(self.price * self.quantity, QUANTITY_ONE)
        return share(gross, self.discount_bp) + self.discount + self.bill_discount

    @property
    def amount(self) -> int:
        """What the customer pays for it, in whole paise: where the price holds the tax, the price, though its parts may add up
        to a paisa more or less, which the bill's round-off holds."""
        if self.is_with_tax:
            return half_up(self.price * self.quantity, QUANTITY_ONE) - self.reduction
        return self.taxable + self.cgst + self.sgst + self.igst


@dataclass(frozen=True, slots=True)
class PaymentView:
    """``voucher``: number of the receipt voucher whose advance this is, and its id and day."""

    id: int
    mode: str
    amount: int
    evidence: str
    proof: str
    at: Any
    is_void: bool
    voucher: str = ""
    voucher_id: int | None = None
    voucher_day: date | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Another paper that belongs to this one. ``how``: corrects, corrected_by, estimate, became, advance or used_for."""

    id: int
    how: str
    kind: DocumentKind
    title: str
    number: str
    state: str
    day: date | None
    total: int


@dataclass(frozen=True, slots=True)
class DocumentView:
    """``document`` columns as stored; ``customer`` is the name on record now, for a draft. ``related`` only for the screen."""

    id: int
    version: int
    kind: DocumentKind
    title: str
    state: str
    number: str
    day: date | None
    due_on: date | None
    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    buyer_gstin: str
    customer_id: int | None
    customer: str
    booking_id: int | None
    place_state: str
    heads: str
    reason: str
    discount: int
    taxable: int
    cgst: int
    sgst: int
    igst: int
    round_off: int
    total: int
    tip: int
    paid: int
    note: str
    cancel_reason: str
    lines: tuple[LineView, ...]
    payments: tuple[PaymentView, ...]
    is_sent: bool
    has_e_invoices: bool  # under the seller's GSTIN
    recurring_id: int | None = None
    related: tuple[Related, ...] = ()

    @property
    def needs_e_invoice(self) -> bool:
        """A credit note written too late carries no heads of tax and is a matter between the two."""
        is_document = bool(self.number) and self.state != "cancelled" and self.heads != "none"
        return self.has_e_invoices and is_document and is_reported(self.kind, self.buyer_gstin)

    @property
    def due(self) -> int:
        return max(0, self.total + self.tip - self.paid)

    @property
    def freed(self) -> int:
        """Paise that were paid beyond what is left of it after its credit notes, to be given back at the desk: what came
        through Razorpay goes back the same way."""
        paid = sum(one.amount for one in self.payments if not one.is_void)
        at_desk = sum(one.amount for one in self.payments if not one.is_void and one.mode != "razorpay")
        notes = (one for one in self.related if one.kind is DocumentKind.CREDIT_NOTE and one.how == "corrected_by")
        credited = sum(one.total for one in notes if one.state != "cancelled")
        return max(0, min(at_desk, paid + credited - self.total - self.tip))

    @property
    def became(self) -> str:
        """As in ``DocumentRow``."""
        bills = [one.number or "draft" for one in self.related if one.how == "became" and one.state != "cancelled"]
        return bills[-1] if bills else ""


def view_document(uow: UnitOfWork, document_id: Any) -> DocumentView:
    """With the papers that belong to it. Four statements."""
    uow.require(Permission.INVOICES_VIEW)
    view = read_document(uow, document_id)
    return replace(view, related=_related(uow, view.id))


def read_document(uow: UnitOfWork, document_id: Any) -> DocumentView:
    """For operations and doors that have asked already. Three statements."""
    wanted = _id(document_id)
    row = uow.session.execute(
        select(Document, Customer.name, BillingProfile.e_invoice_gstins)
        .outerjoin(Customer, and_(Customer.business_id == Document.business_id, Customer.id == Document.customer_id))
        .outerjoin(BillingProfile, BillingProfile.business_id == Document.business_id)
        .where(Document.business_id == uow.business_id, Document.id == wanted)
    ).first()
    if row is None:
        raise NotFound
    view = _view(row[0], row[1] or "", _line_views(uow, wanted), _payments(uow, wanted))
    return replace(view, has_e_invoices=row[0].seller.get("gstin") in (row[2] or ()))


def _id(raw: Any) -> int:
    try:
        number = parse_whole(raw)
    except Invalid:
        raise NotFound from None
    if number is None or not 0 < number <= BIGINT:
        raise NotFound
    return number


def _line_views(uow: UnitOfWork, document_id: int) -> tuple[LineView, ...]:
    rows = uow.session.scalars(
        select(DocumentLine)
        .where(DocumentLine.business_id == uow.business_id, DocumentLine.document_id == document_id)
        .order_by(DocumentLine.place)
    )
    return tuple(
        LineView(
            line.place, line.description, line.sac, line.quantity, line.price_paise, line.discount_bp,
            line.discount_paise, line.bill_discount_paise, line.tax_class, line.rate_bp, line.is_exempt,
            line.is_with_tax, line.taxable_paise, line.cgst_paise, line.sgst_paise, line.igst_paise,
            line.service_id, line.member_id, line.booking_item_id, line.product_id, line.unit,
        )
        for line in rows
    )  # fmt: skip


def _payments(uow: UnitOfWork, document_id: int) -> tuple[PaymentView, ...]:
    voucher = aliased(Document)
    used = select(AdvanceUse.voucher_id).where(
        AdvanceUse.business_id == uow.business_id, AdvanceUse.document_id == document_id
    )
    is_its_voucher = and_(
        voucher.business_id == Payment.business_id, voucher.payment_id == Payment.id, voucher.id.in_(used)
    )
    rows = uow.session.execute(
        select(Payment, Allocation.amount_paise, voucher.number, voucher.id, voucher.issued_on)
        .join(Allocation, and_(Allocation.business_id == Payment.business_id, Allocation.payment_id == Payment.id))
        .outerjoin(voucher, is_its_voucher)
        .where(Payment.business_id == uow.business_id, Allocation.document_id == document_id)
        .order_by(Payment.received_at, Payment.id)
    )
    return tuple(
        PaymentView(
            payment.id or 0, payment.mode, amount, payment.evidence, payment.proof, payment.received_at,
            payment.voided_at is not None, number or "", voucher_id, day,
        )
        for payment, amount, number, voucher_id, day in rows
    )  # fmt: skip


def _related(uow: UnitOfWork, document_id: int) -> tuple[Related, ...]:
    """The papers that this one points at, and those that point at it, the first written first."""
    me, other = aliased(Document), aliased(Document)
    uses = AdvanceUse.business_id == uow.business_id
    advances = select(AdvanceUse.voucher_id).where(uses, AdvanceUse.document_id == document_id)
    used_for = select(AdvanceUse.document_id).where(uses, AdvanceUse.voucher_id == document_id)
    how = case(
        (other.id == me.corrects_id, "corrects"),
        (other.corrects_id == me.id, "corrected_by"),
        (other.id == me.estimate_id, "estimate"),
        (other.estimate_id == me.id, "became"),
        (other.id.in_(advances), "advance"),
        (other.id.in_(used_for), "used_for"),
    )
    rows = uow.session.execute(
        select(other, how)
        .join(me, and_(me.business_id == other.business_id, me.id == document_id))
        .where(
            other.business_id == uow.business_id,
            or_(
                other.id == me.corrects_id,
                other.corrects_id == document_id,
                other.estimate_id == document_id,
                other.id == me.estimate_id,
                other.id.in_(advances),
                other.id.in_(used_for),
            ),
        )
        .order_by(other.issued_on, other.id)
    )
    return tuple(
        Related(
            one.id or 0, words, DocumentKind(one.kind), _title(one), one.number or "", one.state, one.issued_on,
            one.total_paise,
        )
        for one, words in rows
    )  # fmt: skip


def _title(document: Document) -> str:
    return title_of(DocumentKind(document.kind), Registration(document.seller.get("registration", "regular")))


def _view(
    document: Document, customer: str, lines: tuple[LineView, ...], payments: tuple[PaymentView, ...]
) -> DocumentView:
    kind = DocumentKind(document.kind)
    return DocumentView(
        id=document.id or 0, version=document.version, kind=kind, title=_title(document), state=document.state,
        number=document.number or "", day=document.issued_on, due_on=document.due_on, seller=document.seller,
        buyer=document.buyer, buyer_gstin=document.buyer_gstin, customer_id=document.customer_id, customer=customer,
        booking_id=document.booking_id, place_state=document.place_state, heads=document.heads, reason=document.reason,
        discount=document.discount_paise, taxable=document.taxable_paise, cgst=document.cgst_paise,
        sgst=document.sgst_paise, igst=document.igst_paise, round_off=document.round_off_paise,
        total=document.total_paise, tip=document.tip_paise, paid=document.paid_paise, note=document.note,
        cancel_reason=document.cancel_reason, lines=lines, payments=payments, is_sent=document.sent_at is not None,
        has_e_invoices=False,
        recurring_id=document.recurring_id,
    )  # fmt: skip
