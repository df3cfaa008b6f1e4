"""Finding the customer that a form is for, as somebody types."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.customer_search import search
from microcrm.state.gate import needs


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    phone: str


class CustomerFinding(rx.State, mixin=True):
    """``people`` are found customers, ``words`` what was asked for."""

    words: str = ""
    people: list[Person] = []

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def find(self, words: str) -> None:
        found = await self._look(search, words)
        self.words = words if isinstance(words, str) else ""
        self.people = [Person(str(one.id), one.name, one.phone) for one in found]
