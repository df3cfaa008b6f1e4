"""The first wall, event by event."""

from __future__ import annotations

from microcrm.domain.permissions import READING, ROLES, Role
from microcrm.state.base import AppState
from microcrm.state.today import TodayPage
from tests.support import tabs
from tests.support.shops import TwoShops


async def test_a_member_sees_their_own_shop_s_shell(server: tabs.Server, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    tab = server.tab(tabs.sign_in(shop.users[Role.OWNER], shop.business_id))
    answer = await tab.open()
    assert (answer.crashes, answer.refusals) == ([], [])
    state = await tab.state(AppState)
    assert (state.shop_name, state.role_label, state.is_signed_out) == ("Asha's Salon", "Owner", False)
    assert "CANARY" not in answer.text


async def test_a_visitor_gets_an_empty_shell(server: tabs.Server) -> None:
    tab = server.tab()
    assert (await tab.open()).crashes == []
    state = await tab.state(AppState)
    assert (state.shop_name, state.is_signed_out, state.allowed) == ("", True, [])


async def test_a_page_loaded_right_after_the_session_changed_shows_the_change(
    server: tabs.Server, fresh_database: TwoShops
) -> None:
    """Looking as somebody else reloads the page well within the second for which sessions are remembered."""
    shop = fresh_database.a
    session = tabs.sign_in(shop.users[Role.OWNER], shop.business_id)
    before = server.tab(session)
    await before.open()
    assert (await before.state(AppState)).viewing_as == ""
    tabs.view_as(session, shop.members[Role.STAFF])
    after = server.tab(session)
    await after.open()
    assert (await after.state(AppState)).viewing_as == "Plain staff"


async def test_who_looks_as_somebody_else_sees_their_name_and_nothing_to_press(
    server: tabs.Server, fresh_database: TwoShops
) -> None:
    shop = fresh_database.a
    session = tabs.sign_in(shop.users[Role.OWNER], shop.business_id)
    tabs.view_as(session, shop.members[Role.STAFF])
    looking = server.tab(session)
    await looking.open(TodayPage.load)
    state = await looking.state(TodayPage)
    assert state.head.greeting.endswith(", Plain") and state.person_name == "Plain staff"
    assert set(state.allowed) == {p.value for p in ROLES[Role.STAFF] & READING}
    themselves = server.tab(tabs.sign_in(shop.users[Role.STAFF], shop.business_id))
    await themselves.open(TodayPage.load)
    assert set((await themselves.state(TodayPage)).allowed) == {p.value for p in ROLES[Role.STAFF]}
