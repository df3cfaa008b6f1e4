"""Advances, notes, recurring bills and filed months, event by event through the gate."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from microcrm.domain.permissions import Role
from microcrm.domain.return_period import month_of
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.advance import AdvanceForm
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.bills import Bills
from microcrm.state.customer_bills import CustomerBills
from microcrm.state.filed_months import FiledMonths
from microcrm.state.recurring import RecurringPage
from microcrm.state.recurring_lines import RecurringLines
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import cut, issued, register


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    act_as(fresh_database.a.actor(), lambda uow: register(uow, fresh_database.a))
    return fresh_database.a


def tab_of(server: Server, shop: Shop, path: str, role: Role = Role.OWNER) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


def bill_of(shop: Shop) -> str:
    def made(uow: UnitOfWork) -> int:
        return issued(uow, shop, cut("500")).document_id

    return str(act_as(shop.actor(), made))


async def notice(tab: Tab) -> str:
    return (await tab.state(AppState)).notices[-1].text


async def test_an_advance_is_taken_used_and_given_back(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, f"/customer?id={a.customer_id}")
    await tab.open(CustomerBills.load)
    await tab.send(AdvanceForm.begin_taking)
    shown = await tab.state(AdvanceForm)
    assert shown.open == "take" and shown.services
    await tab.send(AdvanceForm.take, form={"amount": "", "mode": "upi"})
    assert "amount" in (await tab.state(AdvanceForm)).errors, "the form stays open"
    await tab.send(AdvanceForm.take, form={"amount": "800", "mode": "upi", "service_id": ""})
    assert await notice(tab) == "₹800.00 taken, RV/2627/0001 is written"
    await tab.send(CustomerBills.load)
    rows = (await tab.state(CustomerBills)).bills
    assert [(row.number, row.status) for row in rows] == [("RV/2627/0001", "Advance")]
    bill, voucher = bill_of(a), rows[0].id
    tab.path = f"/invoice?id={bill}"
    for load in (Bill.load, Till.load):
        await tab.send(load)
    assert (await tab.state(Bill)).bill.advance == "₹800.00"
    await tab.send(Till.use_advance)
    await tab.send(Till.load)
    assert [(one.voucher, one.voucher_id) for one in (await tab.state(Till)).payments] == [
        ("Advance RV/2627/0001", voucher)
    ]
    tab.path = f"/invoice?id={voucher}"
    await tab.send(Bill.load)
    shown_bill = (await tab.state(Bill)).bill
    assert (shown_bill.left, shown_bill.is_voucher, shown_bill.may_cancel, shown_bill.takes_money) == (
        "₹275.00", True, False, False,
    )  # fmt: skip
    assert [(one.how, one.words) for one in shown_bill.related] == [("Used for", "Tax Invoice INV/2627/0001")]
    await tab.send(AdvanceForm.begin_giving)
    await tab.send(AdvanceForm.give, form={"amount": "276", "mode": "cash", "reason": "Moved away"})
    assert "amount" in (await tab.state(AdvanceForm)).errors
    await tab.send(AdvanceForm.give, form={"amount": "275", "mode": "cash", "reason": "Moved away"})
    assert await notice(tab) == "₹275.00 given back, RFV/2627/0001 is written"
    await tab.send(Bill.load)
    assert (await tab.state(Bill)).bill.left == ""
    tab.path = "/invoices?tab=vouchers"
    await tab.send(Bills.load)
    page = await tab.state(Bills)
    assert [(row.number, row.status, row.total) for row in page.rows] == [
        ("RFV/2627/0001", "Given back", "−₹275.00"), ("RV/2627/0001", "Advance used", "₹800.00"),
    ]  # fmt: skip


async def test_a_debit_note_is_written_on_its_bill(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, f"/invoice?id={bill_of(a)}")
    await tab.open(Bill.load)
    await tab.send(Till.load)
    await tab.send(Till.begin, what="debit", payment="")
    await tab.send(Till.correct, form={"more_1": "", "reason": "Long hair"})
    assert "more" in (await tab.state(Till)).errors
    await tab.send(Till.correct, form={"more_1": "100", "reason": "Long hair"})
    assert await notice(tab) == "DN/2627/0001 for ₹105.00 is issued and due"
    await tab.send(Bill.load)
    shown = (await tab.state(Bill)).bill
    assert [(one.how, one.words, one.amount) for one in shown.related] == [
        ("Corrected by", "Debit Note DN/2627/0001", "₹105.00")
    ]
    assert shown.note_until.startswith("Its tax is lowered too, until 30 Nov ")


async def test_what_a_credit_note_freed_is_given_back(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, f"/invoice?id={bill_of(a)}")
    for load in (Bill.load, Till.load):
        await (tab.open(load) if load is Bill.load else tab.send(load))
    await tab.send(Till.begin_paying)
    await tab.send(Till.pay, form={"amount_cash": "525"})
    await tab.send(Bill.load)
    assert (await tab.state(Bill)).bill.freed == ""
    await tab.send(Till.begin, what="credit", payment="")
    await tab.send(Till.correct, form={"reason": "Not done"})
    assert (await notice(tab)).endswith("Give back ₹525.00.")
    await tab.send(Bill.load)
    shown = (await tab.state(Bill)).bill
    assert (shown.freed, shown.back_input, shown.status) == ("₹525.00", "525", "Paid")
    await tab.send(AdvanceForm.begin_giving)
    await tab.send(AdvanceForm.give, form={"amount": "600", "mode": "cash"})
    assert "amount" in (await tab.state(AdvanceForm)).errors
    await tab.send(AdvanceForm.give, form={"amount": "525", "mode": "cash"})
    assert await notice(tab) == "₹525.00 given back of INV/2627/0001"
    await tab.send(Bill.load)
    await tab.send(Till.load)
    assert (await tab.state(Bill)).bill.freed == ""
    assert [(one.amount, one.may_void) for one in (await tab.state(Till)).payments] == [
        ("₹525.00", True),
        ("−₹525.00", False),
    ]


async def test_a_bill_comes_again_is_paused_changed_and_ended(server: Server, a: Shop) -> None:
    bill = bill_of(a)
    tab = tab_of(server, a, f"/invoice?id={bill}")
    await tab.open(Bill.load)
    assert (await tab.state(Bill)).bill.may_repeat
    tab.path = f"/recurring?bill={bill}"
    await tab.send(RecurringPage.load)
    shown = await tab.state(RecurringPage)
    form = shown.form
    assert shown.is_open and shown.bill == bill
    typed = {"unit": form.unit, "step": form.step, "next_on": form.next_on, "ends_on": "", "is_issuing": "on"}
    await tab.send(RecurringPage.begin, form=typed | {"step": "0"})
    assert "step" in (await tab.state(RecurringPage)).errors
    await tab.send(RecurringPage.begin, form=typed)
    tab.path = "/recurring"
    await tab.send(RecurringPage.load)
    [row] = (await tab.state(RecurringPage)).rows
    assert (row.what, row.total, row.rhythm, row.status) == (
        "Haircut",
        "₹525.00",
        "Every month, issued by itself",
        "Runs",
    )
    await tab.send(RecurringPage.pause, series_id=row.id, version=row.version)
    await tab.send(RecurringPage.load)
    [row] = (await tab.state(RecurringPage)).rows
    assert (row.status, row.next_on) == ("Paused", "–")
    await tab.send(RecurringPage.resume, series_id=row.id, version=row.version)
    await tab.send(RecurringPage.load)
    await tab.send(RecurringPage.begin_change, series_id=row.id)
    later = str(date.fromisoformat(form.next_on) + timedelta(days=7))
    await tab.send(RecurringPage.change, form=typed | {"unit": "week", "step": "2", "next_on": later})
    await tab.send(RecurringPage.load)
    [row] = (await tab.state(RecurringPage)).rows
    assert row.rhythm == "Every 2 weeks, issued by itself"
    await tab.send(RecurringPage.ask_to_end, series_id=row.id)
    await tab.send(RecurringPage.end)
    await tab.send(RecurringPage.load)
    assert [one.status for one in (await tab.state(RecurringPage)).rows] == ["Ended"]


async def test_what_stands_on_a_recurring_bill_is_changed_in_its_form(server: Server, a: Shop) -> None:
    bill = bill_of(a)
    tab = tab_of(server, a, f"/recurring?bill={bill}")
    await tab.open(RecurringPage.load)
    form = (await tab.state(RecurringPage)).form
    await tab.send(
        RecurringPage.begin, form={"unit": "month", "step": "1", "next_on": form.next_on, "is_issuing": "off"}
    )
    tab.path = "/recurring"
    await tab.send(RecurringPage.load)
    [row] = (await tab.state(RecurringPage)).rows
    await tab.send(RecurringLines.begin, series_id=row.id)
    shown = await tab.state(RecurringLines)
    assert (shown.series, [line.description for line in shown.lines]) == (row.id, ["Haircut", "", ""])
    typed = {"description-0": "Haircut", "price-0": "500", "tax_class-0": "hair"}
    wrong = typed | {
        "description-0": "",
        "price-0": "",
        "description-2": "Beard",
        "price-2": "much",
        "tax_class-2": "hair",
    }
    await tab.send(RecurringLines.save, form=wrong)
    shown = await tab.state(RecurringLines)
    assert list(shown.errors) == ["lines.2.price"] and shown.series == row.id and not shown.is_saving
    answer = await tab.send(RecurringLines.save, form=wrong | {"price-2": "200", "text": "Chair 3"})
    assert "₹210.00" in answer.text
    shown = await tab.state(RecurringLines)
    assert (shown.series, shown.errors) == ("", {})
    [notice] = [one for one in (await tab.state(AppState)).notices if one.undo]
    await tab.send(RecurringPage.load)
    assert [(one.what, one.total) for one in (await tab.state(RecurringPage)).rows] == [("Beard", "₹210.00")]
    await tab.send(AppState.undo, token=notice.undo)
    await tab.send(RecurringPage.load)
    assert [(one.what, one.total) for one in (await tab.state(RecurringPage)).rows] == [("Haircut", "₹525.00")]
    for odd in (None, [], "x", {"description-0": {}}):
        assert (await tab.send(RecurringLines.save, form=odd)).crashes == []


async def test_a_month_is_filed_and_opened_with_a_reason(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, "/settings/billing")
    await tab.open(FiledMonths.load)
    months = (await tab.state(FiledMonths)).months
    assert [one.may_file for one in months[:3]] == [False, True, True] and months[0].about == "Runs still"
    last = months[1]
    assert last.key == month_of(date.fromisoformat(months[0].key + "-01") - timedelta(days=1)).key
    await tab.send(FiledMonths.ask, key=last.key, what="file")
    await tab.send(FiledMonths.file)
    assert await notice(tab) == f"{last.words} is filed: nothing dated in it changes any more"
    await tab.send(FiledMonths.load)
    months = (await tab.state(FiledMonths)).months
    assert (months[1].is_filed, months[1].may_open, months[2].is_filed, months[2].may_open) == (True, True, True, False)
    assert "by Plain owner" in months[1].about and months[2].about == "Before a month that is filed"
    await tab.send(FiledMonths.ask, key=last.key, what="open")
    await tab.send(FiledMonths.open_again, form={"reason": ""})
    assert "reason" in (await tab.state(FiledMonths)).errors
    await tab.send(FiledMonths.open_again, form={"reason": "A bill was forgotten"})
    await tab.send(FiledMonths.load)
    assert not (await tab.state(FiledMonths)).months[1].is_filed
    await tab.send(FiledMonths.ask, key="2026-99", what="file")
    assert (await tab.state(FiledMonths)).asked == ""
