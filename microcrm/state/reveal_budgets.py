"""How many masked numbers a day may be looked at, on the page of sign-ins and roles: for owners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.reveal_budgets import BudgetLine, Budgets, SaveBudgets, reveal_budgets, save_budgets
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class BudgetRow:
    key: str
    label: str
    value: str
    usual: str


class RevealBudgets(AppState):
    is_read: bool = False
    roles: list[BudgetRow] = []
    people: list[BudgetRow] = []
    stamp: str = ""
    is_saving: bool = False

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def load(self) -> None:
        """Nothing for those who are not owners."""
        self.is_read = Permission.BUSINESS_EDIT in current_seat().actor.allowed
        if self.is_read:
            self._show(await self._look(reveal_budgets))

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save(self, form: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        try:
            typed = {str(name): value for name, value in form.items()} if isinstance(form, dict) else {}
            is_new = await self._perform(save_budgets, SaveBudgets(typed, self.stamp))
        finally:
            self.is_saving = False
        self._show(await self._look(reveal_budgets))
        self._notify("Saved. It holds from the next look." if is_new else "Nothing was different")

    def _show(self, found: Budgets) -> None:
        self.roles, self.people, self.stamp = _rows(found.roles), _rows(found.people), str(found.stamp)


def _rows(lines: Iterable[BudgetLine]) -> list[BudgetRow]:
    return [
        BudgetRow(line.key, line.label, "" if line.a_day is None else str(line.a_day), str(line.usual))
        for line in lines
    ]
