"""The page of products and the picker of bills, event by event through the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.stock import NoteStock, note_stock
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.settings_product import ProductDrawer
from microcrm.state.settings_products import ProductSettings
from microcrm.state.stock import StockPage
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.goods import SERUM, shelve, stock_of
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import register

TYPED = {
    "name": SERUM.name, "barcode": SERUM.barcode, "hsn": SERUM.hsn, "unit": "BTL", "tax_class": "goods", "price": "740",
    "low": "2",
}  # fmt: skip


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    act_as(fresh_database.a.actor(), lambda uow: register(uow, fresh_database.a))
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, path: str = "/settings/products") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def notice(tab: Tab) -> Any:
    return (await tab.state(AppState)).notices[-1]


async def test_a_product_comes_in_is_counted_and_taken_back(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    answer = await tab.open(ProductSettings.load)
    assert not answer.crashes and not answer.refusals
    assert (await tab.state(ProductSettings)).rows == []
    await tab.send(ProductDrawer.start, product_id="")
    await tab.send(ProductDrawer.save, form=TYPED | {"hsn": "999721"})
    drawer = await tab.state(ProductDrawer)
    assert drawer.is_open and "Codes that begin with 99" in (await tab.state(AppState)).errors["hsn"]
    await tab.send(ProductDrawer.save, form=TYPED)
    await tab.send(ProductSettings.load)
    [row] = (await tab.state(ProductSettings)).rows
    assert (row.name, row.stock, row.price, row.is_low) == (SERUM.name, "0", "₹740.00", True)
    await tab.send(ProductDrawer.begin_noting, product_id=row.id, kind="received")
    await tab.send(ProductDrawer.note, form={"quantity": "12", "cost": "450", "note": "Depot"})
    assert (await notice(tab)).text == f"{SERUM.name}: received, 12 in stock"
    shown = await tab.state(ProductSettings)
    assert shown.rows[0].stock == "12" and shown.summary == "1 product · stock worth ₹5,400 at the last cost"
    await tab.send(AppState.undo, token=(await notice(tab)).undo)
    await tab.send(ProductSettings.load)
    assert (await tab.state(ProductSettings)).rows[0].stock == "0"
    await tab.send(ProductDrawer.start, product_id=row.id)
    assert [line.change for line in (await tab.state(ProductDrawer)).story] == ["−12", "+12"]
    await tab.send(ProductSettings.archive, product_id=row.id)
    assert (await tab.state(ProductSettings)).rows == []


async def test_the_report_of_some_days_and_its_files(server: Server, a: Shop) -> None:
    product_id = act_as(a.actor(), shelve)
    act_as(a.actor(), lambda uow: note_stock(uow, NoteStock(product_id, "used", "1", note="A tester")))
    tab = tab_of(server, a, path="/stock")
    assert (await tab.open(StockPage.load)).crashes == []
    shown = await tab.state(StockPage)
    [row] = shown.rows
    assert (row.came, row.used, row.sold, row.closing, row.worth) == ("+6", "−1", "–", "5", "₹2,250")
    assert [(one.name, one.value) for one in shown.sums] == [
        ("Worth at last cost", "₹2,250"), ("Used by the shop", "₹450"), ("Damaged or lost", "₹0"), ("Running low now", "0"),
    ]  # fmt: skip
    assert shown.files == f"?from={shown.first}&to={shown.last}"
    await tab.send(StockPage.pick_days, form={"from": shown.last, "to": "2020-01-01"})
    assert "to" in (await tab.state(AppState)).errors
    await tab.send(StockPage.pick_days, form={"from": "2020-01-01", "to": "2020-01-31"})
    [row] = (await tab.state(StockPage)).rows
    assert (row.opening, row.came, row.closing) == ("0", "–", "0")
    tab.path = "/stock?from=nonsense&to=%00&page=-1"
    assert (await tab.send(StockPage.load)).crashes == []
    assert (await tab.state(StockPage)).rows[0].closing == "5"
    for odd in (None, [], "x", {"from": {}}):
        assert (await tab.send(StockPage.pick_days, form=odd)).crashes == []
    desk = tab_of(server, a, Role.STAFF, "/stock")
    await desk.open(StockPage.load)
    assert [one.name for one in (await desk.state(StockPage)).sums] == ["Running low now"]


async def test_a_list_that_could_not_be_read_is_said_on_the_page(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, path="/settings/products?fault=excel")
    await tab.open(ProductSettings.load)
    assert (await tab.state(ProductSettings)).fault == "This is an Excel file."
    for odd in ("", "nonsense", "<b>"):
        tab.path = f"/settings/products?fault={odd}"
        await tab.send(ProductSettings.load)
        assert (await tab.state(ProductSettings)).fault == ""


async def test_what_runs_low_has_an_address_and_a_line_on_today(server: Server, a: Shop) -> None:
    act_as(a.actor(), lambda uow: shelve(uow, stock="2"))
    act_as(a.actor(), lambda uow: shelve(uow, replace(SERUM, name="Comb", barcode="", low="")))
    tab = tab_of(server, a, path="/settings/products?low=1")
    await tab.open(ProductSettings.load)
    shown = await tab.state(ProductSettings)
    assert (shown.shelf, [row.name for row in shown.rows], shown.low) == ("low", [SERUM.name], 1)
    desk = tab_of(server, a, Role.FRONT_DESK, "/today")
    await desk.open(TodayPage.load)
    needs = (await desk.state(TodayPage)).attention
    assert (f"{SERUM.name} is running low", "/settings/products?low=1") in {(one.title, one.href) for one in needs}


async def test_the_desk_looks_and_does_not_touch(server: Server, a: Shop) -> None:
    product_id = str(act_as(a.actor(), shelve))
    tab = tab_of(server, a, Role.FRONT_DESK)
    answer = await tab.open(ProductSettings.load)
    assert not answer.refusals
    [row] = (await tab.state(ProductSettings)).rows
    assert (row.stock, row.worth) == ("6", "")
    await tab.send(ProductDrawer.start, product_id=product_id)
    assert (await tab.state(ProductDrawer)).form.cost == ""
    for handler, payload in (
        (ProductDrawer.save, {"form": TYPED}),
        (ProductDrawer.begin_noting, {"product_id": product_id, "kind": "counted"}),
        (ProductDrawer.note, {"form": {"quantity": "1"}}),
        (ProductSettings.archive, {"product_id": product_id}),
    ):
        assert (await tab.send(handler, **payload)).refusals


async def test_a_scanned_code_adds_a_line_and_again_one_more(server: Server, a: Shop) -> None:
    product_id = act_as(a.actor(), lambda uow: shelve(uow, stock="2"))
    tab = tab_of(server, a, Role.FRONT_DESK, "/invoice")
    await tab.open(Bill.load)
    await tab.send(Bill.with_tax, is_with="without")
    for _ in range(2):
        await tab.send(Bill.add_found, form={"words": SERUM.barcode})
    [line] = (await tab.state(Bill)).lines
    assert (line.quantity, line.sac, line.rate, line.amount) == ("2", "33059090", "18 %", "1,746.40")
    assert (line.shelf, line.is_short) == ("2 in stock", False)
    await tab.send(Bill.add_found, form={"words": SERUM.barcode})
    [line] = (await tab.state(Bill)).lines
    assert (line.shelf, line.is_short) == ("2 in stock, −1 after this bill", True)
    await tab.send(Bill.ask_to_issue)
    await tab.send(Bill.issue_now)
    assert (await tab.state(Bill)).bill.number
    assert act_as(a.actor(), lambda uow: stock_of(uow, product_id)) == -1


async def test_words_find_services_and_goods(server: Server, a: Shop) -> None:
    act_as(a.actor(), shelve)
    tab = tab_of(server, a, path="/invoice")
    await tab.open(Bill.load)
    await tab.send(Bill.seek, words="hair")
    found = (await tab.state(Bill)).found
    assert [one.label.split(",")[0] for one in found] == ["Argan hair serum", "Plain haircut"]
    await tab.send(Bill.add_found, form={"words": "hair"})  # several: the choice stays
    shown = await tab.state(Bill)
    assert len(shown.found) == 2 and [line.description for line in shown.lines] == [""]
    await tab.send(Bill.add_line, service_id=shown.found[1].value)
    await tab.send(Bill.add_found, form={"words": "argan"})
    shown = await tab.state(Bill)
    assert [line.description for line in shown.lines] == ["Plain haircut", SERUM.name] and shown.found == []
    await tab.send(Bill.add_found, form={"words": "890000000000"})
    assert "890000000000" in (await tab.state(Bill)).missed
    for odd in ({}, {"words": None}, {"words": ["x"]}, {"words": {"a": 1}}, {"words": "x" * 500}):
        assert not (await tab.send(Bill.add_found, form=odd)).crashes
    assert len((await tab.state(Bill)).lines) == 2


async def test_the_credit_note_asks_whether_goods_come_back(server: Server, a: Shop) -> None:
    product_id = act_as(a.actor(), shelve)
    tab = tab_of(server, a, path="/invoice")
    await tab.open(Bill.load)
    await tab.send(Bill.add_found, form={"words": SERUM.barcode})
    await tab.send(Bill.ask_to_issue)
    await tab.send(Bill.issue_now)
    tab.path = f"/invoice?id={(await tab.state(Bill)).bill.id}"
    await tab.send(Till.load)
    assert (await tab.state(Till)).has_goods
    await tab.send(Till.begin, what="credit", payment="")
    await tab.send(Till.correct, form={"reason": "Leaks", "goods_return": "on"})
    assert act_as(a.actor(), lambda uow: stock_of(uow, product_id)) == 6


async def test_what_was_sold_meanwhile_is_seen_at_the_line(server: Server, a: Shop) -> None:
    product_id = act_as(a.actor(), shelve)
    tab = tab_of(server, a, path="/invoice")
    await tab.open(Bill.load)
    await tab.send(Bill.add_found, form={"words": SERUM.barcode})
    act_as(a.actor(), lambda uow: note_stock(uow, NoteStock(product_id, "counted", "0", note="Empty")))
    await tab.send(Bill.type_line, at=0, name="quantity", value="1")
    assert (await tab.state(Bill)).lines[0].shelf == "0 in stock, −1 after this bill"
