"""Money and corrections of one bill: taking payment, a credit note, calling it off, a void payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import reflex as rx

from microcrm.domain.errors import Invalid
from microcrm.domain.money import format_rupees, parse_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations.billing.accounts import use_advance
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.debits import DebitNote, debit
from microcrm.operations.billing.issuing import cancel_unsent
from microcrm.operations.billing.payments import MODES, PaidPart, PaymentTaken, take_payment, void_payment
from microcrm.operations.billing.payments import TakePayment as Take
from microcrm.operations.billing.reading import view_document
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.bill_rows import Amount
from microcrm.state.bills_view import PaidLine, creditable_lines, paid_lines
from microcrm.state.forms import pick, ticked, with_typed
from microcrm.state.gate import needs


class Till(AppState):
    """``open`` is the dialog on the screen: pay, credit, debit, cancel or void."""

    open: str = ""
    payments: list[PaidLine] = []
    creditable: list[Amount] = []
    has_goods: bool = False  # among them
    is_busy: bool = False
    change: str = ""  # what goes back to whoever pays in cash, in words

    _cash: dict[str, str] = {}  # as typed: amount and given
    _key: str = ""
    _payment: int = 0
    _for: str = ""  # the bill that the open form is about

    @rx.event(supersedes=True)
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> None:
        """What was paid so far."""
        asked = self.router.url.query_parameters.get("id", "")
        self.payments, self.creditable = [], []
        if self._for != asked:  # a form that was opened while its bill was still being loaded stays
            self.open = ""
        if asked:
            view = await self._perform(view_document, asked)
            self.payments = paid_lines(view, may_void=Permission.INVOICES_CORRECT.value in self.allowed)
            self.creditable = creditable_lines(view)
            self.has_goods = any(line.product_id for line in view.lines)

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def begin_paying(self) -> None:
        self.open, self.errors, self._key = "pay", {}, uuid4().hex
        bill = (await self.get_state(Bill)).bill
        self._for, self._cash, self.change = bill.id, {"amount": bill.due_input}, ""

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def count_cash(self, what: str, typed: str) -> None:
        """Once more what goes back: ``what`` is amount or given."""
        if what in ("amount", "given"):
            self._cash = with_typed(self._cash, what, typed)
            self.change = _change(self._cash.get("amount"), self._cash.get("given"))

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def begin(self, what: str, payment: str) -> None:
        self.open = what if what in ("credit", "debit", "cancel", "void") else ""
        self.errors, self._for = {}, (await self.get_state(Bill)).bill.id
        self._payment = int(payment) if isinstance(payment, str) and payment.isdecimal() and len(payment) < 18 else 0

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def close(self) -> None:
        self.open, self.errors = "", {}

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def pay(self, form: dict[str, Any]) -> Any:
        bill, parts = (await self.get_state(Bill)).bill, _parts(form)
        try:
            done = await self._perform(take_payment, Take(bill.id, parts, self._key, pick(form, "carries")["carries"]))
        except Invalid as error:
            raise Invalid(error.message, remedy=error.remedy, fields=_at_their_ways(error.fields, parts)) from None
        self._notify(_said(done))
        return self._done()

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def use_advance(self) -> Any:
        done = await self._perform(use_advance, (await self.get_state(Bill)).bill.id)
        due = f", {format_rupees(done.due)} is still due" if done.due else ""
        self._notify(f"{format_rupees(done.used)} of the advance used for {done.number}{due}")
        return self._done()

    @rx.event
    @needs(Permission.INVOICES_CORRECT)
    async def correct(self, form: dict[str, Any]) -> Any:
        """What the open dialog is about, with its reason."""
        bill, reason = (await self.get_state(Bill)).bill, pick(form, "reason")["reason"]
        if self.open == "cancel":
            await self._perform(cancel_unsent, bill.id, bill.version, reason)
            self._notify(f"{bill.number} is cancelled; its number stays taken")
        elif self.open == "void":
            await self._perform(void_payment, self._payment, reason)
            self._notify("The payment is void")
        elif self.open in ("credit", "debit"):
            return await (self._credit if self.open == "credit" else self._debit)(bill.id, bill.version, reason, form)
        return self._done()

    async def _credit(self, bill_id: str, version: int, reason: Any, form: Any) -> Any:
        places = [int(place) for place in ticked(form, "line_") if place.isdecimal() and len(place) < 5]
        back = pick(form, "goods_return")["goods_return"]
        done = await self._perform(credit, CreditNote(bill_id, version, reason, lines=places, goods_return=back))
        back = f" Give back {format_rupees(done.beyond)}." if done.beyond else ""
        late = " The tax stays as it was: the last day for that is over." if done.is_late else ""
        self._notify(f"{done.note.number} for {format_rupees(done.note.total_paise)}.{late}{back}")
        return self._done()

    async def _debit(self, bill_id: str, version: int, reason: Any, form: Any) -> Any:
        more = {int(line.name): pick(form, f"more_{line.name}")[f"more_{line.name}"] for line in self.creditable}
        done = await self._perform(debit, DebitNote(bill_id, version, reason, more))
        self._notify(f"{done.number} for {format_rupees(done.total_paise)} is issued and due")
        return rx.redirect(f"/invoice?id={done.document_id}")

    def _done(self) -> Any:
        self.open = ""
        return [Bill.load, Till.load]


def _parts(form: Any) -> list[PaidPart]:
    """One for each way of paying that has an amount."""
    fields = {mode: pick(form, f"amount_{mode}", f"proof_{mode}", "given") for mode in MODES}
    return [
        PaidPart(mode, typed[f"amount_{mode}"], typed[f"proof_{mode}"], typed["given"] if mode == "cash" else "")
        for mode, typed in fields.items()
        if typed[f"amount_{mode}"]
    ]


def _at_their_ways(fields: Mapping[str, str], parts: Sequence[PaidPart]) -> dict[str, str]:
    """The operation counts what was paid in; the form shows an error by the place of its way of paying."""
    places = {str(number): str(list(MODES).index(part.mode)) for number, part in enumerate(parts)}
    named = {name: name.split(".") for name in fields}
    return {
        ".".join([words[0], places.get(words[1], words[1]), *words[2:]]) if len(words) > 2 else name: fields[name]
        for name, words in named.items()
    }


def _change(amount: Any, given: Any) -> str:
    """Nothing while one of the two is no amount."""
    try:
        due, had = parse_rupees(amount) or 0, parse_rupees(given)
    except Invalid:
        return ""
    if had is None or had == due:
        return ""
    return f"Give back {format_rupees(had - due)}" if had > due else f"{format_rupees(due - had)} is missing"


def _said(done: PaymentTaken) -> str:
    change = f" Give back {format_rupees(done.change)}." if done.change else ""
    advance = f" {format_rupees(done.advance)} is kept as their advance." if done.advance else ""
    if done.earlier:
        change = f" {format_rupees(done.earlier)} went to earlier bills.{change}"
    if done.due:
        return f"Taken, {format_rupees(done.due)} is still due.{change}"
    return f"{done.number} is paid in full.{change}{advance}"
