"""What stands on a recurring bill, in a form: changed from the next one on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import Invalid
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.taxbook import KINDS
from microcrm.operations.billing.pricing import MOST_LINES, LineWish
from microcrm.operations.billing.recurring_lines import (
    ChangePlan,
    PlanChanged,
    RecurringPlan,
    change_plan,
    recurring_plan,
)
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import Option
from microcrm.state.forms import pick
from microcrm.state.gate import needs

FIELDS = ("description", "quantity", "price", "discount", "tax_class")
_SPARE = 2  # empty lines below, to be filled in


@dataclass(frozen=True)
class PlanLine:
    """``with_tax``: whether its price has GST in it, in words."""

    at: str
    description: str = ""
    quantity: str = ""
    price: str = ""
    discount: str = ""
    tax_class: str = "standard"
    with_tax: str = ""


class RecurringLines(AppState):
    """``series``: whose lines are shown, "" while the form is closed."""

    series: str = ""
    lines: list[PlanLine] = []
    discount: str = ""
    text: str = ""
    kinds: list[Option] = [Option(kind.value, words.label) for kind, words in KINDS.items()]
    is_saving: bool = False
    drawn: int = 0

    _version: int = 0
    _kept: tuple[LineWish, ...] = ()

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def begin(self, series_id: str) -> None:
        plan = await self._perform(recurring_plan, series_id)
        self._kept, self._version = plan.lines, plan.version
        self.lines, self.discount, self.text = plan_lines(plan), plan.discount, plan.text
        self.series, self.errors, self.drawn = str(series_id)[:20], {}, self.drawn + 1

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        self.is_saving = True
        yield
        try:
            done = await self._change(form)
        finally:
            self.is_saving = False
        self.series = ""
        self._notify(f"From the next one on: {format_rupees(done.total)}", undo=done.undo)
        yield self._reload()

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def close(self) -> None:
        self.series, self.errors = "", {}

    async def _change(self, form: Any) -> PlanChanged:
        typed = wishes_of(form, self._kept)
        command = ChangePlan(self.series, self._version, list(typed.values()), **pick(form, "discount", "text"))
        try:
            return await self._perform(change_plan, command)
        except Invalid as error:
            raise _at_their_lines(error, list(typed)) from None


def plan_lines(plan: RecurringPlan) -> list[PlanLine]:
    with_tax = all(line.is_with_tax for line in plan.lines[:1])
    rows = [
        PlanLine(
            str(at),
            *(_typed(name, getattr(line, name)) for name in FIELDS),
            with_tax=_tax_words(is_with_tax=bool(line.is_with_tax)),
        )
        for at, line in enumerate(plan.lines)
    ]
    last = rows[-1].tax_class if rows else "standard"
    spare = range(len(rows), min(len(rows) + _SPARE, MOST_LINES))
    empty = [PlanLine(str(at), tax_class=last, with_tax=_tax_words(is_with_tax=with_tax)) for at in spare]
    return [*rows, *empty]


def wishes_of(form: Any, kept: tuple[LineWish, ...]) -> dict[int, LineWish]:
    """By their row of the form. A row without description and price is none; what a row does not show stays as it was,
    but the code of another kind of service or goods."""
    found = {}
    empty = LineWish("", "", is_with_tax=all(line.is_with_tax for line in kept[:1]))
    for at in range(min(len(kept) + _SPARE, MOST_LINES)):
        typed = {name: pick(form, f"{name}-{at}")[f"{name}-{at}"] for name in FIELDS}
        if not typed["description"] and not typed["price"]:
            continue
        line = kept[at] if at < len(kept) else empty
        is_same_kind = typed["tax_class"] in (None, line.tax_class)
        typed["tax_class"] = typed["tax_class"] or line.tax_class
        found[at] = replace(line, **typed, sac=line.sac if is_same_kind else "")
    return found


def _at_their_lines(error: Invalid, rows: list[int]) -> Invalid:
    """Errors are named by the lines that were sent; the form knows its rows."""
    fields = {}
    for name, words in error.fields.items():
        part, _, rest = name.removeprefix("lines.").partition(".")
        fields[f"lines.{rows[int(part)]}.{rest}" if part.isdecimal() and rest else name] = words
    return Invalid(error.message, fields=fields, remedy=error.remedy)


def _typed(name: str, value: Any) -> str:
    """A discount of nothing is an empty field."""
    return "" if value is None or (name == "discount" and value == "0") else str(value)


def _tax_words(*, is_with_tax: bool) -> str:
    return "with GST" if is_with_tax else "before GST"
