"""Customers who may be there twice, and the form that merges two of them field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.formatting import format_count
from microcrm.domain.merging import Choice
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_duplicates import Pair, Side, duplicates, tell_apart
from microcrm.operations.customer_merge import MergeCustomers, merge_customers
from microcrm.operations.customer_view import view
from microcrm.operations.merge_preview import ComparedField, Comparison, compare
from microcrm.state.base import AppState
from microcrm.state.customer_finding import CustomerFinding
from microcrm.state.gate import needs

_EMPTY = "–"


@dataclass(frozen=True)
class SideRow:
    id: str
    name: str
    line: str


@dataclass(frozen=True)
class PairRow:
    key: str
    first: SideRow
    second: SideRow
    why: str


@dataclass(frozen=True)
class FieldRow:
    """``one`` and ``other``: what the two say; which of the three can be chosen, and which is proposed."""

    name: str
    label: str
    one: str
    other: str
    has_one: bool
    has_other: bool
    has_both: bool
    default: str


@dataclass(frozen=True)
class MergeView:
    """``line``: what goes over. No ``kept_id``: the form is closed."""

    kept_id: str = ""
    gone_id: str = ""
    kept_version: int = 0
    gone_version: int = 0
    kept: str = ""
    gone: str = ""
    line: str = ""
    fields: tuple[FieldRow, ...] = ()


class Duplicates(CustomerFinding, AppState):
    """``one``: whom to merge with somebody, when the address names them."""

    is_read: bool = False
    pairs: list[PairRow] = []
    one: SideRow = SideRow("", "", "")

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_MERGE)
    async def load(self) -> None:
        asked = self.router.url.query_parameters.get("with", "")
        self.one, self.people, self.words = SideRow("", "", ""), [], ""
        if asked:
            found = await self._look(view, asked)
            self.one = SideRow(found.id, found.name, found.phone)
        self.pairs = [_pair(pair) for pair in await self._look(duplicates)]
        self.is_read = True

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def not_the_same(self, one: str, other: str) -> Any:
        await self._perform(tell_apart, one, other)
        self._notify("They are not suggested again")
        return Duplicates.load


class MergeForm(AppState):
    form: MergeView = MergeView()
    is_saving: bool = False

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def begin(self, kept: str, gone: str) -> None:
        self.errors, self.form = {}, _form(await self._perform(compare, kept, gone))

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def swap(self) -> None:
        """The other one is kept."""
        if self.form.kept_id:
            self.errors, self.form = {}, _form(await self._perform(compare, self.form.gone_id, self.form.kept_id))

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def close(self) -> None:
        self.errors, self.form = {}, MergeView()

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def save(self, typed: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        form = self.form
        try:
            command = MergeCustomers(form.kept_id, form.gone_id, form.kept_version, form.gone_version, typed)
            done = await self._perform(merge_customers, command, wiring.sealer())
        finally:
            self.is_saving = False
        self.form = MergeView()
        self._notify(f"{done.gone} is part of {done.kept} now", undo=done.undo)
        yield Duplicates.load


def _pair(pair: Pair) -> PairRow:
    return PairRow(f"{pair.first.id}-{pair.second.id}", _side(pair.first), _side(pair.second), pair.why)


def _side(side: Side) -> SideRow:
    parts = (side.phone, side.email, format_count(side.bookings, "booking"))
    return SideRow(str(side.id), side.name, " · ".join(part for part in parts if part))


def _form(found: Comparison) -> MergeView:
    return MergeView(
        kept_id=str(found.kept_id), gone_id=str(found.gone_id), kept_version=found.kept_version,
        gone_version=found.gone_version, kept=found.kept, gone=found.gone,
        line=_moving(found),
        fields=tuple(_field(field) for field in found.fields if field.options),
    )  # fmt: skip


def _moving(found: Comparison) -> str:
    """What goes over, in words."""
    counts = ((found.bookings, "booking"), (found.bills, "bill"))
    moved = " and ".join(format_count(many, what) for many, what in counts if many)
    if not moved:
        return f"{found.gone} has no bookings and no bills. Notes, tasks and whatever else there is go over."
    bills = " Issued bills stay word for word." if found.bills else ""
    return f"{moved} of {found.gone}, and all else that hangs on them, go over.{bills}"


def _field(field: ComparedField) -> FieldRow:
    return FieldRow(
        field.name, field.label, field.kept or _EMPTY, field.gone or _EMPTY, Choice.KEPT in field.options,
        Choice.GONE in field.options, Choice.BOTH in field.options, field.default.value,
    )  # fmt: skip
