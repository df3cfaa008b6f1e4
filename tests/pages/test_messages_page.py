"""The list of messages on the screen: what needs a person, filters in the address, sending again."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.models.messages import Message
from microcrm.operations.unit_of_work import system
from microcrm.state.booking_card import Card
from microcrm.state.messages import MessageLog
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def message(shop: Shop, state: str, version: int = 1, **values: Any) -> int:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        row = Message(
            business_id=shop.business_id, customer_id=shop.customer_id, booking_id=shop.booking_id, step="booked",
            subject=f"booking:{shop.booking_id}", subject_version=version, channel="whatsapp", state=state,
            created_at=uow.now, due_at=uow.now, **values,
        )  # fmt: skip
        uow.session.add(row)
        uow.session.flush()
        return row.id or 0


async def opened(server: Server, shop: Shop, path: str = "/messages", role: Role = Role.FRONT_DESK) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), path)
    await tab.open(MessageLog.load)
    return tab


async def test_nothing_was_sent_and_nothing_can_be(server: Server, shop: Shop) -> None:
    page = await (await opened(server, shop)).state(MessageLog)
    assert (page.is_read, page.rows, page.trouble, page.is_sending, page.has_more) == (True, [], [], False, False)


async def test_one_that_did_not_arrive_is_sent_again_or_told(server: Server, shop: Shop) -> None:
    first, second = message(shop, "failed", reason="30005"), message(shop, "unknown", 2, reason="unknown")
    tab = await opened(server, shop)
    page = await tab.state(MessageLog)
    assert [(one.id, one.status) for one in page.trouble] == [
        (str(second), "Perhaps not sent"), (str(first), "Not delivered"),
    ]  # fmt: skip
    assert page.may_act and page.trouble[1].href == f"/customer?id={shop.customer_id}"
    await tab.send(MessageLog.again, message_id=str(first))
    await tab.send(MessageLog.told, message_id=str(second))
    page = await tab.state(MessageLog)
    assert page.trouble == []
    await tab.send(MessageLog.again, message_id=str(first))
    assert (await tab.state(MessageLog)).trouble == [], "twice is a sentence and nothing else"
    planned = await (await opened(server, shop, "/messages?show=planned")).state(MessageLog)
    assert [(one.id, one.status) for one in planned.rows] == [(str(first), "Waits to leave")]
    held = await (await opened(server, shop, "/messages?show=not_sent")).state(MessageLog)
    assert [one.why for one in held.rows] == ["Somebody told them."]


async def test_the_list_goes_on(server: Server, shop: Shop) -> None:
    for version in range(32):
        message(shop, "delivered", version + 1)
    tab = await opened(server, shop)
    page = await tab.state(MessageLog)
    assert (len(page.rows), page.has_more) == (30, True)
    await tab.send(MessageLog.show_more)
    page = await tab.state(MessageLog)
    assert (len({one.id for one in page.rows}), page.has_more) == (32, False)
    await tab.send(MessageLog.show_more)
    assert len((await tab.state(MessageLog)).rows) == 32


async def test_the_card_shows_what_the_customer_was_told(server: Server, shop: Shop) -> None:
    message(shop, "failed", reason="30005")
    tab = server.tab(sign_in(shop.users[Role.STAFF], shop.business_id), "/calendar")
    await tab.send(Card.open, item_id=str(shop.booking_item_id))
    card = (await tab.state(Card)).card
    assert [(one.what, one.icon) for one in card.messages] == [("Booked, WhatsApp: Not delivered", "circle_alert")]
    assert card.has_bad_message and "Ask the customer for another number" in card.messages[0].when
