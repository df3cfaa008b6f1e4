"""The deposit on a visit's card: giving it back, and leaving what does not fit as it is."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations.online.deposit_desk import give_deposit_back, leave_deposit
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.gate import needs


class DepositForm(AppState):
    is_asking: bool = False

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def ask(self, is_asking: bool) -> None:
        self.is_asking = is_asking is True

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def give_back(self) -> Any:
        self.is_asking = False
        card = (await self.get_state(Card))._shown()
        paise = await self._perform(give_deposit_back, card.booking_id)
        self._notify(f"{format_rupees(paise)} are on their way back to the customer")
        return Card.refresh

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def leave_it(self) -> Any:
        card = (await self.get_state(Card))._shown()
        await self._perform(leave_deposit, card.booking_id)
        return Card.refresh
