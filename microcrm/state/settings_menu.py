"""What is typed into the search of the settings. The list itself is on the page already."""

from __future__ import annotations

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.state.base import AppState
from microcrm.state.gate import needs


class SettingsMenu(AppState):
    query: str = ""

    @rx.event
    @needs(Permission.SHOP_VIEW)
    async def search(self, words: str) -> None:
        self.query = words.strip().lower()[:60] if isinstance(words, str) else ""
