"""Three tabs of a person's drawer: what they do, when they work, when they are away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_clock_range, format_count, format_weekday
from microcrm.domain.money import rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.operations import hours, leave, skills
from microcrm.operations.hours import SaveMemberWeek, WeekView
from microcrm.operations.leave import AddLeave, LeaveView
from microcrm.operations.skills import OwnService, SaveOwnServices
from microcrm.state.base import AppState
from microcrm.state.forms import pick, terms
from microcrm.state.gate import needs
from microcrm.state.settings_service import TermsLine, usual_terms
from microcrm.state.week_editing import WeekEditing


class PersonServices(AppState):
    person_id: str = ""
    rows: list[TermsLine] = []
    stamp: str = ""

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def load(self, person_id: str) -> None:
        found = await self._perform(skills.member_services, person_id)
        self.rows = [_terms(row) for row in found.rows]
        self.person_id, self.stamp = person_id, str(found.stamp)

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def save(self, form: dict[str, Any]) -> Any:
        command = SaveOwnServices(self.person_id, terms(form), self.stamp)
        token = await self._perform(skills.save_member_services, command)
        self._notify("Services saved" if token else "Nothing was different", undo=token)
        return PersonServices.load(self.person_id)


class PersonHours(WeekEditing, AppState):
    person_id: str = ""
    is_own: bool = False
    stamp: str = ""

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def load(self, person_id: str) -> None:
        self._show(person_id, await self._perform(hours.member_week, person_id))

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def pick_own(self, which: str) -> None:
        self.is_own = which == "own"

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def save(self) -> None:
        command = SaveMemberWeek(self.person_id, self.is_own, self._typed_week(), self.stamp)
        token = await self._perform(hours.save_member_week, command)
        self._show(self.person_id, await self._perform(hours.member_week, self.person_id))
        self._notify("Working hours saved" if token else "Nothing was different", undo=token)

    def _show(self, person_id: str, view: WeekView) -> None:
        self.person_id, self.stamp, self.is_own = person_id, str(view.stamp), view.is_own
        self._show_week(view.week)


@dataclass(frozen=True)
class LeaveLine:
    id: str
    words: str
    reason: str


class PersonLeave(AppState):
    person_id: str = ""
    rows: list[LeaveLine] = []
    drawn: int = 0

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def load(self, person_id: str) -> None:
        self.rows = [_leave(row) for row in await self._perform(leave.coming_leave, person_id)]
        self.person_id, self.drawn = person_id, self.drawn + 1

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def add(self, form: dict[str, Any]) -> Any:
        fields = pick(form, "starts_on", "ends_on", "starts_at", "ends_at", "reason")
        added = await self._perform(leave.add_leave, AddLeave(self.person_id, **fields))
        booked = format_count(added.bookings, "booking")
        warning = f" {booked} of that time still to be moved." if added.bookings else ""
        self._notify(f"Leave saved.{warning}", undo=added.undo)
        return PersonLeave.load(self.person_id)

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def remove(self, leave_id: str) -> Any:
        token = await self._perform(leave.remove_leave, leave_id)
        self._notify("Leave removed", undo=token)
        return PersonLeave.load(self.person_id)


def _terms(row: OwnService) -> TermsLine:
    minutes = "" if row.duration_min is None else str(row.duration_min)
    usual = usual_terms(row.usual_price_paise, row.usual_duration_min)
    return TermsLine(str(row.service_id), row.name, usual, row.does, rupees_for_input(row.price_paise), minutes)


def _leave(row: LeaveView) -> LeaveLine:
    words = format_weekday(row.starts_on)
    if row.ends_on != row.starts_on:
        words = f"{words} to {format_weekday(row.ends_on)}"
    if row.start_min is not None and row.end_min is not None:
        words = f"{words}, {format_clock_range(row.start_min, row.end_min)}"
    return LeaveLine(str(row.id), words, row.reason)
