"""What web processes remember about sessions, and how they hear that it changed: real connections and real commits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text

from microcrm import wiring
from microcrm.adapters.listener import Listener
from microcrm.domain.permissions import Permission, Role
from microcrm.operations.accounts.my_sessions import sign_out
from microcrm.operations.business import business_view, save_zone
from microcrm.operations.sessions import hash_of
from microcrm.operations.unit_of_work import VISITOR
from microcrm.settings import settings
from microcrm.state.seats import Seats
from tests.conftest import act_as
from tests.support.shops import TwoShops
from tests.support.tabs import sign_in, view_as

SOON = 1.0  # second


class Clock:
    def __init__(self) -> None:
        self.later = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.later


async def until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


@pytest.fixture
async def listener(fresh_database: TwoShops) -> AsyncIterator[Listener]:
    yield Listener(lambda: settings().database_direct_url)


@pytest.fixture
async def seats(listener: Listener) -> AsyncIterator[Seats]:
    """Of a process that listens."""
    seats = Seats(listener)
    task = asyncio.create_task(listener.run())
    await until(lambda: listener.is_listening)
    yield seats
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def behind_the_walls(statement: str, **values: Any) -> None:
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    with engine.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1
    engine.dispose()


async def refused_in(seats: Seats, token: str) -> float:
    """Seconds until the session is nobody's."""
    began = time.monotonic()
    while (await seats.find(token)).is_signed_in:
        assert time.monotonic() - began < 10
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_a_session_ended_elsewhere_is_refused_within_a_second_and_another_goes_on(
    seats: Seats, fresh_database: TwoShops
) -> None:
    both = fresh_database
    ended, other = (sign_in(shop.users[Role.OWNER], shop.business_id) for shop in (both.a, both.b))
    before = await seats.find(other)
    assert (await seats.find(ended)).is_signed_in
    with wiring.unit_of_work(VISITOR, realm="accounts") as uow:
        sign_out(uow, ended)
    assert await refused_in(seats, ended) < SOON
    assert await seats.find(other) is before, "the neighbour's is still the one that was remembered"


async def test_what_a_member_may_do_changes_at_once_on_every_process(seats: Seats, fresh_database: TwoShops) -> None:
    both = fresh_database
    staff = sign_in(both.a.users[Role.FRONT_DESK], both.a.business_id)
    neighbour = sign_in(both.b.users[Role.FRONT_DESK], both.b.business_id)
    before = await seats.find(neighbour)
    assert Permission.CUSTOMERS_EDIT in (await seats.find(staff)).actor.permissions
    behind_the_walls(
        "UPDATE members SET withheld = :withheld WHERE id = :id",
        withheld=[Permission.CUSTOMERS_EDIT.value],
        id=both.a.members[Role.FRONT_DESK],
    )
    began = time.monotonic()
    while Permission.CUSTOMERS_EDIT in (await seats.find(staff)).actor.permissions:
        assert time.monotonic() - began < SOON
        await asyncio.sleep(0.01)
    assert await seats.find(neighbour) is before


async def test_the_shop_s_zone_whom_one_looks_as_and_a_member_put_out_are_heard(
    seats: Seats, fresh_database: TwoShops
) -> None:
    shop = fresh_database.a
    token = sign_in(shop.users[Role.OWNER], shop.business_id)
    assert (await seats.find(token)).actor.zone == "Asia/Kolkata"
    act_as(shop.actor(), save_zone, "Asia/Dubai", act_as(shop.actor(), business_view).version)
    await asyncio.sleep(SOON / 2)
    assert (await seats.find(token)).actor.zone == "Asia/Dubai"
    view_as(token, shop.members[Role.STAFF])
    await asyncio.sleep(SOON / 2)
    assert (await seats.find(token)).viewing_as == "Plain staff"
    behind_the_walls("UPDATE members SET deactivated_at = now() WHERE id = :id", id=shop.members[Role.OWNER])
    await asyncio.sleep(SOON / 2)
    assert (await seats.find(token)).actor.business_id is None


async def test_a_use_of_the_session_is_no_change(seats: Seats, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    token = sign_in(shop.users[Role.OWNER], shop.business_id)
    before = await seats.find(token)
    behind_the_walls("UPDATE sessions SET last_seen_at = now() WHERE token_hash = :key", key=hash_of(token))
    await asyncio.sleep(SOON / 2)
    assert await seats.find(token) is before


async def test_what_is_heard_is_kept_for_a_minute_and_what_is_not_for_a_second(
    listener: Listener, fresh_database: TwoShops
) -> None:
    shop, clock = fresh_database.a, Clock()
    seats = Seats(listener, clock)
    token = sign_in(shop.users[Role.OWNER], shop.business_id)
    assert not listener.is_listening
    first = await seats.find(token)
    clock.later = 0.5
    assert await seats.find(token) is first
    clock.later = 1.5
    second = await seats.find(token)
    assert second is not first
    task = asyncio.create_task(listener.run())
    await until(lambda: listener.is_listening)
    third = await seats.find(token)
    assert third is not second, "what was remembered before may have changed unheard"
    clock.later += 50
    assert await seats.find(token) is third
    clock.later += 20
    assert await seats.find(token) is not third
    task.cancel()


async def test_a_page_that_arrives_is_never_shown_what_was_remembered(seats: Seats, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    token = sign_in(shop.users[Role.OWNER], shop.business_id)
    first = await seats.find(token)
    assert await seats.find(token) is first
    assert await seats.find(token, is_arrival=True) is not first


async def test_an_answer_that_a_change_has_overtaken_is_not_remembered(seats: Seats, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    token = sign_in(shop.users[Role.OWNER], shop.business_id)
    asked = asyncio.create_task(seats.find(token))
    await asyncio.sleep(0)
    seats.changed("session 0")
    first = await asked
    second = await seats.find(token)
    assert second is not first
    assert await seats.find(token) is second


async def test_visitors_are_not_remembered_for_longer_than_a_second(
    listener: Listener, seats: Seats, fresh_database: TwoShops
) -> None:
    """Nobody says when one signs in."""
    clock = Clock()
    seats = Seats(listener, clock)
    shop = fresh_database.a
    token = sign_in(shop.users[Role.OWNER], shop.business_id)
    behind_the_walls("UPDATE sessions SET is_pending_second_step = true WHERE token_hash = :key", key=hash_of(token))
    assert not (await seats.find(token)).is_signed_in
    clock.later = 1.5
    behind_the_walls("UPDATE sessions SET is_pending_second_step = false WHERE token_hash = :key", key=hash_of(token))
    assert (await seats.find(token)).is_signed_in
