"""What came in by the bank: which payment or bill each amount belongs to, accepted by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.bank_statement import FAULT_WORDS
from microcrm.domain.csv_file import FileFault
from microcrm.domain.errors import Conflict
from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.money import format_rupees, group_indian
from microcrm.domain.permissions import Permission
from microcrm.operations.billing.bank import MatchRow, match_row, match_sure, reopen_row, set_row_aside
from microcrm.operations.billing.bank_view import STATES, BankLine, BankView, bank_view
from microcrm.state.base import AppState
from microcrm.state.bill_rows import MODES, Tab
from microcrm.state.forms import pick
from microcrm.state.gate import needs

TABS = {"open": "To match", "matched": "Matched", "aside": "Set aside"}


@dataclass(frozen=True)
class BankLineView:
    """``target`` and ``target_id``: what may be accepted, "" for nothing. ``about`` and ``why`` say it in words. ``tone`` is a
    chip's."""

    id: str
    version: int
    day: str
    amount: str
    words: str
    reference: str
    target: str
    target_id: int
    about: str
    why: str
    is_sure: bool
    href: str


@dataclass(frozen=True)
class FileTold:
    """What came of a file that was just read, or what is wrong with it; ``title`` "" for nothing."""

    title: str = ""
    text: str = ""
    is_fault: bool = False


class BankPage(AppState):
    """``naming`` and ``putting`` are ids of rows whose dialog is open, or ""."""

    is_read: bool = False
    show: str = "open"
    tabs: list[Tab] = []
    rows: list[BankLineView] = []
    sure: str = ""
    is_cut: bool = False
    told: FileTold = FileTold()
    naming: str = ""
    putting: str = ""
    asked_about: str = ""
    is_saving: bool = False

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def load(self) -> None:
        asked = self.router.url.query_parameters
        self.show = asked.get("show", "") if asked.get("show") in STATES else "open"
        self.told = told_of(asked)
        await self._read()

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def pick_tab(self, show: str) -> Any:
        return rx.redirect(f"/bank?show={show}" if show in TABS and show != "open" else "/bank", replace=True)

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def accept(self, row_id: str, version: int, target: str, target_id: int) -> None:
        """What was proposed is so."""
        await self._decide(match_row, MatchRow(row_id, version, target, target_id))
        self._notify("Matched")

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def accept_sure(self) -> None:
        try:
            count = await self._perform(match_sure)
        finally:
            await self._read()
        self._notify(f"{format_count(count, 'amount')} matched")

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def begin_naming(self, row_id: str) -> None:
        self.errors, self.naming, self.asked_about = {}, row_id, self._about(row_id)

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def begin_putting(self, row_id: str) -> None:
        self.errors, self.putting, self.asked_about = {}, row_id, self._about(row_id)

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def close(self) -> None:
        self.errors, self.naming, self.putting = {}, "", ""

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def name(self, form: dict[str, Any]) -> None:
        """The bill whose number was typed."""
        row_id = self.naming
        await self._decide(match_row, MatchRow(row_id, self._version(row_id), number=pick(form, "number")["number"]))
        self.naming = ""
        self._notify("Matched")

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def put_aside(self, form: dict[str, Any]) -> None:
        row_id = self.putting
        await self._decide(set_row_aside, row_id, self._version(row_id), pick(form, "reason")["reason"])
        self.putting = ""
        self._notify("Set aside")

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def reopen(self, row_id: str, version: int) -> None:
        await self._decide(reopen_row, row_id, version)
        self._notify("Back among those to match")

    async def _decide(self, operation: Any, *args: Any) -> None:
        """When somebody was faster, the list is read anew; a wrong answer leaves dialog and text as they are."""
        self.is_saving = True
        try:
            await self._perform(operation, *args)
        except Conflict:
            self.naming = self.putting = ""
            await self._read()
            raise
        finally:
            self.is_saving = False
        await self._read()

    def _version(self, row_id: str) -> int:
        return next((row.version for row in self.rows if row.id == row_id), 0)

    def _about(self, row_id: str) -> str:
        return next(
            (f"{row.amount} of {row.day}: {row.words or row.reference}" for row in self.rows if row.id == row_id), ""
        )

    async def _read(self) -> None:
        found = await self._look(bank_view, self.show)
        self.tabs = [
            Tab(state, words, group_indian(found.sums[state][0]), format_rupees(found.sums[state][1]))
            for state, words in TABS.items()
        ]
        self.rows = [line_of(one) for one in found.rows]
        self.sure = sure_words(found)
        self.is_cut = found.sums[found.state][0] > len(found.rows)
        self.is_read = True


def line_of(one: BankLine) -> BankLineView:
    match = one.match
    return BankLineView(
        id=str(one.id),
        version=one.version,
        day=format_day(one.day),
        amount=format_rupees(one.paise),
        words=one.words,
        reference=one.reference,
        target=match.target.value if match else "",
        target_id=match.id if match else 0,
        about=about_of(one),
        why=match.why if match else one.reason,
        is_sure=match.is_sure if match else one.is_sure,
        href=f"/invoice?id={one.document_id}" if one.document_id else "",
    )


def about_of(one: BankLine) -> str:
    """Like "INV/2627/0012, Lakshmi, noted as UPI"."""
    noted = f"noted as {MODES.get(one.mode, one.mode)}" if one.mode else ""
    if one.state == "open" and one.match is None:
        return ""
    return ", ".join(part for part in (one.number or ("Advance" if one.mode else ""), one.customer, noted) if part)


def sure_words(found: BankView) -> str:
    return f"Accept all {found.sure} with reference and amount" if found.sure > 1 else ""


def told_of(asked: Mapping[str, str]) -> FileTold:
    fault = asked.get("fault", "")
    if fault in FAULT_WORDS:
        return FileTold(*FAULT_WORDS[FileFault(fault)], is_fault=True)
    if "new" not in asked:
        return FileTold()
    counts = {name: _number(asked.get(name, "")) for name in ("new", "known", "out", "unread")}
    known = f"{format_count(counts['known'], 'amount was', 'amounts were')} here already." if counts["known"] else ""
    out = f"{format_count(counts['out'], 'amount')} went out: left aside." if counts["out"] else ""
    rows = ", ".join(part for part in asked.get("rows", "").split(",")[:8] if part.isdecimal() and len(part) < 7)
    unread = ""
    if counts["unread"]:
        unread = f"{format_count(counts['unread'], 'row')} could not be read: look at date and amount of row {rows}."
    return FileTold(
        f"{format_count(counts['new'], 'amount')} came in", " ".join(part for part in (known, out, unread) if part)
    )


def _number(raw: str) -> int:
    return int(raw) if raw.isdecimal() and len(raw) < 7 else 0
