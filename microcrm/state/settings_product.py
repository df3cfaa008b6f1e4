"""The drawer of one product: what it is, how many there are, and what happened to them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_instant
from microcrm.domain.goods import MOVE_WORDS, format_quantity, quantity_for_input
from microcrm.domain.money import MINUS, format_rupees, rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations import products
from microcrm.operations.billing.tax_rates import own_rates
from microcrm.operations.products import MovementView, ProductView, SaveProduct
from microcrm.operations.stock import BY_HAND, NoteStock, note_stock
from microcrm.state.base import AppState
from microcrm.state.forms import Option, pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.settings_products import ProductSettings
from microcrm.state.settings_service import tax_options
from microcrm.wiring import now


@dataclass(frozen=True)
class ProductForm:
    """What the fields start with. ``id`` "" is a new product."""

    id: str = ""
    name: str = ""
    barcode: str = ""
    hsn: str = ""
    unit: str = "NOS"
    tax_class: str = "goods"
    price: str = ""
    is_price_with_tax: bool = True
    low: str = ""
    version: str = ""
    stock: str = "0"
    is_short: bool = False
    cost: str = ""
    needs_hsn: bool = False


@dataclass(frozen=True)
class StoryLine:
    """``change`` like "+12" or "−1"."""

    key: str
    words: str
    about: str
    change: str
    after: str
    document_id: str
    number: str


class ProductDrawer(AppState):
    """``noting``: what the dialog about stock is for (``BY_HAND``); "" while it is closed."""

    is_open: bool = False
    is_saving: bool = False
    form: ProductForm = ProductForm()
    story: list[StoryLine] = []
    kinds: list[Option] = []
    noting: str = ""

    @rx.event
    @needs(Permission.CATALOGUE_VIEW)
    async def start(self, product_id: str) -> None:
        await self._read(product_id)
        self.kinds = tax_options(now(), await self._perform(own_rates), of_goods=True)
        self.noting, self.is_open = "", True

    @rx.event
    @needs(Permission.CATALOGUE_VIEW)
    async def close(self) -> None:
        self.is_open, self.noting = False, ""

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        self.is_saving = True
        yield
        try:
            texts = pick(form, "name", "barcode", "hsn", "unit", "tax_class", "price", "is_price_with_tax", "low")
            command = SaveProduct(**texts, product_id=self.form.id, version=self.form.version)
            _, token = await self._perform(products.save_product, command)
        finally:
            self.is_saving = False
        self.is_open = False
        self._notify("Product saved" if token else "Nothing was different", undo=token)
        yield ProductSettings.load

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def begin_noting(self, product_id: str, kind: str) -> None:
        if product_id != self.form.id:
            await self._read(product_id)
        self.noting, self.errors = kind if kind in set(BY_HAND) else "", {}

    @rx.event
    @needs(Permission.CATALOGUE_VIEW)
    async def stop_noting(self) -> None:
        self.noting = ""

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def note(self, form: dict[str, Any]) -> Any:
        typed = pick(form, "quantity", "cost", "note")
        done = await self._perform(note_stock, NoteStock(self.form.id, self.noting, **typed))
        self.noting = ""
        self._notify(done.label, undo=done.undo)
        await self._read(self.form.id)
        return ProductSettings.load

    async def _read(self, product_id: str) -> None:
        card = await self._perform(products.open_product, product_id)
        self.form = _form(card.product, needs_hsn=card.needs_hsn)
        self.story = [_story_line(at, one) for at, one in enumerate(card.story)]


def _form(row: ProductView | None, *, needs_hsn: bool) -> ProductForm:
    if row is None:
        return ProductForm(needs_hsn=needs_hsn)
    return ProductForm(
        id=str(row.id),
        name=row.name,
        barcode=row.barcode,
        hsn=row.hsn,
        unit=row.unit,
        tax_class=row.tax_class,
        price=rupees_for_input(row.price_paise),
        is_price_with_tax=row.is_price_with_tax,
        low=quantity_for_input(row.low_at),
        version=str(row.version),
        stock=format_quantity(row.stock),
        is_short=row.stock < 0,
        cost="" if row.cost_paise is None else format_rupees(row.cost_paise),
        needs_hsn=needs_hsn,
    )


def _story_line(at: int, one: MovementView) -> StoryLine:
    cost = "" if one.cost_paise is None else f"{format_rupees(one.cost_paise)} each"
    about = [format_instant(one.at, zone_of(current_seat().actor.zone)), one.who, one.note, cost]
    change = format_quantity(one.quantity)
    return StoryLine(
        key=str(at),
        words=MOVE_WORDS[one.kind],
        about=" · ".join(part for part in about if part),
        change=change if change.startswith(MINUS) else f"+{change}",
        after=format_quantity(one.stock_after),
        document_id=str(one.document_id or ""),
        number=one.number,
    )
