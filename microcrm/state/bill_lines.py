"""The lines of a draft: typed, added from the price list or by a scanner, dropped; what each comes to is filled in as one
types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import reflex as rx

from microcrm.domain.goods import format_quantity
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.states import choices
from microcrm.domain.taxbook import KINDS
from microcrm.operations.billing.goods import shelves
from microcrm.operations.billing.offers import Offer, find_offers, offers
from microcrm.operations.billing.pricing import Priced
from microcrm.operations.billing.terms import billing_terms
from microcrm.state.bills_view import (
    EMPTY_LINE,
    EditLine,
    line_from,
    line_from_offer,
    offer_key,
    one_more,
    with_shelves,
)
from microcrm.state.booking_card_view import Option
from microcrm.state.forms import pick
from microcrm.state.gate import needs

MOST_LINES = 100
FIELDS = ("description", "sac", "quantity", "price", "discount", "tax_class")


class BillLines(rx.State, mixin=True):
    """The fields are drawn anew when ``drawn`` changes. The state that mixes this in has ``_reckon``."""

    lines: list[EditLine] = []
    services: list[Option] = []
    kinds: list[Option] = []  # of services and goods, for GST
    places: list[Option] = []  # the States, for where the work was done
    found: list[Option] = []  # what the words in the search box can mean
    missed: str = ""  # a scanned code or words that mean nothing here
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
        """Another line: empty, or with what is known by that key (``offer_key``)."""
        self._put(self._offers.get(str(service_id), self._empty))
        await self._reckon()

    @rx.event(supersedes=True)
    @needs(Permission.INVOICES_EDIT)
    async def seek(self, words: str) -> None:
        """While one types into the search box."""
        self.missed = ""
        self._learn(await self._perform(find_offers, words))

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def add_found(self, form: dict[str, Any]) -> None:
        """Enter in the search box, which a scanner presses too: the one thing that is meant, or the choice of several."""
        words = pick(form, "words")["words"]
        found = await self._perform(find_offers, words)
        self._learn(found)
        if not found:
            self.missed = (
                f"Nothing in the price list is called “{str(words)[:60]}” or has that barcode." if words else ""
            )
        elif len(found) == 1 or found[0].is_scanned or found[0].name.lower() == str(words).strip().lower():
            self.found = []
            self._put(self._offers[offer_key(found[0])])
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
        self._offers = {offer_key(one): line_from_offer(one) for one in found}
        self.services = [Option(offer_key(one), one.name if one.service_id else _offered(one)) for one in found]
        self.kinds = [Option(kind.value, words.label) for kind, words in KINDS.items()]
        self.places = [Option(code, words) for code, words in choices()]
        self.found, self.missed = [], ""

    def _learn(self, found: Sequence[Offer]) -> None:
        self._offers = {**self._offers, **{offer_key(one): line_from_offer(one) for one in found}}
        self.found = [Option(offer_key(one), _offered(one)) for one in found]

    def _put(self, line: EditLine) -> None:
        """A product that is on the bill already becomes one more of it."""
        self.found, self.missed = [], ""
        lines = list(self._filled())
        at = next((n for n, one in enumerate(lines) if one.product_id and one.product_id == line.product_id), None)
        if at is None:
            lines.append(line)
        else:
            lines[at] = one_more(lines[at])
        self._redraw(lines[:MOST_LINES])

    def _filled(self) -> Sequence[EditLine]:
        """Those that say something; an empty line is none."""
        return [line for line in self.lines if line.description or line.price]

    def _fill_in(self, priced: Priced) -> None:
        """Rates and amounts beside the lines."""
        filled, at = self._filled(), iter(zip(priced.lines, priced.bill.lines, strict=True))
        self.lines = [line_from(one, *next(at)) if one in filled else one for one in self.lines]

    async def _look_on_shelves(self) -> None:
        """How many there are of the products on the bill."""
        ids = sorted({int(line.product_id) for line in self.lines if line.product_id})
        if ids:
            self.lines = with_shelves(self.lines, await self._perform(shelves, ids))

    def _redraw(self, lines: Sequence[EditLine]) -> None:
        self.lines = [replace(line, at=at) for at, line in enumerate(lines)]
        self.is_changed, self.drawn = True, self.drawn + 1


def _offered(one: Offer) -> str:
    """Like "Argan hair serum, ₹740.00, 6 in stock"."""
    stock = "" if one.stock is None else f", {format_quantity(one.stock)} in stock"
    return f"{one.name}, {format_rupees(one.price_paise)}{stock}"


def _again(line: EditLine) -> EditLine:
    return replace(line, booking_item_id="")
