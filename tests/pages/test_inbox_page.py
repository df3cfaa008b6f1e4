"""The inbox on the screen: who waits, the conversation of the address, an answer, who looks after it, and what Today says."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm import wiring
from microcrm.domain.messenger import Channel, Inbound
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.operations.replies.arriving import take_inbound
from microcrm.operations.unit_of_work import system
from microcrm.state.base import AppState
from microcrm.state.inbox import Inbox
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def says(shop: Shop, text: str, number: int = 1, **changes: Any) -> None:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        phone = uow.session.get_one(Customer, shop.customer_id).phone
    usual: dict[str, Any] = {
        "provider_id": f"SM{number:032d}", "channel": Channel.WHATSAPP, "sender": phone, "receiver": "+14155238886", "text": text,
        "button": "", "answers": "", "profile": "", "pieces": 0, "at": wiring.now(),
    }  # fmt: skip
    assert act_as(system(shop.business_id), take_inbound, Inbound(**(usual | changes)))


def tab_of(server: Server, shop: Shop, path: str = "/inbox", role: Role = Role.FRONT_DESK) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def opened(server: Server, shop: Shop, **changes: Any) -> Tab:
    says(shop, "Is there parking?", **changes)
    first = tab_of(server, shop)
    await first.open(Inbox.load)
    (row,) = (await first.state(Inbox)).rows
    tab = tab_of(server, shop, row.href)
    await tab.open(Inbox.load)
    return tab


async def test_nobody_waits(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(Inbox.load)
    inbox = await tab.state(Inbox)
    assert (inbox.is_read, inbox.rows, inbox.one.id, inbox.summary) == (True, [], "", "0 wait for an answer")


async def test_an_answer_is_on_its_way_and_the_conversation_settled(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    inbox = await tab.state(Inbox)
    assert [one.text for one in inbox.one.said] == ["Is there parking?"] and inbox.one.closed == ""
    assert [one.href for one in inbox.one.people] == [f"/customer?id={shop.customer_id}"]
    await tab.send(Inbox.answer, form={"text": "  "})
    inbox = await tab.state(Inbox)
    assert "text" in inbox.errors and inbox.draft == 0 and len(inbox.rows) == 1 and not inbox.is_sending
    await tab.send(Inbox.answer, form={"text": "Yes, behind the house."})
    inbox = await tab.state(Inbox)
    assert [(one.text, one.is_ours) for one in inbox.one.said][-1] == ("Yes, behind the house.", True)
    assert "on its way" in inbox.one.said[-1].line
    assert (inbox.rows, inbox.draft, inbox.one.is_settled, inbox.errors) == ([], 1, True, {})


async def test_who_looks_after_it(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    owner = str(shop.members[Role.OWNER])
    assert owner in [one.value for one in (await tab.state(Inbox)).takers]
    await tab.send(Inbox.assign, member_id=owner)
    inbox = await tab.state(Inbox)
    assert inbox.one.assigned == owner and "owner" in inbox.rows[0].line
    await tab.send(Inbox.assign, member_id="")
    assert (await tab.state(Inbox)).one.assigned == ""


async def test_it_can_be_settled_without_words(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop)
    await tab.send(Inbox.settle)
    inbox = await tab.state(Inbox)
    assert (inbox.rows, inbox.one.is_settled) == ([], True)


@pytest.mark.parametrize(
    ("changes", "words"), [({"channel": Channel.SMS}, "one way"), ({"at": wiring.now().replace(year=2025)}, "24 hours")]
)
async def test_where_no_answer_goes_it_says_so(server: Server, shop: Shop, changes: dict[str, Any], words: str) -> None:
    tab = await opened(server, shop, **changes)
    assert words in (await tab.state(Inbox)).one.closed


@pytest.mark.parametrize("wanted", ["x", "0", "999999999", "9" * 30, "%00"])
async def test_a_conversation_that_is_not_there(server: Server, shop: Shop, wanted: str) -> None:
    tab = tab_of(server, shop, f"/inbox?c={wanted}")
    await tab.open(Inbox.load)
    assert (await tab.state(Inbox)).one.id == ""
    assert "could not find" in (await tab.state(AppState)).notices[-1].text


async def test_today_says_that_somebody_waits(server: Server, shop: Shop) -> None:
    says(shop, "Is there parking?")
    says(shop, "Hello?", 2)
    tab = tab_of(server, shop, "/today")
    await tab.open(TodayPage.load)
    assert [row.title for row in (await tab.state(TodayPage)).attention if row.href == "/inbox"] == [
        "1 customer waits for an answer"
    ]
    staff = tab_of(server, shop, "/today", Role.STAFF)
    await staff.open(TodayPage.load)
    assert [row for row in (await staff.state(TodayPage)).attention if row.href == "/inbox"] == []
