"""The panel of a new booking."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, OutsideHours, PhoneTaken, SlotTaken
from microcrm.domain.formatting import format_duration
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations.book import Book, BookService, book
from microcrm.operations.booking_choices import ServiceChoice, booking_choices
from microcrm.operations.customer_search import search
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import Option, TimeChoice, time_choices
from microcrm.state.gate import current_seat, needs

FIELDS = ("day", "time", "customer_id", "name", "phone", "is_family", "note", "reason")


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    phone: str


@dataclass(frozen=True)
class Wanted:
    """What the fields start with; they are drawn anew when it changes."""

    day: str = ""
    time: str = ""
    minutes: str = ""
    service_id: str = ""
    member_id: str = ""


class NewBooking(AppState):
    """``who`` is known, new or walk_in. ``people`` are found customers, ``nearest`` the free times offered instead."""

    is_open: bool = False
    is_saving: bool = False
    wanted: Wanted = Wanted()
    who: str = "known"
    words: str = ""
    people: list[Person] = []
    services: list[Option] = []
    takers: list[Option] = []
    nearest: list[TimeChoice] = []
    asks_reason: bool = False
    offers_family: bool = False

    _takers: dict[str, list[Option]] = {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self, who: str, day: str, time: str, minutes: int, staff: str) -> None:
        """Open the panel, for an empty place of the board or for no place in particular."""
        choices = await self._perform(booking_choices)
        self.services = [Option(str(one.service_id), _service_words(one)) for one in choices]
        self._takers = {str(one.service_id): _takers_of(one) for one in choices}
        self.wanted = Wanted(day, time, str(minutes or ""), "", staff)
        self.takers, self.people, self.words, self.nearest = [], [], "", []
        self.who = who if who in ("new", "walk_in") else "known"
        self.asks_reason = self.offers_family = False
        self.is_open = True

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> Any:
        self.is_open, self.errors = False, {}
        asked = self.router.url.query_parameters
        return rx.redirect(f"/calendar?date={self.wanted.day}", replace=True) if asked.get("new") else None

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def leave(self) -> None:
        """Closed because the page was loaded anew: the state outlives that, what was typed does not."""
        self.is_open = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_who(self, who: str) -> None:
        self.who = who if who in ("new", "walk_in") else "known"
        self.errors = {}

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def find(self, words: str) -> None:
        found = await self._perform(search, words)
        self.words = words if isinstance(words, str) else ""
        self.people = [Person(str(one.id), one.name, one.phone) for one in found]

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_service(self, service_id: str) -> None:
        """Whoever was chosen stays chosen if they do this service."""
        self.takers = self._takers.get(service_id, []) if isinstance(service_id, str) else []
        self.wanted = replace(self.wanted, service_id=service_id)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times that were offered goes into the form; the rest of it stays as typed."""
        self.wanted = replace(self.wanted, day=str(day)[:10], time=str(time)[:5])
        self.nearest, self.errors = [], {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        service = BookService(form.get("service_id"), form.get("member_id"), form.get("minutes"))
        typed = {name: form.get(name) for name in FIELDS}
        try:
            done = await self._perform(book, Book(services=(service,), who=self.who, **typed))
        finally:
            self.is_saving = False
        self.is_open = False
        self.notify(done.label, undo=done.undo)
        yield self._show(str(form.get("day")))

    def _show(self, day: str) -> Any:
        """The day of the new booking, read again."""
        asked = self.router.url.query_parameters
        if asked.get("new") or asked.get("date", "") != day:
            return rx.redirect(f"/calendar?date={day}", replace=bool(asked.get("new")))
        return self._reload()

    def _refused(self, error: DomainError) -> None:
        self.asks_reason = self.asks_reason or isinstance(error, OutsideHours)
        self.offers_family = self.offers_family or isinstance(error, PhoneTaken)
        self.nearest = []
        if isinstance(error, SlotTaken):
            self.nearest = time_choices(error.nearest, current_seat().actor.zone)
            self.errors = {"time": error.message}
            return
        super()._refused(error)


def _service_words(one: ServiceChoice) -> str:
    return f"{one.name} · {format_duration(one.minutes)} · {format_rupees(one.price_paise)}"


def _takers_of(one: ServiceChoice) -> list[Option]:
    """The length and price are named only for those who have their own."""
    options = []
    for who in one.providers:
        own = (who.minutes, who.price_paise) != (one.minutes, one.price_paise)
        words = f" · {format_duration(who.minutes)} · {format_rupees(who.price_paise)}" if own else ""
        options.append(Option(str(who.member_id), who.member + words))
    return options
