"""The walk-in queue at the desk: what stands, one tap for each step, and the panel that draws a number."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx
import segno

from microcrm.domain.errors import FormMissing, Invalid, NotSafe
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations import queue
from microcrm.operations.booking_policy import ChangePolicy, change_policy, policy_of
from microcrm.operations.queue import DrawTicket, StartTicket, StepTicket, TicketDone
from microcrm.operations.queue_view import QueueView, read_queue
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.forms import Option, pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ALL, kinds_of, screens
from microcrm.state.queue_rows import (
    QueueHead,
    TicketRow,
    called_row,
    head_of,
    over_row,
    serving_row,
    turn_words,
    waiting_row,
)


@dataclass(frozen=True)
class Drawn:
    """The number that was drawn last; ``picture`` is the code that leads a phone to its page."""

    number: str = ""
    told: str = ""
    link: str = ""
    picture: str = ""


@dataclass(frozen=True)
class Taker:
    id: str
    name: str
    is_free: bool


class QueuePage(AppState):
    """``choosing`` is the number somebody is chosen for."""

    is_listed: bool = False
    head: QueueHead = QueueHead()
    serving: list[TicketRow] = []
    called: list[TicketRow] = []
    waiting: list[TicketRow] = []
    over: list[TicketRow] = []
    choosing: TicketRow = TicketRow()
    takers: list[Taker] = []
    unsafe: str = ""  # why the number that was to be started should not be

    _unsafe_start: tuple[str, str, str] = ("", "", "")
    _view: QueueView | None = None

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def load(self) -> Any:
        """Today's queue, and from here on what changes."""
        screens().show(self.router.session.client_token, current_seat().actor.business_id, QueuePage.heard)
        return QueuePage.refresh

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> None:
        """The queue as it stands now, for the page and for the drawer beside the calendar."""
        view = await self._look(read_queue)
        zone = zone_of(current_seat().actor.zone)
        self._view, self.head = view, head_of(view, self.shop_slug)
        self.serving = [serving_row(one, view.now, zone) for one in view.serving]
        self.called = [called_row(one, view.now) for one in view.called]
        self.waiting = [waiting_row(one, view.now) for one in view.waiting]
        self.over = [over_row(one, zone) for one in view.over]
        self.is_listed = True

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def heard(self, changes: str) -> Any:
        """Something was changed elsewhere (see ``live``)."""
        return QueuePage.refresh if kinds_of(changes) & {"queue", "booking", "hours", ALL} else None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def call_next(self) -> Any:
        return self._say(await self._perform(queue.call_next))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def call(self, ticket: str, version: str) -> Any:
        return await self._step(queue.call, ticket, version)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def finish(self, ticket: str, version: str) -> Any:
        return await self._step(queue.finish, ticket, version)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def leave(self, ticket: str, version: str) -> Any:
        return await self._step(queue.leave, ticket, version)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def miss(self, ticket: str, version: str) -> Any:
        return await self._step(queue.miss, ticket, version)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def start(self, ticket: str, version: str, member: str) -> Any:
        """``member`` empty: whoever is free. What is not safe asks for a reason, where one would do."""
        self.choosing = TicketRow()
        try:
            return self._say(await self._perform(queue.start, StartTicket(ticket, version, member)))
        except (NotSafe, FormMissing) as refusal:
            if not refusal.may_override:
                raise
            self.unsafe, self._unsafe_start, self.errors = refusal.message, (ticket, version, member), {}
            return None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def start_anyway(self, form: dict[str, Any]) -> Any:
        ticket, version, member = self._unsafe_start
        reason = pick(form, "safety_reason")["safety_reason"]
        if not reason:
            raise Invalid(fields={"safety_reason": "Say why they can start all the same."})
        done = await self._perform(queue.start, StartTicket(ticket, version, member, safety_reason=reason))
        self.unsafe = ""
        return self._say(done)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def leave_unsafe(self) -> None:
        self.unsafe, self.errors = "", {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def choose(self, ticket: str) -> None:
        """Who is to serve this number?"""
        row = next((one for one in [*self.called, *self.waiting] if one.id == ticket), TicketRow())
        able = self._view.skills.get(int(row.service_id), ()) if self._view and row.id else ()
        members = self._view.members if self._view else ()
        self.takers = [Taker(str(one.id), one.name, one.is_free) for one in members if one.id in able]
        self.choosing = row

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def stop_choosing(self) -> None:
        self.choosing = TicketRow()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def switch(self, is_on: bool) -> Any:
        terms = await self._perform(policy_of)
        token = await self._perform(change_policy, ChangePolicy(version=terms.version, is_queue_on=is_on))
        self._notify("The queue is on" if is_on else "The queue is off", undo=token)
        return QueuePage.refresh

    async def _step(self, operation: Callable[..., TicketDone], ticket: str, version: str) -> Any:
        return self._say(await self._perform(operation, StepTicket(ticket, version)))

    def _say(self, done: TicketDone) -> Any:
        self._notify(done.label, undo=done.undo)
        return QueuePage.refresh


class DrawPanel(AppState):
    """Three taps: open, the service, draw. ``takers`` are those who do the chosen service."""

    is_open: bool = False
    is_saving: bool = False
    services: list[Option] = []
    service: str = ""
    takers: list[Option] = []
    drawn: Drawn = Drawn()

    _view: QueueView | None = None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> None:
        self._view = await self._look(read_queue)
        self.services = [Option(str(one.id), one.name) for one in self._view.services]
        self.service, self.takers, self.errors = "", [], {}
        self.is_open, self.drawn = True, Drawn()

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open, self.errors, self.drawn = False, {}, Drawn()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_service(self, service: str) -> None:
        self.service, self.errors = service, {}
        able = self._view.skills.get(int(service), ()) if self._view and service.isdecimal() else ()
        self.takers = [Option(str(one.id), one.name) for one in self._view.members if one.id in able] if able else []

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            done = await self._perform(queue.draw, DrawTicket(**pick(form, "service_id", "name", "member_id")))
        finally:
            self.is_saving = False
        self.drawn = _drawn(done, self.shop_slug)
        self._notify(done.label, undo=done.undo)
        yield QueuePage.refresh


def _drawn(done: TicketDone, slug: str) -> Drawn:
    link = f"{settings().public_url}/q/{slug}/{done.link}"
    picture = segno.make(link, error="m").svg_data_uri(scale=4, border=2, light="#ffffff", dark="#14201e")
    return Drawn(str(done.number), turn_words(done.estimate) if done.estimate else "", link, picture)
