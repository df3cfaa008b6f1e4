"""Who did what when, through the gate."""

from __future__ import annotations

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.catalogue import SaveService, save_service
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.undo import take_back
from microcrm.state.activity import ActivityPage
from microcrm.state.base import AppState
from tests.conftest import act_as
from tests.support.shops import CANARY, TwoShops
from tests.support.tabs import Server, Tab, sign_in


def tab_of(server: Server, both: TwoShops, role: Role = Role.OWNER, path: str = "/activity") -> Tab:
    return server.tab(sign_in(both.a.users[role], both.a.business_id), path)


async def told(tab: Tab) -> list[str]:
    return [f"{row.who} {row.what}" for row in (await tab.state(ActivityPage)).rows]


async def test_it_tells_what_happened_in_words_and_nothing_of_the_neighbour(
    server: Server, fresh_database: TwoShops
) -> None:
    act_as(fresh_database.a.actor(Role.MANAGER), add, AddCustomer("Asha Rao"))
    act_as(fresh_database.b.actor(), add, AddCustomer("Somebody"))
    tab = tab_of(server, fresh_database)
    answer = await tab.open(ActivityPage.load)
    assert await told(tab) == ["Plain manager added a customer"]
    assert CANARY not in answer.text and "Somebody" not in answer.text


async def test_a_change_is_taken_back_once(server: Server, fresh_database: TwoShops) -> None:
    act_as(fresh_database.a.actor(), add, AddCustomer("Asha Rao"))
    tab = tab_of(server, fresh_database)
    await tab.open(ActivityPage.load)
    token = (await tab.state(ActivityPage)).rows[0].undo
    assert token
    assert (await tab.send(AppState.undo, token=token)).refusals == []
    await tab.send(ActivityPage.load)
    rows = (await tab.state(ActivityPage)).rows
    assert [row.undo for row in rows] == ["", ""]
    assert rows[0].what == "took back a change of a customer"
    assert (await tab.send(AppState.undo, token=token)).codes == ["conflict"]


async def test_a_changed_service_says_which_and_what_and_so_does_taking_it_back(
    server: Server, fresh_database: TwoShops
) -> None:
    shop = fresh_database.a
    command = SaveService(
        "Plain haircut", "60", "700", service_id=shop.service_id, version=1, category_id=shop.category_id
    )
    _, token = act_as(shop.actor(), save_service, command)
    act_as(shop.actor(), take_back, token)
    tab = tab_of(server, fresh_database)
    await tab.open(ActivityPage.load)
    rows = (await tab.state(ActivityPage)).rows
    assert [row.what for row in rows] == ["took back a change of a service", "changed a service (duration, price)"]
    assert [row.about for row in rows] == ["Plain haircut", "Plain haircut"]


async def test_filters_and_older_pages(server: Server, fresh_database: TwoShops) -> None:
    for number in range(52):
        act_as(fresh_database.a.actor(Role.MANAGER), add, AddCustomer(f"Person {number}"))
    tab = tab_of(server, fresh_database)
    await tab.open(ActivityPage.load)
    first = await tab.state(ActivityPage)
    assert (len(first.rows), first.has_more) == (50, True)
    tab.path = f"/activity?before={first.rows[-1].id}"
    await tab.send(ActivityPage.load)
    second = await tab.state(ActivityPage)
    assert (len(second.rows), second.has_more, second.is_later) == (2, False, True)
    for query, count in (
        ("kind=customers", 50),
        ("kind=visits", 0),
        (f"member={fresh_database.a.members[Role.STAFF]}", 0),
        (f"member={fresh_database.b.members[Role.OWNER]}", 0),
        ("kind=nonsense&member=x&before=%00", 50),
    ):
        tab.path = f"/activity?{query}"
        assert (await tab.send(ActivityPage.load)).crashes == []
        assert len((await tab.state(ActivityPage)).rows) == count, query


@pytest.mark.parametrize("role", Role)
async def test_owners_and_managers_may_look(server: Server, fresh_database: TwoShops, role: Role) -> None:
    answer = await tab_of(server, fresh_database, role).open(ActivityPage.load)
    assert answer.codes == ([] if role in {Role.OWNER, Role.MANAGER} else ["forbidden"])
