"""The panel of a new booking."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.calendar_ask import address_with
from microcrm.domain.errors import DomainError, PhoneTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.book import Book, book
from microcrm.operations.booking_choices import ServiceChoice, booking_choices
from microcrm.operations.customer_search import find_active
from microcrm.operations.parts.booking_plan import MOST_SERVICES
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import Option, TimeChoice
from microcrm.state.booking_letter import still_to_tell
from microcrm.state.booking_lines import (
    ServiceLine,
    new_line,
    service_options,
    total_words,
    typed_services,
    with_service,
)
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.customer_finding import CustomerFinding, Person
from microcrm.state.gate import current_seat, needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.series_repeat import Repeats

FIELDS = ("day", "time", "customer_id", "name", "phone", "is_family", "note", "reason", "safety_reason", "tell")


@dataclass(frozen=True)
class Wanted:
    """What the fields start with; they are drawn anew with each ``turn``."""

    day: str = ""
    time: str = ""
    minutes: str = ""
    customer_id: str = ""
    has_classes: bool = False
    turn: int = 0


class NewBooking(CustomerFinding, AppState):
    """``who`` is known, new or walk_in; ``lines`` are the services of the visit, ``nearest`` the free times offered
    instead."""

    is_open: bool = False
    is_saving: bool = False
    wanted: Wanted = Wanted()
    who: str = "known"
    services: list[Option] = []
    lines: list[ServiceLine] = []
    total: str = ""
    nearest: list[TimeChoice] = []
    asks_reason: bool = False
    asks_safety: bool = False
    offers_family: bool = False

    _choices: tuple[ServiceChoice, ...] = ()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self, who: str, day: str, time: str, minutes: int, staff: str) -> Any:
        """Open the panel, for an empty place of the board or for no place in particular."""
        choices = await self._perform(booking_choices)
        self._choices = tuple(one for one in choices if one.seats == 1)
        self.services = service_options(self._choices)
        self.people = await self._brought()
        brought = self.people[0].id if self.people else ""
        has_classes = len(choices) > len(self._choices)
        self.wanted = Wanted(day, time, str(minutes or ""), brought, has_classes, self.wanted.turn + 1)
        self.lines, self.total, self.words, self.nearest = [new_line(staff)], "", "", []
        self.who = who if who in ("new", "walk_in") else "known"
        self.asks_reason = self.asks_safety = self.offers_family = False
        self.is_open = True
        return [Repeats.clear, NewTimes.look([], day, time, brought)]

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> Any:
        self.is_open, self.errors = False, {}
        asked = self.router.url.query_parameters
        return rx.redirect(address_with(asked, date=self.wanted.day), replace=True) if asked.get("new") else None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_who(self, who: str) -> Any:
        self.who = who if who in ("new", "walk_in") else "known"
        self.errors = {}
        return NewTimes.typed("customer_id", self.wanted.customer_id if self.who == "known" else "")

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_service(self, line: int, service_id: str) -> Any:
        return self._change(line, lambda old: [with_service(old, service_id, self._choices)])

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_member(self, line: int, member_id: str) -> Any:
        return self._change(line, lambda old: [replace(old, member_id=member_id)])

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def add_line(self) -> Any:
        """Most visits stay with one person."""
        if 0 < len(self.lines) < MOST_SERVICES:
            self.lines = [*self.lines, new_line(self.lines[-1].member_id)]
        return NewTimes.serve(self._asked())

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def drop_line(self, line: int) -> Any:
        if len(self.lines) < 2:
            return None
        self.errors = {}
        return self._change(line, lambda _: [])

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> Any:
        """One of the free times that were offered goes into the form; the rest of it stays as typed."""
        self.wanted = replace(self.wanted, day=str(day)[:10], time=str(time)[:5], turn=self.wanted.turn + 1)
        self.nearest, self.errors = [], {}
        return [NewTimes.typed("day", self.wanted.day), NewTimes.typed("time", self.wanted.time)]

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        services = typed_services(form, len(self.lines))
        typed = {name: form.get(name) for name in FIELDS}
        try:
            command = Book(services=services, who=self.who, **typed)
            done = await self._perform_in_turn(command.sought, book, command)
        finally:
            self.is_saving = False
        self.is_open = False
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        yield self._show(str(form.get("day")))

    async def _brought(self) -> list[Person]:
        """The customer whose page one came from, as the address says."""
        asked = self.router.url.query_parameters.get("customer", "")
        if not asked or Permission.CUSTOMERS_VIEW not in current_seat().actor.permissions:
            return []
        found = await self._look(find_active, asked)
        return [Person(str(found.id), found.name, found.phone)] if found else []

    def _change(self, line: int, change: Callable[[ServiceLine], list[ServiceLine]]) -> Any:
        """Put what ``change`` makes of one line in its place, and look for its free times."""
        if 0 <= line < len(self.lines):
            self.lines = [*self.lines[:line], *change(self.lines[line]), *self.lines[line + 1 :]]
            self.total = total_words(self.lines, self._choices)
        return NewTimes.serve(self._asked())

    def _asked(self) -> list[list[str]]:
        return [[line.service_id, line.member_id] for line in self.lines]

    def _show(self, day: str) -> Any:
        """The day of the new booking, read again."""
        asked = self.router.url.query_parameters
        if asked.get("new") or asked.get("date", "") != day:
            return rx.redirect(address_with(asked, date=day), replace=bool(asked.get("new")))
        return self._reload()

    def _refused(self, error: DomainError) -> None:
        self.offers_family = self.offers_family or isinstance(error, PhoneTaken)
        if not keep_refusal(self, error):
            super()._refused(error)
