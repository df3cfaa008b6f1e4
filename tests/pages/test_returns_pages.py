"""The GST return on its screens, through the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from microcrm.domain.permissions import Role
from microcrm.domain.return_period import ReturnPeriod, month_of
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.returns import ReturnsPage, WhyPage
from tests.conftest import act_as
from tests.support.returns import SELLER, address, advice, at_home
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import BUYER, GSTIN, cut, issued, register


def last_month() -> ReturnPeriod:
    return month_of(month_of((datetime.now(UTC) + timedelta(hours=5, minutes=30)).date()).first - timedelta(days=1))


def ready(both: TwoShops) -> Shop:
    def sell(uow: UnitOfWork) -> None:
        register(uow, both.a, SELLER)
        issued(uow, both.a, cut("500"), day=str(last_month().first))
        issued(uow, both.a, advice("100"), day=str(last_month().last))

    act_as(both.a.actor(), sell)
    return both.a


def tab_of(server: Server, shop: Shop, path: str, role: Role = Role.ACCOUNTANT) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def test_the_return_opens_with_the_month_that_is_over(server: Server, fresh_database: TwoShops) -> None:
    shop, month = ready(fresh_database), last_month()
    tab = tab_of(server, shop, "/returns")
    await tab.open(ReturnsPage.load)
    shown = await tab.state(ReturnsPage)
    assert (shown.head.words, shown.head.gstin, shown.head.documents, shown.head.foots) == (
        month.words,
        SELLER,
        2,
        True,
    )
    assert [figure.value for figure in shown.head.figures] == ["2", "₹600.00", "₹43.00", "₹643.00"]
    card = next(one for one in shown.cards if one.key == "b2cs")
    assert (card.section, card.count, card.figures[0].value) == ("7", "2", "₹600.00")
    assert [(line.code, line.taxable, line.tax) for line in shown.codes] == [
        ("998313", "₹100.00", "₹18.00"), ("999721", "₹500.00", "₹25.00"),
    ]  # fmt: skip
    assert [(line.first, line.last, line.net) for line in shown.runs] == [("INV/2627/0001", "INV/2627/0002", "2")]
    assert month.key in [choice.value for choice in shown.periods]


async def test_a_number_leads_to_documents_and_lines(server: Server, fresh_database: TwoShops) -> None:
    shop = ready(fresh_database)
    tab = tab_of(server, shop, "/returns")
    await tab.open(ReturnsPage.load)
    line = (await tab.state(ReturnsPage)).codes[1]
    tab.path = line.href
    await tab.send(WhyPage.load)
    shown = await tab.state(WhyPage)
    assert shown.head.title == "HSN or SAC 999721, 5 %, without GSTIN"
    assert [(row.number, row.taxable, row.cgst, row.igst) for row in shown.rows] == [
        ("INV/2627/0001", "₹500.00", "₹12.50", "–")
    ]
    await tab.send(WhyPage.open, document_id=shown.rows[0].id)
    opened = await tab.state(WhyPage)
    assert opened.opened_words == "Tax Invoice INV/2627/0001"
    assert opened.lines[0].steps[-1].startswith("CGST 2.5 % of it: ₹12.50")
    await tab.send(WhyPage.close)
    assert (await tab.state(WhyPage)).opened == ""


async def test_another_month_is_in_the_address(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, ready(fresh_database), "/returns?period=2026-02")
    await tab.open(ReturnsPage.load)
    shown = await tab.state(ReturnsPage)
    assert (shown.head.words, shown.head.documents, shown.codes, shown.runs) == ("February 2026", 0, [], [])
    for odd in ("2026-13", "", "x" * 500):
        tab.path = f"/returns?period={odd}"
        assert (await tab.send(ReturnsPage.load)).crashes == []
        assert (await tab.state(ReturnsPage)).head.words == last_month().words


async def test_a_registration_of_before_is_chosen(server: Server, fresh_database: TwoShops) -> None:
    shop = ready(fresh_database)

    def move(uow: UnitOfWork) -> None:
        register(uow, shop)
        issued(uow, shop, cut("800"), day=str(last_month().last))

    act_as(shop.actor(), move)
    tab = tab_of(server, shop, "/returns")
    await tab.open(ReturnsPage.load)
    shown = await tab.state(ReturnsPage)
    assert [one.value for one in shown.gstins] == [GSTIN, SELLER]
    assert (shown.head.gstin, shown.head.documents, shown.head.former) == (GSTIN, 1, "")
    answer = await tab.send(ReturnsPage.pick_gstin, gstin=SELLER)
    assert f"/returns?period={last_month().key}&gstin={SELLER}" in answer.text
    tab.path = f"/returns?period={last_month().key}&gstin={SELLER}"
    await tab.send(ReturnsPage.load)
    shown = await tab.state(ReturnsPage)
    assert (shown.head.gstin, shown.head.documents, shown.head.whose) == (SELLER, 2, f"?gstin={SELLER}")
    tab.path = next(one for one in shown.cards if one.key == "b2cs").href
    await tab.send(WhyPage.load)
    why = await tab.state(WhyPage)
    assert len(why.rows) == 2 and why.head.back.endswith(f"&gstin={SELLER}")
    for odd in ("", "x" * 500, SELLER[:-1] + "0"):
        assert (await tab.send(ReturnsPage.pick_gstin, gstin=odd)).crashes == []


async def test_a_shop_without_gstin_is_told_so(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database.b, "/returns", Role.OWNER)
    await tab.open(ReturnsPage.load)
    shown = await tab.state(ReturnsPage)
    assert shown.is_read and shown.head.gstin == "" and shown.head.folder.startswith("/returns/")


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF])
async def test_who_keeps_no_books_is_told_so(server: Server, fresh_database: TwoShops, role: Role) -> None:
    shop = ready(fresh_database)
    for path, load in (("/returns", ReturnsPage.load), ("/returns/why?period=2026-10", WhyPage.load)):
        tab = tab_of(server, shop, path, role)
        await tab.open(load)
        assert (await tab.state(AppState)).no_permission
    assert not (await tab.state(WhyPage)).rows and not (await tab.state(ReturnsPage)).cards


async def test_a_foreign_document_has_no_lines(server: Server, fresh_database: TwoShops) -> None:
    both = fresh_database
    shop = ready(both)
    act_as(both.b.actor(), lambda uow: register(uow, both.b))
    foreign = act_as(both.b.actor(), lambda uow: issued(uow, both.b).document_id)
    tab = tab_of(server, shop, "/returns/why")
    await tab.open(WhyPage.load)
    for odd in (foreign, "0", "x", "9" * 30):
        answer = await tab.send(WhyPage.open, document_id=str(odd))
        assert answer.crashes == [] and (await tab.state(WhyPage)).opened == ""


async def test_a_bill_offers_its_e_invoice(server: Server, fresh_database: TwoShops) -> None:
    shop = fresh_database.a

    def sell(uow: UnitOfWork) -> int:
        register(uow, shop, SELLER)
        address(uow, shop)
        at_home(uow, shop)
        change_billing_terms(uow, ChangeBillingTerms(0, has_e_invoices="on"))
        return int(issued(uow, shop, cut("500"), buyer_gstin=BUYER).document_id)

    bill = act_as(shop.actor(), sell)
    tab = tab_of(server, shop, f"/invoice?id={bill}")
    await tab.open(Bill.load)
    assert [file.name for file in (await tab.state(Bill)).bill.files] == ["PDF", "80 mm", "E-invoice"]
    desk = tab_of(server, shop, f"/invoice?id={bill}", Role.FRONT_DESK)
    await desk.open(Bill.load)
    assert [file.name for file in (await desk.state(Bill)).bill.files] == ["PDF", "80 mm"]
    act_as(shop.actor(), lambda uow: change_billing_terms(uow, ChangeBillingTerms(1, has_e_invoices="")))
    await tab.send(Bill.load)
    assert [file.name for file in (await tab.state(Bill)).bill.files] == ["PDF", "80 mm"]
