"""Your account, event by event through the gate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.state.account import Account
from microcrm.state.base import AppState
from microcrm.state.morning_note import MorningNote
from tests.support.accounts import Desk
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def account(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), "/account")
    answer = await tab.open(Account.load)
    assert not answer.crashes, answer.crashes
    return tab


@pytest.mark.parametrize("role", list(Role))
async def test_everybody_sees_their_own_account(server: Server, a: Shop, role: Role) -> None:
    tab = await account(server, a, role)
    page = await tab.state(Account)
    assert page.is_ready
    assert page.profile.email == f"{role.value}@a.example"
    assert [row.is_here for row in page.devices] == [True]
    assert CANARY not in repr(page.profile)


async def test_visitors_see_nothing(server: Server, a: Shop) -> None:
    tab = server.tab("", "/account")
    for event in (Account.load, Account.end_others):
        assert (await tab.send(event)).codes == ["signed_out"]
    assert not (await tab.state(Account)).is_ready


async def test_details_are_saved_and_shown_in_the_shell(server: Server, a: Shop) -> None:
    tab = await account(server, a)
    answer = await tab.send(Account.save, form={"name": "Asha Rao", "phone": "98450 99999"})
    assert not answer.refusals
    assert (await tab.state(Account)).profile.phone == "98450 99999"
    assert (await tab.state(AppState)).person_name == "Asha Rao"
    assert not (await tab.state(Account)).is_saving


@pytest.mark.parametrize(
    "form", [{}, None, [], "x", {"name": ""}, {"name": "x" * 10**6}, {"name": "\x00"}, {"name": {"a": 1}}]
)
async def test_bad_details_are_named_and_nothing_is_saved(server: Server, a: Shop, form: Any) -> None:
    tab = await account(server, a)
    answer = await tab.send(Account.save, form=form)
    assert answer.codes == ["invalid"]
    page = await tab.state(Account)
    assert ("name" in (await tab.state(AppState)).errors) is isinstance(form, dict)
    assert not page.is_saving
    assert page.profile.name == "Plain owner"


async def test_a_device_is_signed_out_from_the_list(server: Server, a: Shop) -> None:
    tab = await account(server, a)
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    other = desk.sign_in()
    await tab.send(Account.load)
    rows = (await tab.state(Account)).devices
    assert len(rows) == 2
    await tab.send(Account.end, session_id=rows[1].id)
    assert len((await tab.state(Account)).devices) == 1
    assert not desk.seat(other.token).is_signed_in


async def test_all_other_devices_are_signed_out_at_once(server: Server, a: Shop) -> None:
    tab = await account(server, a)
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    others = [desk.sign_in(), desk.sign_in()]
    neighbour = desk.sign_in("owner@b.example")
    await tab.send(Account.end_others)
    assert [row.is_here for row in (await tab.state(Account)).devices] == [True]
    assert not any(desk.seat(other.token).is_signed_in for other in others)
    assert desk.seat(neighbour.token).is_signed_in


@pytest.mark.parametrize("session_id", ["", "0", "x", None, 5, "9" * 40])
async def test_what_is_no_session_of_mine_cannot_be_ended(server: Server, a: Shop, session_id: Any) -> None:
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    theirs = desk.sign_in("owner@b.example")
    tab = await account(server, a)
    for foreign in (session_id, str(desk.actor(theirs.token).session_id)):
        refused = "not_found" if isinstance(foreign, str) else "invalid"
        assert (await tab.send(Account.end, session_id=foreign)).codes == [refused]
    assert desk.seat(theirs.token).is_signed_in


async def test_an_owner_decides_about_the_note_at_seven(server: Server, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    tab = server.tab(sign_in(shop.users[Role.OWNER], shop.business_id), "/account")
    await tab.send(MorningNote.load)
    assert (await tab.state(MorningNote)).is_on
    assert (await tab.send(MorningNote.switch, is_on=False)).codes == []
    await tab.send(MorningNote.load)
    assert not (await tab.state(MorningNote)).is_on
    staff = server.tab(sign_in(shop.users[Role.STAFF], shop.business_id), "/account")
    assert (await staff.send(MorningNote.switch, is_on=True)).codes == ["forbidden"]
