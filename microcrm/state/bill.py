"""One bill: a draft that is typed, with what it comes to at every step; or a document with what can still be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError, NotFound
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.billing.drafts import (
    SaveDraft,
    bill_of_estimate,
    bill_of_visit,
    discard_draft,
    save_draft,
    try_out,
)
from microcrm.operations.billing.issuing import issue
from microcrm.operations.billing.paper import mark_given
from microcrm.operations.billing.reading import view_document
from microcrm.state.base import AppState
from microcrm.state.bill_lines import BillLines
from microcrm.state.bills_view import HEAD_FIELDS, BillView, bill_of, command_of, edit_line, price_into, recalled
from microcrm.state.customer_finding import CustomerFinding
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now


class Bill(BillLines, CustomerFinding, AppState):
    """``is_issuing``: the question before a bill is issued stands on the screen."""

    is_known: bool = False
    is_missing: bool = False
    bill: BillView = BillView()
    is_issuing: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> Any:
        """The bill of the address; a draft of the visit that it names; or an empty one."""
        asked = self.router.url.query_parameters
        self.is_missing = self.is_issuing = self.is_changed = False
        if asked.get("booking"):
            document_id = await self._perform(bill_of_visit, asked["booking"])
            return rx.redirect(f"/invoice?id={document_id}", replace=True)
        await self._open(asked.get("id", ""), asked.get("customer", ""))
        self.people, self.words = [], ""
        self.is_known, self.drawn = True, self.drawn + 1
        return None

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def pick_person(self, customer_id: str, name: str) -> None:
        self.bill = replace(self.bill, customer_id=str(customer_id)[:20], customer=str(name)[:200])
        await self._recall()
        self.people, self.words, self.is_changed = [], "", True

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def type_head(self, name: str, value: str) -> None:
        if name in HEAD_FIELDS:
            self.bill, self.is_changed = replace(self.bill, **{name: str(value)[:4000]}), True
            await self._reckon()

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def as_estimate(self, kind: str) -> None:
        self.bill, self.is_changed = replace(self.bill, is_estimate=kind == "estimate"), True

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def bill_it(self) -> Any:
        """The estimate on the screen becomes a draft of a bill."""
        return rx.redirect(f"/invoice?id={await self._perform(bill_of_estimate, self.bill.id)}")

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def save(self) -> Any:
        await self._save()
        self._notify("Draft saved")
        return rx.redirect(f"/invoice?id={self.bill.id}", replace=True)

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def ask_to_issue(self) -> None:
        await self._save()
        self.is_issuing = True

    @rx.event
    @needs(Permission.INVOICES_VIEW)
    async def keep_draft(self) -> Any:
        self.is_issuing = False
        return rx.redirect(f"/invoice?id={self.bill.id}", replace=True)

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def issue_now(self) -> Any:
        self.is_issuing = False
        done = await self._perform(issue, self.bill.id, self.bill.version)
        self._notify(f"{done.number} is issued")
        await self._show(self.bill.id)
        return rx.redirect(f"/invoice?id={self.bill.id}", replace=True)

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def throw_away(self) -> Any:
        if self.bill.id:
            await self._perform(discard_draft, self.bill.id, self.bill.version)
            self._notify("Draft thrown away")
        return rx.redirect("/invoices")

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def given(self) -> None:
        await self._perform(mark_given, self.bill.id)
        await self._show(self.bill.id)

    async def _reckon(self) -> None:
        """What it comes to now. An empty bill comes to nothing, and that is no mistake yet."""
        if not self._filled():
            self.bill, self.errors = price_into(self.bill, None), {}
            return
        self.bill = price_into(self.bill, priced := await self._perform(try_out, self._command()))
        self._fill_in(priced)
        await self._look_on_shelves()

    async def _open(self, document_id: str, customer_id: str) -> None:
        """The bill of that id, or an empty one of today, for the customer whom the address names."""
        if document_id:
            await self._show(document_id)
        if not document_id or self.bill.is_draft:
            await self._read_offers()
        if not document_id:
            self.bill, self.lines = BillView(day=self._today().isoformat(), customer_id=customer_id), [self._empty]
            await self._recall()

    async def _recall(self) -> None:
        """What the customer owes on other bills and has paid ahead."""
        if not self.bill.customer_id:
            self.bill = replace(self.bill, owes="", advance="", deposit="")
            return
        visit = int(self.bill.booking_id) if self.bill.booking_id else None
        money = await self._perform(customer_money, self.bill.customer_id, visit)
        self.bill = recalled(self.bill, money)

    async def _save(self) -> None:
        saved = await self._perform(save_draft, self._command())
        await self._show(str(saved.document_id))
        self.is_changed, self.drawn = False, self.drawn + 1

    async def _show(self, document_id: str) -> None:
        view = await self._perform(view_document, document_id)
        may_file = Permission.RETURNS_VIEW.value in self.allowed
        self.bill = bill_of(view, self._today(), may_take_e_invoice=may_file)
        await self._recall()
        self.lines = [edit_line(at, line) for at, line in enumerate(view.lines)]
        if self.bill.is_draft:
            await self._look_on_shelves()

    def _today(self) -> date:
        return today_in(zone_of(current_seat().actor.zone), now())

    def _command(self) -> SaveDraft:
        return command_of(self.bill, self._filled())

    def _refused(self, error: DomainError) -> None:
        if isinstance(error, NotFound) and not self.is_known:
            self.is_missing = True
            return
        super()._refused(error)
