"""The notes about the customer on the screen, and the form of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.customer_notes import (
    EditNote,
    NoteLine,
    WriteNote,
    edit_note,
    notes_of,
    pin_note,
    remove_note,
    write_note,
)
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class NoteRow:
    """``about``: who wrote it when."""

    id: str
    version: int
    words: str
    about: str
    is_pinned: bool
    may_change: bool


@dataclass(frozen=True)
class NoteForm:
    """Of a new note while ``id`` is empty."""

    is_open: bool = False
    id: str = ""
    version: int = 0
    words: str = ""
    is_pinned: bool = False


class CustomerNotes(AppState):
    is_read: bool = False
    rows: list[NoteRow] = []
    pinned: list[NoteRow] = []
    form: NoteForm = NoteForm()
    is_saving: bool = False

    _customer: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """Again, when somebody has written one elsewhere."""
        self._turn_to(self.router.url.query_parameters.get("id", ""))
        await self._read()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> None:
        self.errors, self.form = {}, NoteForm(is_open=True)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin_editing(self, note: str) -> None:
        row = next((one for one in self.rows if one.id == note and one.may_change), None)
        self.errors = {}
        if row is not None:
            self.form = NoteForm(True, row.id, row.version, row.words, row.is_pinned)

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.errors, self.form = {}, NoteForm()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, typed: dict[str, Any]) -> Any:
        """The version is the one that the form was filled from: a newer one is a conflict, and what was typed stays."""
        self.is_saving = True
        yield
        try:
            undo = await self._store(typed.get("words"), typed.get("is_pinned"))
        finally:
            self.is_saving = False
        self.form = NoteForm()
        self._notify("Note saved", undo=undo)
        await self._read()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pin(self, note: str) -> None:
        """On top, or back among the others."""
        row = self._row(note)
        saved = await self._perform(pin_note, note, row.version, is_pinned=not row.is_pinned)
        self._notify("No longer on top" if row.is_pinned else "Kept on top", undo=saved.undo)
        await self._read()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def remove(self, note: str) -> None:
        saved = await self._perform(remove_note, note, self._row(note).version)
        self._notify("Note deleted", undo=saved.undo)
        await self._read()

    def _row(self, note: str) -> NoteRow:
        return next((one for one in self.rows if one.id == note), NoteRow("", 0, "", "", False, False))

    async def _store(self, words: Any, is_pinned: Any) -> str:
        form = self.form
        if not form.id:
            return (await self._perform(write_note, WriteNote(self._customer, words, is_pinned))).undo
        return (await self._perform(edit_note, EditNote(form.id, form.version, words, is_pinned))).undo

    def _turn_to(self, asked: str) -> None:
        """Of another customer nothing stays."""
        if asked != self._customer:
            self._customer, self.form = asked, NoteForm()
            self.is_read, self.rows, self.pinned = False, [], []

    async def _read(self) -> None:
        self._show(await self._look(notes_of, self._customer))

    def _show(self, lines: Iterable[NoteLine]) -> None:
        zone = current_seat().actor.zone
        self.rows = [row_of(line, zone) for line in lines]
        self.pinned = [row for row in self.rows if row.is_pinned]
        self.is_read = True


def row_of(line: NoteLine, zone: str) -> NoteRow:
    def day(at: Any) -> str:
        return format_day(to_wall(at, zone_of(zone))[0])

    about = f"{line.author}, {day(line.at)}" if line.author else "From before notes had authors"
    if line.edited_at is not None:
        about += f", changed on {day(line.edited_at)}"
    return NoteRow(str(line.id), line.version, line.words, about, line.is_pinned, line.may_change)
