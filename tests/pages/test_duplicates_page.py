"""Merging on the screen: the pairs, the form, undo, taking apart on the customer's page, and old links."""

from __future__ import annotations

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.book import book
from microcrm.operations.customers import AddCustomer, add
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_bills import CustomerBills
from microcrm.state.customer_glance import CustomerGlance
from microcrm.state.customer_merges import CustomerMerges
from microcrm.state.customer_timeline import CustomerTimeline
from microcrm.state.duplicates import Duplicates, MergeForm
from tests.conftest import act_as
from tests.pages.test_class_pages import DAY
from tests.support.desk import wish
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def pair(shop: Shop) -> tuple[str, str]:
    first = act_as(shop.actor(), add, AddCustomer("Zoya Khan", "98860 20007")).id
    second = act_as(shop.actor(), add, AddCustomer("Zoya Khan", address="12 Hill Road")).id
    return str(first), str(second)


def tab_of(server: Server, shop: Shop, path: str = "/duplicates", role: Role = Role.MANAGER) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def merged(tab: Tab, kept: str, gone: str) -> str:
    await tab.open(Duplicates.load)
    await tab.send(MergeForm.begin, kept=kept, gone=gone)
    assert (await tab.send(MergeForm.save, typed={"address": "gone"})).codes == []
    return str((await tab.state(AppState)).notices[-1].undo)


async def test_a_pair_is_compared_merged_and_undone(server: Server, shop: Shop, pair: tuple[str, str]) -> None:
    first, second = pair
    tab = tab_of(server, shop)
    await tab.open(Duplicates.load)
    (row,) = (await tab.state(Duplicates)).pairs
    assert {row.first.id, row.second.id} == {*pair}
    await tab.send(MergeForm.begin, kept=first, gone=second)
    form = (await tab.state(MergeForm)).form
    assert [(one.name, one.one, one.other, one.default) for one in form.fields] == [
        ("phone", "+91 98860 20007", "–", "kept"), ("address", "–", "12 Hill Road", "gone"),
    ]  # fmt: skip
    await tab.send(MergeForm.swap)
    assert (await tab.state(MergeForm)).form.kept_id == second
    undo = await merged(tab, first, second)
    assert (await tab.state(Duplicates)).pairs == []
    assert (await tab.send(AppState.undo, token=undo)).codes == []
    await tab.send(Duplicates.load)
    assert len((await tab.state(Duplicates)).pairs) == 1


async def test_what_goes_over_is_said_in_words(server: Server, shop: Shop, pair: tuple[str, str]) -> None:
    tab = tab_of(server, shop)
    await tab.send(MergeForm.begin, kept=pair[0], gone=pair[1])
    line = (await tab.state(MergeForm)).form.line
    assert line == "Zoya Khan has no bookings and no bills. Notes, tasks and whatever else there is go over."
    act_as(shop.actor(), book, wish(shop, "10:00", day=DAY, customer_id=int(pair[1])))
    await tab.send(MergeForm.begin, kept=pair[0], gone=pair[1])
    line = (await tab.state(MergeForm)).form.line
    assert line == "1 booking of Zoya Khan, and all else that hangs on them, go over."
    await tab.open(Duplicates.load)
    (row,) = (await tab.state(Duplicates)).pairs
    sides = {side.id: side.line for side in (row.first, row.second)}
    assert row.first.id == pair[1], "the one with more bookings would stay"
    assert sides[pair[1]].endswith("1 booking") and sides[pair[0]].endswith("0 bookings")


async def test_a_refusal_keeps_the_form(server: Server, shop: Shop, pair: tuple[str, str]) -> None:
    tab = tab_of(server, shop)
    await tab.open(Duplicates.load)
    await tab.send(MergeForm.begin, kept=pair[0], gone=pair[1])
    answer = await tab.send(MergeForm.save, typed={"address": "both"})
    assert answer.codes == ["invalid"]
    state = await tab.state(MergeForm)
    assert "address" in state.errors and state.form.kept_id == pair[0] and not state.is_saving
    other = tab_of(server, shop, role=Role.OWNER)
    await merged(other, *pair)
    assert (await tab.send(MergeForm.save, typed={})).codes == ["not_found"]


async def test_two_people_are_told_apart(server: Server, shop: Shop, pair: tuple[str, str]) -> None:
    tab = tab_of(server, shop)
    await tab.open(Duplicates.load)
    assert (await tab.send(Duplicates.not_the_same, one=pair[0], other=pair[1])).codes == []
    assert (await tab.state(Duplicates)).pairs == []


async def test_it_is_taken_apart_on_the_customer_s_page(server: Server, shop: Shop, pair: tuple[str, str]) -> None:
    await merged(tab_of(server, shop), *pair)
    visit = act_as(shop.actor(), book, wish(shop, "10:00", day=DAY, customer_id=int(pair[0]))).booking_id
    tab = tab_of(server, shop, f"/customer?id={pair[0]}")
    await tab.open(CustomerPage.load, CustomerGlance.load)
    (row,) = (await tab.state(CustomerMerges)).rows
    assert (row.name, [one.value for one in row.since]) == ("Zoya Khan", [str(visit)])
    await tab.send(CustomerMerges.ask, merge_id=row.id)
    assert (await tab.send(CustomerMerges.take_apart, form={f"visit_{visit}": "on"})).codes == []
    assert (await tab.state(CustomerMerges)).asked.id == ""
    desk = tab_of(server, shop, f"/customer?id={pair[1]}", Role.FRONT_DESK)
    await desk.open(CustomerPage.load, CustomerGlance.load)
    assert (await desk.state(CustomerPage)).person.coming.when != ""
    assert (await desk.state(CustomerMerges)).rows == []
    assert (await desk.send(CustomerMerges.take_apart, form={})).codes == ["forbidden"]


async def test_an_old_link_leads_to_the_survivor(server: Server, shop: Shop, pair: tuple[str, str]) -> None:
    await merged(tab_of(server, shop), *pair)
    loads = (CustomerPage, CustomerTimeline, CustomerGlance, CustomerBills)
    tab = tab_of(server, shop, f"/customer?id={pair[1]}")
    answer = await tab.open(*(state.load for state in loads))
    assert answer.codes == [] and answer.crashes == []
    assert (await tab.state(CustomerPage)).person.id == pair[0]
    assert f"/customer?id={pair[0]}" in answer.text


async def test_somebody_is_merged_from_their_page(server: Server, shop: Shop, pair: tuple[str, str]) -> None:
    tab = tab_of(server, shop, f"/duplicates?with={pair[0]}")
    await tab.open(Duplicates.load)
    assert (await tab.state(Duplicates)).one.id == pair[0]
    await tab.send(Duplicates.find, words="Zoya")
    assert {one.id for one in (await tab.state(Duplicates)).people} == {*pair}
