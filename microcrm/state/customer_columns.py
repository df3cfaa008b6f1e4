"""The columns that somebody looks at in the list of customers."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.customer_columns import choose_columns, columns_of
from microcrm.state.base import AppState
from microcrm.state.forms import ticked
from microcrm.state.gate import needs


class Columns(AppState):
    shown: list[str] = []
    is_open: bool = False

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """Once a tab."""
        if self.shown:
            return
        self.shown = list(await self._look(columns_of))

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def start(self) -> None:
        self.is_open = True

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def stop(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def choose(self, form: dict[str, Any]) -> None:
        self.shown = list(await self._perform(choose_columns, ticked(form, "column_")))
        self.is_open = False
