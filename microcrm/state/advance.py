"""An advance, taken on the customer's page; and money that goes back, on the page of its voucher or of a credited bill."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import reflex as rx

from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations.billing.advances import GiveBackAdvance, TakeAdvance, give_back_advance, take_advance
from microcrm.operations.billing.giving_back import GiveBackCredited, give_back_credited
from microcrm.operations.billing.offers import offers
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.customer_bills import CustomerBills
from microcrm.state.forms import Option, pick
from microcrm.state.gate import needs


class AdvanceForm(AppState):
    """``open`` is the form on the screen: take or give."""

    open: str = ""
    services: list[Option] = []
    is_saving: bool = False

    _key: str = ""

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def begin_taking(self) -> None:
        self.services = [Option(str(one.service_id), one.name) for one in await self._perform(offers)]
        self.open, self.errors, self._key = "take", {}, uuid4().hex

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def begin_giving(self) -> None:
        self.open, self.errors, self._key = "give", {}, uuid4().hex

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def close(self) -> None:
        self.open, self.errors = "", {}

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def take(self, form: dict[str, Any]) -> Any:
        customer_id = (await self.get_state(CustomerBills)).account.customer_id
        typed = pick(form, "amount", "mode", "proof", "service_id", "buyer_gstin")
        done = await self._perform(take_advance, TakeAdvance(customer_id, **typed, request_key=self._key))
        self.open = ""
        self._notify(f"{format_rupees(done.paise)} taken, {done.number} is written")
        return CustomerBills.load

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def give(self, form: dict[str, Any]) -> Any:
        """Of the advance or the bill on the screen."""
        bill = (await self.get_state(Bill)).bill
        typed = pick(form, "amount", "mode", "proof") | {"request_key": self._key}
        if bill.is_voucher:
            done = await self._perform(give_back_advance, GiveBackAdvance(bill.id, **typed, **pick(form, "reason")))
            words = f"{format_rupees(done.paise)} given back, {done.number} is written"
        else:
            paise = (await self._perform(give_back_credited, GiveBackCredited(bill.id, **typed))).paise
            words = f"{format_rupees(paise)} given back of {bill.number}"
        self.open = ""
        self._notify(words)
        return [Bill.load, Till.load]
