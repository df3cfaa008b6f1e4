"""The shop's own tax rates, beside the tax book of the program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.taxbook import KINDS, RATES, TaxRate, rate_for, rate_words
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.billing.tax_rates import AddTaxRate, add_tax_rate, own_rates, remove_tax_rate
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now


@dataclass(frozen=True)
class RateLine:
    """``id`` "" for the book's. ``is_used``: what holds today."""

    id: str
    kind: str
    sac: str
    rate: str
    days: str
    citation: str
    is_used: bool


class TaxRates(AppState):
    is_read: bool = False
    is_adding: bool = False
    own: list[RateLine] = []
    book: list[RateLine] = []
    drawn: int = 0  # the form is empty again after a rate was added

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        """What an earlier visit left open is closed; so what opens it cannot be pressed before the page is hydrated."""
        today = today_in(zone_of(current_seat().actor.zone), now())
        mine = await self._perform(own_rates)
        rates = [one.rate for one in mine]
        self.own = [_line(str(one.id), one.rate, rates, today) for one in mine]
        self.book = [_line("", rate, rates, today) for rate in RATES]
        self.is_read, self.is_adding = True, False

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def begin(self) -> None:
        self.is_adding, self.errors, self.drawn = True, {}, self.drawn + 1

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def close(self) -> None:
        self.is_adding, self.errors = False, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def add(self, form: dict[str, Any]) -> Any:
        fields = pick(form, "tax_class", "valid_from", "rate", "is_exempt", "sac", "valid_to", "citation")
        token = await self._perform(add_tax_rate, AddTaxRate(**fields))
        self._notify("Rate added: bills from that day on use it", undo=token)
        return TaxRates.load

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def remove(self, rate_id: str) -> Any:
        token = await self._perform(remove_tax_rate, rate_id)
        self._notify("Rate removed: the book holds again", undo=token)
        return TaxRates.load


def _line(rate_id: str, rate: TaxRate, own: list[TaxRate], today: date) -> RateLine:
    until = f" to {format_day(rate.valid_to)}" if rate.valid_to else ""
    kind = KINDS[rate.tax_class]
    codes = [rate.sac] if rate.sac else list(kind.sacs[:2])
    return RateLine(
        id=rate_id,
        kind=kind.label,
        sac=", ".join(codes),
        rate=rate_words(rate),
        days=f"From {format_day(rate.valid_from)}{until}",
        citation=rate.citation,
        is_used=rate_for(own, rate.tax_class, rate.sac, today) == rate,
    )
