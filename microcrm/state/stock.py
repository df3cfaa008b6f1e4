"""The stock of some days, which stand in the address: what was there, what moved, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import format_count
from microcrm.domain.goods import format_quantity
from microcrm.domain.money import MINUS, format_rupees_whole
from microcrm.domain.permissions import Permission
from microcrm.operations.products import PAGE
from microcrm.operations.stock_report import StockReport, StockRow, stock_report
from microcrm.state.base import AppState
from microcrm.state.bill_rows import Amount
from microcrm.state.forms import pick
from microcrm.state.gate import needs


@dataclass(frozen=True)
class StockLine:
    id: str
    name: str
    detail: str
    opening: str
    came: str
    sold: str
    used: str
    damaged: str
    corrected: str
    closing: str
    worth: str
    is_low: bool
    is_short: bool


class StockPage(AppState):
    is_read: bool = False
    first: str = ""
    last: str = ""
    rows: list[StockLine] = []
    sums: list[Amount] = []
    summary: str = ""
    page: int = 1
    has_next: bool = False
    files: str = ""  # what follows the name of a file

    @rx.event(supersedes=True)
    @needs(Permission.CATALOGUE_VIEW)
    async def load(self) -> None:
        """Days that make no sense in the address are as good as none."""
        asked = self.router.url.query_parameters
        try:
            found = await self._perform(stock_report, asked.get("from"), asked.get("to"), asked.get("page"))
        except Invalid:
            found = await self._perform(stock_report)
        self._show(found)

    @rx.event
    @needs(Permission.CATALOGUE_VIEW)
    async def pick_days(self, form: dict[str, Any]) -> Any:
        fields = pick(form, "from", "to")
        found = await self._perform(stock_report, fields["from"], fields["to"])
        self._show(found)
        return rx.redirect(f"/stock?{_days(found)}", replace=True)

    @rx.event
    @needs(Permission.CATALOGUE_VIEW)
    async def turn_page(self, by: int) -> None:
        wanted = max(1, self.page + (1 if by == 1 else -1))
        self._show(await self._perform(stock_report, self.first, self.last, wanted))

    def _show(self, found: StockReport) -> None:
        self.first, self.last, self.files = found.first.isoformat(), found.last.isoformat(), f"?{_days(found)}"
        self.rows, self.sums = [_line(row) for row in found.rows], _sums(found)
        self.page, self.has_next = found.page, found.count > found.page * PAGE
        self.summary = format_count(found.count, "product")
        self.is_read = True


def _days(found: StockReport) -> str:
    return urlencode({"from": found.first, "to": found.last})


def _sums(found: StockReport) -> list[Amount]:
    """Money only for those who may know what goods cost."""
    low = Amount("Running low now", str(found.low))
    if found.worth is None or found.used is None or found.damaged is None:
        return [low]
    without = f" ({found.without_cost} without a known cost)" if found.without_cost else ""
    return [
        Amount(f"Worth at last cost{without}", format_rupees_whole(found.worth)),
        Amount("Used by the shop", format_rupees_whole(found.used)),
        Amount("Damaged or lost", format_rupees_whole(found.damaged)),
        low,
    ]


def _line(row: StockRow) -> StockLine:
    moved = {name: _moved(getattr(row, name)) for name in ("came", "sold", "used", "damaged", "corrected")}
    return StockLine(
        id=str(row.id), name=row.name, detail=" · ".join(part for part in (row.barcode, row.unit) if part),
        opening=format_quantity(row.opening), closing=format_quantity(row.closing), **moved,
        worth="" if row.worth is None else format_rupees_whole(row.worth), is_low=row.is_low, is_short=row.closing < 0,
    )  # fmt: skip


def _moved(quantity: int) -> str:
    """Like "+12", "−1", or a dash for nothing."""
    words = format_quantity(quantity)
    return "–" if not quantity else words if words.startswith(MINUS) else f"+{words}"
