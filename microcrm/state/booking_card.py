"""The card of one booking: its facts and the steps that can be taken. Its forms have states of their own."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.booking import BookingStatus
from microcrm.domain.calendar_ask import address_with
from microcrm.domain.errors import Conflict, FormMissing, NotFound, NotSafe, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_card import booking_card
from microcrm.operations.booking_status import Answer, Step, approve, step
from microcrm.operations.move import Move, MoveVisit, move, move_visit
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import NO_CARD, CardView, card_view, shifted
from microcrm.state.booking_letter import still_to_tell
from microcrm.state.booking_move_wish import visit_start
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ids_of
from microcrm.state.requests import Requests
from microcrm.state.start_ask import StartAsk


class Card(AppState):
    is_open: bool = False
    card: CardView = NO_CARD

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def open(self, item_id: str) -> None:
        await self._read(item_id)
        self.is_open = True

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> None:
        """After somebody changed something: the same card as it stands now."""
        if self.is_open:
            await self._read(self.card.item_id)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def heard(self, changes: str) -> None:
        """The booking on the card was changed elsewhere, or a message about it went on (0: many did). A form above it keeps the
        version that its reader saw."""
        mine = int(self.card.booking_id or 0)
        if self.is_open and (ids_of(changes, "booking") & {mine} or ids_of(changes, "message") & {0, mine}):
            await self._read(self.card.item_id)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> Any:
        self.is_open, self.errors = False, {}
        asked = self.router.url.query_parameters
        return rx.redirect(address_with(asked), replace=True) if asked.get("booking") else None

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def leave(self) -> None:
        """Closed because something else is shown: the state outlives a reload of the page."""
        self.is_open = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def step(self, status: str) -> Any:
        """A request that is approved is a step of its own: the customer hears of it."""
        card = self.card
        if card.is_request and status == BookingStatus.BOOKED.value:
            return await self._approve(Answer(card.booking_id, card.version))
        wanted = Step(card.booking_id, status, card.version)
        try:
            return await self._do(step, wanted)
        except (FormMissing, NotSafe) as refusal:
            return await (await self.get_state(StartAsk))._ask(wanted, refusal)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def shift(self, minutes: int) -> Any:
        """A little earlier or later, with all of its services."""
        card = self.card
        day, time = shifted(card, minutes)
        if card.others:
            return await self._do(move_visit, MoveVisit(card.booking_id, card.version, *visit_start(card, day, time)))
        return await self._do(move, Move(card.booking_id, card.version, card.item_id, day, time))

    async def _approve(self, answer: Answer) -> Any:
        try:
            return await self._do(approve, answer)
        except NotSafe as refusal:
            return await (await self.get_state(Requests))._ask_why(answer, refusal)

    async def _do(self, operation: Any, command: Any) -> Any:
        """One step with its notice. When somebody else was faster, the card shows what they did."""
        try:
            done = await self._perform(operation, command)
        except Conflict as refusal:
            if not isinstance(refusal, SlotTaken):
                await self._stale()
            raise
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        return self._reload()

    def _shown(self) -> CardView:
        """Raises: NotFound, when no visit is open."""
        if not self.card.item_id:
            raise NotFound
        return self.card

    async def _stale(self) -> CardView:
        """Somebody else was faster: the card as it now is, for what is asked of it next."""
        if self.card.item_id:
            await self._read(self.card.item_id)
        return self.card

    async def _read(self, item_id: Any) -> None:
        try:
            card = await self._look(booking_card, item_id)
        except NotFound:
            self.is_open, self.card = False, NO_CARD
            raise
        self.card = card_view(card, current_seat().actor.zone)
