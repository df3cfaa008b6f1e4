"""Changing a visit of a series: this one, it and those that follow, or all that are still to come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.operations.series import CancelSeries, EditSeries, SeriesDone, cancel_series, edit, preview_edit
from microcrm.state.base import AppState
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import NO_CARD, CardView, TimeChoice
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.booking_move import MoveForm
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.series_dates import DateRow, date_rows, texts

SCOPES = ("following", "all")


class SeriesEdit(AppState):
    """``kind`` is what is asked for: move or cancel. ``scope`` is empty until somebody has chosen. ``clashes`` are visits that
    stay where they are because their new time cannot be had."""

    is_open: bool = False
    kind: str = "move"
    scope: str = ""
    card: CardView = NO_CARD
    day: str = ""
    time: str = ""
    clashes: list[DateRow] = []
    nearest: list[TimeChoice] = []
    asks_reason: bool = False
    is_saving: bool = False
    letter: Letter = Letter()

    _seen: EditSeries | None = None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self, kind: str) -> None:
        """Which visits is asked first. Raises: NotFound, when no visit of a series is open."""
        card = (await self.get_state(Card)).card
        if not card.series.place:
            raise NotFound
        self.card, self.kind = card, "cancel" if kind == "cancel" else "move"
        self.day, self.time, self.scope, self.errors = card.day, card.time, "", {}
        self.nearest, self.asks_reason, self.is_open = [], False, True
        self._forget()

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
        step = "moved" if self.kind == "move" else "cancelled"
        if scope in SCOPES:
            self.letter = letter_of(await self._look(preview_notice, PreviewNotice(self.card.booking_id, step)))
        self.scope = scope if scope in SCOPES else ""
        self.errors = {}
        self._forget()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """One of the free times that were offered goes into the form."""
        self.day, self.time, self.nearest, self.errors = str(day)[:10], str(time)[:5], [], {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_move(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """When some clash, they are shown first; the next press leaves these where they are and moves the others."""
        self.is_saving = True
        yield
        command = self._typed(form)
        try:
            if self._seen != command and await self._look_for_clashes(command):
                return
            done = await self._perform(edit, command_without(command, self.clashes))
            yield self._done(done)
        finally:
            self.is_saving = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_cancel(self, form: dict[str, Any]) -> Any:
        card, typed = self.card, pick(form, "who", "reason", "tell")
        done = await self._perform(cancel_series, CancelSeries(card.booking_id, card.version, self.scope, **typed))
        return self._done(done)

    def _typed(self, form: dict[str, Any]) -> EditSeries:
        typed = texts(form, "day", "time", "member_id", "minutes", "reason", "tell")
        return EditSeries(self.card.booking_id, self.card.version, self.scope, **typed)

    async def _look_for_clashes(self, command: EditSeries) -> bool:
        """Raises: SlotTaken, when the visit itself that was pointed at cannot go there."""
        seen = await self._perform(preview_edit, command)
        own = next((one for one in seen.clashes if str(one.place) == self.card.booking_id), None)
        if own is not None:
            raise SlotTaken(own.why, nearest=own.nearest) if own.nearest else OutsideHours(own.why, may_override=True)
        self._seen, self.clashes = command, date_rows(seen.clashes, current_seat().actor.zone)
        return bool(self.clashes)

    def _done(self, done: SeriesDone) -> Any:
        self.is_open = False
        self._notify(done.label, undo=done.undo)
        return self._reload()

    def _forget(self) -> None:
        self._seen, self.clashes = None, []

    def _refused(self, error: DomainError) -> None:
        if isinstance(error, SlotTaken):
            self._forget()
        if not keep_refusal(self, error):
            super()._refused(error)


def command_without(command: EditSeries, clashes: Sequence[DateRow]) -> EditSeries:
    return replace(command, skip=tuple(row.place for row in clashes))
