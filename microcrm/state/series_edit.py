"""Changing a visit of a series: this one, it and those that follow, or all that are still to come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import reflex as rx

from microcrm.domain.errors import Conflict, DomainError, NotFound, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_card import booking_card
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.operations.series import (
    CancelSeries,
    EditSeries,
    SeriesDone,
    SeriesPreview,
    cancel_series,
    edit,
    preview_cancel,
    preview_edit,
)
from microcrm.state.base import AppState
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import NO_CARD, CardView, TimeChoice, card_view
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_move_wish import visit_start
from microcrm.state.booking_moves import Drop
from microcrm.state.clashes import look_ahead, without_clashes
from microcrm.state.forms import pick, with_time, with_typed
from microcrm.state.gate import current_seat, needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.series_dates import DateRow, texts

SCOPES = ("following", "all")
TYPED = ("day", "time", "member_id", "minutes")


@dataclass(frozen=True)
class SeriesStart:
    """What the fields start with, drawn anew with each ``turn``. A visit of several services moves whole: then ``member_id``
    and ``minutes`` are empty."""

    day: str = ""
    time: str = ""
    member_id: str = ""
    minutes: str = ""
    turn: int = 0


class SeriesEdit(AppState):
    """``kind`` is what is asked for: move or cancel. ``scope`` is empty until somebody has chosen. ``clashes`` are visits that
    stay where they are because their new time cannot be had."""

    is_open: bool = False
    kind: str = "move"
    scope: str = ""
    card: CardView = NO_CARD
    start: SeriesStart = SeriesStart()
    clashes: list[DateRow] = []
    nearest: list[TimeChoice] = []
    asks_reason: bool = False
    asks_safety: bool = False
    is_saving: bool = False
    letter: Letter = Letter()

    _typed: dict[str, str] = {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self, kind: str) -> None:
        """Which visits is asked first. Raises: NotFound, when no visit of a series is open."""
        card = (await self.get_state(Card)).card
        if not card.series.place:
            raise NotFound
        self._open(card, "cancel" if kind == "cancel" else "move", "", start_of(card, self.start.turn))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def only_this(self) -> Any:
        """As any other visit."""
        self.is_open = False
        return MoveForm.begin if self.kind == "move" else CancelForm.begin("cancel", self.card.booking_id)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_scope(self, scope: str) -> None:
        self.scope, self.errors, self.clashes = scope if scope in SCOPES else "", {}, []
        await self._look_around()

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def typed(self, name: str, value: Any) -> None:
        """What is in the way, and what the customer would be told, follow the form."""
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
    async def save_move(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """When some clash, they are shown first; the next press leaves these where they are and moves the others."""
        self.is_saving = True
        yield
        try:
            command = await without_clashes(self, preview_edit, self._command(form), self.card.booking_id)
            if command is not None:
                yield self._done(await self._tried(edit, command))
        finally:
            self.is_saving = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_cancel(self, form: dict[str, Any]) -> Any:
        card, typed = self.card, pick(form, "who", "reason", "tell")
        command = CancelSeries(card.booking_id, card.version, self.scope, **typed)
        return self._done(await self._tried(cancel_series, command))

    async def _tried(self, operation: Any, command: Any) -> Any:
        """After somebody else's change the form goes on with the visit as it now is; what was typed stays."""
        try:
            return await self._perform(operation, command)
        except Conflict as refusal:
            if not isinstance(refusal, SlotTaken):
                card = await self._look(booking_card, self.card.item_id)
                self.card = card_view(card, current_seat().actor.zone)
            raise

    async def _begin_at(self, card: CardView, scope: str, drop: Drop) -> None:
        """From the board: where it was dragged to stands in the form."""
        self._open(card, "move", scope, dropped_start(card, drop, self.start.turn))
        await self._look_around()

    def _open(self, card: CardView, kind: str, scope: str, start: SeriesStart) -> None:
        self.card, self.kind, self.scope, self.start, self.errors = card, kind, scope, start, {}
        self._typed = {name: getattr(start, name) for name in TYPED}
        self.nearest, self.clashes, self.is_open = [], [], True
        self.asks_reason = self.asks_safety = False

    def _command(self, form: dict[str, Any]) -> EditSeries:
        typed = texts(form, "day", "time", "member_id", "minutes", "reason", "safety_reason", "tell")
        return EditSeries(self.card.booking_id, self.card.version, self.scope, **typed)

    async def _look_around(self) -> None:
        """What is in the way, and one message with all the dates. Nothing, while what is typed makes no sense."""
        if not self.scope:
            return
        try:
            seen = await self._seen()
            if seen is None:
                return
            step = "moved_all" if self.kind == "move" else "cancelled_all"
            dates = [one.start for one in seen.dates if not one.why] or [one.start for one in seen.dates]
            self.letter = letter_of(await self._look(preview_notice, notice_of(self.card, step, dates)))
        except DomainError:
            return

    async def _seen(self) -> SeriesPreview | None:
        if self.kind == "move":
            return await look_ahead(self, preview_edit, self._command(self._typed), self.card.booking_id)
        return await self._look(preview_cancel, CancelSeries(self.card.booking_id, self.card.version, self.scope))

    def _done(self, done: SeriesDone) -> Any:
        self.is_open = False
        self._notify(done.label, undo=done.undo)
        return self._reload()

    def _refused(self, error: DomainError) -> None:
        if isinstance(error, SlotTaken):
            self.clashes = []
        if not keep_refusal(self, error):
            super()._refused(error)


def start_of(card: CardView, turn: int) -> SeriesStart:
    own = ("", "") if card.others else (card.member_id, card.minutes)
    return SeriesStart(card.visit_day, card.visit_time, *own, turn + 1)


def dropped_start(card: CardView, drop: Drop, turn: int) -> SeriesStart:
    day, time = visit_start(card, drop.day, drop.time)
    start = start_of(card, turn)
    if card.others:
        return replace(start, day=day, time=time)
    return SeriesStart(day, time, drop.member_id or card.member_id, str(drop.minutes or card.minutes), start.turn)


def notice_of(card: CardView, step: str, dates: Sequence[datetime]) -> PreviewNotice:
    """Of a single date as of any visit's."""
    one = step.removesuffix("_all") if len(dates) == 1 else step
    return PreviewNotice(card.booking_id, one, dates=tuple(dates))
