"""Somebody is added to the class on the panel."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, PhoneTaken, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.classes import JoinClass, join
from microcrm.operations.notice_preview import PreviewBooked, preview_booked
from microcrm.state.base import AppState
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.class_panel import ClassPanel
from microcrm.state.customer_finding import CustomerFinding
from microcrm.state.forms import pick
from microcrm.state.gate import needs


class ClassGuest(CustomerFinding, AppState):
    """``who`` is known, new or walk_in."""

    who: str = "known"
    is_saving: bool = False
    offers_family: bool = False
    letter: Letter = Letter()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> Any:
        card = (await self.get_state(ClassPanel)).card
        asked = PreviewBooked((card.service_id,), card.day, card.time)
        self.letter = letter_of(await self._look(preview_booked, asked))
        self.who, self.words, self.people, self.offers_family = "known", "", [], False
        return ClassPanel.ask("add")

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_who(self, who: str) -> None:
        self.who = who if who in ("new", "walk_in") else "known"
        self.errors = {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        panel = await self.get_state(ClassPanel)
        typed = pick(form, "seats", "customer_id", "name", "phone", "is_family", "note", "tell")
        try:
            done = await self._perform(join, JoinClass(panel.card.id, who=self.who, **typed))
        finally:
            self.is_saving = False
        self._notify(done.label, undo=done.undo)
        yield [ClassPanel.ask(""), ClassPanel.refresh]

    def _refused(self, error: DomainError) -> None:
        self.offers_family = self.offers_family or isinstance(error, PhoneTaken)
        if isinstance(error, SlotTaken):
            self.errors = {"seats": error.message}
            return
        super()._refused(error)
