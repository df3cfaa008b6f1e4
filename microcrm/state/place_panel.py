"""A time for somebody who waits: for a wish of the waiting list, or for a number of the queue that comes back later.

On the calendar the time can be chosen by a tap on a free place; everywhere it can be typed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, NotFound
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations import queue, waitlist_offers
from microcrm.operations.booking_choices import booking_choices
from microcrm.operations.queue import BookTicket
from microcrm.operations.queue_view import read_queue
from microcrm.operations.waitlist_offers import OfferByHand
from microcrm.operations.waitlist_view import read_waiting
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import TimeChoice
from microcrm.state.forms import Option, pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.waitlist_rows import row_of
from microcrm.wiring import now


@dataclass(frozen=True)
class Subject:
    """Whom a time is chosen for: ``kind`` is wish or ticket. ``wishes`` only from the waiting list; ``member_id``: whom they
    asked for."""

    kind: str = ""
    id: str = ""
    version: str = ""
    name: str = ""
    service: str = ""
    wishes: tuple[str, ...] = ()
    day: str = ""
    member_id: str = ""


class PlacePanel(AppState):
    """``is_choosing``: the calendar waits for a tap on a free place."""

    subject: Subject = Subject()
    is_choosing: bool = False
    is_open: bool = False
    is_saving: bool = False
    members: list[Option] = []
    day: str = ""
    time: str = ""
    nearest: list[TimeChoice] = []
    asks_reason: bool = False

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def begin_wish(self, entry: str) -> None:
        self._start(await self._wish(entry))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin_ticket(self, ticket: str) -> None:
        self._start(await self._ticket(ticket))

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def choose_wish(self, entry: str) -> None:
        """The next press on a free place of the calendar is for them."""
        self.subject, self.is_choosing = await self._wish(entry), True

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def choose_ticket(self, ticket: str) -> None:
        self.subject, self.is_choosing = await self._ticket(ticket), True

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def stop(self) -> None:
        self.is_choosing = False

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def put(self, day: str, time: str, member: str) -> None:
        """The place that was tapped goes into the form."""
        is_able = any(option.value == member for option in self.members)
        wanted = member if is_able else self.subject.member_id
        self._start(replace(self.subject, day=str(day)[:10], member_id=wanted), str(time)[:5])

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times that were offered goes into the form."""
        self.day, self.time, self.nearest, self.errors = str(day)[:10], str(time)[:5], [], {}

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def save_wish(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """Offered to them, or booked when they have said yes already."""
        self.is_saving = True
        yield
        try:
            await self._offer(form)
        finally:
            self.is_saving = False
        self.is_open = False
        yield self._reload()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_ticket(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            done = await self._perform(queue.book_instead, BookTicket(self.subject.id, **self._typed(form)))
        finally:
            self.is_saving = False
        self.is_open = False
        self._notify(done.label, undo=done.undo)
        yield self._reload()

    async def _offer(self, form: dict[str, Any]) -> None:
        wanted = OfferByHand(self.subject.id, **self._typed(form))
        if pick(form, "is_agreed")["is_agreed"]:
            done = await self._perform(waitlist_offers.book_by_hand, wanted)
            self._notify(done.label, undo=done.undo)
            return
        await self._perform(waitlist_offers.offer_by_hand, wanted)
        self._notify("Offered. The time is kept until they answer.")

    def _typed(self, form: dict[str, Any]) -> dict[str, Any]:
        return pick(form, "day", "time", "member_id", "reason") | {"version": self.subject.version}

    def _start(self, subject: Subject, time: str = "") -> None:
        self.subject, self.day, self.time = subject, subject.day, time
        self.nearest, self.asks_reason, self.errors = [], False, {}
        self.is_choosing, self.is_open = False, True

    async def _doers(self, service_id: int) -> None:
        choices = await self._look(booking_choices)
        found = next((one for one in choices if one.service_id == service_id), None)
        self.members = [Option(str(one.member_id), one.member) for one in found.providers] if found else []

    async def _wish(self, uid: str) -> Subject:
        zone = zone_of(current_seat().actor.zone)
        view = await self._look(read_waiting, uid)
        row, first = row_of(view.rows[0], view.now, zone), view.rows[0].wishes[0]
        await self._doers(view.rows[0].service_id)
        day = max(first.first_day, today_in(zone, view.now)).isoformat()
        return Subject("wish", row.id, row.version, row.name, row.service, row.wishes, day, str(first.member_id or ""))

    async def _ticket(self, uid: str) -> Subject:
        view = await self._look(read_queue)
        one = next((one for one in (*view.called, *view.waiting) if str(one.ticket_id) == uid), None)
        if one is None:
            raise NotFound("That number is not in the queue any more.", remedy="Look at the queue as it stands.")
        name = f"Number {one.number} · {one.name}" if one.name else f"Number {one.number}"
        await self._doers(one.service_id)
        day = today_in(zone_of(current_seat().actor.zone), now()).isoformat()
        return Subject("ticket", uid, str(one.version), name, one.service, (), day, str(one.wanted_id or ""))

    def _refused(self, error: DomainError) -> None:
        if not keep_refusal(self, error):
            super()._refused(error)
