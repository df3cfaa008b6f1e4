"""Calling a visit off, or declining a request: who, why, what it costs, and whether the customer is told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.errors import Conflict
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.booking_fees import Fees, fees_of
from microcrm.operations.booking_status import Answer, Cancel, cancel, decline
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_letter import Letter, letter_of, still_to_tell
from microcrm.state.deposit_words import deposit_words
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs

STEPS = {"cancel": "cancelled", "decline": "declined"}


class CancelForm(AppState):
    """``form`` is "cancel", "decline" or nothing. ``fee``: what cancelling late costs now, "" when nothing; ``suggested``:
    who cancels, as the clock has it. ``deposit``: what was paid ahead, "" when nothing; ``late_back``: what happens to it then."""

    form: str = ""
    is_saving: bool = False
    title: str = ""
    suggested: str = "customer"
    fee: str = ""
    fee_share: str = ""
    deposit: str = ""
    late_back: str = ""
    letter: Letter = Letter()

    _booking: int = 0
    _version: int = 0

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self, form: str, booking_id: str) -> None:
        if form in STEPS:
            self.errors = {}
            await self._look_at(booking_id, form)
            self.form = form

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.form, self.errors = "", {}

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def type_reason(self, reason: str) -> None:
        """It is part of what the customer reads."""
        asked = PreviewNotice(self._booking, STEPS.get(self.form), reason=str(reason)[:200])
        self.letter = letter_of(await self._look(preview_notice, asked))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            done = await self._done(form)
        finally:
            self.is_saving = False
        self.form = ""
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        yield [Card.leave, *self._reload()]

    async def _done(self, form: dict[str, Any]) -> Any:
        """After somebody else's change the form goes on with the visit as it now is; what was typed stays."""
        try:
            if self.form == "decline":
                answer = Answer(self._booking, self._version, **pick(form, "reason", "tell"))
                return await self._perform(decline, answer)
            typed = pick(form, "who", "reason", "is_waived", "waiver", "tell")
            return await self._perform(cancel, Cancel(self._booking, self._version, **typed))
        except Conflict:
            await (await self.get_state(Card))._stale()
            await self._look_at(self._booking, self.form)
            raise

    async def _look_at(self, booking_id: Any, form: str) -> None:
        fees = await self._look(fees_of, booking_id)
        self._booking, self._version = fees.booking_id, fees.version
        self.title = title_of(fees)
        self.fee = format_rupees(fees.late.paise) if fees.late.paise else ""
        self.fee_share = f"{fees.late.percent} % of the price"
        self.deposit = format_rupees(fees.deposit) if fees.deposit else ""
        self.late_back = deposit_words(fees.deposit, fees.late.paise)
        self.suggested = "late" if fees.is_late or fees.late.paise else "customer"
        self.letter = letter_of(await self._look(preview_notice, PreviewNotice(fees.booking_id, STEPS[form])))


def title_of(fees: Fees) -> str:
    """Like "Tara Menon, tomorrow, 10:00 am"."""
    actor = current_seat().actor
    zone = zone_of(actor.zone)
    day = to_wall(fees.starts_at, zone)[0]
    return f"{fees.customer}, {format_near_day(day, fees.today)}, {format_time(fees.starts_at, zone)}"
