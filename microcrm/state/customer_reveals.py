"""Beside a customer's masked number: how many more may be looked at today; and for the owner, who has looked at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import reflex as rx

from microcrm.domain.formatting import format_instant
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.contact_reveals import RevealLine, customer_reveals, reveals_left
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class RevealRow:
    key: str
    what: str
    who: str
    why: str
    when: str


class CustomerReveals(AppState):
    left: int = 0
    rows: list[RevealRow] = []

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """Again, after a look."""
        asked = self.router.url.query_parameters.get("id", "")
        self.left = await self._look(reveals_left)
        self._show(await self._look(customer_reveals, asked))

    def _show(self, lines: Iterable[RevealLine]) -> None:
        zone = current_seat().actor.zone
        self.rows = [_row(line, zone, place) for place, line in enumerate(lines)]


def _row(line: RevealLine, zone: str, place: int) -> RevealRow:
    return RevealRow(str(place), line.contact, line.who, line.why, format_instant(line.at, zone_of(zone)))
