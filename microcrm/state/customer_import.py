"""Bringing a list of customers in: from the file to its customers, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.customer_imports.looking import FILTERS, list_imports, see_import
from microcrm.operations.customer_imports.receiving import (
    Mapping,
    choose_mapping,
    commit_import,
    discard_import,
    undo_import,
)
from microcrm.state.base import AppState
from microcrm.state.forms import Option
from microcrm.state.gate import current_seat, needs
from microcrm.state.import_view import (
    About,
    ColumnLine,
    KeptLine,
    PastLine,
    RowLine,
    Shown,
    TabLine,
    about_of,
    columns_of,
    fault_words,
    has_more,
    kept_of,
    options_of,
    past_of,
    rows_of,
    tabs_of,
)
from microcrm.state.live import ALL, ids_of, kinds_of, screens
from microcrm.wiring import sealer


class ImportPage(AppState):
    """``about`` of the import that the address names; ``is_mapping``: its columns are on the screen. ``fault``: of a file that was not
    even kept."""

    is_read: bool = False
    about: About = About()
    fault: list[str] = []
    columns: list[ColumnLine] = []
    options: list[Option] = []
    tabs: list[TabLine] = []
    rows: list[RowLine] = []
    kept: list[KeptLine] = []
    past: list[PastLine] = []
    shown: Shown = Shown()
    is_mapping: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_IMPORT)
    async def load(self) -> None:
        """And from here on what the worker does."""
        seat = current_seat()
        screens().show(self.router.session.client_token, seat.actor.business_id, ImportPage.heard)
        asked = self.router.url.query_parameters
        self.shown, self.is_mapping = Shown(), False
        self.fault = [words for words in fault_words(asked.get("fault", "")) if words]
        self.past = [past_of(line, seat.actor.zone) for line in await self._look(list_imports)]
        await self._read(asked.get("id", ""))

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def heard(self, changes: str) -> Any:
        """The worker is further (see ``live``)."""
        mine = str(self.about.id)
        if kinds_of(changes) & {ALL} or (mine.isdecimal() and int(mine) in ids_of(changes, "import")):
            await self._read(mine)
        return None

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def check(self, form: dict[str, Any]) -> None:
        """What the columns hold, as somebody has chosen it."""
        chosen = [form.get(column.field) if isinstance(form, dict) else None for column in self.columns]
        order = form.get("order", "") if isinstance(form, dict) else ""
        await self._perform(choose_mapping, Mapping(self.about.id, self.about.version, chosen, order))
        self.is_mapping, self.shown = False, Shown()
        await self._read(self.about.id)

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def begin_mapping(self) -> None:
        self.errors, self.is_mapping = {}, True

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def stop_mapping(self) -> None:
        self.errors, self.is_mapping = {}, False

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def pick_tab(self, show: str) -> None:
        self.shown = Shown(show if show in FILTERS else "all")
        await self._read(self.about.id)

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def turn_page(self, by: int) -> None:
        self.shown = Shown(self.shown.tab, max(1, self.shown.page + (1 if by == 1 else -1)))
        await self._read(self.about.id)

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def commit(self) -> None:
        await self._perform(commit_import, self.about.id, self.about.version)
        await self._read(self.about.id)

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def discard(self) -> Any:
        await self._perform(discard_import, self.about.id)
        self._notify("Thrown away. Nothing of the file is kept.", tone="info")
        return rx.redirect("/customers/import", replace=True)

    @rx.event
    @needs(Permission.CUSTOMERS_IMPORT)
    async def take_back(self, import_id: str) -> Any:
        """The whole list, by one press."""
        await self._perform(undo_import, import_id)
        return rx.redirect(f"/customers/import?id={import_id}") if import_id.isdecimal() else None

    async def _read(self, import_id: str) -> None:
        if not import_id:
            self.about, self.is_read = About(), True
            return
        view = await self._look(see_import, import_id, sealer(), self.shown.tab, self.shown.page)
        self.about, self.shown = about_of(view), replace(self.shown, has_next=has_more(view, self.shown.page))
        self.columns, self.options = columns_of(view), options_of(view)
        self.rows, self.tabs, self.kept = rows_of(view), tabs_of(view), kept_of(view)
        self.is_read = True
