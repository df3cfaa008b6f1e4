"""What one is told, on the bell and by mail: switches on the account page."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.bell.choosing import Choice, choose, my_choices
from microcrm.state.base import AppState
from microcrm.state.gate import needs


@dataclass(frozen=True)
class ChoiceRow:
    """``fixed``: why it always comes, or empty."""

    kind: str
    label: str
    fixed: str
    by_bell: bool
    by_mail: bool
    has_mail: bool


class BellChoices(AppState):
    is_read: bool = False
    rows: list[ChoiceRow] = []

    @rx.event
    @needs(Permission.ACCOUNT)
    async def load(self) -> None:
        self.rows, self.is_read = [_row(one) for one in await self._look(my_choices)], True

    @rx.event
    @needs(Permission.ACCOUNT)
    async def choose(self, kind: str, way: str, is_on: bool) -> None:
        done = await self._perform(choose, kind, way, is_on)
        self.rows = [_row(done) if row.kind == done.kind else row for row in self.rows]
        how = "on the bell" if way == "bell" else "by mail"
        self._notify(f"{done.label}: {'comes' if is_on else 'no longer comes'} {how}")


def _row(one: Choice) -> ChoiceRow:
    return ChoiceRow(one.kind.value, one.label, one.fixed, one.by_bell, one.by_mail, one.has_mail)
