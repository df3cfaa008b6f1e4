"""Forms on their page of the settings: the list, and what the editor begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.permissions import Permission, Role
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.forms import editing
from microcrm.operations.forms.editing import FormDraft, FormLine, SaveForm
from microcrm.state.base import AppState
from microcrm.state.customer_record_rows import FormField, field_of
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class FormRow:
    """``version`` in words; ``has_draft``: something waits to be published."""

    id: str
    name: str
    about: str
    version: str
    has_draft: bool
    is_new: bool


@dataclass(frozen=True)
class EditorField(FormField):
    decimals: int
    is_sensitive: bool


@dataclass(frozen=True)
class EditedForm:
    """Empty ``id``: a new form."""

    id: str = ""
    version: str = ""
    issued: int = 0
    has_draft: bool = False
    title: str = ""
    day_label: str = "Filled in on"
    fields: tuple[EditorField, ...] = ()
    readers: tuple[str, ...] = (Role.OWNER, Role.MANAGER, Role.STAFF)
    writers: tuple[str, ...] = (Role.OWNER, Role.MANAGER, Role.STAFF)


class FormSettings(AppState):
    is_ready: bool = False
    is_retired: bool = False
    rows: list[FormRow] = []
    is_open: bool = False
    is_saving: bool = False
    form: EditedForm = EditedForm()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        """What an earlier visit left open is closed; so what opens it cannot be pressed before the page is hydrated."""
        await self._read()
        self.is_ready, self.is_open = True, False

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def pick_list(self, which: str) -> None:
        self.is_retired = which == "retired"
        await self._read()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def start(self, form_id: str) -> None:
        self.form = edited(await self._perform(editing.open_form, form_id)) if form_id else EditedForm()
        self.is_open, self.errors = True, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save(self, typed: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        command = SaveForm(
            **pick(typed, "text", "readers", "writers", "is_published"), form_id=self.form.id, version=self.form.version
        )
        try:
            await self._perform(editing.save_form, command)
        finally:
            self.is_saving = False
        self.is_open = False
        await self._read()
        self._notify("Published: it can be filled in now" if command.is_published is True else "Kept as a draft")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def discard(self, form_id: str) -> None:
        draft = await self._perform(editing.open_form, form_id)
        await self._perform(editing.discard_draft, form_id, draft.version)
        await self._read()
        self._notify("The draft is gone")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def retire(self, form_id: str) -> None:
        await self._perform(editing.retire_form, form_id)
        await self._read()
        self._notify("Nobody fills it in any more. What was filled in stays.")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def restore(self, form_id: str) -> None:
        await self._perform(editing.restore_form, form_id)
        await self._read()
        self._notify("In use again")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def move(self, form_id: str, direction: str) -> None:
        await self._perform(editing.move_form, form_id, direction)
        await self._read()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def add_starting(self) -> None:
        added = await self._perform(editing.add_starting_forms)
        await self._read()
        self._notify(f"{format_count(added, 'form')} added" if added else "All forms of your trade are here already")

    async def _read(self) -> None:
        zone = current_seat().actor.zone
        found = await self._perform(editing.list_forms, is_retired=self.is_retired)
        self.rows = [row_of(line, zone) for line in found]


def row_of(line: FormLine, zone: str) -> FormRow:
    version = "Not published yet"
    if line.issued_at is not None:
        version = f"Version {line.issued}, since {format_day(to_wall(line.issued_at, zone_of(zone))[0])}"
    filled = f"filled in {format_count(line.filled, 'time')}" if line.filled else "not filled in yet"
    about = f"{version} · {format_count(line.questions, 'question')}, {filled}"
    return FormRow(str(line.id), line.name, about, version, line.has_draft, not line.issued)


def edited(draft: FormDraft) -> EditedForm:
    fields = tuple(
        EditorField(**vars(field_of(rule)), decimals=rule.decimals, is_sensitive=rule.is_sensitive)
        for rule in draft.text.fields
    )
    return EditedForm(
        str(draft.id), str(draft.version), draft.issued, draft.has_draft, draft.text.title, draft.text.day_label, fields,
        tuple(sorted(draft.readers)), tuple(sorted(draft.writers)),
    )  # fmt: skip
