"""Whether an owner wants the mail at seven: a switch on their account page."""

from __future__ import annotations

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.messaging.morning_note import switch_note, wants_note
from microcrm.state.base import AppState
from microcrm.state.gate import needs


class MorningNote(AppState):
    is_read: bool = False
    is_on: bool = False

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        self.is_on, self.is_read = await self._perform(wants_note), True

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def switch(self, is_on: bool) -> None:
        self.is_on = await self._perform(switch_note, is_on)
        self._notify("The note comes each morning at seven" if self.is_on else "No more notes in the morning")
