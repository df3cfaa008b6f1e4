"""Photos and papers of the customer on the screen: what may be known of them. The pictures themselves come by addresses of their
own (`http/person_files.py`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.errors import DomainError, NotFound
from microcrm.domain.formatting import format_count, format_day, format_instant
from microcrm.domain.permissions import Permission
from microcrm.domain.person_files import JPEG, MB, Shows
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.operations.files.changing import ChangeFile, change_file, remove_file
from microcrm.operations.files.keeping import AboutFile
from microcrm.operations.files.reading import FileLine, FileList, Look, list_files
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs

PATH = "/customer/folder"


@dataclass(frozen=True)
class FileRow:
    """``caption``: "Before, 06 Nov 2026". ``source`` and ``small`` are addresses of the picture."""

    id: str = ""
    version: int = 0
    shows: str = ""
    title: str = ""
    caption: str = ""
    detail: str = ""
    day: str = ""
    before_id: str = ""
    booking_id: str = ""
    source: str = ""
    small: str = ""
    width: int = 0
    height: int = 0
    is_picture: bool = False
    is_erased: bool = False


@dataclass(frozen=True)
class PairRow:
    """``between``: "41 days between them"."""

    key: str
    before: FileRow
    after: FileRow
    between: str


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class FileChoices:
    befores: tuple[Choice, ...] = ()
    visits: tuple[Choice, ...] = ()
    kinds: tuple[Choice, ...] = ()
    today: str = ""


@dataclass(frozen=True)
class LookRow:
    key: str
    who: str
    what: str
    when: str


NO_FILE = FileRow()


class CustomerFiles(AppState):
    """``viewed``: one photo, or the two of a pair, large. ``form``: the file that
    is changed."""

    is_read: bool = False
    is_refused: bool = False
    has_consent: bool = False
    pairs: list[PairRow] = []
    photos: list[FileRow] = []
    papers: list[FileRow] = []
    looks: list[LookRow] = []
    choices: FileChoices = FileChoices()
    viewed: list[FileRow] = []
    form: FileRow = NO_FILE
    is_saving: bool = False

    _customer: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """A customer who is not there is the page's to say."""
        asked = self.router.url.query_parameters.get("id", "")
        if asked != self._customer:
            self.is_read, self.pairs, self.photos, self.papers, self.looks = False, [], [], [], []
            self.viewed, self.form = [], NO_FILE
        self._customer = asked
        self.is_refused = Permission.RECORDS_OPEN not in current_seat().actor.allowed
        if not self.is_refused:
            with suppress(NotFound):
                self._show(await self._look(list_files, self._customer))

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def added(self, undo: str, count: int) -> Any:
        """The script has sent something, and it was kept."""
        self._notify("Added" if count == 1 else f"{format_count(count, 'file')} added", undo=str(undo))
        return self._reload()

    @rx.event
    @needs(Permission.RECORDS_OPEN)
    async def view(self, file_id: str) -> None:
        pair = next((pair for pair in self.pairs if file_id in (pair.before.id, pair.after.id)), None)
        self.viewed = [pair.before, pair.after] if pair else [row for row in self.photos if row.id == file_id]

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def stop_viewing(self) -> None:
        self.viewed = []

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def begin(self, file_id: str) -> None:
        self.errors = {}
        self.form = next((row for row in self._rows() if row.id == file_id), NO_FILE)

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.errors, self.form = {}, NO_FILE

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def save(self, typed: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        about = AboutFile(*(typed.get(name) or "" for name in ("shows", "title", "day", "before_id", "booking_id")))
        try:
            done = await self._perform(change_file, ChangeFile(self.form.id, self.form.version, about))
        finally:
            self.is_saving = False
        self.form = NO_FILE
        self._notify(done.label if done.undo else "Nothing was different", undo=done.undo)
        yield self._reload()

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def remove(self, file_id: str) -> Any:
        done = await self._perform(remove_file, file_id)
        self._notify(done.label, undo=done.undo)
        return self._reload()

    def _rows(self) -> list[FileRow]:
        return [*(row for pair in self.pairs for row in (pair.before, pair.after)), *self.photos, *self.papers]

    def _show(self, found: FileList) -> None:
        zone, today = current_seat().actor.zone, today_in(zone_of(current_seat().actor.zone), wiring.now())
        rows = {line.id: row_of(line, zone) for line in found.lines}
        self.pairs = pairs_of(found.lines, rows)
        paired = {row.id for pair in self.pairs for row in (pair.before, pair.after)}
        self.photos = [row for row in rows.values() if row.shows != Shows.PAPER and row.id not in paired]
        self.papers = [row for row in rows.values() if row.shows == Shows.PAPER]
        self.has_consent = found.may_take_photos
        self.choices = choices_of(found, rows, zone, today.isoformat())
        self.looks = [look_of(look, zone, place) for place, look in enumerate(found.looks)]
        self.is_read = True

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)


def row_of(line: FileLine, zone: str) -> FileRow:
    address = f"/customer/files/{line.id}"
    visit = f"visit of {format_day(to_wall(line.visit_at, zone_of(zone))[0])}, " if line.visit_at else ""
    name = line.title or line.shows.label.removesuffix(" photo")
    detail = f"{visit}by {line.author}" + ("" if line.media_type == JPEG else f", {_size(line.size)}")
    return FileRow(
        str(line.id), line.version, line.shows.value, line.title, f"{name}, {format_day(line.day)}",
        detail[:1].upper() + detail[1:], line.day.isoformat(), str(line.before_id or ""), str(line.booking_id or ""),
        address, f"{address}/small", line.width, line.height, line.media_type == JPEG, line.is_erased,
    )  # fmt: skip


def pairs_of(lines: Sequence[FileLine], rows: dict[int, FileRow]) -> list[PairRow]:
    """Each "after" with the "before" that it stands beside; a "before" can have several."""
    days = {line.id: line.day for line in lines}
    return [
        PairRow(str(line.id), rows[line.before_id], rows[line.id], _between((line.day - days[line.before_id]).days))
        for line in lines
        if line.before_id is not None and line.before_id in rows
    ]


def _between(days: int) -> str:
    return "The same day" if days == 0 else f"{format_count(abs(days), 'day')} between them"


def choices_of(found: FileList, rows: dict[int, FileRow], zone: str, today: str) -> FileChoices:
    kinds = [Choice(kind.value, kind.label) for kind in (Shows.BEFORE, Shows.AFTER, Shows.PHOTO, Shows.PAPER)]
    return FileChoices(
        tuple(Choice(row.id, row.caption) for row in rows.values() if row.shows == Shows.BEFORE),
        tuple(Choice(str(one.id), format_instant(one.starts_at, zone_of(zone))) for one in found.visits),
        tuple(kinds) if found.may_take_photos else (kinds[-1], *kinds[:-1]),
        today,
    )


def look_of(look: Look, zone: str, place: int) -> LookRow:
    return LookRow(str(place), look.who, format_count(look.count, "file"), format_instant(look.at, zone_of(zone)))


def _size(size: int) -> str:
    return f"{size / MB:.1f} MB" if size >= MB else f"{max(1, size // 1024)} KB"
