"""The list of what came in by the bank, each open amount with what it may belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.bank_matching import Incoming, Match, NotedPayment, OpenBill, Target, propose
from microcrm.domain.documents import OWED
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, zone_of
from microcrm.models.bank import BankRow
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.models.customers import Customer
from microcrm.operations.billing.settling import OPEN
from microcrm.operations.unit_of_work import UnitOfWork

MOST_ROWS = 100  # on the screen
STATES = ("open", "matched", "aside")
THROUGH_BANK = ("upi", "bank", "card", "wallet")  # ways of paying that end on a bank's statement
_NOTED_LATE = timedelta(days=10)  # how far from the bank's day the desk may have noted it
_MOST_CANDIDATES = 2_000


@dataclass(frozen=True, slots=True)
class BankLine:
    """``match``: what it may belong to, for one that is open. ``document_id`` and ``number``: what a matched one paid.
    ``mode``: of the payment that it proves or would prove."""

    id: int
    version: int
    day: date
    paise: int
    reference: str
    words: str
    state: str
    reason: str
    is_sure: bool
    match: Match | None = None
    document_id: int | None = None
    number: str = ""
    customer: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class BankView:
    """The newest first, at most 100. ``sums``: state -> (how many, paise). ``sure``: open ones with reference and amount."""

    state: str
    rows: tuple[BankLine, ...]
    sums: dict[str, tuple[int, int]]
    sure: int


def bank_view(uow: UnitOfWork, state: Any = "open") -> BankView:
    """Five statements, however many rows there are."""
    uow.require(Permission.INVOICES_CORRECT)
    shown = state if isinstance(state, str) and state in STATES else "open"
    rows = rows_in(uow, shown)
    matches = proposals(uow, rows) if shown == "open" else {}
    about = _about(uow, rows, matches)
    lines = tuple(_line(row, matches.get(row.id or 0), about) for row in rows)
    return BankView(shown, lines, _sums(uow), sum(match.is_sure for match in matches.values()))


def rows_in(uow: UnitOfWork, state: str, most: int = MOST_ROWS, *, is_locked: bool = False) -> Sequence[BankRow]:
    """The newest first."""
    query = (
        select(BankRow)
        .where(BankRow.business_id == uow.business_id, BankRow.state == state)
        .order_by(BankRow.day.desc(), BankRow.id.desc())
        .limit(most)
    )
    return uow.session.scalars(query.with_for_update() if is_locked else query).all()


def proposals(uow: UnitOfWork, rows: Sequence[BankRow]) -> dict[int, Match]:
    """By row, what it may belong to. Two statements."""
    if not rows:
        return {}
    entries = [Incoming(row.id or 0, row.day, row.amount_paise, row.bank_reference, row.words) for row in rows]
    return propose(entries, _noted(uow, rows), _bills(uow))


def _noted(uow: UnitOfWork, rows: Sequence[BankRow]) -> list[NotedPayment]:
    zone = zone_of(uow.actor.zone)
    first = day_bounds(min(row.day for row in rows) - _NOTED_LATE, zone)[0]
    last = day_bounds(max(row.day for row in rows) + _NOTED_LATE, zone)[1]
    is_proven = select(BankRow.id).where(BankRow.business_id == Payment.business_id, BankRow.payment_id == Payment.id)
    query = (
        select(Payment.id, Payment.received_at, Payment.amount_paise, Payment.proof)
        .where(
            Payment.business_id == uow.business_id,
            Payment.received_at >= first,
            Payment.received_at < last,
            Payment.amount_paise.in_({row.amount_paise for row in rows}),
            Payment.evidence == "claimed",
            Payment.voided_at.is_(None),
            Payment.mode.in_(THROUGH_BANK),
            ~is_proven.exists(),
        )
        .order_by(Payment.received_at.desc())
        .limit(_MOST_CANDIDATES)
    )
    return [
        NotedPayment(one, received.astimezone(zone).date(), paise, proof)
        for one, received, paise, proof in uow.session.execute(query)
    ]


def _bills(uow: UnitOfWork) -> list[OpenBill]:
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    query = (
        select(Document.id, Document.number, Document.issued_on, due)
        .where(
            Document.business_id == uow.business_id,
            Document.state.in_(OPEN),
            Document.kind.in_(OWED),
            Document.number.is_not(None),
            due > 0,
        )
        .order_by(Document.issued_on.desc(), Document.id.desc())
        .limit(_MOST_CANDIDATES)
    )
    return [OpenBill(*row) for row in uow.session.execute(query)]


def _sums(uow: UnitOfWork) -> dict[str, tuple[int, int]]:
    rows = uow.session.execute(
        select(BankRow.state, func.count(), func.sum(BankRow.amount_paise))
        .where(BankRow.business_id == uow.business_id)
        .group_by(BankRow.state)
    )
    return dict.fromkeys(STATES, (0, 0)) | {state: (count, int(paise)) for state, count, paise in rows}


@dataclass(frozen=True, slots=True)
class _About:
    """Of a payment or a bill: which bill it is, whose, and how it was paid."""

    document_id: int | None
    number: str
    customer: str
    mode: str = ""


def _about(uow: UnitOfWork, rows: Sequence[BankRow], matches: dict[int, Match]) -> dict[tuple[Target, int], _About]:
    payments = [row.payment_id for row in rows if row.payment_id is not None]
    payments += [match.id for match in matches.values() if match.target is Target.PAYMENT]
    bills = [match.id for match in matches.values() if match.target is Target.BILL]
    whose = (Customer.business_id == Payment.business_id) & (Customer.id == Payment.customer_id)
    paid = (
        select(Payment.id, Document.id, Document.number, Customer.name, Payment.mode)
        .outerjoin(Allocation, (Allocation.business_id == Payment.business_id) & (Allocation.payment_id == Payment.id))
        .outerjoin(Document, (Document.business_id == Payment.business_id) & (Document.id == Allocation.document_id))
        .outerjoin(Customer, whose)
        .where(Payment.business_id == uow.business_id, Payment.id.in_(payments))
    )
    due = (
        select(Document.id, Document.number, Customer.name)
        .outerjoin(Customer, (Customer.business_id == Document.business_id) & (Customer.id == Document.customer_id))
        .where(Document.business_id == uow.business_id, Document.id.in_(bills))
    )
    found = {
        (Target.PAYMENT, one): _About(document, number or "", name or "Walk-in", mode)
        for one, document, number, name, mode in uow.session.execute(paid)
    }
    return found | {
        (Target.BILL, one): _About(one, number or "", name or "Walk-in")
        for one, number, name in uow.session.execute(due)
    }


def _line(row: BankRow, match: Match | None, about: dict[tuple[Target, int], _About]) -> BankLine:
    key = (match.target, match.id) if match is not None else (Target.PAYMENT, row.payment_id or 0)
    known = about.get(key, _About(None, "", ""))
    return BankLine(
        id=row.id or 0,
        version=row.version,
        day=row.day,
        paise=row.amount_paise,
        reference=row.bank_reference,
        words=row.words,
        state=row.state,
        reason=row.reason,
        is_sure=row.is_sure,
        match=match,
        document_id=known.document_id,
        number=known.number,
        customer=known.customer,
        mode=known.mode,
    )
