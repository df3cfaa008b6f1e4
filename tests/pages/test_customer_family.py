"""The family on a customer's page, through the gate: linked, changed, removed and taken back."""

from __future__ import annotations

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.customers import AddCustomer, add
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_family import CustomerFamily
from microcrm.state.customer_glance import CustomerGlance
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def tab_of(server: Server, shop: Shop, customer_id: int, role: Role = Role.OWNER) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/customer?id={customer_id}")
    await tab.open(CustomerPage.load, CustomerGlance.load)
    return tab


def somebody(shop: Shop, name: str, **more: str) -> int:
    return int(act_as(shop.actor(), add, AddCustomer(name, **more)).id)


async def test_somebody_is_found_linked_changed_and_removed(server: Server, shop: Shop) -> None:
    son = somebody(shop, "Ishaan Rao")
    tab = await tab_of(server, shop, shop.customer_id)
    await tab.send(CustomerFamily.begin_adding)
    await tab.send(CustomerFamily.find, words="ishaan")
    assert [person.id for person in (await tab.state(CustomerFamily)).people] == [str(son)]
    await tab.send(CustomerFamily.save, typed={"tie": "child"})
    state = await tab.state(CustomerFamily)
    assert set(state.errors) == {"customer_id"} and state.form.is_open and not state.is_saving
    answer = await tab.send(CustomerFamily.save, typed={"tie": "child", "customer_id": str(son), "pays": "customer"})
    assert answer.codes == []
    await tab.send(CustomerGlance.load)
    state = await tab.state(CustomerFamily)
    assert [(row.name, row.detail) for row in state.relatives] == [("Ishaan Rao", "Child, this customer pays for them")]
    assert not state.form.is_open
    await tab.send(CustomerFamily.begin, relative_id=str(son))
    assert (await tab.state(CustomerFamily)).form.pays == "customer"
    await tab.send(CustomerFamily.save, typed={"tie": "sibling"})
    await tab.send(CustomerGlance.load)
    row = (await tab.state(CustomerFamily)).relatives[0]
    assert row.detail == "Brother or sister"
    await tab.send(CustomerFamily.untie, tie_id=row.tie_id)
    await tab.send(CustomerGlance.load)
    assert (await tab.state(CustomerFamily)).relatives == []
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.text == "Ishaan Rao is no longer linked"
    await tab.send(AppState.undo, token=notice.undo)
    await tab.send(CustomerGlance.load)
    assert [one.id for one in (await tab.state(CustomerFamily)).relatives] == [str(son)]


async def test_who_is_on_the_same_phone_is_linked_with_one_press_more(server: Server, shop: Shop) -> None:
    mother = somebody(shop, "Sudha Rao", phone="98860 55555")
    son = somebody(shop, "Ishaan Rao", phone="98860 55555", is_family="on")
    tab = await tab_of(server, shop, mother)
    (row,) = (await tab.state(CustomerFamily)).relatives
    assert row.detail == "Family, shares this phone, this customer is told for them"
    await tab.send(CustomerFamily.untie, tie_id=row.tie_id)
    await tab.send(CustomerGlance.load)
    (row,) = (await tab.state(CustomerFamily)).relatives
    assert (row.id, row.tie_id, row.detail) == (str(son), "", "Shares this phone")
    await tab.send(CustomerFamily.begin, relative_id=row.id)
    await tab.send(CustomerFamily.save, typed={"tie": "child"})
    await tab.send(CustomerGlance.load)
    (row,) = (await tab.state(CustomerFamily)).relatives
    assert row.tie_id and row.detail == "Child, shares this phone"


async def test_a_row_that_is_not_on_the_page_opens_no_form(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop, shop.customer_id)
    await tab.send(CustomerFamily.begin, relative_id="1")
    assert not (await tab.state(CustomerFamily)).form.is_open
