"""Booking the same once more: the same services with the same people, some weeks later."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import reflex as rx

from microcrm.domain.calendar_text import parse_day
from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.formatting import format_weekday_short
from microcrm.domain.permissions import Permission
from microcrm.operations.book import Rebook, rebook
from microcrm.operations.free_times import FreeTimesAsked
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.operations.safety import VisitSafety, safety_of_visit
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import CardView, TimeChoice
from microcrm.state.booking_letter import Letter, letter_of, still_to_tell
from microcrm.state.forms import pick, with_time
from microcrm.state.free_chips import AHEAD, find_free
from microcrm.state.gate import needs
from microcrm.state.refused_times import keep_refusal
from microcrm.state.to_fill import NOTHING, ToFill, to_fill

WEEKS = (1, 2, 3, 4, 6, 8)
USUAL = 4


@dataclass(frozen=True)
class WeekChoice:
    weeks: str
    label: str
    day: str


@dataclass(frozen=True)
class AgainStart:
    title: str = ""
    what: str = ""
    day: str = ""
    time: str = ""
    turn: int = 0
    weeks: list[WeekChoice] = field(default_factory=list)


class AgainForm(AppState):
    """``free`` are the free times of the day that is typed; ``nearest`` those of a refusal."""

    is_open: bool = False
    is_saving: bool = False
    start: AgainStart = AgainStart()
    free: list[TimeChoice] = []
    free_words: str = ""
    nearest: list[TimeChoice] = []
    asks_reason: bool = False
    asks_safety: bool = False
    unsafe: str = ""  # why the visit is not safe on that day
    against: str = ""  # the records that say so, if they may be opened here
    to_fill: ToFill = NOTHING
    letter: Letter = Letter()

    _card: CardView = CardView()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> None:
        self._card = card = (await self.get_state(Card))._shown()
        weeks = weeks_after(card.visit_day, card.today)
        day = next((one.day for one in weeks if one.weeks == str(USUAL)), "")
        what = card.service + (f". {card.others}" if card.others else "")
        self.start = AgainStart(card.customer, what, day, card.visit_time, weeks=weeks)
        self.nearest, self.errors = [], {}
        self.asks_reason = self.asks_safety = False
        await self._look_around()
        self.is_open = True

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def take(self, day: str, time: str) -> None:
        """A day or a free time that is offered goes into the form. ``time`` empty: as it is."""
        self.start = with_time(self.start, day, time or self.start.time)
        self.nearest, self.errors = [], {}
        await self._look_around()

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def type_day(self, day: str) -> None:
        if len(day) == 10 and day[:2] == "20":  # a date field sends half-typed years as well
            await self.take(day, "")

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            typed = pick(form, "day", "time", "reason", "safety_reason", "tell")
            done = await self._perform(rebook, Rebook(self._card.booking_id, **typed))
        finally:
            self.is_saving = False
        self.is_open = False
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        yield self._reload()

    async def _look_around(self) -> None:
        try:
            asked = PreviewNotice(self._card.booking_id, "booked", self.start.day, self.start.time)
            self.letter = letter_of(await self._look(preview_notice, asked))
            safety = VisitSafety(self._card.booking_id, self.start.day, is_again=True, days=AHEAD)
            said = await self._look(safety_of_visit, safety)
            self.unsafe, self.against = said.words, ",".join(map(str, said.records))
            times = same_again(self._card, self.start.day)
            self.to_fill = to_fill(said, times.first, await find_free(self, times, said.unsafe))
        except DomainError:
            self.free, self.free_words, self.unsafe, self.against, self.to_fill = [], "", "", "", NOTHING

    def _refused(self, error: DomainError) -> None:
        if not keep_refusal(self, error):
            super()._refused(error)


def weeks_after(visit_day: str, today_iso: str) -> list[WeekChoice]:
    """The weekday of the visit some weeks later, counted from today when the visit is over."""
    day, today = date.fromisoformat(visit_day), date.fromisoformat(today_iso)
    if day < today:
        day = today - timedelta(days=(today.weekday() - day.weekday()) % 7)
    later = [(weeks, day + timedelta(weeks=weeks)) for weeks in WEEKS]
    return [WeekChoice(str(n), f"{n} wk · {format_weekday_short(one)}", one.isoformat()) for n, one in later]


def same_again(card: CardView, day: str) -> FreeTimesAsked:
    """Raises: Invalid, for a day that is none."""
    wanted = parse_day(day)
    if wanted is None:
        raise Invalid
    services = [(int(service), int(member)) for service, member in card.services]
    return FreeTimesAsked(services, wanted, wanted, is_public=False)
