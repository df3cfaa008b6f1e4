"""The list of bills. Which days, which tab and which words stand in the address."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.documents import financial_year
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import parse_text
from microcrm.domain.formatting import format_count
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.billing.listing import TABS, DocumentPage, ListDocuments, list_documents
from microcrm.state.base import AppState
from microcrm.state.bill_rows import BillRow, Share, Tab, rows_of, shares_of, tabs_of
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now

PERIODS = ("today", "month", "days", "year")


class Bills(AppState):
    is_listed: bool = False
    rows: list[BillRow] = []
    tabs: list[Tab] = []
    tab: str = "all"
    period: str = "days"
    query: str = ""
    collected: str = ""
    shares: list[Share] = []
    summary: str = ""
    has_more: bool = False
    is_later: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> None:
        asked = self.router.url.query_parameters
        today = today_in(zone_of(current_seat().actor.zone), now())
        self.tab = asked.get("tab", "") if asked.get("tab") in TABS else "all"
        self.period = asked.get("period", "") if asked.get("period") in PERIODS else "days"
        self.query = _words(asked.get("q"))
        command = ListDocuments(self.tab, *days_of(self.period, today), self.query, asked.get("before"))
        self._show(await self._perform(list_documents, command), today)
        self.is_later, self.is_listed = bool(asked.get("before")), True

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def pick_tab(self, tab: str) -> Any:
        return self._go(tab=_words(tab))

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def pick_period(self, period: str) -> Any:
        return self._go(period=_words(period))

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def typed(self, words: str) -> Any:
        return self._go(replace=True, q=_words(words))

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def clear(self) -> Any:
        return self._go(q="", tab="all")

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def next_page(self) -> Any:
        return self._go(before=self.rows[-1].id) if self.rows else None

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def first_page(self) -> Any:
        return self._go()

    def _show(self, page: DocumentPage, today: date) -> None:
        self.rows, self.tabs, self.has_more = rows_of(page, today), tabs_of(page), page.has_more
        self.shares, self.collected = shares_of(page.collected), format_rupees(sum(page.collected.values()))
        tally = page.tallies[self.tab]
        self.summary = f"{format_count(tally.count, 'document')}, {format_rupees(tally.paise)}" if tally.count else ""

    def _go(self, *, replace: bool = False, **changes: Any) -> Any:
        usual = {"tab": "all", "period": "days", "q": ""}
        wanted = {"tab": self.tab, "period": self.period, "q": self.query} | changes
        kept = {name: value for name, value in wanted.items() if value != usual.get(name)}
        return rx.redirect(f"/invoices?{urlencode(kept)}".rstrip("?"), replace=replace)


def days_of(period: str, today: date) -> tuple[date, date]:
    """The first and last day of a period: today, this month, the last thirty days, this financial year."""
    if period == "today":
        return today, today
    if period == "month":
        return today.replace(day=1), today
    if period == "year":
        return date(financial_year(today), 4, 1), today
    return today - timedelta(days=29), today


def _words(raw: Any) -> str:
    try:
        return parse_text(raw, limit=60)
    except Invalid:
        return ""
