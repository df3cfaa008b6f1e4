"""How the shop bills: its registration, prices, where it is paid, what stands on a bill, the numbers of each series."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.documents import TITLES, DocumentKind
from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import format_day
from microcrm.domain.gstin import display_gstin
from microcrm.domain.permissions import Permission
from microcrm.domain.registration import WORDS, Registrations
from microcrm.operations.billing.terms import (
    PATTERNS,
    BillingTerms,
    ChangeBillingTerms,
    billing_terms,
    change_billing_terms,
    next_numbers,
    preview_number,
)
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import needs
from microcrm.state.settings_booking import switches

_PLAIN = (
    "upi_id", "upi_name", "bank", "terms", "footer", "second_language", "legal_name", "is_rounded", "is_price_with_tax",
    "is_quarterly", "has_e_invoices", "version",
)  # fmt: skip


@dataclass(frozen=True)
class BillingForm:
    """What the cards start with. ``history``: which registration held when, in words."""

    gstin: str = ""
    legal_name: str = ""
    registration: str = "none"
    history: str = ""
    is_rounded: bool = True
    is_price_with_tax: bool = True
    upi_id: str = ""
    upi_name: str = ""
    bank: str = ""
    terms: str = ""
    footer: str = ""
    second_language: str = ""
    due_days: str = ""
    is_quarterly: bool = False
    has_e_invoices: bool = False
    version: int = 0


@dataclass(frozen=True)
class SeriesLine:
    """``number``: the next one; "" while the pattern that is typed gives none."""

    kind: str
    title: str
    pattern: str
    number: str


class BillingSettings(AppState):
    is_ready: bool = False
    form: BillingForm = BillingForm()
    series: list[SeriesLine] = []
    saving: str = ""  # the card that is being saved

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        await self._read()
        self.is_ready, self.errors = True, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_registration(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "registration"
        yield
        await self._save("Registration saved", pick(form, "registration", "registered_from"))

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_prices(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "prices"
        yield
        fields = pick(form, "due_days") | switches(form, "is_price_with_tax", "is_rounded")
        await self._save("Saved", fields)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_returns(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "returns"
        yield
        await self._save("Saved", switches(form, "is_quarterly", "has_e_invoices"))

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_paid(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "paid"
        yield
        await self._save("Saved: new bills carry it", pick(form, "upi_id", "upi_name", "bank"))

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_paper(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "paper"
        yield
        await self._save("Saved: new bills carry it", pick(form, "second_language", "terms", "footer"))

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_numbers(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "numbers"
        yield
        typed = pick(form, *(f"pattern_{kind}" for kind in PATTERNS))
        patterns = {kind: typed[f"pattern_{kind}"] for kind in PATTERNS if typed[f"pattern_{kind}"] is not None}
        await self._save("Numbers saved", {"patterns": patterns})

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def preview(self, kind: str, pattern: str) -> None:
        """The next number under what is typed so far."""
        number = ""
        try:
            number = await self._look(preview_number, kind, pattern)
            self.errors = {name: words for name, words in self.errors.items() if name != f"pattern_{kind}"}
        except Invalid as refusal:
            self.errors = {**self.errors, **refusal.fields}
        self.series = [replace(line, number=number) if line.kind == kind else line for line in self.series]

    async def _save(self, words: str, fields: dict[str, Any]) -> None:
        try:
            token = await self._perform(change_billing_terms, ChangeBillingTerms(self.form.version, **fields))
        finally:
            self.saving = ""
        await self._read()
        self._notify(words if token else "Nothing was different", undo=token)

    async def _read(self) -> None:
        terms = await self._perform(billing_terms)
        self.form = form_of(terms)
        self.series = series_of(terms.patterns, await self._perform(next_numbers))


def form_of(terms: BillingTerms) -> BillingForm:
    return BillingForm(
        **{name: getattr(terms, name) for name in _PLAIN},
        gstin=display_gstin(terms.gstin),
        registration=terms.registrations.last.value,
        history=history_words(terms.registrations),
        due_days=str(terms.due_days),
    )


def history_words(history: Registrations) -> str:
    """Like "Not registered until 01 Oct 2026, then regular"; "" when it was never different."""
    parts = [f" until {format_day(since)}, then {WORDS[kind].lower()}" for since, kind in history.changes]
    return WORDS[history.first] + "".join(parts) if parts else ""


def series_of(patterns: Mapping[str, str], numbers: Mapping[str, str]) -> list[SeriesLine]:
    return [SeriesLine(kind, TITLES[DocumentKind(kind)], patterns[kind], numbers[kind]) for kind in PATTERNS]
