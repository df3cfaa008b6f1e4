"""A time for somebody who waits: for a wish of the waiting list, or for a number of the queue that comes back later.

On the calendar the time can be chosen by a tap on a free place; everywhere it can be typed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations import queue, waitlist_offers
from microcrm.operations.booking_choices import booking_choices
from microcrm.operations.queue import BookTicket
from microcrm.operations.queue_view import read_queue
from microcrm.operations.waitlist_offers import OfferByHand
from microcrm.operations.waitlist_view import read_waiting
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import TimeChoice, time_choices
from microcrm.state.forms import Option, pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.waitlist_rows import row_of
from microcrm.wiring import now

WISH, TICKET = "wish", "ticket"


@dataclass(frozen=True)
class Subject:
    """Whom a time is chosen for. ``wishes`` only from the waiting list; ``member_id``: whom they asked for."""

    kind: str = ""
    id: str = ""
    version: str = ""
    name: str = ""
    service: str = ""
    service_id: str = ""
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
    member_id: str = ""
    nearest: list[TimeChoice] = []
    asks_reason: bool = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self, kind: str, uid: str) -> None:
        await self._find(kind, uid)
        self._start(self.subject.day, "", self.subject.member_id)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def choose(self, kind: str, uid: str) -> None:
        """The next tap on a free place of the calendar is for them."""
        await self._find(kind, uid)
        self.is_choosing = True

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
        self._start(str(day)[:10], str(time)[:5], member if is_able else self.subject.member_id)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times that were offered goes into the form."""
        self.day, self.time, self.nearest, self.errors = str(day)[:10], str(time)[:5], [], {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            await self._store(form)
        finally:
            self.is_saving = False
        self.is_open = False
        yield self._reload()

    async def _store(self, form: dict[str, Any]) -> None:
        typed = pick(form, "day", "time", "member_id", "reason") | {"version": self.subject.version}
        if self.subject.kind == TICKET:
            seated = await self._perform(queue.book_instead, BookTicket(self.subject.id, **typed))
            self._notify(seated.label, undo=seated.undo)
            return
        wanted = OfferByHand(self.subject.id, **typed)
        if pick(form, "is_agreed")["is_agreed"]:
            done = await self._perform(waitlist_offers.book_by_hand, wanted)
            self._notify(done.label, undo=done.undo)
            return
        await self._perform(waitlist_offers.offer_by_hand, wanted)
        self._notify("Offered. The time is kept until they answer.")

    def _start(self, day: str, time: str, member: str) -> None:
        self.day, self.time, self.member_id = day, time, member
        self.nearest, self.asks_reason, self.errors = [], False, {}
        self.is_choosing, self.is_open = False, True

    async def _find(self, kind: str, uid: str) -> None:
        self.subject = await (self._ticket(uid) if kind == TICKET else self._wish(uid))
        choices = await self._look(booking_choices)
        found = next((one for one in choices if str(one.service_id) == self.subject.service_id), None)
        self.members = [Option(str(one.member_id), one.member) for one in found.providers] if found else []

    async def _wish(self, uid: str) -> Subject:
        zone = zone_of(current_seat().actor.zone)
        view = await self._look(read_waiting, uid)
        row, first = row_of(view.rows[0], view.now, zone), view.rows[0].wishes[0]
        day = max(first.first_day, today_in(zone, view.now)).isoformat()
        wanted = str(first.member_id or "")
        return Subject(WISH, row.id, row.version, row.name, row.service, row.service_id, row.wishes, day, wanted)

    async def _ticket(self, uid: str) -> Subject:
        view = await self._look(read_queue)
        one = next((one for one in (*view.called, *view.waiting) if str(one.ticket_id) == uid), None)
        if one is None:
            raise NotFound("That number is not in the queue any more.", remedy="Look at the queue as it stands.")
        name = f"Number {one.number} · {one.name}" if one.name else f"Number {one.number}"
        day = today_in(zone_of(current_seat().actor.zone), now()).isoformat()
        return Subject(
            TICKET, uid, str(one.version), name, one.service, str(one.service_id), (), day, str(one.wanted_id or "")
        )

    def _refused(self, error: DomainError) -> None:
        self.asks_reason = self.asks_reason or isinstance(error, OutsideHours)
        self.nearest = []
        if isinstance(error, SlotTaken):
            self.nearest = time_choices(error.nearest, current_seat().actor.zone)
            self.errors = {"time": error.message}
            return
        super()._refused(error)
