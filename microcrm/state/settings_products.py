"""The goods of the shop on their page of the settings: the list with its stock."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from microcrm.domain.csv_file import FileFault
from microcrm.domain.formatting import format_count
from microcrm.domain.goods import format_quantity, is_low, worth
from microcrm.domain.goods_list import FAULTS
from microcrm.domain.money import format_rupees, format_rupees_whole
from microcrm.domain.permissions import Permission
from microcrm.operations import products
from microcrm.operations.products import PAGE, ProductPage, ProductView
from microcrm.state.base import AppState
from microcrm.state.gate import needs


@dataclass(frozen=True)
class ProductLine:
    """``worth``: of what lies there, at the last cost; empty where that is not known."""

    id: str
    name: str
    detail: str
    price: str
    stock: str
    worth: str
    is_low: bool
    is_short: bool


class ProductSettings(AppState):
    """``shelf``: what is on sale, what is running low, or what was archived."""

    is_ready: bool = False
    query: str = ""
    shelf: str = "sale"
    rows: list[ProductLine] = []
    summary: str = ""
    low: int = 0
    page: int = 1
    has_next: bool = False
    fault: str = ""  # of a list that could not be read
    fault_remedy: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CATALOGUE_VIEW)
    async def load(self) -> None:
        self.fault, self.fault_remedy = fault_words(self.router.url.query_parameters.get("fault"))
        if self.router.url.query_parameters.get("low"):
            self.shelf, self.page = "low", 1
        await self._read()
        self.is_ready = True

    @rx.event(supersedes=True)
    @needs(Permission.CATALOGUE_VIEW)
    async def search(self, query: str) -> None:
        self.query, self.page = query if isinstance(query, str) else "", 1
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_VIEW)
    async def pick_list(self, which: str) -> None:
        self.shelf, self.page = which if which in products.SHELVES else "sale", 1
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_VIEW)
    async def turn_page(self, by: int) -> None:
        self.page = max(1, self.page + (1 if by == 1 else -1))
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def archive(self, product_id: str) -> None:
        token = await self._perform(products.archive_product, product_id)
        await self._read()
        self._notify("Archived. Its bills and its stock stay.", undo=token)

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def restore(self, product_id: str) -> None:
        token = await self._perform(products.restore_product, product_id)
        await self._read()
        self._notify("On sale again", undo=token)

    async def _read(self) -> None:
        found = await self._perform(products.list_products, self.query, self.page, self.shelf)
        last = found.page * PAGE
        self.rows, self.low = [_line(row) for row in found.rows], found.low
        self.has_next = found.total > last
        self.summary = _summary(found, last)


def fault_words(raw: str | None) -> tuple[str, str]:
    return FAULTS[FileFault(raw)] if raw in FAULTS else ("", "")


def _summary(found: ProductPage, last: int) -> str:
    """Like "42 products · stock worth ₹12,400 at cost"."""
    count = (
        format_count(found.total, "product")
        if found.total <= PAGE
        else f"{last - PAGE + 1}–{min(last, found.total)} of {found.total}"
    )
    if found.worth_paise is None:
        return count
    without = f", {found.without_cost} without a known cost" if found.without_cost else ""
    return f"{count} · stock worth {format_rupees_whole(found.worth_paise)} at the last cost{without}"


def _line(row: ProductView) -> ProductLine:
    at_cost = worth(row.stock, row.cost_paise)
    codes = [row.barcode, f"HSN {row.hsn}" if row.hsn else ""]
    return ProductLine(
        id=str(row.id),
        name=row.name,
        detail=" · ".join(one for one in codes if one) or "No barcode",
        price=format_rupees(row.price_paise),
        stock=format_quantity(row.stock),
        worth="" if at_cost is None else f"worth {format_rupees_whole(at_cost)}",
        is_low=is_low(row.stock, row.low_at),
        is_short=row.stock < 0,
    )
