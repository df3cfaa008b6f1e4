"""One customer: what the page shows, the form that edits it, and the archive."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, NotFound
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_view import NOBODY, CustomerView, view
from microcrm.operations.customers import EditCustomer, archive, edit, restore
from microcrm.state.base import AppState
from microcrm.state.customer_form import FIELDS, CustomerForm
from microcrm.state.gate import needs


class CustomerPage(CustomerForm, AppState):
    """``is_known``: the person on the screen is the one that the address names."""

    is_known: bool = False
    is_missing: bool = False
    person: CustomerView = NOBODY
    is_editing: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> AsyncGenerator[Any, None]:
        asked = self.router.url.query_parameters.get("id", "")
        self.is_missing = False
        if asked != self.person.id:
            self.is_known = self.is_editing = False
            yield
        self.person = await self._perform(view, asked)
        self.is_known = True
        if self.person.id != asked:  # an old link to somebody who was merged
            yield rx.redirect(f"/customer?id={self.person.id}", replace=True)

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def start_editing(self) -> None:
        self._begin_form()
        self.person = await self._perform(view, self.person.id)
        self.is_editing = True

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def stop_editing(self) -> None:
        self.errors, self.is_editing = {}, False

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """The version is the one that the form was filled from: a newer one is a conflict, and what was typed stays."""
        self.is_saving = True
        yield
        typed = {name: form.get(name) for name in FIELDS}
        try:
            saved = await self._perform(
                edit, EditCustomer(**typed, customer_id=self.person.id, version=form.get("version"))
            )
        finally:
            self.is_saving = False
        self.is_editing = False
        self._notify("Saved", undo=saved.undo)
        yield CustomerPage.load

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def move_to_archive(self) -> Any:
        saved = await self._perform(archive, self.person.id)
        self._notify(f"{saved.name} is in the archive", undo=saved.undo)
        return CustomerPage.load

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def bring_back(self) -> Any:
        saved = await self._perform(restore, self.person.id)
        self._notify(f"{saved.name} is back", undo=saved.undo)
        return CustomerPage.load

    def _own_id(self) -> str:
        return self.person.id

    def _refused(self, error: DomainError) -> None:
        if isinstance(error, NotFound) and not self.is_known:
            self.is_missing = True
            return
        super()._refused(error)
