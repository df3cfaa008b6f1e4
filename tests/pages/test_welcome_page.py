"""A new owner's first evening on Today and in the first steps, event by event through the gate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.operations.accounts.entering import Browser, Entry
from microcrm.operations.accounts.sign_up import ConfirmAccount, ask_for_account, confirm_account
from microcrm.operations.business import business_view
from microcrm.operations.onboarding import STEPS
from microcrm.state.base import AppState
from microcrm.state.today import TodayPage
from microcrm.state.welcome import FirstHours, FirstLink, FirstServices, Welcome
from tests.conftest import act_as
from tests.support.accounts import QUICK, Desk, a_device, a_request
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Answer, Server, Tab, sign_in

ADDRESS = {"address": "12, MG Road", "city": "Bengaluru", "state_code": "29", "pin": "560001", "gstin": ""}


@pytest.fixture
def newcomer(fresh_database: TwoShops) -> str:
    """The session of an owner whose shop was opened a moment ago."""
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    device = a_device()
    desk.do(ask_for_account, a_request(device_token=device), QUICK)
    entry = desk.do(confirm_account, ConfirmAccount(desk.link("confirm_account"), Browser("", device), ""), QUICK)
    assert isinstance(entry, Entry)
    return entry.token


async def today(server: Server, session: str) -> tuple[Tab, Answer]:
    tab = server.tab(session, "/today")
    answer = await tab.open(TodayPage.load)
    assert not answer.crashes, answer.crashes
    return tab, answer


async def welcome(server: Server, session: str, query: str = "") -> Tab:
    tab = server.tab(session, f"/welcome{query}")
    answer = await tab.open(Welcome.load)
    assert not answer.crashes, answer.crashes
    return tab


def leads_away(answer: Answer) -> bool:
    return "/welcome" in repr([update.events for update in answer.updates])


async def test_today_leads_a_brand_new_owner_to_the_steps_until_they_are_begun(server: Server, newcomer: str) -> None:
    assert leads_away((await today(server, newcomer))[1])
    tab = await welcome(server, newcomer)
    assert (await tab.state(Welcome)).step == "trade"
    await tab.send(Welcome.skip)
    assert (await tab.state(Welcome)).step == "business"
    home, answer = await today(server, newcomer)
    assert not leads_away(answer)
    assert (await home.state(TodayPage)).tasks


async def test_finish_later_is_remembered(server: Server, newcomer: str) -> None:
    tab = await welcome(server, newcomer)
    assert "/today" in (await tab.send(Welcome.finish_later)).text
    home, answer = await today(server, newcomer)
    assert not leads_away(answer)
    assert (await home.state(TodayPage)).tasks


async def test_a_shop_at_work_and_its_staff_are_led_nowhere(server: Server, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    for role in Role:
        answer = (await today(server, sign_in(shop.users[role], shop.business_id)))[1]
        assert not leads_away(answer)


async def test_the_five_steps_one_after_the_other(server: Server, newcomer: str) -> None:
    tab = await welcome(server, newcomer)
    await tab.send(Welcome.save_trade, form={"trade": "salon"})
    wrong = await tab.send(Welcome.save_address, form={**ADDRESS, "pin": "12", "gstin": "29ABC"})
    assert not wrong.crashes and {"pin", "gstin"} <= set((await tab.state(AppState)).errors)
    assert (await tab.state(Welcome)).step == "business"
    await tab.send(Welcome.save_address, form=ADDRESS)
    assert (await tab.state(Welcome)).step == "hours"
    assert len((await tab.state(FirstHours)).week) == 7
    await tab.send(FirstHours.save)
    assert (await tab.state(Welcome)).step == "services"
    assert len((await tab.state(FirstServices)).rows) > 3
    await tab.send(Welcome.finish)
    assert (await tab.state(FirstLink)).address.endswith("/b/glow-and-go-salon")
    assert "/today" in (await tab.send(Welcome.finish)).text
    assert [(mark.key, mark.outcome) for mark in (await tab.state(Welcome)).steps] == [(s, "done") for s in STEPS]


async def test_a_pin_of_another_state_is_kept_and_pointed_out(server: Server, newcomer: str) -> None:
    tab = await welcome(server, newcomer, "?step=business")
    await tab.send(Welcome.save_address, form={**ADDRESS, "state_code": "32"})
    notices = [(notice.tone, notice.text) for notice in (await tab.state(AppState)).notices]
    assert notices == [("info", "PIN code 560001 is usually in Karnataka. Check the State.")]
    await tab.send(Welcome.open_step, step="business")
    await tab.send(Welcome.save_address, form={**ADDRESS, "state_code": "29"})
    assert len((await tab.state(AppState)).notices) == 1


@pytest.mark.parametrize("asked", ["?step=hours", "?step=nonsense", "?step="])
async def test_the_address_may_name_a_step(server: Server, newcomer: str, asked: str) -> None:
    tab = await welcome(server, newcomer, asked)
    assert (await tab.state(Welcome)).step == ("hours" if asked == "?step=hours" else "trade")
    await tab.send(Welcome.open_step, step="tea")
    assert (await tab.state(Welcome)).step == ("hours" if asked == "?step=hours" else "trade")


@pytest.mark.parametrize("form", [{}, {"trade": "bakery"}, {"trade": None}, {"trade": ["salon"]}])
async def test_a_kind_of_business_that_is_none_of_ours_is_refused(server: Server, newcomer: str, form: Any) -> None:
    tab = await welcome(server, newcomer)
    answer = await tab.send(Welcome.save_trade, form=form)
    assert answer.codes == ["invalid"] and "trade" in (await tab.state(AppState)).errors
    assert (await tab.state(Welcome)).step == "trade"
    assert not (await tab.send(Welcome.save_trade, form={"trade": "clinic"})).refusals


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF])
async def test_only_who_may_edit_the_business_takes_the_steps(
    server: Server, fresh_database: TwoShops, role: Role
) -> None:
    shop: Shop = fresh_database.a
    tab = server.tab(sign_in(shop.users[role], shop.business_id), "/welcome")
    assert (await tab.open(Welcome.load)).codes == ["forbidden"]
    for event in (Welcome.skip, Welcome.finish, Welcome.finish_later, TodayPage.not_now):
        assert (await tab.send(event)).codes == ["forbidden"]
    owner = await welcome(server, sign_in(shop.users[Role.OWNER], shop.business_id))
    assert not (await owner.send(Welcome.save_trade, form={"trade": "gym"})).refusals
    assert act_as(shop.actor(), business_view).trade == "gym"
    assert act_as(fresh_database.b.actor(), business_view).trade != "gym"


async def test_owners_are_asked_for_a_second_step_until_they_say_not_now(
    server: Server, fresh_database: TwoShops
) -> None:
    shop = fresh_database.a
    session = sign_in(shop.users[Role.OWNER], shop.business_id)
    tab, _ = await today(server, session)
    assert (await tab.state(TodayPage)).asks_second_step
    await tab.send(TodayPage.not_now)
    assert not (await tab.state(TodayPage)).asks_second_step
    assert not (await (await today(server, session))[0].state(TodayPage)).asks_second_step
    manager, _ = await today(server, sign_in(shop.users[Role.MANAGER], shop.business_id))
    assert not (await manager.state(TodayPage)).asks_second_step
