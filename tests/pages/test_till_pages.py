"""The till, the dues and a statement on their screens, through the gate; and the statement as a file."""

from __future__ import annotations

import io

import httpx
from pypdf import PdfReader
from starlette.applications import Starlette

from microcrm.domain.booking import BookingStatus
from microcrm.domain.permissions import Role
from microcrm.http import papers
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.book import book
from microcrm.operations.booking_policy import ChangePolicy, change_policy, policy_of
from microcrm.operations.booking_status import Step, step
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.dues import DuesPage, StatementPage
from microcrm.state.till import TillPage
from tests.conftest import act_as
from tests.support.deposits import days_ahead
from tests.support.desk import wish
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import issued, paying, register


def ready(both: TwoShops) -> Shop:
    def sell(uow: UnitOfWork) -> None:
        register(uow, both.a)
        take_payment(uow, paying(issued(uow, both.a).document_id, PaidPart("cash", "525")))
        issued(uow, both.a)

    act_as(both.a.actor(), sell)
    return both.a


def tab_of(server: Server, shop: Shop, path: str, role: Role = Role.FRONT_DESK) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def test_the_till_is_counted_and_closed(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, ready(fresh_database), "/till")
    await tab.open(TillPage.load)
    assert (await tab.state(TillPage)).till.expected == "₹525.00"
    await tab.send(TillPage.count, rupees="500", many="1")
    shown = (await tab.state(TillPage)).till
    assert (shown.counted, shown.difference, shown.tone) == ("₹500.00", "₹25.00 too little", "bad")
    await tab.send(TillPage.count, rupees="5", many="5")
    assert (await tab.state(TillPage)).till.difference == "It agrees"
    await tab.send(TillPage.close, form={"count_500": "1", "count_5": "4", "kept": "", "reason": ""})
    assert set((await tab.state(TillPage)).errors) == {"reason"}
    await tab.send(TillPage.close, form={"count_500": "1", "count_5": "5", "kept": "100", "reason": ""})
    assert (await tab.state(AppState)).notices[-1].text == "The till is closed with ₹525.00"
    await tab.send(TillPage.load)
    shown_now = await tab.state(TillPage)
    assert [line.difference for line in shown_now.past] == ["It agrees"]
    assert (shown_now.till.opening, shown_now.till.number) == ("₹100.00", 2)
    for odd in (None, [], "x", {"count_500": {}}):
        assert (await tab.send(TillPage.close, form=odd)).crashes == []


async def test_dues_lead_to_a_statement_and_its_file(server: Server, fresh_database: TwoShops) -> None:
    shop = ready(fresh_database)
    tab = tab_of(server, shop, "/dues", Role.ACCOUNTANT)
    await tab.open(DuesPage.load)
    [row] = (await tab.state(DuesPage)).rows
    assert (row.name, row.bands[0], row.total) == ("Plain Iyer", "₹525.00", "₹525.00")
    tab.path = f"/statement?customer={row.customer_id}"
    await tab.send(StatementPage.load)
    shown = await tab.state(StatementPage)
    assert (shown.name, shown.closing, len(shown.lines)) == ("Plain Iyer", "₹525.00 due", 3)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=papers.ROUTES)), base_url="http://a.test")
    client.cookies.set("sid", sign_in(shop.users[Role.ACCOUNTANT], shop.business_id))
    file = await client.get(shown.file)
    text = PdfReader(io.BytesIO(file.content)).pages[0].extract_text()
    assert "Plain Iyer" in text and "525.00 due" in text and "INV/2627/0001" in text
    assert (await client.get(f"/statement/{fresh_database.b.customer_id}.pdf")).status_code == 404
    assert (await client.get(f"/statement/{shop.customer_id}.pdf?from=soon")).status_code == 404


async def test_fees_that_nobody_has_billed_stand_below_the_dues(server: Server, fresh_database: TwoShops) -> None:
    shop = ready(fresh_database)

    def miss(uow: UnitOfWork) -> None:
        change_policy(uow, ChangePolicy(policy_of(uow).version, no_show_percent="50"))
        done = book(uow, wish(shop, "10:00", day=days_ahead()))
        step(uow, Step(done.booking_id, BookingStatus.NO_SHOW.value))

    act_as(shop.actor(), miss)
    tab = tab_of(server, shop, "/dues", Role.ACCOUNTANT)
    await tab.open(DuesPage.load)
    shown = await tab.state(DuesPage)
    [row] = shown.fees
    assert (row.fee, row.paid, shown.fees_sub) == ("₹300.00", "", "1 visit, ₹300.00")
    assert row.why.startswith("Did not come, ") and row.visit.startswith(f"/calendar?date={days_ahead()}&booking=")
    tab.path = row.bill
    answer = await tab.send(Bill.load)
    assert "/invoice?id=" in answer.text
    tab.path = "/dues"
    await tab.send(DuesPage.load)
    assert (await tab.state(DuesPage)).fees == []


async def test_a_foreign_customer_has_no_statement(server: Server, fresh_database: TwoShops) -> None:
    shop = ready(fresh_database)
    tab = tab_of(server, shop, f"/statement?customer={fresh_database.b.customer_id}")
    answer = await tab.open(StatementPage.load)
    assert (await tab.state(StatementPage)).is_missing and CANARY not in answer.text
