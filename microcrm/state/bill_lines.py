"""The lines of a draft: typed, added from the price list, dropped; what each comes to is filled in as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.billing.offers import offers
from microcrm.operations.billing.pricing import Priced
from microcrm.operations.billing.terms import billing_terms
from microcrm.state.bills_view import EMPTY_LINE, EditLine, line_from, line_from_offer
from microcrm.state.booking_card_view import Option
from microcrm.state.gate import needs

MOST_LINES = 100
FIELDS = ("description", "sac", "quantity", "price", "discount", "tax_class")


class BillLines(rx.State, mixin=True):
    """The fields are drawn anew when ``drawn`` changes. The state that mixes this in has ``_reckon``."""

    lines: list[EditLine] = []
    services: list[Option] = []
    drawn: int = 0
    is_changed: bool = False

    _offers: dict[str, EditLine] = {}
    _empty: EditLine = EMPTY_LINE  # with the shop's way of giving prices

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def type_line(self, at: int, name: str, value: str) -> None:
        if name in FIELDS:
            self.lines = [replace(one, **{name: str(value)[:400]}) if one.at == at else one for one in self.lines]
            self.is_changed = True
            await self._reckon()

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def with_tax(self, is_with: str) -> None:
        """All prices of the bill with GST in them, or all without."""
        self.lines = [replace(one, is_with_tax=is_with == "with") for one in self.lines]
        self.is_changed = True
        await self._reckon()

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def add_line(self, service_id: str) -> None:
        """Another line: empty, or with a service of the price list."""
        self._redraw([*self._filled(), self._offers.get(str(service_id), self._empty)][:MOST_LINES])
        await self._reckon()

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def drop_line(self, at: int) -> None:
        self._redraw([line for line in self.lines if line.at != at] or [self._empty])
        await self._reckon()

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def move_line(self, at: int, to: int) -> None:
        """The line takes the place ``to``; those between move up or down."""
        lines = [line for line in self.lines if line.at != at]
        moved = [line for line in self.lines if line.at == at]
        if moved and 0 <= to < len(self.lines):
            self._redraw([*lines[:to], *moved, *lines[to:]])
            await self._reckon()

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def copy_line(self, at: int) -> None:
        """The same once more below; a visit's own item is billed once only."""
        lines = [twin for line in self.lines for twin in ((line, _again(line)) if line.at == at else (line,))]
        self._redraw(lines[:MOST_LINES])
        await self._reckon()

    async def _read_offers(self) -> None:
        found = await self._perform(offers)
        self._empty = replace(EMPTY_LINE, is_with_tax=(await self._perform(billing_terms)).is_price_with_tax)
        self._offers = {str(one.service_id): line_from_offer(one) for one in found}
        self.services = [Option(str(one.service_id), one.name) for one in found]

    def _filled(self) -> Sequence[EditLine]:
        """Those that say something; an empty line is none."""
        return [line for line in self.lines if line.description or line.price]

    def _fill_in(self, priced: Priced) -> None:
        """Rates and amounts beside the lines."""
        filled, at = self._filled(), iter(zip(priced.lines, priced.bill.lines, strict=True))
        self.lines = [line_from(one, *next(at)) if one in filled else one for one in self.lines]

    def _redraw(self, lines: Sequence[EditLine]) -> None:
        self.lines = [replace(line, at=at) for at, line in enumerate(lines)]
        self.is_changed, self.drawn = True, self.drawn + 1


def _again(line: EditLine) -> EditLine:
    return replace(line, booking_item_id="")
