"""Fees: somebody did not come, which may cost something; and a fee that is not asked for after all."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_fees import WaiveFee, fees_of, restore_fee, waive_fee
from microcrm.operations.booking_status import Step, step
from microcrm.state.base import AppState
from microcrm.state.booking_cancel import title_of
from microcrm.state.booking_card import Card
from microcrm.state.deposit_words import deposit_words
from microcrm.state.forms import pick
from microcrm.state.gate import needs


class FeeForm(AppState):
    """``form`` is "missed", "waive" or nothing."""

    form: str = ""
    is_saving: bool = False
    title: str = ""
    fee: str = ""
    deposit: str = ""  # what becomes of what was paid ahead

    _booking: int = 0
    _version: int = 0

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def miss(self, booking_id: str) -> Any:
        """Asked only when it costs something or gives a deposit back; else it is done, and Undo takes it back."""
        self.errors = {}
        await self._look_at(booking_id)
        if self.fee or self.deposit:
            self.form = "missed"
            return None
        return await self._do(step, Step(self._booking, BookingStatus.NO_SHOW.value, self._version))

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def waive(self) -> None:
        card = (await self.get_state(Card))._shown()
        self._booking, self._version = int(card.booking_id or 0), card.version
        self.title, self.fee, self.form, self.errors = f"{card.customer}, {card.when}", card.fee, "waive", {}

    @rx.event
    @needs(Permission.BOOKINGS_ALL)
    async def restore(self) -> Any:
        """The fee is asked for after all."""
        card = (await self.get_state(Card))._shown()
        return await self._do(restore_fee, card.booking_id, card.version)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.form, self.errors = "", {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        typed = pick(form, "is_waived", "waiver")
        try:
            if self.form == "waive":
                yield await self._do(waive_fee, WaiveFee(self._booking, self._version, typed["waiver"]))
            else:
                command = Step(self._booking, BookingStatus.NO_SHOW.value, self._version, **typed)
                yield await self._do(step, command)
        finally:
            self.is_saving = False

    async def _do(self, operation: Any, *command: Any) -> Any:
        try:
            done = await self._perform(operation, *command)
        except Conflict:
            await (await self.get_state(Card))._stale()
            if self.form == "missed":
                await self._look_at(self._booking)
            raise
        self.form = ""
        self._notify(done.label, undo=done.undo)
        return self._reload()

    async def _look_at(self, booking_id: Any) -> None:
        fees = await self._look(fees_of, booking_id)
        self._booking, self._version, self.title = fees.booking_id, fees.version, title_of(fees)
        self.fee = format_rupees(fees.missed.paise) if fees.missed.paise else ""
        self.deposit = deposit_words(fees.deposit, fees.missed.paise)
