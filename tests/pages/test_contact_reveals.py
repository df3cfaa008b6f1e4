"""Looks at masked numbers on the pages: what is left today, who looked, the card on Today, the owner's numbers."""

from __future__ import annotations

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.contact_reveals import RevealContact, reveal_contact
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_reveals import CustomerReveals
from microcrm.state.reveal_budgets import RevealBudgets
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role, path: str = "") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path or f"/customer?id={shop.customer_id}")


def look(shop: Shop) -> None:
    command = RevealContact(shop.customer_id, "phone", "call_back", "about Friday")
    act_as(shop.actor(Role.STAFF), reveal_contact, command)


async def test_staff_see_what_is_left_and_the_owner_who_looked(server: Server, shop: Shop) -> None:
    look(shop)
    mine = tab_of(server, shop, Role.STAFF)
    answer = await mine.open(CustomerPage.load, CustomerReveals.load)
    assert answer.codes == [] and "98451" not in answer.text
    state = await mine.state(CustomerReveals)
    assert (state.left, state.rows) == (9, [])
    assert (await mine.state(CustomerPage)).person.phone == "•••• 12345"
    theirs = tab_of(server, shop, Role.OWNER)
    await theirs.open(CustomerPage.load, CustomerReveals.load)
    state = await theirs.state(CustomerReveals)
    assert state.left == 0
    assert [(row.who, row.what, row.why) for row in state.rows] == [
        ("Plain staff", "phone number", "They asked to be called back: about Friday")
    ]


async def test_today_says_who_runs_hot(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop, Role.OWNER, "/today")
    await tab.open(TodayPage.load)
    assert "eye" not in {row.icon for row in (await tab.state(TodayPage)).attention}
    for _ in range(5):
        look(shop)
    await tab.send(TodayPage.load)
    rows = [row for row in (await tab.state(TodayPage)).attention if row.icon == "eye"]
    assert [(row.title, row.text) for row in rows] == [
        ("Plain staff looked at 5 customer contacts today", "Several of them within minutes.")
    ]
    desk = tab_of(server, shop, Role.FRONT_DESK, "/today")
    await desk.open(TodayPage.load)
    assert "eye" not in {row.icon for row in (await desk.state(TodayPage)).attention}


async def test_the_owner_sets_the_numbers_and_a_manager_does_not_see_them(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop, Role.OWNER, "/settings/members")
    await tab.open(RevealBudgets.load)
    state = await tab.state(RevealBudgets)
    assert [(row.label, row.value) for row in state.roles] == [
        ("Manager", "30"), ("Front desk", "20"), ("Staff", "10"), ("Accountant", "10"),
    ]  # fmt: skip
    typed = {row.key: row.value for row in (*state.roles, *state.people)}
    answer = await tab.send(RevealBudgets.save, form=typed | {"role_staff": "many"})
    assert answer.codes == ["invalid"]
    assert "role_staff" in (await tab.state(RevealBudgets)).errors
    assert (await tab.send(RevealBudgets.save, form=typed | {"role_staff": "2"})).codes == []
    mine = tab_of(server, shop, Role.STAFF)
    await mine.open(CustomerReveals.load)
    assert (await mine.state(CustomerReveals)).left == 2
    manager = tab_of(server, shop, Role.MANAGER, "/settings/members")
    assert (await manager.open(RevealBudgets.load)).codes == []
    assert not (await manager.state(RevealBudgets)).is_read
    assert (await manager.send(RevealBudgets.save, form=typed)).codes == ["forbidden"]
