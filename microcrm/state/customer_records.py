"""The sealed records of the customer on the screen: what may be known unopened, and the form. What they say is never here."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import date
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.forms.asking import can_be_sent
from microcrm.operations.parts.form_versions import IssuedForm
from microcrm.operations.vault.reading import RecordList, form_of_record, last_allergy, list_records
from microcrm.operations.vault.records import AddRecord, CorrectRecord, add_record, correct_record
from microcrm.state.base import AppState
from microcrm.state.customer_record_rows import OpeningRow, RecordForm, RecordRow, field_of, opening_of, row_of
from microcrm.state.forms import Option
from microcrm.state.gate import current_seat, needs

PATH = "/customer/records"


class CustomerRecords(AppState):
    """``allergy``: the day of the latest one, on each of the customer's pages."""

    allergy: str = ""
    is_read: bool = False
    is_refused: bool = False
    rows: list[RecordRow] = []
    kinds: list[Option] = []  # the forms that can be filled in
    sendable: list[Option] = []  # those that the customer can fill in alone
    summary: str = ""
    openings: list[OpeningRow] = []
    form: RecordForm = RecordForm()
    is_saving: bool = False

    _writable: tuple[IssuedForm, ...] = ()
    _customer: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """The page of the records. A customer who is not there is the page's to say."""
        self._turn_to(self.router.url.query_parameters.get("id", ""), is_shown=True)
        self.is_refused = Permission.RECORDS_OPEN not in current_seat().actor.allowed
        if not self.is_refused:
            with suppress(NotFound):
                self._show(await self._look(list_records, self._customer))

    @rx.event
    @needs(Permission.RECORDS_OPEN)
    async def look_again(self) -> None:
        """After something was opened: how often, and by whom."""
        self._show(await self._look(list_records, self._customer))

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def begin(self, form_id: str) -> None:
        form = next((one for one in self._writable if str(one.form_id) == form_id), None)
        self.errors, self.form = {}, self._form(form) if form else RecordForm()

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def begin_correcting(self, record_id: str) -> None:
        row = next((one for one in self.rows if one.id == record_id and one.can_correct), None)
        form = self._form(await self._look(form_of_record, row.id), row) if row else RecordForm()
        self.errors, self.form = {}, form

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
        words = "Sealed and saved" if self.form.is_sealed else "Saved"
        self.form = RecordForm()
        self._notify(words)
        self._warn(await self._look(last_allergy, self._customer))
        self._show(await self._look(list_records, self._customer))

    def _turn_to(self, asked: str, *, is_shown: bool) -> None:
        """On one of the customer's pages; only that of the records keeps the list, and only of the same customer."""
        self.form, self.is_refused = RecordForm(), False
        if asked != self._customer or not is_shown:
            self.is_read, self.rows, self.openings, self.summary = False, [], [], ""
        if asked != self._customer:
            self.allergy = ""
        self._customer = asked

    def _warn(self, day: date | None) -> None:
        """Of the latest allergy."""
        self.allergy = format_day(day) if day else ""

    async def _store(self, day: Any, values: Any) -> None:
        form = self.form
        if not form.form_id:
            raise Invalid("That form was closed.", remedy="Open it again.")
        if form.record_id:
            correction = CorrectRecord(form.record_id, form.version, day, values)
            await self._perform(correct_record, correction, wiring.sealer())
        else:
            filled = AddRecord(self._customer, form.form_id, form.number, day, values, form.fill_key)
            await self._perform(add_record, filled, wiring.sealer())

    def _show(self, found: RecordList) -> None:
        zone = current_seat().actor.zone
        self.rows = [row_of(line, zone) for line in found.lines]
        self._writable = found.writable
        self.kinds = [Option(str(form.form_id), form.text.title) for form in found.writable]
        self.sendable = [Option(str(form.form_id), form.text.title) for form in found.writable if can_be_sent(form)]
        times = format_count(found.this_week, "time", "times")
        self.summary = f"Opened {times} in seven days" if found.this_week else "Not opened in seven days"
        self.openings = [opening_of(line, zone, place) for place, line in enumerate(found.openings)]
        self.is_read = True

    def _form(self, form: IssuedForm, row: RecordRow | None = None) -> RecordForm:
        today = today_in(zone_of(current_seat().actor.zone), wiring.now()).isoformat()
        text = form.text
        title = f"Correct: {text.title}" if row else text.title
        return RecordForm(
            form_id=str(form.form_id), number=form.number, customer=self._customer, title=title,
            record_id=row.id if row else "", version=row.version if row else 0, day=row.date if row else today,
            day_label=text.day_label, fields=tuple(map(field_of, text.fields)),
            is_sealed=any(field.is_sensitive for field in text.fields), fill_key=secrets.token_urlsafe(18),
        )  # fmt: skip
