"""The list of bills: what is in the books of some days, by kind, with counts and sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from microcrm.domain.documents import OWED, VOUCHERS, DocumentKind
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import BIGINT, parse_text, parse_whole
from microcrm.domain.permissions import Permission
from microcrm.domain.search_key import prefix_end, search_key
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.models.customers import Customer
from microcrm.operations.unit_of_work import UnitOfWork

PAGE_SIZE = 25
MOST_OF_ONE = 8  # of one customer, at a glance
TABS = ("all", "draft", "due", "overdue", "paid", "credit_notes", "estimates", "vouchers")
_SUPPLIES = (*OWED, DocumentKind.CREDIT_NOTE)  # what is sold; estimates and vouchers are not
_NEGATIVE = (DocumentKind.CREDIT_NOTE, DocumentKind.REFUND_VOUCHER)
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
    """Paise. ``left``: of an advance that is neither used nor given back. ``became``: the number of the bill that an
    estimate turned into, "draft" while it has none."""

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
    left: int = 0
    became: str = ""


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
    return tuple(_fetch(uow, where, None, MOST_OF_ONE))


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
        "vouchers": Document.kind.in_(VOUCHERS),
    }[tab]


def _with_customer(columns: Sequence[Any]) -> Any:
    return (
        select(*columns)
        .select_from(Document)
        .outerjoin(Customer, and_(Customer.business_id == Document.business_id, Customer.id == Document.customer_id))
    )


def _fetch(
    uow: UnitOfWork, where: list[ColumnElement[bool]], before: Any, most: int = PAGE_SIZE + 1
) -> list[DocumentRow]:
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
    bill = aliased(Document)
    became = (
        select(func.coalesce(bill.number, "draft"))
        .where(bill.business_id == Document.business_id, bill.estimate_id == Document.id, bill.state != "cancelled")
        .order_by(bill.id.desc())
        .limit(1)
        .correlate(Document)
        .scalar_subquery()
    )
    statement = _with_customer((Document, Customer.name, modes.label("modes"), became.label("became"))).where(*where)
    found = uow.session.execute(statement.order_by(Document.issued_on.desc(), Document.id.desc()).limit(most))
    return [_row(*row) for row in found]


def _row(document: Document, name: str | None, modes: list[str] | None, became: str | None) -> DocumentRow:
    is_note = document.kind in _NEGATIVE
    is_advance = document.kind == DocumentKind.RECEIPT_VOUCHER and document.state != "cancelled"
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
        left=document.total_paise - document.paid_paise if is_advance else 0,
        became=became or "",
    )


def _tallies(uow: UnitOfWork, where: list[ColumnElement[bool]], today: date) -> dict[str, Tally]:
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    columns = []
    for tab in TABS:
        condition = _tab(tab, today)
        amount: Any = due if tab in ("due", "overdue") else Document.total_paise
        if tab == "all":  # after credit notes, without drafts and what was called off
            condition = and_(condition, Document.state.not_in(("draft", "cancelled")), Document.kind.in_(_SUPPLIES))
            amount = case((Document.kind == DocumentKind.CREDIT_NOTE, -Document.total_paise), else_=amount)
        if tab == "vouchers":  # what is still paid ahead
            condition = and_(condition, Document.kind == DocumentKind.RECEIPT_VOUCHER, Document.state != "cancelled")
            amount = Document.total_paise - Document.paid_paise
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
