"""The sealed records of the customer on the screen: what may be known unopened, and the form. What they say is never here."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.formatting import format_count, format_day, format_instant
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import PURPOSES, KindRule, Purpose
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.operations.vault.reading import OpeningLine, RecordLine, RecordList, last_allergy, list_records
from microcrm.operations.vault.records import AddRecord, CorrectRecord, add_record, correct_record
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs

TAB = "records"


@dataclass(frozen=True)
class RecordRow:
    id: str
    kind: str
    label: str
    day: str
    detail: str
    version: int
    can_open: bool
    can_correct: bool
    is_erased: bool


@dataclass(frozen=True)
class OpeningRow:
    """Who read what, and why."""

    key: str
    what: str
    who: str
    why: str
    when: str


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class FormField:
    name: str
    label: str
    shape: str
    required: bool
    unit: str
    hint: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class RecordForm:
    """``record_id`` and ``version`` of a correction; "" and 0 for a new record. No ``kind``: the form is closed."""

    kind: str = ""
    title: str = ""
    record_id: str = ""
    version: int = 0
    day: str = ""
    day_label: str = ""
    fields: tuple[FormField, ...] = ()


class CustomerRecords(AppState):
    """``is_shown``: this tab is the one on the screen. ``allergy``: the day of the latest one, on both tabs."""

    allergy: str = ""
    is_shown: bool = False
    is_read: bool = False
    is_refused: bool = False
    rows: list[RecordRow] = []
    kinds: list[Option] = []
    summary: str = ""
    openings: list[OpeningRow] = []
    form: RecordForm = RecordForm()
    is_saving: bool = False

    _writable: tuple[KindRule, ...] = ()
    _customer: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        asked = self.router.url.query_parameters.get("id", "")
        self.is_shown = self.router.url.query_parameters.get("tab", "") == TAB
        self.form, self.is_refused = RecordForm(), False
        if asked != self._customer or not self.is_shown:
            self.is_read, self.rows, self.openings, self.summary = False, [], [], ""
            self.allergy = ""
        self._customer = asked
        self.is_refused = Permission.RECORDS_OPEN not in current_seat().actor.allowed
        if not self.is_refused:
            await self._read()

    @rx.event
    @needs(Permission.RECORDS_OPEN)
    async def look_again(self) -> None:
        """After something was opened: how often, and by whom."""
        self._show(await self._look(list_records, self._customer))

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def begin(self, kind: str) -> None:
        self.errors, self.form = {}, self._form(kind)

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def begin_correcting(self, record_id: str) -> None:
        self.errors = {}
        row = next((one for one in self.rows if one.id == record_id and one.can_correct), None)
        self.form = self._form(row.kind, row) if row else RecordForm()

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.errors, self.form = {}, RecordForm()

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def save(self, typed: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        try:
            await self._store(typed.get("day"), typed.get("values"))
        finally:
            self.is_saving = False
        self.form = RecordForm()
        self._notify("Sealed and saved")
        await self._read()

    async def _read(self) -> None:
        """A customer who is not there is the page's to say."""
        day = await self._look(last_allergy, self._customer)
        self.allergy = format_day(day) if day else ""
        if self.is_shown:
            with suppress(NotFound):
                self._show(await self._look(list_records, self._customer))

    async def _store(self, day: Any, values: Any) -> None:
        form = self.form
        if not form.kind:
            raise Invalid("That form was closed.", remedy="Open it again.")
        if form.record_id:
            correction = CorrectRecord(form.record_id, form.version, day, values)
            await self._perform(correct_record, correction, wiring.sealer())
        else:
            await self._perform(add_record, AddRecord(self._customer, form.kind, day, values), wiring.sealer())

    def _show(self, found: RecordList) -> None:
        zone = current_seat().actor.zone
        self.rows = [row_of(line, zone) for line in found.lines]
        self._writable = found.writable
        self.kinds = [Option(rule.kind.value, rule.label) for rule in found.writable]
        times = format_count(found.this_week, "time", "times")
        self.summary = f"Opened {times} in seven days" if found.this_week else "Not opened in seven days"
        self.openings = [opening_of(line, zone, place) for place, line in enumerate(found.openings)]
        self.is_read = True

    def _form(self, kind: str, row: RecordRow | None = None) -> RecordForm:
        rule = next((one for one in self._writable if one.kind == kind), None)
        if rule is None:
            return RecordForm()
        today = today_in(zone_of(current_seat().actor.zone), wiring.now()).isoformat()
        title = f"Correct {rule.label[:1].lower()}{rule.label[1:]}" if row else rule.label
        return RecordForm(
            kind=kind, title=title, record_id=row.id if row else "", version=row.version if row else 0, day=today,
            day_label=rule.day_label, fields=fields_of(rule),
        )  # fmt: skip


def fields_of(rule: KindRule) -> tuple[FormField, ...]:
    return tuple(
        FormField(f.name, f.label, f.shape, f.required, f.unit, f.hint, tuple(Option(*option) for option in f.options))
        for f in rule.fields
    )


def row_of(line: RecordLine, zone: str) -> RecordRow:
    day = format_day(line.day)
    written = format_day(to_wall(line.written_at, zone_of(zone))[0])
    corrected = f", corrected on {written}" if line.version > 1 else ""
    return RecordRow(
        str(line.id), line.kind, line.label, day, f"{day}, by {line.author}{corrected}", line.version, line.may_open,
        line.may_correct, line.is_erased,
    )  # fmt: skip


def opening_of(line: OpeningLine, zone: str, place: int) -> OpeningRow:
    label = f"{line.label[:1].lower()}{line.label[1:]}"
    what = label if line.count == 1 else f"{label} ({line.count})"
    why = PURPOSES[Purpose(line.purpose)]
    words = line.words if line.purpose == Purpose.OTHER else f"{why}: {line.words}" if line.words else why
    return OpeningRow(str(place), what, line.who, words, format_instant(line.at, zone_of(zone)))
