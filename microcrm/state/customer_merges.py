"""On a customer's page: who was merged into them, and taking one of those apart again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.formatting import format_instant
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.customer_unmerge import Unmerge, unmerge_customers
from microcrm.operations.merge_preview import MergeLine
from microcrm.state.base import AppState
from microcrm.state.forms import Option, ticked
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class MergeRow:
    """``since``: visits that came after the merge."""

    id: str = ""
    name: str = ""
    when: str = ""
    since: tuple[Option, ...] = ()


class CustomerMerges(AppState):
    """``asked``: the one that is about to be taken apart."""

    rows: list[MergeRow] = []
    asked: MergeRow = MergeRow()
    is_saving: bool = False

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def ask(self, merge_id: str) -> None:
        self.asked = next((row for row in self.rows if row.id == merge_id), MergeRow())

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def close(self) -> None:
        self.asked = MergeRow()

    @rx.event
    @needs(Permission.CUSTOMERS_MERGE)
    async def take_apart(self, form: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        try:
            command = Unmerge(self.asked.id, ticked(form, "visit_"))
            done = await self._perform(unmerge_customers, command, wiring.sealer())
        finally:
            self.is_saving = False
        self.asked = MergeRow()
        self._notify(f"{done.gone} is a customer of their own again")
        yield self._reload()

    def _show(self, lines: Iterable[MergeLine]) -> None:
        zone = current_seat().actor.zone
        self.rows, self.asked = [_row(line, zone) for line in lines], MergeRow()


def _row(line: MergeLine, zone: str) -> MergeRow:
    since = tuple(Option(str(visit), format_instant(at, zone_of(zone))) for visit, at in line.since)
    return MergeRow(str(line.id), line.gone, format_instant(line.at, zone_of(zone)), since)
