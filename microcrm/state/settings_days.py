"""Single days with other hours, and the public holidays, on the page of opening hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_clock_range, format_weekday
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations import days
from microcrm.operations.days import DayView, HolidayView, KeepHolidays, SetDays
from microcrm.state.base import AppState
from microcrm.state.forms import pick, ticked
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now


@dataclass(frozen=True)
class ExceptionLine:
    day: str  # ISO
    words: str
    hours: str
    reason: str
    is_closed: bool


@dataclass(frozen=True)
class HolidayLine:
    name: str  # of its box in the form
    words: str
    day: str
    is_kept: bool
    note: str


class DaysSettings(AppState):
    is_ready: bool = False
    rows: list[ExceptionLine] = []
    is_adding: bool = False
    kind: str = "closed"  # closed | hours

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def load(self) -> None:
        self.rows = [_exception(view) for view in await self._perform(days.coming_days)]
        self.is_ready = True

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def start(self) -> None:
        self.kind, self.is_adding, self.errors = "closed", True, {}

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def close(self) -> None:
        self.is_adding = False

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def pick_kind(self, kind: str) -> None:
        self.kind = "hours" if kind == "hours" else "closed"

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def save(self, form: dict[str, Any]) -> Any:
        fields = pick(form, "day", "until", "reason", "from", "to")
        windows = [(fields.pop("from"), fields.pop("to"))]
        token = await self._perform(days.set_days, SetDays(**fields, windows=windows if self.kind == "hours" else []))
        self.is_adding = False
        self._notify("Day saved", undo=token)
        return [DaysSettings.load, HolidaySettings.load]

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def clear(self, day: str) -> Any:
        token = await self._perform(days.clear_day, day)
        self._notify("Ordinary hours on that day", undo=token)
        return [DaysSettings.load, HolidaySettings.load]


class HolidaySettings(AppState):
    is_ready: bool = False
    year: str = ""
    years: list[str] = []
    state_code: str = ""
    rows: list[HolidayLine] = []
    past: list[HolidayLine] = []
    drawn: int = 0  # the list is drawn anew with the boxes as they are stored
    is_saving: bool = False

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def load(self) -> None:
        await self._show(self.year or None)

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def pick_year(self, year: str) -> None:
        await self._show(year)

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def pick_state(self, state_code: str) -> None:
        await self._perform(days.choose_holiday_state, state_code)
        await self._show(self.year)

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def save(self, form: dict[str, Any]) -> Any:
        token = await self._perform(days.keep_holidays, KeepHolidays(self.year, ticked(form, "keep_")))
        self._notify("Holidays saved" if token else "Nothing was different", undo=token)
        return [DaysSettings.load, HolidaySettings.load]

    async def _show(self, year: Any) -> None:
        found = await self._perform(days.holiday_year, year)
        self.year, self.state_code = str(found.year), found.state_code
        if not self.years:
            self.years = [self.year, str(found.year + 1)]
        today = today_in(zone_of(current_seat().actor.zone), now())
        self.past = [_holiday(view) for view in found.holidays if view.holiday.day < today]
        self.rows = [_holiday(view) for view in found.holidays if view.holiday.day >= today]
        self.drawn, self.is_ready = self.drawn + 1, True


def _exception(view: DayView) -> ExceptionLine:
    hours = ", ".join(format_clock_range(*window) for window in view.windows) or "Closed"
    return ExceptionLine(view.day.isoformat(), format_weekday(view.day), hours, view.reason, not view.windows)


def _holiday(view: HolidayView) -> HolidayLine:
    holiday = view.holiday
    note = "You have other hours on this day" if view.has_other_hours else ""
    if holiday.is_estimated and not note:
        note = "Follows the moon, may move by a day"
    return HolidayLine(f"keep_{holiday.day}", holiday.name, format_weekday(holiday.day), view.is_kept, note)
