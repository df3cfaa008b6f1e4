"""Moving a class: by itself, with those that follow, or with all that are still to come; and telling whoever comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import Conflict, DomainError, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.class_card import class_card
from microcrm.operations.class_moves import MoveClass, move_class, preview_class_move
from microcrm.operations.class_notice import PreviewClassNotice, preview_class_notice
from microcrm.operations.classes import ClassDone
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import TimeChoice
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.clashes import look_ahead, without_clashes
from microcrm.state.class_panel import ClassPanel
from microcrm.state.class_view import NO_CLASS, ClassView, class_view
from microcrm.state.forms import with_time, with_typed
from microcrm.state.gate import current_seat, needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.series_dates import DateRow, texts
from microcrm.state.series_edit import SCOPES

PLACE = ("day", "time", "member_id", "minutes")
TYPED = (*PLACE, "scope")


@dataclass(frozen=True)
class ClassPlace:
    """What the fields start with, drawn anew with each ``turn``. ``is_dropped``: it was dragged there."""

    day: str = ""
    time: str = ""
    member_id: str = ""
    minutes: str = ""
    turn: int = 0
    is_dropped: bool = False


class ClassMove(AppState):
    """``clashes`` are classes of the series that stay where they are because their new time cannot be had; they are listed
    as soon as it is known where the class goes."""

    is_open: bool = False
    is_saving: bool = False
    card: ClassView = NO_CLASS
    start: ClassPlace = ClassPlace()
    clashes: list[DateRow] = []
    nearest: list[TimeChoice] = []
    asks_reason: bool = False
    letter: Letter = Letter()

    _typed: dict[str, str] = dict.fromkeys(TYPED, "")

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> None:
        """From the panel of the class."""
        card = (await self.get_state(ClassPanel)).card
        await self._open(card.id, ClassPlace(card.day, card.time, card.member_id, card.minutes))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin_at(self, session_id: str, day: str, time: str, member_id: str, minutes: str) -> None:
        """From the board: it was dragged or stretched to there."""
        place = ClassPlace(str(day)[:10], str(time)[:5], str(member_id)[:20], str(minutes)[:4], is_dropped=True)
        await self._open(session_id, place)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def typed(self, name: str, value: Any) -> None:
        """What is in the way, and what those who come would be told, follow the form."""
        if name in TYPED:
            self._typed = with_typed(self._typed, name, value)
            await self._look_around()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times that were offered goes into the form."""
        self.start = with_time(self.start, day, time)
        self._typed, self.errors = {**self._typed, "day": self.start.day, "time": self.start.time}, {}
        await self._look_around()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """When some clash, they are shown first; the next press leaves these where they are and moves the others."""
        self.is_saving = True
        yield
        typed = texts(form, "day", "time", "member_id", "minutes", "scope", "reason", "tell")
        try:
            done = await self._moved(MoveClass(self.card.id, self.card.version, **typed))
        finally:
            self.is_saving = False
        if done is not None:
            self.is_open = False
            self._notify(done.label, undo=done.undo)
            yield self._reload()

    async def _moved(self, command: MoveClass) -> ClassDone | None:
        """Nothing, when clashes are shown instead."""
        if command.scope in SCOPES:
            command = await without_clashes(self, preview_class_move, command, self.card.id)
        return await self._tried(move_class, command) if command else None

    async def _tried(self, operation: Any, command: MoveClass) -> Any:
        """After somebody else's change the form goes on with the class as it now is; what was typed stays."""
        try:
            return await self._perform(operation, command)
        except Conflict as refusal:
            if not isinstance(refusal, SlotTaken):
                self.card = class_view(await self._look(class_card, self.card.id), current_seat().actor.zone)
            raise

    async def _open(self, session_id: Any, place: ClassPlace) -> None:
        self.card = class_view(await self._look(class_card, session_id), current_seat().actor.zone)
        member_id = place.member_id or self.card.member_id
        self.start = replace(place, member_id=member_id, turn=self.start.turn + 1)
        self._typed = {"scope": "this", **{name: getattr(self.start, name) for name in PLACE}}
        self.asks_reason, self.errors, self.is_open = False, {}, True
        await self._look_around()

    async def _look_around(self) -> None:
        """The words for those who come stay while what is typed makes no sense."""
        await look_ahead(
            self, preview_class_move, MoveClass(self.card.id, self.card.version, **self._typed), self.card.id
        )
        try:
            asked = PreviewClassNotice(self.card.id, "moved", self._typed["day"], self._typed["time"])
            self.letter = letter_of(await self._look(preview_class_notice, asked))
        except DomainError:
            return

    def _refused(self, error: DomainError) -> None:
        if isinstance(error, SlotTaken):
            self.clashes = []
        if not keep_refusal(self, error):
            super()._refused(error)
