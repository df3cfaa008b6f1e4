"""A bill paid through Razorpay: asking for it by a link, what came of it, giving money back, and what the owner has to look at."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import reflex as rx

from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.gateway import DISPUTE_OPEN
from microcrm.domain.money import format_rupees, rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.online.asking import ask_by_link
from microcrm.operations.online.refunds import (
    GiveBack,
    OnlinePayment,
    close_concern,
    give_back,
    online_payments,
    way_to_pay,
)
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.deposit_words import CONCERNS, dispute_words
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.online import made
from microcrm.wiring import now

_STATUS = {
    "created": ("Begun", "neutral"), "failed": ("Failed", "bad"), "authorized": ("At the bank", "warn"),
    "captured": ("Paid", "ok"), "refunded": ("Given back", "neutral"),
}  # fmt: skip
_DISPUTED = ("In dispute", "bad")
_CONCERNS = {
    "amount": "It is not the sum that was asked for. It counts for this bill as far as it goes; take the rest, or give it back.",
    "currency": "It came in another currency, so it does not count for this bill. Give it back in Razorpay, or take it in by hand.",
    "settled": "The bill was paid already. Give it back, or keep it as the customer’s advance.",
    "cancelled": "The bill was cancelled meanwhile. Give it back, or keep it as the customer’s advance.",
    "uncaptured": "The bank was late and the bill is paid. We did not take it; Razorpay gives it back within days.",
}


@dataclass(frozen=True)
class OnlineLine:
    """``ledger_id``: "" when nothing of it can be given back here."""

    id: str
    ledger_id: str
    status: str
    tone: str
    amount: str
    about: str
    concern: str
    dispute: str
    left: str


class OnlineTill(AppState):
    """``mode``: how the shop takes payments online, "" when it does not. ``address``: of the link that was just made."""

    mode: str = ""
    lines: list[OnlineLine] = []
    address: str = ""
    is_asking: bool = False
    is_disputed: bool = False  # a customer's bank wants a payment of this bill back
    giving: OnlineLine = OnlineLine("", "", "", "", "", "", "", "", "")
    is_giving: bool = False

    _key: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> None:
        self.lines, self.address, self.is_giving, self.is_disputed = [], "", False, False
        self.mode = await self._perform(way_to_pay)
        if asked := self.router.url.query_parameters.get("id"):
            zone = current_seat().actor.zone
            found = await self._perform(online_payments, asked)
            self.lines = [line_of(one, zone) for one in found]
            self.is_disputed = any(one.dispute in DISPUTE_OPEN for one in found)

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def ask(self) -> AsyncGenerator[None]:
        """A payment link, made once: the same press again shows the same one."""
        self.is_asking = True
        yield
        try:
            wanted = await self._perform(ask_by_link, (await self.get_state(Bill)).bill.id)
            self.address = (await made(wanted))[0].url
        finally:
            self.is_asking = False

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def close(self) -> None:
        self.address, self.errors = "", {}

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def begin_refund(self, ledger_id: str) -> None:
        found = [line for line in self.lines if line.ledger_id and line.ledger_id == ledger_id]
        self.is_giving, self.errors, self._key = bool(found), {}, uuid4().hex
        self.giving = found[0] if found else self.giving

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def give_back(self, form: dict[str, Any]) -> Any:
        typed = pick(form, "amount", "reason")
        paise = await self._perform(give_back, GiveBack(self.giving.ledger_id, **typed, key=self._key))
        self.is_giving = False
        self._notify(f"{format_rupees(paise)} are on their way back; the bill changes once Razorpay has sent them")
        return [Bill.load, Till.load, OnlineTill.load]

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def leave_it(self, payment_id: str) -> Any:
        await self._perform(close_concern, payment_id)
        return OnlineTill.load

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def keep(self) -> None:
        self.is_giving, self.errors = False, {}


def line_of(one: OnlinePayment, zone: str) -> OnlineLine:
    clock = zone_of(zone)
    day = format_near_day(one.at.astimezone(clock).date(), now().astimezone(clock).date())
    status, tone = _DISPUTED if one.dispute in DISPUTE_OPEN else _STATUS[one.status]
    parts = [
        one.method.upper() if one.method == "upi" else one.method.capitalize(),
        f"{day}, {format_time(one.at, clock)}",
    ]
    parts += ["after the bank was late"] if one.is_late and one.status != "failed" else []
    parts += [f"{format_rupees(one.pending)} on the way back"] if one.pending else []
    return OnlineLine(
        id=str(one.id),
        ledger_id=str(one.ledger_id) if one.left > 0 else "",
        status=status,
        tone=tone,
        amount=format_rupees(one.amount) if one.currency == "INR" else f"{one.currency} {one.amount / 100:,.2f}",
        about=" · ".join(part for part in [*parts, one.error] if part),
        concern=(CONCERNS if one.is_deposit else _CONCERNS).get(one.concern, ""),
        dispute=dispute_words(one.dispute, one.respond_by, zone) if one.dispute else "",
        left=rupees_for_input(one.left),
    )
