"""Customers that were ticked in the list, and what is done to all of them at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_choice import MOST_TICKED, Choice
from microcrm.operations.customer_list import ListCustomers
from microcrm.operations.customer_tags import TaggedMany, TagMany, tag_many
from microcrm.state.base import AppState
from microcrm.state.customers import Customers
from microcrm.state.gate import needs


class Picks(AppState):
    """``all_of``: the search whose customers are all picked, page after page, as the list names it in ``about.search``; what is done is
    done to these, whatever is on the screen by then."""

    picked: list[str] = []
    all_of: str = ""
    words: str = ""
    is_tagging: bool = False
    is_saving: bool = False

    _listed: ListCustomers | None = None

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def toggle(self, customer_id: str) -> None:
        """From everybody to one less: what is left of the page on the screen."""
        page = await self._page()
        before = page if self.all_of else self.picked
        rest = [one for one in before if one != customer_id]
        added = [customer_id] if len(rest) == len(before) and customer_id in page else []
        self._pick([*rest, *added])

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def toggle_page(self) -> None:
        page = await self._page()
        if self.all_of:
            self._pick([])
        elif set(page) <= set(self.picked):
            self._pick([one for one in self.picked if one not in page])
        else:
            self._pick([*self.picked, *page])

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def pick_all(self) -> None:
        shown = await self.get_state(Customers)
        asked = {"query": shown.query, "show": shown.show, "tag": shown.tag, "segment": shown.segment}
        self.picked, self.all_of, self._listed = [], shown.about.search, ListCustomers(**asked)
        self.words = f"All {shown.about.total} selected"

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def clear(self) -> None:
        self._pick([])

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def start(self) -> None:
        self.errors, self.is_tagging = {}, True

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def stop(self) -> None:
        self.errors, self.is_tagging = {}, False

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def tag(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        command = TagMany(self._choice(), form.get("tag"), form.get("way") == "remove")
        try:
            done = await self._perform(tag_many, command)
        finally:
            self.is_saving = False
        self.is_tagging = False
        self._notify(_said(done), undo=done.undo)
        self._pick([])
        yield Customers.read_again

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)

    def _choice(self) -> Choice:
        return Choice(tuple(self.picked), self._listed)

    async def _page(self) -> list[str]:
        return [row.id for row in (await self.get_state(Customers)).rows]

    def _pick(self, ids: list[str]) -> None:
        """These and nobody else."""
        self.picked, self.all_of, self._listed = list(dict.fromkeys(ids))[:MOST_TICKED], "", None
        self.words = f"{len(self.picked)} selected" if self.picked else ""


def _said(done: TaggedMany) -> str:
    changed, full = format_count(done.changed, "customer"), format_count(done.full, "customer")
    if done.is_removed:
        return f"Tag {done.tag} taken from {changed}" if done.changed else f"Nobody of them has the tag {done.tag}"
    said = f"Tag {done.tag} given to {changed}" if done.changed else f"Nobody needed the tag {done.tag}"
    return f"{said}. {full} have as many tags as they can" if done.full else said
