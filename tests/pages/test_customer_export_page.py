"""The panel that asks how customers are taken away, event by event through the gate."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.customers import AddCustomer, add
from microcrm.state.customer_columns import Columns
from microcrm.state.customer_export import CustomerExport
from microcrm.state.customer_picks import Picks
from microcrm.state.customers import Customers
from tests.conftest import act_as
from tests.pages.test_customers_page import follow, tab_of
from tests.support import tabs
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Answer, Server, Tab


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def opened(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    tab = tab_of(server, shop, role)
    await tab.open(Columns.load, Customers.load)
    return tab


def some(shop: Shop, number: int) -> list[str]:
    return [str(act_as(shop.actor(), add, AddCustomer(f"Person {n:02}")).id) for n in range(number)]


def file_of(answer: Answer) -> tuple[str, dict[str, list[str]]]:
    """The address of the file that the browser is sent for."""
    (address,) = set(re.findall(r"/customers\.\w+\?[^'\"\\ ]*", answer.text))
    path, _, asked = address.partition("?")
    return path, parse_qs(asked)


async def test_all_that_the_list_finds_with_the_columns_that_are_ticked(server: Server, a: Shop) -> None:
    some(a, 3)
    tab = await opened(server, a)
    await follow(tab, await tab.send(Customers.typed, words="person"))
    assert (await tab.send(CustomerExport.start)).codes == []
    state = await tab.state(CustomerExport)
    assert (state.is_open, state.words, state.is_masked) == (True, "3 customers: all that the list finds.", False)
    assert {row.name for row in state.fields} >= {"phone", "notes", "next", "due"} and all(
        row.is_ticked for row in state.fields
    )
    await tab.send(CustomerExport.tick_list)
    ticked = {row.name for row in (await tab.state(CustomerExport)).fields if row.is_ticked}
    assert ticked == {"phone", "last", "next", "billed", "due", "tags"}
    answer = await tab.send(
        CustomerExport.take, form={"kind": "vcf", "field_phone": "on", "field_tags": "on", "field_x": "on"}
    )
    assert file_of(answer) == ("/customers.vcf", {"query": ["person"], "show": ["active"], "fields": ["phone,tags"]})
    assert not (await tab.state(CustomerExport)).is_open
    await tab.send(CustomerExport.start)
    state = await tab.state(CustomerExport)
    assert (state.kind, {row.name for row in state.fields if row.is_ticked}) == ("vcf", {"phone", "tags"}), (
        "as last time"
    )
    await tab.send(CustomerExport.tick_all)
    assert all(row.is_ticked for row in (await tab.state(CustomerExport)).fields)


async def test_those_that_are_selected(server: Server, a: Shop) -> None:
    ids = some(a, 3)
    tab = await opened(server, a)
    for one in ids[:2]:
        await tab.send(Picks.toggle, customer_id=one)
    await tab.send(CustomerExport.start_picked)
    assert (await tab.state(CustomerExport)).words == "2 customers: those that are selected."
    answer = await tab.send(CustomerExport.take, form={"kind": "csv"})
    assert file_of(answer) == ("/customers.csv", {"ids": [",".join(ids[:2])]})
    await tab.send(Customers.load)
    await tab.send(Picks.pick_all)
    await tab.send(CustomerExport.start_picked)
    assert (await tab.state(CustomerExport)).words == "4 customers: those that are selected."


async def test_a_mistake_stands_on_the_panel_and_no_file_comes(
    server: Server, a: Shop, fresh_database: TwoShops
) -> None:
    tab = await opened(server, a)
    await tab.send(CustomerExport.start)
    for form in ({}, {"kind": "pdf"}, {"kind": ["csv"]}, {"kind": None, "field_name": "on"}):
        answer = await tab.send(CustomerExport.take, form=form)
        assert answer.crashes == [] and "/customers." not in answer.text
        state = await tab.state(CustomerExport)
        assert state.is_open and set(state.errors) == {"kind"}
    await tab.send(Picks.toggle, customer_id=str(fresh_database.b.customer_id))
    answer = await tab.send(CustomerExport.start_picked)
    assert answer.codes == ["invalid"] and CANARY not in answer.text


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
async def test_who_may_not_take_lists_away_gets_no_panel(server: Server, a: Shop, role: Role) -> None:
    tab = await opened(server, a, role)
    for handler in (CustomerExport.start, CustomerExport.start_picked):
        assert (await tab.send(handler)).codes == ["forbidden"]
    assert (await tab.send(CustomerExport.take, form={"kind": "csv"})).codes == ["forbidden"]
    assert not (await tab.state(CustomerExport)).is_open


async def test_whoever_looks_as_somebody_else_takes_nothing_away(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    tabs.view_as(tab.session, a.members[Role.MANAGER])
    assert (await tab.send(CustomerExport.start)).codes == ["forbidden"]
