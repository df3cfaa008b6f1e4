"""The card of one booking: its facts, the steps that can be taken, moving it and calling it off."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.calendar_ask import address_with
from microcrm.domain.errors import DomainError, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_card import booking_card
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.move import Move, move
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import NO_CARD, CardView, TimeChoice, card_view, shifted, time_choices
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ids_of


class Card(AppState):
    """``form`` is what is asked for in a dialog above the card: "move", "cancel" or nothing. The start values of the move
    form live apart from the card, so that picking a free time can change them."""

    is_open: bool = False
    card: CardView = NO_CARD
    form: str = ""
    is_saving: bool = False
    day: str = ""
    time: str = ""
    nearest: list[TimeChoice] = []
    asks_reason: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def open(self, item_id: str) -> None:
        await self._read(item_id)
        self.form, self.is_open = "", True

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> None:
        """After somebody changed something: the same card as it stands now."""
        if self.is_open:
            await self._read(self.card.item_id)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def heard(self, changes: str) -> None:
        """The booking on the card was changed elsewhere: shown anew, unless somebody is filling in a form about it."""
        if self.is_open and not self.form and ids_of(changes, "booking") & {int(self.card.booking_id or 0)}:
            await self._read(self.card.item_id)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> Any:
        self.is_open, self.form, self.errors = False, "", {}
        return self._clean_address()

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def leave(self) -> None:
        """Closed because something else is shown: the state outlives a reload of the page."""
        self.is_open, self.form = False, ""

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def step(self, status: str) -> Any:
        done = await self._perform(step, Step(self.card.booking_id, status, self.card.version))
        self._notify(done.label, undo=done.undo)
        return self._reload()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def ask(self, form: str) -> None:
        self.errors, self.nearest, self.asks_reason = {}, [], False
        self.day, self.time = self.card.day, self.card.time
        self.form = form if form in ("move", "cancel") else ""

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times that were offered goes into the form."""
        self.day, self.time, self.nearest = str(day)[:10], str(time)[:5], []

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def shift(self, minutes: int) -> Any:
        day, time = shifted(self.card, minutes)
        return await self._move(Move(self.card.booking_id, self.card.version, self.card.item_id, day, time))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_move(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        names = ("day", "time", "member_id", "minutes", "reason")
        typed = {name: form.get(name) for name in names}
        try:
            yield await self._move(Move(self.card.booking_id, self.card.version, self.card.item_id, **typed))
        finally:
            self.is_saving = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_cancel(self, form: dict[str, Any]) -> Any:
        command = Cancel(self.card.booking_id, self.card.version, form.get("who"), form.get("reason"))
        done = await self._perform(cancel, command)
        self.form, self.is_open = "", False
        self._notify(done.label, undo=done.undo)
        return self._reload()

    async def _move(self, command: Move) -> Any:
        done = await self._perform(move, command)
        self.form = ""
        self._notify(done.label, undo=done.undo)
        return self._reload()

    async def _read(self, item_id: Any) -> None:
        try:
            card = await self._perform(booking_card, item_id)
        except NotFound:
            self.is_open, self.card = False, NO_CARD
            raise
        self.card = card_view(card, current_seat().actor.zone)

    def _clean_address(self) -> Any:
        asked = self.router.url.query_parameters
        return rx.redirect(address_with(asked), replace=True) if asked.get("booking") else None

    def _refused(self, error: DomainError) -> None:
        self.asks_reason = self.asks_reason or isinstance(error, OutsideHours)
        if isinstance(error, SlotTaken) and self.form == "move":
            self.nearest = time_choices(error.nearest, current_seat().actor.zone)
            self.errors = {"time": error.message}
            return
        super()._refused(error)
