"""The panel that asks how customers are taken away: which file, and what of each customer. The file itself is of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.errors import DomainError
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_choice import Choice
from microcrm.operations.customer_export import FIELDS, FileKind, look_ahead
from microcrm.operations.customer_list import ListCustomers
from microcrm.state.base import AppState
from microcrm.state.customer_columns import Columns
from microcrm.state.customer_picks import Picks
from microcrm.state.customers import Customers
from microcrm.state.forms import ticked
from microcrm.state.gate import needs

_KINDS = [kind.value for kind in FileKind]
_ON_THE_LIST = ("phone",)  # whatever columns somebody has chosen


@dataclass(frozen=True)
class FieldRow:
    name: str
    label: str
    is_ticked: bool


class CustomerExport(AppState):
    """``words``: how many go, and what stays masked. ``turn`` changes when the boxes are to be drawn anew."""

    is_open: bool = False
    words: str = ""
    is_masked: bool = False
    fields: list[FieldRow] = []
    kind: str = FileKind.XLSX.value
    turn: int = 0

    _choice: Choice = Choice()

    @rx.event
    @needs(Permission.CUSTOMERS_EXPORT)
    async def start(self) -> None:
        """Everybody whom the list finds."""
        shown = await self.get_state(Customers)
        listed = ListCustomers(shown.query, show=shown.show, tag=shown.tag, segment=shown.segment)
        await self._ask(Choice(listed=listed), "all that the list finds")

    @rx.event
    @needs(Permission.CUSTOMERS_EXPORT)
    async def start_picked(self) -> None:
        await self._ask((await self.get_state(Picks))._choice(), "those that are selected")

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def stop(self) -> None:
        self.errors, self.is_open = {}, False

    @rx.event
    @needs(Permission.CUSTOMERS_EXPORT)
    async def tick_all(self) -> None:
        self._tick({row.name for row in self.fields})

    @rx.event
    @needs(Permission.CUSTOMERS_EXPORT)
    async def tick_list(self) -> None:
        """The columns that this person looks at in the list."""
        self._tick({*_ON_THE_LIST, *(await self.get_state(Columns)).shown})

    @rx.event
    @needs(Permission.CUSTOMERS_EXPORT)
    async def take(self, form: dict[str, Any]) -> Any:
        """Asked again, because minutes may have gone by: a refusal belongs on the panel, not into a file."""
        reader = Reader()
        kind = reader.choice("kind", form.get("kind"), "File", _KINDS)
        reader.done()
        ahead = await self._perform(look_ahead, self._choice)
        names = [name for name in ticked(form, "field_") if name in ahead.fields]
        self.kind, self.is_open = kind, False
        self._tick(set(names))
        self._notify(f"{format_count(ahead.count, 'customer')} on the way as a file", tone="info")
        return rx.download(
            f"/customers.{kind}?{urlencode(self._asked() | {'fields': ','.join(names)})}", f"customers.{kind}"
        )

    async def _ask(self, choice: Choice, which: str) -> None:
        ahead = await self._perform(look_ahead, choice)
        before = {row.name: row.is_ticked for row in self.fields}
        self.fields = [FieldRow(name, FIELDS[name][0].label, before.get(name, True)) for name in ahead.fields]
        self.words = f"{format_count(ahead.count, 'customer')}: {which}."
        self._choice, self.is_masked, self.is_open, self.turn = choice, ahead.is_masked, True, self.turn + 1

    def _asked(self) -> dict[str, str]:
        listed = self._choice.listed
        if listed is None:
            return {"ids": ",".join(self._choice.ids)}
        return {"query": listed.query, "show": listed.show, "tag": listed.tag, "segment": listed.segment}

    def _tick(self, names: set[str]) -> None:
        self.fields = [FieldRow(row.name, row.label, row.name in names) for row in self.fields]
        self.turn += 1

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)
