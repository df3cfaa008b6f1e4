"""Rooms, chairs and equipment on their page of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.operations import resources
from microcrm.operations.resources import ResourceView, SaveResource
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import needs

KIND_WORDS = {"room": "Room", "chair": "Chair", "equipment": "Equipment"}


@dataclass(frozen=True)
class ResourceLine:
    id: str = ""
    name: str = ""
    kind: str = "room"
    kind_words: str = ""
    uses: str = ""
    version: str = ""


class ResourceSettings(AppState):
    is_ready: bool = False
    is_archive: bool = False
    rows: list[ResourceLine] = []
    is_open: bool = False
    form: ResourceLine = ResourceLine()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def load(self) -> None:
        await self._read()
        self.is_ready = True

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def pick_list(self, which: str) -> None:
        self.is_archive = which == "archive"
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def start(self, resource_id: str) -> None:
        self.form = next((row for row in self.rows if row.id == resource_id), ResourceLine())
        self.is_open, self.errors = True, {}

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def close(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def save(self, form: dict[str, Any]) -> None:
        command = SaveResource(**pick(form, "name", "kind"), resource_id=self.form.id, version=self.form.version)
        _, token = await self._perform(resources.save_resource, command)
        self.is_open = False
        await self._read()
        self._notify("Saved" if token else "Nothing was different", undo=token)

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def move(self, resource_id: str, direction: str) -> None:
        await self._perform(resources.move_resource, resource_id, direction)
        await self._read()

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def archive(self, resource_id: str) -> None:
        token = await self._perform(resources.archive_resource, resource_id)
        await self._read()
        self._notify("Out of use now. Bookings that have it keep it.", undo=token)

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def restore(self, resource_id: str) -> None:
        token = await self._perform(resources.restore_resource, resource_id)
        await self._read()
        self._notify("In use again", undo=token)

    async def _read(self) -> None:
        self.rows = [_line(row) for row in await self._perform(resources.list_resources, is_archived=self.is_archive)]


def _line(row: ResourceView) -> ResourceLine:
    uses = f"Used by {format_count(row.services, 'service')}" if row.services else "No service uses it yet"
    return ResourceLine(str(row.id), row.name, row.kind, KIND_WORDS[row.kind], uses, str(row.version))
