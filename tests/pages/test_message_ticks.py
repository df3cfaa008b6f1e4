"""An open booking card follows its messages: what PostgreSQL tells, and what the calendar does with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, update

from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.models.bookings import Booking
from microcrm.models.doors import CHANNEL
from microcrm.models.messages import Message
from microcrm.operations.messages.planning import Plan, plan
from microcrm.operations.messages.story import FEW, Told, note, tell
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import settings
from microcrm.state.booking_card import Card
from microcrm.state.calendar import Calendar
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def planned(uow: UnitOfWork, shop: Shop, number: int = 1) -> list[int]:
    for version in range(1, number + 1):
        plan(uow, Plan(
            f"booking:{shop.booking_id}", "booked", True, uow.now, uow.now + timedelta(days=1), version=version,
            customer_id=shop.customer_id, booking_id=shop.booking_id, about_at=uow.now, language="en",
        ))  # fmt: skip
    return [int(one or 0) for one in uow.session.scalars(select(Message.id).order_by(Message.id))]


def heard(act: Any) -> list[str]:
    """What is told when ``act`` has been committed."""
    with psycopg.connect(plain(settings().database_url), autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        act()
        return [notice.payload for notice in connection.notifies(timeout=2, stop_after=2)]


def test_a_step_of_a_message_names_its_booking_and_a_batch_names_none(shop: Shop) -> None:
    ids = act_as(system(shop.business_id), planned, shop, FEW + 1)

    def told(which: list[int], what: str) -> list[str]:
        return heard(lambda: act_as(system(shop.business_id), note, [Told(one, what) for one in which]))

    assert told(ids[:FEW], "handed") == [f"{shop.business_id} message {shop.booking_id}"]
    assert told(ids, "handed") == [f"{shop.business_id} message 0"]
    assert told(ids, "let_through") == []
    assert heard(lambda: act_as(system(shop.business_id), tell, ids[:2])) == [
        f"{shop.business_id} message {shop.booking_id}"
    ]
    assert heard(lambda: act_as(system(shop.business_id), tell, ids)) == [], (
        "what phones say of a large batch comes soon"
    )


def test_a_message_without_a_visit_is_told_to_nobody(shop: Shop) -> None:
    def loose(uow: UnitOfWork) -> list[int]:
        ids = planned(uow, shop)
        uow.session.execute(update(Message).values(booking_id=None))
        return ids

    (one,) = act_as(system(shop.business_id), loose)
    assert heard(lambda: act_as(system(shop.business_id), note, [Told(one, "read")])) == []


async def card_of(server: Server, shop: Shop) -> Tab:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        day = uow.session.get_one(Booking, shop.booking_id).starts_at.date().isoformat()
    tab = server.tab(sign_in(shop.users["owner"], shop.business_id), f"/calendar?date={day}")  # type: ignore[index]
    await tab.open(Calendar.load)
    await tab.send(Calendar.resized, size="desktop")
    await tab.send(Card.open, item_id=str(shop.booking_item_id))
    return tab


@pytest.mark.parametrize(("named", "follows"), [("own", True), ("0", True), ("999999", False)])
async def test_the_ticks_on_an_open_card_follow(server: Server, shop: Shop, named: str, follows: bool) -> None:
    act_as(system(shop.business_id), planned, shop)
    tab = await card_of(server, shop)
    icons = [line.icon for line in (await tab.state(Card)).card.messages]
    board = (await tab.state(Calendar)).events

    def read(uow: UnitOfWork) -> None:
        uow.session.execute(update(Message).values(state="read", handed_at=uow.now, finished_at=uow.now))

    act_as(system(shop.business_id), read)
    number = str(shop.booking_id) if named == "own" else named
    answer = await tab.send(Calendar.heard, changes=f"message {number}")
    assert not answer.crashes and not answer.refusals
    assert ([line.icon for line in (await tab.state(Card)).card.messages] != icons) is follows
    assert (await tab.state(Calendar)).events == board and '"events' not in answer.text


async def test_messages_do_not_open_a_card_that_is_closed(server: Server, shop: Shop) -> None:
    tab = await card_of(server, shop)
    await tab.send(Card.leave)
    answer = await tab.send(Calendar.heard, changes="message 0")
    assert not (await tab.state(Card)).is_open and not answer.crashes
