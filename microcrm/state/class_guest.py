"""Somebody is added to the class on the panel."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.calendar_text import parse_day
from microcrm.domain.errors import DomainError, NotSafe, PhoneTaken, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.classes import JoinClass, join
from microcrm.operations.notice_preview import PreviewBooked, preview_booked
from microcrm.operations.safety import SafetyAsked, safety_words
from microcrm.state.base import AppState
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.class_panel import ClassPanel
from microcrm.state.customer_finding import CustomerFinding
from microcrm.state.forms import pick
from microcrm.state.gate import needs
from microcrm.state.to_fill import NOTHING, ToFill, to_fill


class ClassGuest(CustomerFinding, AppState):
    """``who`` is known, new or walk_in. ``unsafe``: why the class is not safe for them that day; ``against``: the records that say so,
    if they may be opened here."""

    who: str = "known"
    is_saving: bool = False
    offers_family: bool = False
    letter: Letter = Letter()
    asks_safety: bool = False
    unsafe: str = ""
    against: str = ""
    to_fill: ToFill = NOTHING

    _customer_id: str = ""

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> Any:
        card = (await self.get_state(ClassPanel)).card
        asked = PreviewBooked((card.service_id,), card.day, card.time)
        self.letter = letter_of(await self._look(preview_booked, asked))
        self.who, self.words, self.people, self.offers_family = "known", "", [], False
        self._customer_id, self.asks_safety = "", False
        await self._look_at_safety()
        return ClassPanel.ask("add")

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_who(self, who: str) -> None:
        self.who = who if who in ("new", "walk_in") else "known"
        self._customer_id, self.errors = "", {}
        await self._look_at_safety()

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def choose(self, customer_id: str) -> None:
        """What speaks against it is said before the place is taken."""
        self._customer_id = str(customer_id)[:20]
        await self._look_at_safety()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        panel = await self.get_state(ClassPanel)
        typed = pick(form, "seats", "customer_id", "name", "phone", "is_family", "note", "tell", "safety_reason")
        try:
            done = await self._perform(join, JoinClass(panel.card.id, who=self.who, **typed))
        finally:
            self.is_saving = False
        self._notify(done.label, undo=done.undo)
        yield [ClassPanel.ask(""), ClassPanel.refresh]

    async def _look_at_safety(self) -> None:
        card = (await self.get_state(ClassPanel)).card
        self.unsafe, self.against, self.to_fill = "", "", NOTHING
        try:
            said = await self._look(safety_words, SafetyAsked([card.service_id], card.day, self._customer_id or None))
        except DomainError:
            return  # no class is open, or nobody of that number is there
        self.unsafe, self.against = said.words, ",".join(map(str, said.records))
        self.to_fill = to_fill(said, parse_day(card.day))

    def _refused(self, error: DomainError) -> None:
        self.offers_family = self.offers_family or isinstance(error, PhoneTaken)
        if isinstance(error, SlotTaken):
            self.errors = {"seats": error.message}
            return
        if isinstance(error, NotSafe):
            self.unsafe, self.asks_safety = error.message, self.asks_safety or error.may_override
        super()._refused(error)
