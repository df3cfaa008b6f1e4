"""Who owes what, by the age of the bill; and the statement of one customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.errors import DomainError, NotFound
from microcrm.domain.formatting import format_count, format_day, format_time
from microcrm.domain.money import MINUS, format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.billing.dues import DueRow, Statement, StatementLine, dues, statement
from microcrm.operations.billing.fees_due import FeeDue, fees_due
from microcrm.state.base import AppState
from microcrm.state.bill_rows import Amount
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs

BAND_WORDS = ("0–30 days", "31–60 days", "61–90 days", "Over 90 days")


@dataclass(frozen=True)
class DueLine:
    """``customer_id`` "" for walk-ins."""

    customer_id: str
    name: str
    phone: str
    bands: tuple[str, ...]
    total: str
    oldest: str


@dataclass(frozen=True)
class FeeLine:
    """``visit``: its card in the calendar, where the fee can be waived. ``bill`` drafts the bill."""

    key: str
    customer: str
    why: str
    fee: str
    paid: str
    visit: str
    bill: str


@dataclass(frozen=True)
class EntryLine:
    at: int
    day: str
    words: str
    number: str
    debit: str
    credit: str
    balance: str
    document_id: str


class DuesPage(AppState):
    is_read: bool = False
    rows: list[DueLine] = []
    bands: list[Amount] = []
    total: str = ""
    sub: str = ""
    fees: list[FeeLine] = []
    fees_sub: str = ""

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> None:
        found, off = await self._perform(dues), await self._look(fees_due)
        zone = current_seat().actor.zone
        self.fees = [_fee(one, zone) for one in off.rows]
        self.fees_sub = f"{format_count(off.count, 'visit')}, {format_rupees(off.total)}"
        self.rows = [_due(row) for row in found.rows]
        self.bands = [Amount(words, format_rupees(paise)) for words, paise in zip(BAND_WORDS, found.bands, strict=True)]
        self.total = format_rupees(sum(found.bands))
        self.sub = format_count(found.count, "customer")
        self.is_read = True


class StatementPage(AppState):
    is_read: bool = False
    is_missing: bool = False
    customer_id: str = ""
    name: str = ""
    first: str = ""
    last: str = ""
    opening: str = ""
    closing: str = ""
    lines: list[EntryLine] = []
    file: str = ""

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> None:
        asked = self.router.url.query_parameters
        self.is_missing = False
        self._show(await self._perform(statement, asked.get("customer", ""), asked.get("from"), asked.get("to")))

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def pick_days(self, form: dict[str, Any]) -> Any:
        fields = pick(form, "from", "to")
        found = await self._perform(statement, self.customer_id, fields["from"], fields["to"])
        self._show(found)
        return rx.redirect(f"/statement?{_query(found)}", replace=True)

    def _show(self, found: Statement) -> None:
        self.customer_id, self.name = str(found.customer_id), found.name
        self.first, self.last = found.first.isoformat(), found.last.isoformat()
        self.opening, self.closing = balance_words(found.opening), balance_words(found.closing)
        self.lines = [_entry(at, line) for at, line in enumerate(found.lines)]
        self.file = f"/statement/{found.customer_id}.pdf?from={found.first}&to={found.last}"
        self.is_read = True

    def _refused(self, error: DomainError) -> None:
        if isinstance(error, NotFound):
            self.is_missing = True
            return
        super()._refused(error)


def balance_words(paise: int) -> str:
    """Like "₹500.00 due", "₹200.00 paid ahead"."""
    if not paise:
        return format_rupees(0)
    return f"{format_rupees(abs(paise))} {'due' if paise > 0 else 'paid ahead'}"


def _query(found: Statement) -> str:
    return urlencode({"customer": found.customer_id, "from": found.first, "to": found.last})


def _due(row: DueRow) -> DueLine:
    return DueLine(
        customer_id=str(row.customer_id or ""),
        name=row.name,
        phone=row.phone,
        bands=tuple(format_rupees(paise) if paise else "–" for paise in row.bands),
        total=format_rupees(row.total),
        oldest=format_day(row.oldest) if row.oldest else "",
    )


def _fee(one: FeeDue, zone: str) -> FeeLine:
    clock = zone_of(zone)
    day = one.starts_at.astimezone(clock).date()
    return FeeLine(
        key=str(one.booking_id),
        customer=one.customer,
        why=f"{'Did not come' if one.is_missed else 'Cancelled late'}, {format_day(day)}, {format_time(one.starts_at, clock)}",
        fee=format_rupees(one.fee),
        paid=format_rupees(one.paid) if one.paid else "",
        visit=f"/calendar?date={day.isoformat()}&booking={one.item_id}",
        bill=f"/invoice?booking={one.booking_id}",
    )


def _entry(at: int, line: StatementLine) -> EntryLine:
    return EntryLine(
        at=at,
        day=format_day(line.day),
        words=line.words,
        number=line.number,
        debit=format_rupees(line.debit) if line.debit else "",
        credit=format_rupees(line.credit) if line.credit else "",
        balance=format_rupees(line.balance) if line.balance >= 0 else f"{MINUS}{format_rupees(-line.balance)}",
        document_id=str(line.document_id or ""),
    )
