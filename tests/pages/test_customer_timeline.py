"""The timeline on a customer's page, through the gate: filters, more of it, another customer, and who is told what."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.timeline.reading import PAGE_SIZE
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.customer_timeline import CustomerTimeline
from tests.conftest import act_as
from tests.pages.test_customers_page import went_to
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import issued, register


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, more: str = "") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), f"/customer?id={shop.customer_id}{more}")


async def story(tab: Tab) -> Any:
    return await tab.state(CustomerTimeline)


async def choose(tab: Tab, show: str) -> str:
    """Press a filter, and follow to the address."""
    answer = await tab.send(CustomerTimeline.choose, show=show)
    tab.path = went_to(answer)
    assert not (await tab.send(CustomerTimeline.load)).crashes
    return tab.path


def bill(uow: UnitOfWork, shop: Shop) -> None:
    register(uow, shop)
    issued(uow, shop)


def change_often(uow: UnitOfWork, shop: Shop, times: int) -> None:
    for _ in range(times):
        uow.audit("change", "customer", shop.customer_id, fields=["name"])


async def test_it_opens_with_everything_and_is_narrowed_by_a_press(server: Server, shop: Shop) -> None:
    act_as(shop.actor(), bill, shop)
    tab = tab_of(server, shop)
    answer = await tab.open(CustomerTimeline.load)
    assert not answer.crashes and not answer.codes
    state = await story(tab)
    assert [one.value for one in state.choices] == [
        "",
        "visits",
        "money",
        "notes",
        "tasks",
        "records",
        "messages",
        "changes",
    ]
    assert {row.entry.key.partition("-")[0] for row in state.rows} == {"visit", "bill"}
    await choose(tab, "money")
    state = await story(tab)
    assert {row.entry.key.partition("-")[0] for row in state.rows} == {"bill"}
    assert [one.value for one in state.choices if one.is_chosen] == ["money"]
    await choose(tab, "nonsense")
    assert [one.value for one in (await story(tab)).choices if one.is_chosen] == [""]


async def test_older_entries_come_below_and_each_month_has_one_heading(server: Server, shop: Shop) -> None:
    act_as(shop.actor(), change_often, shop, 2 * PAGE_SIZE)
    tab = tab_of(server, shop)
    await tab.open(CustomerTimeline.load)
    assert (len((await story(tab)).rows), (await story(tab)).has_more) == (PAGE_SIZE, True)
    await tab.send(CustomerTimeline.show_more)
    await tab.send(CustomerTimeline.show_more)
    state = await story(tab)
    assert (len(state.rows), state.has_more) == (2 * PAGE_SIZE + 1, False)
    keys = [row.entry.key for row in state.rows]
    assert len(set(keys)) == len(keys)
    headings = [row.heading for row in state.rows if row.heading]
    assert len(headings) == len(set(headings)) == len({row.entry.month for row in state.rows})
    await tab.send(CustomerTimeline.show_more)  # once too often
    assert len((await story(tab)).rows) == 2 * PAGE_SIZE + 1


async def test_another_customer_begins_anew(server: Server, shop: Shop, fresh_database: TwoShops) -> None:
    tab = tab_of(server, shop)
    await tab.open(CustomerTimeline.load)
    await choose(tab, "visits")
    tab.path = f"/customer?id={fresh_database.b.customer_id}"
    answer = await tab.send(CustomerTimeline.load)
    state = await story(tab)
    assert (state.rows, state.show, state.has_more) == ([], "", False)
    assert CANARY not in answer.text


async def test_money_does_not_reach_the_browser_of_those_who_may_not_see_it(server: Server, shop: Shop) -> None:
    act_as(shop.actor(), bill, shop)
    tab = tab_of(server, shop, Role.STAFF)
    answer = await tab.open(CustomerTimeline.load)
    await choose(tab, "money")
    state = await story(tab)
    assert "Tax Invoice" not in answer.text and "Tax Invoice" not in repr(state.rows)
    assert [one.value for one in state.choices] == ["", "visits", "notes", "tasks", "records"]


async def test_a_filter_stands_in_the_address_and_a_reload_keeps_it(server: Server, shop: Shop) -> None:
    act_as(shop.actor(), bill, shop)
    tab = tab_of(server, shop)
    await tab.open(CustomerTimeline.load)
    assert await choose(tab, "money") == f"/customer?id={shop.customer_id}&show=money"
    again = tab_of(server, shop, more="&show=money")
    await again.open(CustomerTimeline.load)
    state = await story(again)
    assert {row.entry.key.partition("-")[0] for row in state.rows} == {"bill"}
    assert [one.value for one in state.choices if one.is_chosen] == ["money"]
    assert await choose(tab, "") == f"/customer?id={shop.customer_id}"
    assert {row.entry.key.partition("-")[0] for row in (await story(tab)).rows} == {"visit", "bill"}
    for odd in ("nonsense", "//evil.example", "money&id=1"):
        assert await choose(tab, odd) == f"/customer?id={shop.customer_id}"
