"""The bell on the screen: what it counts and lists, what is pressed, and that it rings by itself on every open page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from microcrm.adapters.listener import Listener
from microcrm.domain.bell import BellKind
from microcrm.domain.permissions import Role
from microcrm.operations.bell.reading import PAGE
from microcrm.operations.bell.ringing import ring
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import settings
from microcrm.state.bell import Bell
from microcrm.state.live import Screens, Tab
from tests.conftest import act_as
from tests.support import tabs
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, sign_in


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def told(shop: Shop, number: int = 1, role: Role = Role.FRONT_DESK, first: int = 1) -> None:
    def tell(uow: UnitOfWork) -> None:
        for place in range(first, first + number):
            ring(uow, BellKind.REPLY, f"r{place}", to=(shop.members[role],), inbound=place)

    act_as(system(shop.business_id), tell)


async def opened(server: Server, shop: Shop, role: Role = Role.FRONT_DESK, path: str = "/today") -> tabs.Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), path)
    await tab.open(Bell.load)
    return tab


async def bell_of(tab: tabs.Tab) -> Any:
    return await tab.state(Bell)


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("never heard")


async def test_what_is_new_is_counted_listed_and_put_away(server: Server, a: Shop) -> None:
    told(a, PAGE + 2)
    tab = await opened(server, a)
    assert (await bell_of(tab)).unread == str(PAGE + 2) and not (await bell_of(tab)).is_read
    await tab.send(Bell.open)
    bell = await bell_of(tab)
    assert (len(bell.rows), bell.has_more) == (PAGE, True)
    assert (bell.rows[0].text, bell.rows[0].href, bell.rows[0].is_new) == (
        "A customer wrote in a conversation of yours", f"/inbox?c={PAGE + 2}", True,
    )  # fmt: skip
    assert bell.rows[0].when.startswith("Today, ")
    await tab.send(Bell.more)
    assert len((await bell_of(tab)).rows) == PAGE + 2 and not (await bell_of(tab)).has_more
    await tab.send(Bell.follow, notice_id=(await bell_of(tab)).rows[1].id)
    bell = await bell_of(tab)
    assert bell.unread == str(PAGE + 1) and [row.is_new for row in bell.rows[:3]] == [True, False, True]
    told(a, first=50)
    await tab.send(Bell.read_all)
    assert (await bell_of(tab)).unread == "1", "what nobody has seen yet stays new"


async def test_more_than_can_be_counted(server: Server, a: Shop) -> None:
    told(a, 120)
    assert (await bell_of(await opened(server, a))).unread == "99+"


async def test_an_empty_bell(server: Server, a: Shop) -> None:
    tab = await opened(server, a, Role.STAFF)
    for handler in (Bell.open, Bell.more, Bell.read_all):
        answer = await tab.send(handler)
        assert not answer.crashes and not answer.refusals
    assert ((await bell_of(tab)).unread, (await bell_of(tab)).rows) == ("", [])


@pytest.mark.parametrize("raw", ["", "x", "-1", "9" * 30, "1 or 1=1"])
async def test_a_notice_that_is_not_there(server: Server, a: Shop, raw: str) -> None:
    tab = await opened(server, a)
    assert (await tab.send(Bell.follow, notice_id=raw)).codes == ["not_found"]


async def test_the_neighbour_s_is_not_there(server: Server, a: Shop, fresh_database: TwoShops) -> None:
    b = fresh_database.b
    told(b)
    theirs = await opened(server, b)
    await theirs.send(Bell.open)
    (row,) = (await bell_of(theirs)).rows
    mine = await opened(server, a)
    answer = await mine.send(Bell.follow, notice_id=row.id)
    assert answer.codes == ["not_found"] and CANARY not in answer.text
    await theirs.send(Bell.open)
    assert (await bell_of(theirs)).unread == "1"


async def test_whoever_looks_as_somebody_else_has_no_bell(server: Server, a: Shop) -> None:
    told(a, 3)
    session = sign_in(a.users[Role.OWNER], a.business_id)
    tabs.view_as(session, a.members[Role.FRONT_DESK])
    tab = server.tab(session, "/today")
    await tab.open(Bell.load)
    await tab.send(Bell.open)
    assert ((await bell_of(tab)).unread, (await bell_of(tab)).rows) == ("", [])


async def test_it_rings_for_those_it_is_for_on_whatever_page(server: Server, a: Shop) -> None:
    """From the commit of another process, by PostgreSQL's own notice, to the handler that the tab is sent."""
    rung: list[tuple[str, str]] = []

    async def deliver(token: str, tab: Tab, changes: str) -> bool:
        rung.append((token, changes))
        return True

    ears = Listener(lambda: settings().database_direct_url)
    screens = Screens(ears, deliver, pause=0.01)
    desk, owner = a.members[Role.FRONT_DESK], a.members[Role.OWNER]
    screens.ring("desk", a.business_id, desk, Bell.heard)
    screens.ring("owner", a.business_id, owner, Bell.heard)
    listening = asyncio.create_task(ears.run())
    try:
        await until(lambda: ears.is_listening and len(rung) == 2)  # once it has connected, everybody reads
        assert screens.rings("desk", a.business_id, desk) and not screens.rings("desk", a.business_id, owner)
        rung.clear()
        await asyncio.to_thread(told, a, 3)
        await until(lambda: bool(rung))
    finally:
        listening.cancel()
    assert set(rung) == {("desk", f"bell {desk}")}
    tab = await opened(server, a)
    told(a, first=10)
    await tab.send(Bell.heard, changes=f"bell {desk}")
    assert (await bell_of(tab)).unread == "4"
    await tab.send(Bell.open)
    told(a, first=11)
    await tab.send(Bell.heard, changes=f"bell {desk}")
    assert len((await bell_of(tab)).rows) == 5


async def test_a_tab_that_is_told_of_each_change_asks_no_more(
    server: Server, a: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await opened(server, a)
    told(a)
    monkeypatch.setattr(Screens, "rings", lambda *_: True)
    await tab.send(Bell.load)
    assert (await bell_of(tab)).unread == "", "the notice itself would have said so"
    monkeypatch.setattr(Screens, "rings", lambda *_: False)
    await tab.send(Bell.load)
    assert (await bell_of(tab)).unread == "1"
