"""Matching a bank statement on its screen, through the gate; the file is posted as the page posts it."""

from __future__ import annotations

from microcrm.domain.permissions import Role
from microcrm.operations.billing.bank import take_statement
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.bank import BankPage, FileTold, told_of
from microcrm.state.base import AppState
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import cut, issued, paying, register

RRN = "433412345678"


def ready(both: TwoShops) -> Shop:
    """A noted payment that the bank shows, a bill it names, and money that is nobody's."""

    def sell(uow: UnitOfWork) -> None:
        register(uow, both.a)
        take_payment(uow, paying(issued(uow, both.a).document_id, PaidPart("upi", "525", RRN)))
        number = issued(uow, both.a, cut("100")).number.replace("/", "")
        day = f"{uow.now:%d/%m/%Y}"
        rows = [f"{day},UPI {RRN},525", f"{day},UPI {number},105", f"{day},OWN MONEY,9000"]
        take_statement(uow, "\n".join(["Date,Narration,Credit", *rows]).encode())

    act_as(both.a.actor(), sell)
    return both.a


def tab_of(server: Server, shop: Shop, role: Role = Role.ACCOUNTANT, query: str = "") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), f"/bank{query}")


async def test_what_fits_is_accepted_and_the_rest_set_aside(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, ready(fresh_database))
    await tab.open(BankPage.load)
    shown = await tab.state(BankPage)
    assert [tab.count for tab in shown.tabs] == ["3", "0", "0"]
    assert shown.sure == "Accept all 2 with reference and amount"
    await tab.send(BankPage.accept_sure)
    assert (await tab.state(AppState)).notices[-1].text == "2 amounts matched"
    [left] = (await tab.state(BankPage)).rows
    assert (left.words, left.target) == ("OWN MONEY", "")
    await tab.send(BankPage.begin_putting, row_id=left.id)
    await tab.send(BankPage.put_aside, form={"reason": ""})
    shown = await tab.state(BankPage)
    assert (set(shown.errors), shown.putting) == ({"reason"}, left.id)  # the dialog stays
    await tab.send(BankPage.put_aside, form={"reason": "Own money"})
    shown = await tab.state(BankPage)
    assert (shown.rows, shown.putting, [tab.count for tab in shown.tabs]) == ([], "", ["0", "2", "1"])


async def test_a_row_that_somebody_else_decided_closes_the_dialog_and_says_so(
    server: Server, fresh_database: TwoShops
) -> None:
    shop = ready(fresh_database)
    tab, other = tab_of(server, shop), tab_of(server, shop, Role.OWNER)
    for one in (tab, other):
        await one.open(BankPage.load)
    row = next(row for row in (await tab.state(BankPage)).rows if row.words == "OWN MONEY")
    await tab.send(BankPage.begin_naming, row_id=row.id)
    await tab.send(BankPage.name, form={"number": "NONE/1"})
    shown = await tab.state(BankPage)
    assert (set(shown.errors), shown.naming) == ({"number"}, row.id)
    await other.send(BankPage.begin_putting, row_id=row.id)
    await other.send(BankPage.put_aside, form={"reason": "Own money"})
    await tab.send(BankPage.name, form={"number": "NONE/1"})
    shown = await tab.state(BankPage)
    assert shown.naming == "" and row.id not in {one.id for one in shown.rows}
    assert (await tab.state(AppState)).notices[-1].tone == "bad"


async def test_odd_presses_crash_nothing(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, ready(fresh_database))
    await tab.open(BankPage.load)
    for odd in (None, [], "x", {"number": {}}, {"reason": 7}):
        assert (await tab.send(BankPage.name, form=odd)).crashes == []
        assert (await tab.send(BankPage.put_aside, form=odd)).crashes == []
    for target, target_id in (("payment", 10**12), ("bill", -1), ("x", 0)):
        answer = await tab.send(BankPage.accept, row_id="1", version=1, target=target, target_id=target_id)
        assert answer.crashes == []
    assert [tab.count for tab in (await tab.state(BankPage)).tabs] == ["3", "0", "0"]


def test_what_came_of_a_file_in_words() -> None:
    assert told_of({"fault": "excel"}) == FileTold(
        "This is an Excel file.", "Open it and save it as CSV, or ask the bank for CSV.", is_fault=True
    )
    told = told_of({"new": "12", "known": "1", "out": "3", "unread": "2", "rows": "9,40"})
    assert told.title == "12 amounts came in"
    assert told.text == (
        "1 amount was here already. 3 amounts went out: left aside. "
        "2 rows could not be read: look at date and amount of row 9, 40."
    )
    for odd in ({"fault": "<b>"}, {}, {"rows": "9"}):
        assert told_of(odd) == FileTold()
    assert told_of({"new": "9" * 30, "rows": "<b>,1"}).title == "0 amounts came in"
