"""Bills that come again: the list, and the form that makes one out of a bill or changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from microcrm.domain.billing_cycle import Unit, due_day, rhythm_words
from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.billing.recurring import (
    ChangeRecurring,
    RecurringView,
    RepeatBill,
    change_recurring,
    end_recurring,
    pause_recurring,
    recurring_bills,
    repeat_bill,
    resume_recurring,
)
from microcrm.operations.billing.recurring_lines import use_lines_from_now_on
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now

_STATES = {"active": ("Runs", "ok"), "paused": ("Paused", "warn"), "ended": ("Ended", "neutral")}
FIELDS = ("unit", "step", "next_on", "ends_on")


@dataclass(frozen=True)
class SeriesLine:
    """``last_id`` "" while it has written nothing."""

    id: str
    version: int
    customer_id: str
    customer: str
    what: str
    total: str
    rhythm: str
    next_on: str
    status: str
    tone: str
    state: str
    trouble: str
    written: str
    last_id: str
    last: str


@dataclass(frozen=True)
class RhythmForm:
    """What the form starts with. ``id`` "" for a new series."""

    id: str = ""
    version: int = 0
    unit: str = "month"
    step: str = "1"
    next_on: str = ""
    ends_on: str = ""
    is_issuing: bool = False


class RecurringPage(AppState):
    is_read: bool = False
    rows: list[SeriesLine] = []
    form: RhythmForm = RhythmForm()
    is_open: bool = False
    bill: str = ""  # that is to come again, by the address
    ending: SeriesLine = SeriesLine("", 0, "", "", "", "", "", "", "", "", "", "", "", "", "")
    is_ending: bool = False

    _forms: dict[str, RhythmForm] = {}

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> None:
        found = await self._perform(recurring_bills)
        self.rows = [line_of(one) for one in found]
        self._forms = {str(one.id): form_of(one) for one in found}
        self.bill = self.router.url.query_parameters.get("bill", "")
        if self.bill:
            today = today_in(zone_of(current_seat().actor.zone), now())
            self.form = RhythmForm(next_on=due_day(today, Unit.MONTH, 1, 1).isoformat())
        self.is_open, self.is_ending, self.is_read = bool(self.bill), False, True

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def begin_change(self, series_id: str) -> None:
        self.form = self._forms.get(str(series_id), self.form)
        self.bill, self.is_open, self.errors = "", bool(self.form.id), {}

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def begin(self, form: dict[str, Any]) -> Any:
        """The bill of the address comes again from here on."""
        await self._perform(repeat_bill, RepeatBill(self.bill, **pick(form, *FIELDS, "is_issuing")))
        self._notify("The bill comes again from now on")
        return rx.redirect("/recurring", replace=True)

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def change(self, form: dict[str, Any]) -> Any:
        typed = pick(form, *FIELDS, "is_issuing")
        await self._perform(change_recurring, ChangeRecurring(self.form.id, self.form.version, **typed))
        self._notify("Saved")
        return RecurringPage.load

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def pause(self, series_id: str, version: int) -> Any:
        await self._perform(pause_recurring, series_id, version)
        self._notify("Paused: nothing is written until you resume it")
        return RecurringPage.load

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def resume(self, series_id: str, version: int) -> Any:
        day = await self._perform(resume_recurring, series_id, version)
        self._notify(f"Resumed: the next bill is due on {format_day(day)}")
        return RecurringPage.load

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def ask_to_end(self, series_id: str) -> None:
        found = [row for row in self.rows if row.id == series_id]
        self.is_ending, self.ending = bool(found), found[0] if found else self.ending

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def end(self) -> Any:
        self.is_ending = False
        await self._perform(end_recurring, self.ending.id, self.ending.version)
        self._notify("Ended. The bills that it has written stay")
        return RecurringPage.load

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def close(self) -> None:
        self.bill, self.is_open, self.is_ending, self.errors = "", False, False, {}


class RepeatForm(AppState):
    """On the page of a bill that a series has written."""

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def use_lines(self) -> None:
        done = await self._perform(use_lines_from_now_on, (await self.get_state(Bill)).bill.id)
        self._notify("The next ones will have these lines", undo=done.undo)


def line_of(view: RecurringView) -> SeriesLine:
    status, tone = _STATES[view.state]
    return SeriesLine(
        id=str(view.id),
        version=view.version,
        customer_id=str(view.customer_id),
        customer=view.customer,
        what=view.what,
        total=format_rupees(view.total),
        rhythm=_rhythm(view.unit, view.step, view.ends_on, is_issuing=view.is_issuing),
        next_on=format_day(view.next_on) if view.state == "active" else "–",
        status=status,
        tone=tone,
        state=view.state,
        trouble=view.trouble,
        written=format_count(view.written, "bill") if view.written else "None yet",
        last_id=str(view.last_id or ""),
        last=view.last_number or "Draft",
    )


def form_of(view: RecurringView) -> RhythmForm:
    return RhythmForm(
        id=str(view.id),
        version=view.version,
        unit=view.unit,
        step=str(view.step),
        next_on=view.next_on.isoformat(),
        ends_on=view.ends_on.isoformat() if view.ends_on else "",
        is_issuing=view.is_issuing,
    )


def _rhythm(unit: Unit, step: int, ends_on: date | None, *, is_issuing: bool) -> str:
    """Like "Every month until 31 Mar 2027, issued by itself"."""
    end = f" until {format_day(ends_on)}" if ends_on else ""
    words = f"{rhythm_words(unit, step)}{end}, {'issued by itself' if is_issuing else 'as a draft'}"
    return words[:1].upper() + words[1:]
