"""The price list on its page of the settings: categories with their services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_count, format_duration
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations import catalogue, categories
from microcrm.operations.catalogue import PAGE, ServiceView
from microcrm.operations.categories import CategoryView
from microcrm.state.base import AppState
from microcrm.state.gate import needs


@dataclass(frozen=True)
class ServiceLine:
    id: str
    name: str
    detail: str
    price: str
    colour: str
    is_online: bool


@dataclass(frozen=True)
class CategoryGroup:
    """``id`` is "" for services without a category."""

    id: str
    name: str
    services: list[ServiceLine]


class ServiceSettings(AppState):
    is_ready: bool = False
    query: str = ""
    is_archive: bool = False
    groups: list[CategoryGroup] = []
    summary: str = ""
    page: int = 1
    has_next: bool = False

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def load(self) -> None:
        await self._read()
        self.is_ready = True

    @rx.event(supersedes=True)
    @needs(Permission.CATALOGUE_EDIT)
    async def search(self, query: str) -> None:
        self.query, self.page = query if isinstance(query, str) else "", 1
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def pick_list(self, which: str) -> None:
        self.is_archive, self.page = which == "archive", 1
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def turn_page(self, by: int) -> None:
        self.page = max(1, self.page + (1 if by == 1 else -1))
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def move_service(self, service_id: str, direction: str) -> None:
        await self._perform(catalogue.move_service, service_id, direction)
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def move_category(self, category_id: str, direction: str) -> None:
        await self._perform(categories.move_category, category_id, direction)
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def archive(self, service_id: str) -> None:
        token = await self._perform(catalogue.archive_service, service_id)
        await self._read()
        self._notify("Service archived. Bookings of it stay.", undo=token)

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def restore(self, service_id: str) -> None:
        token = await self._perform(catalogue.restore_service, service_id)
        await self._read()
        self._notify("Service is on sale again", undo=token)

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def remove_category(self, category_id: str) -> None:
        token = await self._perform(categories.remove_category, category_id)
        await self._read()
        self._notify("Category removed", undo=token)

    async def _read(self) -> None:
        found = await self._perform(catalogue.list_services, self.query, self.page, is_archived=self.is_archive)
        shelves = await self._perform(categories.list_categories)
        last = found.page * PAGE
        self.groups = _groups(
            shelves, list(found.rows), is_whole=not self.query and not self.is_archive and found.page == 1
        )
        self.has_next = found.total > last
        is_one_page = found.total <= PAGE
        first = last - PAGE + 1
        self.summary = (
            format_count(found.total, "service")
            if is_one_page
            else f"{first}–{min(last, found.total)} of {found.total}"
        )


def _groups(shelves: list[CategoryView], rows: list[ServiceView], *, is_whole: bool) -> list[CategoryGroup]:
    """By category, in its order. Empty categories are shown only in the whole list."""
    by_category: dict[int | None, list[ServiceLine]] = {}
    for row in rows:
        by_category.setdefault(row.category_id, []).append(_line(row))
    groups = [
        CategoryGroup(str(shelf.id), shelf.name, by_category.get(shelf.id, []))
        for shelf in shelves
        if shelf.id in by_category or (is_whole and not shelf.services)
    ]
    if None in by_category:
        groups.append(CategoryGroup("", "Without a category", by_category[None]))
    return groups


def _line(row: ServiceView) -> ServiceLine:
    extra = row.buffer_before_min + row.buffer_after_min
    detail = format_duration(row.duration_min) + (f" + {format_duration(extra)} around it" if extra else "")
    return ServiceLine(str(row.id), row.name, detail, format_rupees(row.price_paise), row.colour, row.is_online)


@dataclass(frozen=True)
class CategoryForm:
    id: str = ""
    name: str = ""
    version: str = ""


class CategorySettings(AppState):
    """The dialog of one category."""

    is_open: bool = False
    form: CategoryForm = CategoryForm()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def start(self, category_id: str) -> None:
        shelves = await self._perform(categories.list_categories)
        known = {str(shelf.id): CategoryForm(str(shelf.id), shelf.name, str(shelf.version)) for shelf in shelves}
        self.form, self.is_open = known.get(category_id, CategoryForm()), True

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def close(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def save(self, form: dict[str, Any]) -> Any:
        command = categories.SaveCategory(form.get("name"), self.form.id, self.form.version)
        _, token = await self._perform(categories.save_category, command)
        self.is_open = False
        self._notify("Category saved", undo=token)
        return ServiceSettings.load
