"""Telling the customer of a change that was made without a message: by dragging, or with the box unticked."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.operations.notices import TellCustomer, tell_customer
from microcrm.state.base import AppState
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.gate import needs


class Telling(AppState):
    is_open: bool = False
    letter: Letter = Letter()

    _change: tuple[str, str, str] = ("", "", "")  # booking, version, step

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def offer(self, change: str) -> None:
        """``change`` is what the notice carries: see ``still_to_tell``."""
        booking, _, rest = str(change).partition(":")
        version, _, step = rest.partition(":")
        self.letter = letter_of(await self._perform(preview_notice, PreviewNotice(booking, step)))
        self._change, self.is_open = (booking, version, step), True

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def send(self) -> Any:
        self.is_open = False
        said = await self._perform(tell_customer, TellCustomer(*self._change))
        self._told(":".join(self._change))
        self._notify(said)
