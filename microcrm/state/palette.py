"""What the command palette finds on the server."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.customer_search import search
from microcrm.state.base import AppState
from microcrm.state.gate import needs


@dataclass(frozen=True)
class Hit:
    href: str
    label: str
    hint: str


class PaletteState(AppState):
    hits: list[Hit] = []

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def find(self, words: str) -> None:
        """Customers by what was typed so far; a newer question stops an older one."""
        people = await self._perform(search, words)
        self.hits = [Hit(f"/customer?id={person.id}", person.name, person.phone) for person in people]
