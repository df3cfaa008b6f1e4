"""The owner destroys the key of the customer on the screen; and when that was done last."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.errors import NotFound
from microcrm.domain.formatting import format_count, format_instant
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.vault.erasing import Erasable, EraseSealed, erasable, erase_sealed, last_erasure
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs


class Erasure(AppState):
    """``destroyed``: when, as words. ``name`` is empty while nothing is asked; ``what`` would become unreadable."""

    destroyed: str = ""
    name: str = ""
    what: str = ""
    turn: int = 0
    is_erasing: bool = False

    _customer: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        self._customer = self.router.url.query_parameters.get("id", "")
        self.name, self.destroyed = "", ""
        if Permission.RECORDS_OPEN not in current_seat().actor.allowed:
            return
        try:
            at = await self._look(last_erasure, self._customer)
        except NotFound:  # the page says so
            return
        self.destroyed = format_instant(at, zone_of(current_seat().actor.zone)) if at else ""

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def ask(self) -> None:
        found = await self._perform(erasable, self._customer)
        self.name, self.what, self.errors, self.turn = found.name, in_words(found), {}, self.turn + 1

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.name, self.errors = "", {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def erase(self, form: dict[str, Any]) -> Any:
        self.is_erasing = True
        yield
        try:
            await self._perform(erase_sealed, EraseSealed(self._customer, **pick(form, "name", "reason")))
        finally:
            self.is_erasing = False
        self.name = ""
        self._notify("The key is destroyed. All owners get a mail.")
        yield self._reload()


def in_words(found: Erasable) -> str:
    """Like "12 filled-in forms and 3 photos or papers"."""
    forms = format_count(found.records, "filled-in form")
    files = format_count(found.files, "photo or paper", "photos or papers")
    return " and ".join(one for one, many in ((forms, found.records), (files, found.files)) if many) or "nothing"
