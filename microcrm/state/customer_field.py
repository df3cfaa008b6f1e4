"""One field of the customer on the screen, changed where it stands."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, FieldChanged, PhoneTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.customers import EditField, edit_field, field_now
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.gate import needs

_SHARES = "Somebody else in the family uses the same phone"


class CustomerField(AppState):
    """``field``: the one that is open, or "". ``start``: what its box begins with. ``family``: what may be ticked to use a phone
    that somebody has already."""

    field: str = ""
    start: str = ""
    family: str = ""
    is_saving: bool = False

    _customer: str = ""
    _version: int = 0
    _seen: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """Another customer: what was open belongs to the one before."""
        asked = self.router.url.query_parameters.get("id", "")
        if asked != self._customer:
            self.field, self.family = "", ""
        self._customer = asked

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def begin(self, name: str) -> None:
        now = await self._perform(field_now, self._customer, name)
        self.errors, self.family = {}, ""
        self.field, self.start = name, now.value
        self._seen, self._version = now.value, now.version

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def cancel(self) -> None:
        self.errors, self.field, self.family = {}, "", ""

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def save(self, name: str, typed: str, is_family: bool) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        change = EditField(self._customer, name, typed, self._version, self._seen, is_family)
        try:
            saved = await self._perform(edit_field, change)
        finally:
            self.is_saving = False
        self.field, self.family = "", ""
        if saved.undo:
            self._notify("Saved", undo=saved.undo)
        yield CustomerPage.load

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at the field; a notice would only cover them."""
        if isinstance(error, PhoneTaken):
            self.family = _SHARES
        if isinstance(error, FieldChanged):
            self._seen, self._version = error.now, error.version
        if error.fields:
            self.errors = {self.field: " ".join(error.fields.values())}
            return
        super()._refused(error)
