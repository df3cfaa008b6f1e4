"""Moving a visit, or one service of it, by a form: for whoever does not drag."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.errors import Conflict, DomainError, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.move import MoveVisit, move, move_visit
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.operations.safety import SafetySaid, VisitSafety, safety_of_visit
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import CardView, TimeChoice
from microcrm.state.booking_letter import Letter, letter_of, still_to_tell
from microcrm.state.booking_move_wish import MoveStart, move_in, start_of, told_start, wanted_times
from microcrm.state.forms import with_time, with_typed
from microcrm.state.free_chips import AHEAD, find_free
from microcrm.state.gate import needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.to_fill import NOTHING, ToFill, to_fill

TYPED = ("day", "time", "member_id", "whole")


class MoveForm(AppState):
    """``free`` are the free times of the day that is typed; ``nearest`` those of a refusal."""

    is_open: bool = False
    is_saving: bool = False
    start: MoveStart = MoveStart()
    free: list[TimeChoice] = []
    free_words: str = ""
    nearest: list[TimeChoice] = []
    asks_reason: bool = False
    asks_safety: bool = False
    letter: Letter = Letter()
    unsafe: str = ""  # why what is typed is not safe on that day
    to_fill: ToFill = NOTHING

    _card: CardView = CardView()
    _typed: dict[str, str] = {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> None:
        self._card = (await self.get_state(Card))._shown()
        self.nearest, self.errors = [], {}
        self.asks_reason = self.asks_safety = False
        self.start = start_of(self._card)
        self._typed = {"day": self.start.day, "time": self.start.time, "member_id": self.start.member_id}
        await self._look_around()
        self.is_open = True

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def typed(self, name: str, value: Any) -> None:
        if name in TYPED:
            self._typed = with_typed(self._typed, name, value)
            await self._look_around()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times goes into the form; the rest of it stays as typed."""
        self.start = with_time(self.start, day, time)
        self._typed = {**self._typed, "day": self.start.day, "time": self.start.time}
        self.nearest, self.errors = [], {}
        await self._look_around()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            done = await self._moved(form)
        finally:
            self.is_saving = False
        self.is_open = False
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        yield self._reload()

    async def _moved(self, form: dict[str, Any]) -> Any:
        """After somebody else's change the form goes on with the visit as it now is; what was typed stays."""
        command = move_in(form, self._card)
        operation: Any = move_visit if isinstance(command, MoveVisit) else move
        try:
            return await self._perform(operation, command)
        except Conflict as refusal:
            if not isinstance(refusal, SlotTaken):
                self._card = await (await self.get_state(Card))._stale()
            raise

    async def _look_around(self) -> None:
        """The words for the customer, and what is free that day, as far as what is typed makes sense."""
        typed = self._typed
        try:
            asked = PreviewNotice(self._card.booking_id, "moved", *told_start(self._card, typed))
            self.letter = letter_of(await self._look(preview_notice, asked))
            said = await self._look_at_safety(typed)
            times = wanted_times(self._card, typed)
            self.to_fill = to_fill(said, times.first, await find_free(self, times, said.unsafe))
        except DomainError:
            self.free, self.free_words, self.unsafe, self.to_fill = [], "", "", NOTHING

    async def _look_at_safety(self, typed: dict[str, str]) -> SafetySaid:
        item = "" if typed.get("whole") else self._card.item_id
        asked = VisitSafety(self._card.booking_id, typed.get("day"), item, days=AHEAD)
        said = await self._look(safety_of_visit, asked)
        self.unsafe = said.words
        return said

    def _refused(self, error: DomainError) -> None:
        if not keep_refusal(self, error):
            super()._refused(error)
