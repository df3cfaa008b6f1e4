"""The list of bills and one bill, as screens and the printed page show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_

from microcrm.domain.bill import QUANTITY_ONE
from microcrm.domain.documents import OWED, TITLES, DocumentKind
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import BIGINT, parse_text, parse_whole
from microcrm.domain.money import half_up, share
from microcrm.domain.permissions import Permission
from microcrm.domain.search_key import prefix_end, search_key
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, DocumentLine, Payment
from microcrm.models.customers import Customer
from microcrm.operations.unit_of_work import UnitOfWork

PAGE_SIZE = 25
MOST_OF_ONE = 8  # of one customer, at a glance
TABS = ("all", "draft", "due", "overdue", "paid", "credit_notes", "estimates")
_OPEN = ("issued", "part_paid")


@dataclass(frozen=True, slots=True)
class ListDocuments:
    """From the address, so anything odd falls back to all. ``before`` is the id of the last row seen."""

    tab: Any = "all"
    first: Any = None
    last: Any = None
    query: Any = ""
    before: Any = None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """Paise."""

    id: int
    kind: DocumentKind
    state: str
    number: str
    day: date | None
    due_on: date | None
    customer: str
    total: int
    due: int
    modes: tuple[str, ...]
    corrects: str
    is_business: bool
    version: int


@dataclass(frozen=True, slots=True)
class Tally:
    count: int
    paise: int


@dataclass(frozen=True, slots=True)
class DocumentPage:
    rows: tuple[DocumentRow, ...]
    tallies: Mapping[str, Tally]
    collected: Mapping[str, int]
    has_more: bool


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

    @property
    def reduction(self) -> int:
        """What the discounts of the line and of the bill take off it, in the terms of its price."""
        gross = half_up(self.price * self.quantity, QUANTITY_ONE)
        return share(gross, self.discount_bp) + self.discount + self.bill_discount


@dataclass(frozen=True, slots=True)
class PaymentView:
    id: int
    mode: str
    amount: int
    evidence: str
    proof: str
    at: Any
    is_void: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """``document`` columns as stored; ``customer`` is the name on record now, for a draft."""

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

    @property
    def due(self) -> int:
        return max(0, self.total + self.tip - self.paid)


def list_documents(uow: UnitOfWork, command: ListDocuments) -> DocumentPage:
    """Newest first, 25 at a time, with counts and sums of every tab for the same days and words. Four statements."""
    uow.require(Permission.INVOICES_VIEW)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    where = _conditions(uow, command)
    tab = command.tab if isinstance(command.tab, str) and command.tab in TABS else "all"
    rows = _fetch(uow, [*where, _tab(tab, today)], command.before)
    return DocumentPage(
        tuple(rows[:PAGE_SIZE]), _tallies(uow, where, today), _collected(uow, command), len(rows) > PAGE_SIZE
    )


def documents_of(uow: UnitOfWork, customer_id: int) -> tuple[DocumentRow, ...]:
    """The latest of one customer, for operations that have asked already."""
    where = [Document.business_id == uow.business_id, Document.customer_id == customer_id]
    return tuple(_fetch(uow, where, None)[:MOST_OF_ONE])


def view_document(uow: UnitOfWork, document_id: Any) -> DocumentView:
    uow.require(Permission.INVOICES_VIEW)
    return read_document(uow, document_id)


def read_document(uow: UnitOfWork, document_id: Any) -> DocumentView:
    """For operations and doors that have asked already. Three statements."""
    wanted = _id(document_id)
    row = uow.session.execute(
        select(Document, Customer.name)
        .outerjoin(Customer, and_(Customer.business_id == Document.business_id, Customer.id == Document.customer_id))
        .where(Document.business_id == uow.business_id, Document.id == wanted)
    ).first()
    if row is None:
        raise NotFound
    return _view(row[0], row[1] or "", _line_views(uow, wanted), _payments(uow, wanted))


def _id(raw: Any) -> int:
    try:
        number = parse_whole(raw)
    except Invalid:
        raise NotFound from None
    if number is None or not 0 < number <= BIGINT:
        raise NotFound
    return number


def _conditions(uow: UnitOfWork, command: ListDocuments) -> list[ColumnElement[bool]]:
    where: list[Any] = [Document.business_id == uow.business_id]
    if isinstance(command.first, date):
        where.append(Document.issued_on >= command.first)
    if isinstance(command.last, date):
        where.append(Document.issued_on <= command.last)
    try:
        words = parse_text(command.query, limit=60)
    except Invalid:
        words = ""
    if words:
        number, name = words.upper(), search_key(words)
        where.append(
            or_(
                and_(Document.number >= number, Document.number < prefix_end(number)),
                and_(Customer.name_key >= name, Customer.name_key < prefix_end(name)),
            )
        )
    return where


def _tab(tab: str, today: date) -> ColumnElement[bool]:
    is_note = Document.kind == DocumentKind.CREDIT_NOTE
    is_open = and_(Document.state.in_(_OPEN), Document.kind.in_(OWED))
    return {
        "all": Document.id.is_not(None),
        "draft": Document.state == "draft",
        "due": is_open,
        "overdue": and_(is_open, Document.due_on < today),
        "paid": and_(Document.state == "paid", Document.kind.in_(OWED)),
        "credit_notes": is_note,
        "estimates": and_(Document.kind == DocumentKind.ESTIMATE, Document.state != "draft"),
    }[tab]


def _with_customer(columns: Sequence[Any]) -> Any:
    return (
        select(*columns)
        .select_from(Document)
        .outerjoin(Customer, and_(Customer.business_id == Document.business_id, Customer.id == Document.customer_id))
    )


def _fetch(uow: UnitOfWork, where: list[ColumnElement[bool]], before: Any) -> list[DocumentRow]:
    try:
        last = parse_whole(before)
    except Invalid:
        last = None
    if last is not None and 0 < last <= BIGINT:
        edge = select(Document.issued_on, Document.id).where(
            Document.business_id == uow.business_id, Document.id == last
        )
        if (row := uow.session.execute(edge).first()) is not None:
            where = [*where, tuple_(Document.issued_on, Document.id) < tuple_(*row)]
    modes = (
        select(func.array_agg(Payment.mode.distinct()))
        .join(Allocation, and_(Allocation.business_id == Payment.business_id, Allocation.payment_id == Payment.id))
        .where(
            Payment.business_id == Document.business_id,
            Allocation.document_id == Document.id,
            Payment.voided_at.is_(None),
        )
        .correlate(Document)
        .scalar_subquery()
    )
    statement = _with_customer((Document, Customer.name, modes.label("modes"))).where(*where)
    found = uow.session.execute(statement.order_by(Document.issued_on.desc(), Document.id.desc()).limit(PAGE_SIZE + 1))
    return [_row(document, name, modes) for document, name, modes in found]


def _row(document: Document, name: str | None, modes: list[str] | None) -> DocumentRow:
    is_note = document.kind == DocumentKind.CREDIT_NOTE
    due = document.total_paise + document.tip_paise - document.paid_paise
    return DocumentRow(
        id=document.id or 0,
        kind=DocumentKind(document.kind),
        state=document.state,
        number=document.number or "",
        day=document.issued_on,
        due_on=document.due_on,
        customer=str(document.buyer.get("name") or name or "Walk-in"),
        total=-document.total_paise if is_note else document.total_paise,
        due=due if document.state in _OPEN and document.kind in OWED else 0,
        modes=tuple(modes or ()),
        corrects=str(document.buyer.get("corrects", "")),
        is_business=bool(document.buyer_gstin),
        version=document.version,
    )


def _tallies(uow: UnitOfWork, where: list[ColumnElement[bool]], today: date) -> dict[str, Tally]:
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    columns = []
    for tab in TABS:
        condition = _tab(tab, today)
        amount: Any = due if tab in ("due", "overdue") else Document.total_paise
        if tab == "all":  # after credit notes, without drafts and what was called off
            condition = and_(
                condition, Document.state.not_in(("draft", "cancelled")), Document.kind != DocumentKind.ESTIMATE
            )
            amount = case((Document.kind == DocumentKind.CREDIT_NOTE, -Document.total_paise), else_=amount)
        columns += [func.count().filter(_tab(tab, today)), func.coalesce(func.sum(amount).filter(condition), 0)]
    row = uow.session.execute(_with_customer(columns).where(*where)).one()
    tallies = {tab: Tally(int(row[2 * n]), int(row[2 * n + 1])) for n, tab in enumerate(TABS)}
    tallies["credit_notes"] = Tally(tallies["credit_notes"].count, -tallies["credit_notes"].paise)
    return tallies


def _collected(uow: UnitOfWork, command: ListDocuments) -> dict[str, int]:
    """What came in on those days, by way of paying, the largest first."""
    zone = uow.actor.zone
    day = func.date(func.timezone(zone, Payment.received_at))
    where = [Payment.business_id == uow.business_id, Payment.voided_at.is_(None)]
    if isinstance(command.first, date):
        where.append(day >= command.first)
    if isinstance(command.last, date):
        where.append(day <= command.last)
    total = func.sum(Payment.amount_paise)
    rows = uow.session.execute(select(Payment.mode, total).where(*where).group_by(Payment.mode).order_by(total.desc()))
    return {mode: int(paise) for mode, paise in rows}


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
            line.service_id, line.member_id, line.booking_item_id,
        )
        for line in rows
    )  # fmt: skip


def _payments(uow: UnitOfWork, document_id: int) -> tuple[PaymentView, ...]:
    rows = uow.session.execute(
        select(Payment, Allocation.amount_paise)
        .join(Allocation, and_(Allocation.business_id == Payment.business_id, Allocation.payment_id == Payment.id))
        .where(Payment.business_id == uow.business_id, Allocation.document_id == document_id)
        .order_by(Payment.received_at, Payment.id)
    )
    return tuple(
        PaymentView(
            payment.id or 0, payment.mode, amount, payment.evidence, payment.proof, payment.received_at,
            payment.voided_at is not None,
        )
        for payment, amount in rows
    )  # fmt: skip


def _view(
    document: Document, customer: str, lines: tuple[LineView, ...], payments: tuple[PaymentView, ...]
) -> DocumentView:
    kind = DocumentKind(document.kind)
    return DocumentView(
        id=document.id or 0, version=document.version, kind=kind, title=TITLES[kind], state=document.state,
        number=document.number or "", day=document.issued_on, due_on=document.due_on, seller=document.seller,
        buyer=document.buyer, buyer_gstin=document.buyer_gstin, customer_id=document.customer_id, customer=customer,
        booking_id=document.booking_id, place_state=document.place_state, heads=document.heads, reason=document.reason,
        discount=document.discount_paise, taxable=document.taxable_paise, cgst=document.cgst_paise,
        sgst=document.sgst_paise, igst=document.igst_paise, round_off=document.round_off_paise,
        total=document.total_paise, tip=document.tip_paise, paid=document.paid_paise, note=document.note,
        cancel_reason=document.cancel_reason, lines=lines, payments=payments, is_sent=document.sent_at is not None,
    )  # fmt: skip
