"""The GST return of a period and a GSTIN, which stand in the address; and the documents and lines behind its numbers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.errors import Invalid
from microcrm.domain.gstin import parse_gstin
from microcrm.domain.permissions import Permission
from microcrm.domain.return_period import parse_period
from microcrm.operations.returns.behind import Behind, behind, explain
from microcrm.operations.returns.overview import view_return
from microcrm.state.base import AppState
from microcrm.state.gate import needs
from microcrm.state.returns_view import (
    WHY,
    BehindLine,
    Choice,
    CodeLine,
    GapLine,
    ReturnHead,
    RunLine,
    TableCard,
    WarningLine,
    WhyHead,
    WhyStep,
    behind_line,
    card_lines,
    choices_of,
    code_lines,
    different_lines,
    gap_lines,
    gstin_choices,
    head_of,
    run_lines,
    warning_lines,
    why_head,
    why_steps,
)  # fmt: skip

_ASKED = ("period", "table", "rate", "place", "sac", "side", "only", "gstin")


class ReturnsPage(AppState):
    is_read: bool = False
    head: ReturnHead = ReturnHead()
    periods: list[Choice] = []
    gstins: list[Choice] = []  # only where there is a choice
    cards: list[TableCard] = []
    codes: list[CodeLine] = []
    runs: list[RunLine] = []
    gaps: list[GapLine] = []
    different: list[GapLine] = []
    warnings: list[WarningLine] = []

    @rx.event(supersedes=True)
    @needs(Permission.RETURNS_VIEW)
    async def load(self) -> None:
        query = self.router.url.query_parameters
        view = await self._perform(view_return, query.get("period"), query.get("gstin"))
        self.head, self.periods = head_of(view), choices_of(view.periods, view.period)
        self.gstins, self.cards = gstin_choices(view), card_lines(view)
        self.codes, self.runs, self.gaps = code_lines(view), run_lines(view), gap_lines(view)
        self.different, self.warnings = different_lines(view), warning_lines(view)
        self.is_read = True

    @rx.event
    @needs(Permission.RETURNS_VIEW)
    async def pick(self, period: str) -> Any:
        return rx.redirect(f"/returns?period={parse_period(period).key}")

    @rx.event
    @needs(Permission.RETURNS_VIEW)
    async def pick_gstin(self, gstin: str) -> Any:
        chosen = parse_gstin(gstin)
        return rx.redirect(f"/returns?{urlencode({'period': self.head.period, 'gstin': chosen})}")


class WhyPage(AppState):
    is_read: bool = False
    head: WhyHead = WhyHead()
    rows: list[BehindLine] = []
    has_more: bool = False
    is_later: bool = False
    opened: str = ""  # the document whose lines are shown
    opened_words: str = ""
    lines: list[WhyStep] = []

    _asked: dict[str, str] = {}

    @rx.event(supersedes=True)
    @needs(Permission.RETURNS_VIEW)
    async def load(self) -> Any:
        """Without a period that makes sense there is no number to explain: back to where one is chosen."""
        query = self.router.url.query_parameters
        self._asked = {name: words for name in _ASKED if (words := str(query.get(name) or "")[:20]).isascii() and words}
        try:
            page = await self._perform(behind, Behind(**{"period": "", **self._asked}, after=query.get("after")))
        except Invalid:
            return rx.redirect("/returns", replace=True)
        self.head, self.rows = why_head(page, self._asked), [behind_line(row) for row in page.rows]
        self.has_more, self.is_later = page.has_more, bool(query.get("after"))
        self.is_read, self.opened = True, ""
        return None

    @rx.event
    @needs(Permission.RETURNS_VIEW)
    async def open(self, document_id: str) -> None:
        found = await self._perform(explain, document_id)
        self.lines = why_steps(found)
        self.opened_words = f"{found.document.title} {found.document.number}"
        self.opened = str(found.document.id)

    @rx.event
    @needs(Permission.RETURNS_VIEW)
    async def close(self) -> None:
        self.opened = ""

    @rx.event
    @needs(Permission.RETURNS_VIEW)
    async def next_page(self) -> Any:
        return self._go(after=self.rows[-1].id) if self.rows else None

    @rx.event
    @needs(Permission.RETURNS_VIEW)
    async def first_page(self) -> Any:
        return self._go()

    def _go(self, **more: str) -> Any:
        return rx.redirect(f"{WHY}?{urlencode(self._asked | more)}")
