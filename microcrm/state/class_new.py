"""The panel that puts a class into the calendar, once or repeating."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, SlotTaken
from microcrm.domain.formatting import format_count, format_duration
from microcrm.domain.permissions import Permission
from microcrm.operations.book import BookService
from microcrm.operations.booking_choices import ServiceChoice, booking_choices
from microcrm.operations.class_series import ScheduleClasses, schedule_all
from microcrm.operations.classes import ScheduleClass, schedule
from microcrm.operations.series import preview
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import Option, TimeChoice
from microcrm.state.booking_new import NewBooking
from microcrm.state.forms import pick
from microcrm.state.gate import needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.series_dates import wish_of
from microcrm.state.series_repeat import Repeats


@dataclass(frozen=True)
class ClassStart:
    """What the fields start with; they are drawn anew when it changes. ``seats``: as the service says."""

    day: str = ""
    time: str = ""
    service_id: str = ""
    member_id: str = ""
    seats: str = ""


class NewClass(AppState):
    is_open: bool = False
    is_saving: bool = False
    start: ClassStart = ClassStart()
    services: list[Option] = []
    takers: list[Option] = []
    nearest: list[TimeChoice] = []
    asks_reason: bool = False

    _choices: tuple[ServiceChoice, ...] = ()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def instead_of_visit(self) -> Any:
        """From the form of a new visit, at the same place."""
        visit = await self.get_state(NewBooking)
        staff = visit.lines[0].member_id if visit.lines else ""
        day, time, visit.is_open = visit.wanted.day, visit.wanted.time, False
        return NewClass.begin(day, time, staff)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def as_visit(self) -> Any:
        self.is_open = False
        return NewBooking.begin("known", self.start.day, self.start.time, 0, self.start.member_id)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self, day: str, time: str, staff: str) -> Any:
        self._choices = tuple(one for one in await self._perform(booking_choices) if one.seats > 1)
        self.services = [_option(one) for one in self._choices]
        self.start = ClassStart(str(day)[:10], str(time)[:5], member_id=str(staff)[:20])
        self.nearest, self.asks_reason, self.takers = [], False, []
        if len(self._choices) == 1:
            self._choose(self.services[0].value)
        self.is_open = True
        return Repeats.clear

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_service(self, service_id: str) -> None:
        self._choose(service_id)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times that were offered goes into the form."""
        self.start = replace(self.start, day=str(day)[:10], time=str(time)[:5])
        self.nearest, self.errors = [], {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """One class at once; when it repeats, the first press shows the dates and the next one schedules them."""
        self.is_saving = True
        yield
        repeats = await self.get_state(Repeats)
        try:
            yield await (self._several(form, repeats) if repeats.every else self._one(form))
        finally:
            self.is_saving = False

    async def _one(self, form: dict[str, Any]) -> Any:
        names = ("service_id", "member_id", "day", "time", "seats", "minutes", "note", "reason")
        done = await self._perform(schedule, ScheduleClass(**pick(form, *names)))
        return await self._done(done.label, done.undo, form)

    async def _several(self, form: dict[str, Any], repeats: Repeats) -> Any:
        given = BookService(*(form.get(name) for name in ("service_id", "member_id", "minutes")))
        wish = wish_of(form, (given,))
        if repeats._must_look(wish):
            focus = repeats._show(wish, await self._perform(preview, wish))
            self.asks_reason = self.asks_reason or repeats._is_closed_then()
            return focus
        try:
            done = await self._perform(schedule_all, ScheduleClasses(repeats._decided(wish), form.get("seats")))
        except SlotTaken:
            repeats._show(wish, await self._look(preview, wish))
            raise
        count = format_count(len(done.session_ids), "class", "classes")
        return await self._done(f"{done.label} · {count} scheduled", done.undo, form)

    async def _done(self, label: str, undo: str, form: dict[str, Any]) -> Any:
        self.is_open = False
        self._notify(label, undo=undo)
        return (await self.get_state(NewBooking))._show(str(form.get("day")))

    def _choose(self, service_id: str) -> None:
        """Whoever was chosen stays chosen if they give this class; the only one who does is chosen at once."""
        found = next((one for one in self._choices if str(one.service_id) == service_id), None)
        self.takers = [Option(str(one.member_id), one.member) for one in found.providers] if found else []
        known = [one.value for one in self.takers]
        staff = self.start.member_id if self.start.member_id in known or len(known) != 1 else known[0]
        seats = str(found.seats) if found else ""
        self.start = replace(self.start, service_id=str(service_id)[:20], member_id=staff, seats=seats)

    def _refused(self, error: DomainError) -> None:
        if not keep_refusal(self, error):
            super()._refused(error)


def _option(one: ServiceChoice) -> Option:
    words = f"{one.name} · {format_duration(one.minutes)} · {format_count(one.seats, 'seat')}"
    return Option(str(one.service_id), words)
