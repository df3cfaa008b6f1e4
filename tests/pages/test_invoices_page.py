"""The screens of bills, event by event through the gate: a draft is typed, issued, paid and credited."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.bill_share import ShareBill
from microcrm.state.bills import Bills
from microcrm.state.customer_bills import CustomerBills
from tests.conftest import act_as
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import issued, register


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    act_as(fresh_database.a.actor(), lambda uow: register(uow, fresh_database.a))
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, path: str = "/invoice") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def notices(tab: Tab) -> list[str]:
    return [notice.text for notice in (await tab.state(AppState)).notices]


async def type_line(tab: Tab, at: int, **fields: str) -> Any:
    answer = None
    for name, value in fields.items():
        answer = await tab.send(Bill.type_line, at=at, name=name, value=value)
    return answer


async def test_from_an_empty_page_to_a_paid_bill(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    answer = await tab.open(Bill.load)
    assert not answer.crashes and not answer.refusals
    await tab.send(Bill.pick_person, customer_id=str(a.customer_id), name="Plain Iyer")
    await type_line(tab, 0, description="Haircut", price="500", tax_class="hair")
    await tab.send(Bill.with_tax, is_with="without")
    shown = await tab.state(Bill)
    assert (shown.bill.total, shown.lines[0].rate, shown.lines[0].amount) == ("₹525.00", "5 %", "525.00")
    assert "12(4)" in shown.bill.reason and shown.bill.id == "" and shown.is_changed
    await tab.send(Bill.ask_to_issue)
    shown = await tab.state(Bill)
    assert shown.is_issuing and shown.bill.id
    await tab.send(Bill.issue_now)
    shown = await tab.state(Bill)
    assert (shown.bill.number, shown.bill.status, shown.bill.takes_money) == ("INV/2627/0001", "Due", True)
    tab.path = f"/invoice?id={shown.bill.id}"
    await tab.send(Till.begin_paying)
    await tab.send(Till.pay, form={"amount_cash": "", "amount_upi": "five", "amount_bank": "x"})
    assert set((await tab.state(Till)).errors) == {"parts.1.amount", "parts.3.amount"}  # where the ways of paying stand
    for what, typed, said in (
        ("given", "600", "Give back ₹75.00"),
        ("amount", "625.50", "₹25.50 is missing"),
        ("amount", "6o0", ""),
        ("amount", "600", ""),
        ("tip", "5", ""),
    ):
        await tab.send(Till.count_cash, what=what, typed=typed)
        assert (await tab.state(Till)).change == said
    await tab.send(Till.pay, form={"amount_cash": "525", "given": "600", "amount_upi": ""})
    assert (await notices(tab))[-1] == "INV/2627/0001 is paid in full. Give back ₹75.00."
    await tab.send(Bill.load)
    await tab.send(Till.load)
    assert (await tab.state(Bill)).bill.status == "Paid"
    assert [one.words for one in (await tab.state(Till)).payments] == ["Cash"]


async def test_mistakes_stay_at_their_field_and_nothing_typed_is_lost(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    await tab.open(Bill.load)
    await type_line(tab, 0, description="Haircut", price="five hundred")
    shown = await tab.state(Bill)
    assert "lines.0.price" in shown.errors
    assert (shown.lines[0].description, shown.lines[0].price) == ("Haircut", "five hundred")
    await type_line(tab, 0, price="500")
    assert (await tab.state(Bill)).errors == {}


async def test_lines_come_from_the_price_list_and_go_again(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    await tab.open(Bill.load)
    await tab.send(Bill.add_line, service_id=str(a.service_id))
    await tab.send(Bill.add_line, service_id="")
    shown = await tab.state(Bill)
    assert [(line.at, line.description) for line in shown.lines] == [(0, "Plain haircut"), (1, "")]
    await tab.send(Bill.drop_line, at=0)
    assert [line.description for line in (await tab.state(Bill)).lines] == [""]


async def test_lines_are_moved_and_repeated(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    await tab.open(Bill.load)
    await type_line(tab, 0, description="One", price="1")
    for place, name in enumerate(("Two", "Three"), 1):
        await tab.send(Bill.add_line, service_id="")
        await type_line(tab, place, description=name, price=str(place + 1))
    await tab.send(Bill.move_line, at=2, to=0)
    await tab.send(Bill.copy_line, at=1)
    shown = await tab.state(Bill)
    assert [(line.at, line.description) for line in shown.lines] == [(0, "Three"), (1, "One"), (2, "One"), (3, "Two")]
    assert shown.bill.total == "₹7.00"
    for odd in ({"at": 0, "to": -1}, {"at": 9, "to": 0}, {"at": 0, "to": 99}):
        await tab.send(Bill.move_line, **odd)
    assert [line.description for line in (await tab.state(Bill)).lines] == ["Three", "One", "One", "Two"]


async def test_a_bill_for_a_customer_says_what_is_due_and_carries_it(server: Server, a: Shop) -> None:
    old = act_as(a.actor(), lambda uow: issued(uow, a).document_id)
    tab = tab_of(server, a, path=f"/invoice?customer={a.customer_id}")
    await tab.open(Bill.load)
    shown = (await tab.state(Bill)).bill
    assert (shown.customer, shown.owes, shown.advance) == ("Plain Iyer", "₹525.00", "")
    bill = act_as(a.actor(), lambda uow: issued(uow, a).document_id)
    tab.path = f"/invoice?id={bill}"
    await tab.send(Bill.load)
    assert (await tab.state(Bill)).bill.owes == "₹525.00"
    await tab.send(Till.begin_paying)
    await tab.send(Till.pay, form={"amount_upi": "1150", "carries": "on"})
    assert (await notices(tab))[-1].startswith("INV/2627/0002 is paid in full. ₹525.00 went to earlier bills. ₹100.00")
    last = act_as(a.actor(), lambda uow: issued(uow, a).document_id)
    tab.path = f"/invoice?id={last}"
    await tab.send(Bill.load)
    assert (await tab.state(Bill)).bill.advance == "₹100.00"
    await tab.send(Till.use_advance)
    assert (await notices(tab))[-1] == "₹100.00 of the advance used for INV/2627/0003, ₹425.00 is still due"
    assert old


async def test_a_customer_s_page_lists_their_bills_for_those_who_may(server: Server, a: Shop) -> None:
    act_as(a.actor(), lambda uow: issued(uow, a))
    tab = tab_of(server, a, path=f"/customer?id={a.customer_id}")
    await tab.open(CustomerBills.load)
    shown = await tab.state(CustomerBills)
    assert (shown.account.due, [row.number for row in shown.bills]) == ("₹525.00", ["INV/2627/0001"])
    staff = tab_of(server, a, Role.STAFF, f"/customer?id={a.customer_id}")
    answer = await staff.open(CustomerBills.load)
    assert not answer.refusals and not (await staff.state(CustomerBills)).is_read


async def test_a_visit_opens_as_a_draft(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, path=f"/invoice?booking={a.booking_id}")
    answer = await tab.open(Bill.load)
    paths = [e.payload["path"] for update in answer.updates for e in update.events if e.name == "_redirect"]
    assert paths and paths[-1].startswith("/invoice?id=")


async def test_a_credit_note_and_a_void_payment(server: Server, a: Shop) -> None:
    def ready(uow: UnitOfWork) -> int:
        return issued(uow, a).document_id

    bill = act_as(a.actor(), ready)
    tab = tab_of(server, a, path=f"/invoice?id={bill}")
    await tab.open(Bill.load)
    await tab.send(Till.load)
    await tab.send(Till.begin_paying)
    await tab.send(Till.pay, form={"amount_upi": "525", "proof_upi": "UTR 7"})
    await tab.send(Bill.load)
    await tab.send(Till.load)
    [payment] = (await tab.state(Till)).payments
    await tab.send(Till.begin, what="void", payment=payment.id)
    await tab.send(Till.correct, form={"reason": "Wrong bill"})
    await tab.send(Bill.load)
    assert (await tab.state(Bill)).bill.status == "Due"
    await tab.send(Till.begin, what="credit", payment="")
    await tab.send(Till.correct, form={"reason": "Not satisfied"})
    assert (await notices(tab))[-1] == "CN/2627/0001 for ₹525.00."


async def test_an_estimate_is_issued_and_becomes_a_bill(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    await tab.open(Bill.load)
    await type_line(tab, 0, description="Bridal make-up", price="12000")
    await tab.send(Bill.as_estimate, kind="estimate")
    await tab.send(Bill.ask_to_issue)
    await tab.send(Bill.issue_now)
    shown = (await tab.state(Bill)).bill
    assert (shown.number, shown.status, shown.takes_money, shown.may_credit) == (
        "EST/2627/0001",
        "Estimate",
        False,
        False,
    )
    answer = await tab.send(Bill.bill_it)
    [path] = [e.payload["path"] for update in answer.updates for e in update.events if e.name == "_redirect"]
    tab.path = path
    await tab.send(Bill.load)
    made = (await tab.state(Bill)).bill
    assert made.is_draft and not made.is_estimate and made.total == shown.total


async def test_a_bill_is_shared_by_hand(server: Server, a: Shop) -> None:
    bill = act_as(a.actor(), lambda uow: issued(uow, a).document_id)
    tab = tab_of(server, a, path=f"/invoice?id={bill}")
    await tab.open(Bill.load)
    await tab.send(ShareBill.share)
    shown = await tab.state(ShareBill)
    token = shown.address.rpartition("/i/")[2]
    assert len(token) == 22 and quote(shown.address) in shown.whatsapp and quote(shown.address) in shown.mail
    assert re.match(r"https://wa\.me/91\d{10}\?text=Your%20bill%20INV/2627/0001", shown.whatsapp)
    await tab.send(Bill.load)
    assert not (await tab.state(Bill)).bill.may_cancel
    await tab.send(ShareBill.close)
    assert (await tab.state(ShareBill)).address == ""


async def test_the_list_shows_this_shop_s_bills_in_their_tabs(server: Server, a: Shop) -> None:
    act_as(a.actor(), lambda uow: issued(uow, a))
    tab = tab_of(server, a, path="/invoices?period=year")
    answer = await tab.open(Bills.load)
    shown = await tab.state(Bills)
    assert [row.number for row in shown.rows] == ["INV/2627/0001"]
    assert [(one.words, one.count) for one in shown.tabs][:3] == [("All", "1"), ("Draft", "0"), ("Due", "1")]
    assert CANARY not in answer.text


async def test_staff_have_no_bills(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, Role.STAFF, "/invoices")
    answer = await tab.open(Bills.load)
    assert answer.refusals
    assert (await tab.state(Bills)).rows == []


async def test_a_foreign_bill_is_missing(server: Server, a: Shop, fresh_database: TwoShops) -> None:
    b = fresh_database.b
    act_as(b.actor(), lambda uow: register(uow, b))
    theirs = act_as(b.actor(), lambda uow: issued(uow, b).document_id)
    tab = tab_of(server, a, path=f"/invoice?id={theirs}")
    answer = await tab.open(Bill.load)
    assert (await tab.state(Bill)).is_missing
    assert CANARY not in answer.text
