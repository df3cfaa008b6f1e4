"""Who owes what and since when, and the statement of one customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.documents import OWED, TITLES, DocumentKind, financial_year
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Document, Payment
from microcrm.models.business import Business
from microcrm.models.customers import Customer
from microcrm.operations.billing.settling import OPEN
from microcrm.operations.customer_access import phone_for
from microcrm.operations.unit_of_work import UnitOfWork

BANDS = ((0, 30), (31, 60), (61, 90), (91, None))  # days since the bill
MOST_ROWS = 200
_STANDS = (*OPEN, "paid")


@dataclass(frozen=True, slots=True)
class DueRow:
    """Paise by band of ``BANDS``. ``customer_id`` 0: walk-ins together."""

    customer_id: int
    name: str
    phone: str
    bands: tuple[int, ...]
    oldest: date | None

    @property
    def total(self) -> int:
        return sum(self.bands)


@dataclass(frozen=True, slots=True)
class Dues:
    """The largest first, at most 200; ``bands`` sums all of them."""

    rows: tuple[DueRow, ...]
    bands: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """``debit``: billed, ``credit``: paid or credited; ``balance`` after it. Paise."""

    day: date
    words: str
    number: str
    debit: int
    credit: int
    balance: int
    document_id: int | None


@dataclass(frozen=True, slots=True)
class Statement:
    """``opening`` and ``closing``: what is owed; below nothing it is paid ahead."""

    shop: str
    customer_id: int
    name: str
    first: date
    last: date
    opening: int
    lines: tuple[StatementLine, ...]

    @property
    def closing(self) -> int:
        return self.lines[-1].balance if self.lines else self.opening


def dues(uow: UnitOfWork) -> Dues:
    uow.require(Permission.INVOICES_VIEW)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    sums = [func.coalesce(func.sum(due).filter(_in_band(today, band)), 0) for band in BANDS]
    where = [
        Document.business_id == uow.business_id,
        Document.state.in_(OPEN),
        Document.kind.in_(OWED),
        due > 0,
    ]
    whose = (Customer.business_id == Document.business_id) & (Customer.id == Document.customer_id)
    rows = uow.session.execute(
        select(Document.customer_id, Customer.name, Customer.phone, func.min(Document.issued_on), *sums)
        .outerjoin(Customer, whose)
        .where(*where)
        .group_by(Document.customer_id, Customer.name, Customer.phone)
        .order_by(func.sum(due).desc(), Document.customer_id)
        .limit(MOST_ROWS)
    )
    found = tuple(
        DueRow(customer or 0, name or "Walk-ins", phone_for(uow.actor, phone or ""), tuple(map(int, bands)), oldest)
        for customer, name, phone, oldest, *bands in rows
    )
    whole = uow.session.execute(select(func.count(func.distinct(Document.customer_id)), *sums).where(*where)).one()
    return Dues(found, tuple(int(paise) for paise in whole[1:]), int(whole[0]))


def statement(uow: UnitOfWork, customer_id: Any, raw_first: Any = None, raw_last: Any = None) -> Statement:
    """From the first to the last day, both included; by default this financial year. ``NotFound`` for another business's
    customer."""
    uow.require(Permission.INVOICES_VIEW)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    reader = Reader()
    wanted = reader.id("customer", customer_id, "Customer")
    if reader.errors:
        raise NotFound
    first = reader.optional_day("from", raw_first, "From") or date(financial_year(today), 4, 1)
    last = reader.optional_day("to", raw_last, "To") or today
    if last < first:
        reader.refuse("to", "The last day comes before the first.")
    reader.done()
    name = uow.session.execute(
        select(Customer.name).where(Customer.business_id == uow.business_id, Customer.id == wanted)
    ).scalar()
    if name is None:
        raise NotFound("We could not find that customer.")
    shop = uow.session.execute(select(Business.name).where(Business.id == uow.business_id)).scalar_one()
    entries = sorted([*_documents(uow, wanted, last), *_payments(uow, wanted, last)], key=lambda one: one[:2])
    opening = sum(debit - credit for day, _, _, _, debit, credit, _ in entries if day < first)
    lines, balance = [], opening
    for day, _, words, number, debit, credit, document_id in entries:
        if day >= first:
            balance += debit - credit
            lines.append(StatementLine(day, words, number, debit, credit, balance, document_id))
    return Statement(shop, wanted, name, first, last, opening, tuple(lines))


_Entry = tuple[
    date, int, str, str, int, int, int | None
]  # day, order within it, words, number, debit, credit, document


def _documents(uow: UnitOfWork, customer_id: int, last: date) -> list[_Entry]:
    rows = uow.session.scalars(
        select(Document).where(
            Document.business_id == uow.business_id,
            Document.customer_id == customer_id,
            Document.state.in_(_STANDS),
            Document.kind.in_((*OWED, DocumentKind.CREDIT_NOTE)),
            Document.issued_on <= last,
        )
    )
    entries: list[_Entry] = []
    for row in rows:
        kind, paise, day = DocumentKind(row.kind), row.total_paise + row.tip_paise, row.issued_on or last
        is_note = kind is DocumentKind.CREDIT_NOTE
        sums = (0, paise) if is_note else (paise, 0)
        entries.append((day, int(is_note), TITLES[kind], row.number or "", *sums, row.id))
    return entries


def _payments(uow: UnitOfWork, customer_id: int, last: date) -> list[_Entry]:
    zone = zone_of(uow.actor.zone)
    is_its_paper = (
        (Document.business_id == Payment.business_id)
        & (Document.payment_id == Payment.id)
        & (Document.state != "cancelled")
    )
    rows = uow.session.execute(
        select(Payment, Document.id, Document.number)
        .outerjoin(Document, is_its_paper)
        .where(Payment.business_id == uow.business_id, Payment.customer_id == customer_id, Payment.voided_at.is_(None))
        .order_by(Payment.received_at, Payment.id)
    )
    entries: list[_Entry] = []
    for row, voucher_id, number in rows:
        day = today_in(zone, row.received_at)
        words = "Received" if row.amount_paise > 0 else "Given back"
        sums = (0, row.amount_paise) if row.amount_paise > 0 else (-row.amount_paise, 0)
        if day <= last:
            entries.append((day, 2, f"{words}, {row.mode}", number or row.proof, *sums, voucher_id))
    return entries


def _in_band(today: date, band: tuple[int, int | None]) -> Any:
    low, high = band
    newest = Document.issued_on <= today - timedelta(days=low)
    return newest if high is None else newest & (Document.issued_on >= today - timedelta(days=high))
