"""Groups, ticked customers, columns and the warning while typing, event by event through the gate."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.customer_list import PAGE_SIZE
from microcrm.operations.customers import AddCustomer, add
from microcrm.state.base import AppState
from microcrm.state.customer_columns import Columns
from microcrm.state.customer_picks import Picks
from microcrm.state.customer_segments import Segments
from microcrm.state.customers import Customers, NewCustomer
from tests.conftest import act_as
from tests.pages.test_customers_page import follow, names, tab_of, went_to
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def some(shop: Shop, number: int, tags: str = "") -> list[str]:
    return [str(act_as(shop.actor(), add, AddCustomer(f"Person {n:02}", tags=tags)).id) for n in range(number)]


async def opened(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    tab = tab_of(server, shop, role)
    answer = await tab.open(Columns.load, Customers.load, Segments.refresh)
    assert not answer.crashes and not answer.refusals
    return tab


async def counts(tab: Tab) -> dict[str, str]:
    return {one.name: one.count for one in (await tab.state(Segments)).tabs}


async def test_the_groups_of_every_shop_stand_there_with_their_counts(server: Server, a: Shop) -> None:
    some(a, 2, "VIP")
    tab = await opened(server, a)
    assert (await counts(tab))["New this month"] in {"2", "3"}
    assert (await tab.state(Segments)).tags == ["VIP"]
    staff = await opened(server, a, Role.STAFF)
    assert "Owing money" not in await counts(staff)


async def test_a_group_is_made_used_changed_and_deleted(server: Server, a: Shop) -> None:
    some(a, 2, "VIP")
    tab = await opened(server, a)
    await tab.send(Segments.start)
    await tab.send(Segments.save, form={"name": "", "tags_any": "VIP"})
    panel = await tab.state(Segments)
    assert (set(panel.errors), panel.is_open, panel.is_saving) == ({"name"}, True, False)
    answer = await tab.send(Segments.save, form={"name": "Very important", "tags_any": "VIP"})
    key = went_to(answer).removeprefix("/customers?segment=")
    await follow(tab, answer)
    assert await names(tab) == ["Person 00", "Person 01"]
    await tab.send(Segments.refresh)
    assert (await counts(tab))["Very important"] == "2"
    await tab.send(Segments.change, key=key)
    form = (await tab.state(Segments)).form
    assert (form.name, form.tags_any, form.version) == ("Very important", "VIP", 1)
    await tab.send(Segments.save, form={"name": "Nobody", "tags_all": "VIP, Gone", "version": "1"})
    await tab.send(Customers.load)
    assert await names(tab) == []
    await tab.send(Segments.change, key=key)
    answer = await tab.send(Segments.remove)
    assert went_to(answer) == "/customers"
    await tab.send(AppState.undo, token=(await tab.state(AppState)).notices[-1].undo)
    await tab.send(Segments.refresh)
    assert "Nobody" in await counts(tab)


async def test_a_group_in_the_address_goes_with_search_and_pages(server: Server, a: Shop) -> None:
    some(a, PAGE_SIZE + 1, "VIP")
    tab = await opened(server, a)
    answer = await tab.send(Customers.pick_segment, key="new")
    assert went_to(answer) == "/customers?segment=new"
    await follow(tab, answer)
    answer = await tab.send(Customers.next_page)
    assert went_to(answer).startswith("/customers?segment=new&after=")
    answer = await tab.send(Customers.typed, words="person 03")
    assert went_to(answer) == "/customers?q=person+03&segment=new"
    await follow(tab, answer)
    assert await names(tab) == ["Person 03"]
    assert went_to(await tab.send(Customers.clear)) == "/customers"


async def test_names_that_only_come_close_are_called_so(server: Server, a: Shop) -> None:
    act_as(a.actor(), add, AddCustomer("Priyanka Rao"))
    tab = await opened(server, a)
    await follow(tab, await tab.send(Customers.typed, words="pryanka"))
    state = await tab.state(Customers)
    assert (await names(tab), state.about.is_near) == (["Priyanka Rao"], True)
    await follow(tab, await tab.send(Customers.typed, words="priyanka"))
    assert not (await tab.state(Customers)).about.is_near


async def test_ticked_customers_get_a_tag_and_lose_it_again(server: Server, a: Shop) -> None:
    ids = some(a, 3)
    tab = await opened(server, a)
    for one in ids[:2]:
        await tab.send(Picks.toggle, customer_id=one)
    picks = await tab.state(Picks)
    assert (picks.picked, picks.words) == (ids[:2], "2 selected")
    await tab.send(Picks.start)
    await tab.send(Picks.tag, form={"tag": "", "way": "add"})
    assert set((await tab.state(Picks)).errors) == {"tag"}
    await tab.send(Picks.tag, form={"tag": "Diwali", "way": "add"})
    picks = await tab.state(Picks)
    assert (picks.picked, picks.is_tagging, picks.is_saving) == ([], False, False)
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.text == "Tag Diwali given to 2 customers"
    await tab.send(Customers.load)
    assert [row.tags for row in (await tab.state(Customers)).rows][:2] == [("Diwali",), ("Diwali",)]
    await tab.send(AppState.undo, token=notice.undo)
    await tab.send(Customers.load)
    assert {row.tags for row in (await tab.state(Customers)).rows} == {()}


async def test_all_of_a_search_stays_what_it_was_when_another_is_shown(server: Server, a: Shop) -> None:
    some(a, PAGE_SIZE + 2)
    tab = await opened(server, a)
    await follow(tab, await tab.send(Customers.typed, words="person"))
    await tab.send(Picks.toggle_page)
    assert len((await tab.state(Picks)).picked) == PAGE_SIZE
    await tab.send(Picks.pick_all)
    assert (await tab.state(Picks)).words == "All 27 selected"
    await follow(tab, await tab.send(Customers.typed, words="plain"))
    await tab.send(Picks.tag, form={"tag": "Person", "way": "add"})
    assert (await tab.state(AppState)).notices[-1].text == "Tag Person given to 27 customers"
    await tab.send(Customers.load)
    assert [row.tags for row in (await tab.state(Customers)).rows] == [()], "Plain Iyer was not asked for"


async def test_columns_are_chosen_and_kept(server: Server, a: Shop) -> None:
    tab = await opened(server, a)
    assert (await tab.state(Columns)).shown == ["last", "next", "billed", "due", "tags"]
    await tab.send(Columns.start)
    await tab.send(Columns.choose, form={"column_added": "on", "column_visits": "on", "column_nonsense": "on"})
    assert ((await tab.state(Columns)).shown, (await tab.state(Columns)).is_open) == (["visits", "added"], False)
    assert (await (await opened(server, a)).state(Columns)).shown == ["visits", "added"]
    staff = await opened(server, a, Role.STAFF)
    assert (await staff.state(Columns)).shown == ["last", "next", "tags"]


async def test_who_may_be_the_same_is_shown_while_typing(server: Server, a: Shop) -> None:
    first = act_as(a.actor(), add, AddCustomer("Lakshmi Gowda", "98860 55555"))
    tab = await opened(server, a)
    await tab.send(NewCustomer.start)
    await tab.send(NewCustomer.compare, field="name", words="Laxmi Gauda")
    await tab.send(NewCustomer.compare, field="phone", words="98860")
    (alike,) = (await tab.state(NewCustomer)).alike
    assert (alike.id, alike.why, alike.hint) == (str(first.id), "Similar name", "+91 98860 55555")
    await tab.send(NewCustomer.compare, field="phone", words="9886055555")
    assert [one.why for one in (await tab.state(NewCustomer)).alike] == ["Same phone"]
    await tab.send(NewCustomer.close)
    await tab.send(NewCustomer.start)
    assert (await tab.state(NewCustomer)).alike == []
    answer = await tab.send(NewCustomer.compare, field="name", words=f"{CANARY} Iyer")
    assert (await tab.state(NewCustomer)).alike == [] and "98452" not in answer.text


HOSTILE: list[Any] = [None, 7, [], {}, "\x00", "\ud800", "<script>", "a" * 100_000, "-1"]


@pytest.mark.parametrize("strange", HOSTILE)
async def test_hostile_payloads_change_nothing(server: Server, a: Shop, strange: Any) -> None:
    tab = await opened(server, a)
    for handler, payload in (
        (Customers.pick_segment, {"key": strange}), (Segments.change, {"key": strange}), (Picks.toggle, {"customer_id": strange}),
        (Segments.save, {"form": {"name": strange, "tags_any": strange, "spent_paise": strange}}),
        (Picks.tag, {"form": {"tag": strange, "way": strange}}), (Columns.choose, {"form": {"column_last": strange}}),
        (NewCustomer.compare, {"field": strange, "words": strange}), (NewCustomer.compare, {"field": "phone", "words": strange}),
    ):  # fmt: skip
        answer = await tab.send(handler, **payload)
        assert not answer.crashes, handler
    assert (await tab.state(Picks)).picked == []
    tab.path = "/customers"
    await tab.send(Customers.load)
    assert await names(tab) == ["Plain Iyer"]
