"""How a web process keeps its tabs' states: written to a real Valkey when their time is up, and then gone from memory at once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator, Iterator

import pytest
import reflex as rx
from redis.asyncio import Redis
from reflex.app import App
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.redis import StateManagerRedis

from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.keeping import TabStates, keep_tabs, take_apart

TOKEN = rx.BaseStateToken(ident="a-tab", cls=AppState)
HELD_MS = 200


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """What is freed here is freed because nobody has it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def app(app: App) -> Iterator[App]:
    with app.set_contexts():
        yield app


@contextlib.asynccontextmanager
async def keeping(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TabStates]:
    monkeypatch.setenv("REFLEX_OPLOCK_ENABLED", "1")
    valkey = Redis.from_url(settings().redis_url)
    states = TabStates(redis=valkey, lock_expiration=5_000, oplock_hold_time_ms=HELD_MS)
    try:
        await states._ensure_lock_task_subscribed()
        yield states
    finally:
        await states.close()


async def test_a_state_whose_time_is_up_is_in_valkey_and_no_longer_in_memory(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeping(monkeypatch) as states:
        async with states.modify_state(TOKEN) as root:
            shown = await root.get_state(AppState)
            shown.shop_name = "Lotus"
            seen = weakref.ref(shown)
        del root, shown
        async with states.modify_state(TOKEN) as root:
            again = await root.get_state(AppState)
            assert again is seen(), "until then it is the same one, whole"
            assert again.parent_state is root
        del root, again
        async with asyncio.timeout(5):
            while states._local_leases:  # noqa: ASYNC110 - its end is a task of Reflex's own
                await asyncio.sleep(0.02)
        assert seen() is None
        async with states.modify_state(TOKEN) as root:
            assert (await root.get_state(AppState)).shop_name == "Lotus"


async def test_a_state_that_two_processes_want_goes_from_one_to_the_other_whole(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeping(monkeypatch) as one, keeping(monkeypatch) as other:

        async def add(states: TabStates) -> None:
            for _ in range(20):
                async with states.modify_state(TOKEN) as root:
                    state = await root.get_state(AppState)
                    before = len(state.shop_slug)
                    await asyncio.sleep(0)
                    state.shop_slug = "x" * (before + 1)

        async with one.modify_state(TOKEN) as root:
            (await root.get_state(AppState)).shop_slug = ""
        await asyncio.gather(add(one), add(other))
        async with other.modify_state(TOKEN) as root:
            assert len((await root.get_state(AppState)).shop_slug) == 40


def test_the_parts_of_a_state_that_was_taken_apart_are_freed_and_those_of_another_are_not(app: App) -> None:
    def tree() -> rx.State:
        return rx.State(_reflex_internal_init=True)  # type: ignore[call-arg]

    apart, whole = tree(), tree()
    seen = [weakref.ref(part) for part in (apart, *apart.substates.values())]
    kept = [weakref.ref(part) for part in (whole, *whole.substates.values())]
    assert len(seen) > 1
    take_apart(next(iter(apart.substates.values())))
    del apart, whole
    assert not any(part() for part in seen)
    assert all(part() for part in kept), "the collector is off: cycles stay"


def test_tabs_that_were_opened_together_are_not_written_together(app: App) -> None:
    states = TabStates(redis=Redis.from_url(settings().redis_url), lock_expiration=30_000, oplock_hold_time_ms=15_000)
    times = {states.oplock_hold_time_ms for _ in range(200)}
    assert len(times) > 100
    assert 7_500 <= min(times) < 10_000
    assert 20_000 < max(times) <= 22_500


def test_an_app_keeps_its_states_so_only_when_they_are_in_redis(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = StateManagerRedis(redis=Redis.from_url(settings().redis_url), lock_expiration=12_345, token_expiration=99)
    monkeypatch.setattr(app, "_state_manager", theirs)
    keep_tabs(app)
    ours = app._state_manager
    assert isinstance(ours, TabStates)
    assert (ours.redis, ours.lock_expiration, ours.token_expiration) == (theirs.redis, 12_345, 99)
    in_memory = StateManagerMemory()
    monkeypatch.setattr(app, "_state_manager", in_memory)
    keep_tabs(app)
    assert app._state_manager is in_memory
