"""The shop's ordinary week, on its page of the settings."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.hours import SaveWeek, WeekView, save_shop_week, shop_week
from microcrm.state.base import AppState
from microcrm.state.gate import needs
from microcrm.state.week_editing import WeekEditing


class ShopHours(WeekEditing, AppState):
    is_ready: bool = False
    is_saving: bool = False
    stamp: str = ""

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def load(self) -> None:
        self._show(await self._perform(shop_week))
        self.is_ready = True

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def save(self) -> AsyncGenerator[None]:
        self.is_saving = True
        yield
        try:
            token = await self._perform(save_shop_week, SaveWeek(self._typed_week(), self.stamp))
        finally:
            self.is_saving = False
        self._show(await self._perform(shop_week))
        self._notify("Opening hours saved" if token else "Nothing was different", undo=token)

    def _show(self, view: WeekView) -> None:
        self.stamp = str(view.stamp)
        self._show_week(view.week)
