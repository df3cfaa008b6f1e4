"""A visit that was dragged belongs to others: which of them go with it? Or it went to a day that is not safe: why all the same?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import reflex as rx

from microcrm.domain.calendar_text import parse_clock, parse_day
from microcrm.domain.errors import DomainError, Invalid, NotSafe
from microcrm.domain.formatting import format_clock, format_duration, format_weekday_short
from microcrm.domain.permissions import Permission
from microcrm.operations.move import Move, MoveVisit, move, move_visit
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import NO_CARD, CardView
from microcrm.state.booking_letter import still_to_tell
from microcrm.state.booking_move_wish import visit_start
from microcrm.state.booking_moves import Drop, words_of
from microcrm.state.forms import pick
from microcrm.state.gate import needs
from microcrm.state.series_edit import SCOPES, SeriesEdit


@dataclass(frozen=True)
class Choice:
    """``value`` is service, visit, following or all; ``covers`` says what it takes along."""

    value: str
    label: str
    covers: str


class DropAsk(AppState):
    """``to`` is where it was let go. ``unsafe``: what speaks against it, while whoever may is asked for a reason."""

    is_open: bool = False
    is_saving: bool = False
    card: CardView = NO_CARD
    to: str = ""
    choices: list[Choice] = []
    unsafe: str = ""

    _drop: Drop | None = None
    _command: Move | MoveVisit | None = None

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        """It has gone back already."""
        self.is_open, self.unsafe, self.errors = False, "", {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def choose(self, value: str) -> Any:
        """This one moves at once; several are looked at in a form, with what clashes."""
        self.is_open, drop, command = False, self._drop, self._command
        if drop is None or not isinstance(command, Move) or value not in {one.value for one in self.choices}:
            return None
        if value in SCOPES:
            return await (await self.get_state(SeriesEdit))._begin_at(self.card, value, drop)
        return await self._go(self._wanted(value, command))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def move_anyway(self, form: dict[str, Any]) -> Any:
        """Past what is not safe, with a reason."""
        reason = pick(form, "safety_reason")["safety_reason"]
        if not isinstance(reason, str) or not reason.strip():
            raise Invalid(fields={"safety_reason": "Say why it can be that day all the same."})
        if self._command is None or not self.unsafe:
            return None
        done = await self._go(replace(self._command, safety_reason=reason))
        self.unsafe, self._command = "", None
        return done

    async def _go(self, command: Move | MoveVisit) -> Any:
        operation: Any = move_visit if isinstance(command, MoveVisit) else move
        try:
            done = await self._perform(operation, command)
        except NotSafe as refusal:
            if not refusal.may_override:
                raise
            self._ask_reason(self.card, self._drop, command, refusal.message)
            return None
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        return self._reload()

    def _ask_reason(self, card: CardView, drop: Drop | None, command: Move | MoveVisit, why: str) -> None:
        self.card, self.unsafe, self.errors = card, why, {}
        self.to = place_words(card, drop) if drop else ""
        self._drop, self._command = drop, command

    def _ask(self, card: CardView, drop: Drop, command: Move) -> None:
        self.card, self.choices = card, choices_for(card, drop)
        self.to, self.is_open = place_words(card, drop), True
        self._drop, self._command = drop, command

    def _wanted(self, value: str, command: Move) -> Move | MoveVisit:
        if value != "visit" or not self.card.others:
            return command
        start = visit_start(self.card, command.day, command.time)
        return MoveVisit(command.booking_id, command.version, *start)

    def _refused(self, error: DomainError) -> None:
        if "safety_reason" in error.fields:
            super()._refused(error)
        elif error.fields:
            self._notify(words_of(error), tone="bad")
        else:
            super()._refused(error)


def choices_for(card: CardView, drop: Drop) -> list[Choice]:
    """None when the block moves by itself without a question."""
    line, is_several = card.series, bool(card.others)
    if is_several and (drop.is_passed_on or drop.minutes or not drop.is_elsewhen):
        return []  # one service to somebody else or longer: the others stay as they are
    alone = [Choice("service", f"Only {card.service.partition(' · ')[0]}", "The other services stay where they are.")]
    whole = [Choice("visit", "The whole visit" if is_several else "Only this visit", card.others or card.when)]
    series = [
        Choice("following", "This and following", line.move_following),
        Choice("all", "All still to come", line.move_all),
    ]
    found = [*(alone if is_several else []), *whole, *(series if line.place else [])]
    return found if len(found) > 1 else []


def place_words(card: CardView, drop: Drop) -> str:
    """Like "Mon 30 Nov, 4:00 pm for 1 h with Asha"."""
    when = f"{format_weekday_short(parse_day(drop.day) or date.min)}, {format_clock(parse_clock(drop.time) or 0)}"
    lasts = f" for {format_duration(drop.minutes)}" if drop.minutes else ""
    who = next((one.label for one in card.takers if one.value == drop.member_id), "") if drop.is_passed_on else ""
    return f"{when}{lasts}{f' with {who}' if who else ''}"
