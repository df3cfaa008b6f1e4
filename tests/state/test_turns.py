"""Who waits for a turn hears what is true, once, and of their own shop only."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from microcrm import wiring
from microcrm.domain.errors import DomainError, NotFound, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.operations.book import book
from microcrm.operations.unit_of_work import VISITOR
from microcrm.state import bridge
from microcrm.state.turns import Turns
from tests.support.desk import wish
from tests.support.shops import TwoShops

NEAREST = (datetime(2026, 11, 28, 10, tzinfo=UTC),)
CROWD = 40
A_LOOK = 40  # turns of the event loop: the clock of a busy machine would mix up who came first


@dataclass
class Shelf:
    """One thing that is had once. ``asked``: attempts that really looked."""

    turns: Turns = field(default_factory=Turns)
    left: int = 1
    asked: list[str] = field(default_factory=list)
    failing: tuple[str, ...] = ()

    def ask(self, who: str, key: str = "shop 1", post: str = "") -> Awaitable[str]:
        async def attempt() -> str:
            self.asked.append(who)
            found, self.left = self.left, max(self.left - 1, 0)
            await turns_of_the_loop(A_LOOK)
            if who in self.failing:
                self.left = found
                raise NotFound(who)
            if not found:
                raise SlotTaken(f"after {len(self.asked)}", remedy="Later.", nearest=NEAREST)
            return who

        return self.turns.take(key, attempt, post)


async def turns_of_the_loop(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def told(asking: Awaitable[Any]) -> str:
    try:
        await asking
    except DomainError as refusal:
        return refusal.code
    return "won"


async def test_one_wins_and_one_search_answers_all_the_others() -> None:
    shelf = Shelf()
    outcomes = await asyncio.gather(*(told(shelf.ask(f"{n}")) for n in range(CROWD)))
    assert Counter(outcomes) == {"won": 1, "slot_taken": CROWD - 1}
    assert shelf.asked == ["0", "1"]
    assert await told(shelf.ask("late")) == "slot_taken", "afterwards it is asked anew"
    assert shelf.asked == ["0", "1", "late"]


async def test_every_loser_has_the_whole_refusal_and_an_error_of_their_own() -> None:
    shelf = Shelf(left=0)
    errors = await asyncio.gather(*(shelf.ask(f"{n}") for n in range(5)), return_exceptions=True)
    assert {(error.message, error.remedy, error.nearest) for error in errors[1:]} == {("after 2", "Later.", NEAREST)}  # type: ignore[union-attr]
    assert len({id(error) for error in errors}) == 5


async def test_nobody_is_given_an_answer_that_began_before_they_asked() -> None:
    shelf = Shelf(left=0)
    first = asyncio.create_task(told(shelf.ask("first")))
    await turns_of_the_loop(A_LOOK // 2)
    assert shelf.asked == ["first"], "it looks already, and the others come"
    outcomes = await asyncio.gather(*(told(shelf.ask(f"{n}")) for n in range(3)))
    assert (await first, outcomes, shelf.asked) == ("slot_taken", ["slot_taken"] * 3, ["first", "0"])


async def test_who_comes_while_another_speaks_for_the_rest_waits_for_the_next_answer() -> None:
    shelf = Shelf(left=0)
    waiting = [asyncio.create_task(told(shelf.ask(f"{n}"))) for n in range(3)]
    await turns_of_the_loop(A_LOOK * 3 // 2)
    assert shelf.asked == ["0", "1"]
    assert await told(shelf.ask("late")) == "slot_taken"
    assert shelf.asked == ["0", "1", "late"]
    assert await asyncio.gather(*waiting) == ["slot_taken"] * 3


async def test_the_failure_of_one_is_not_the_failure_of_the_others() -> None:
    shelf = Shelf(left=2, failing=("0", "2"))
    outcomes = await asyncio.gather(*(told(shelf.ask(f"{n}")) for n in range(6)))
    assert outcomes == ["not_found", "won", "not_found", "won", "slot_taken", "slot_taken"]
    assert shelf.asked == ["0", "1", "2", "3", "4"]


async def test_who_leaves_takes_nobody_with_them() -> None:
    for gone in range(4):
        shelf = Shelf()
        tasks = [asyncio.create_task(told(shelf.ask(f"{n}"))) for n in range(5)]
        await turns_of_the_loop(A_LOOK // 2)
        tasks[gone].cancel()
        outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
        assert sum(outcome == "slot_taken" for outcome in outcomes) >= 3
        assert await asyncio.wait_for(told(shelf.ask("next")), 2) == "slot_taken", "no turn is left behind"


async def test_who_is_called_at_the_moment_they_leave_passes_the_turn_on() -> None:
    shelf = Shelf()
    tasks = [asyncio.create_task(told(shelf.ask(f"{n}"))) for n in range(3)]
    await tasks[0]
    tasks[1].cancel()  # its turn has been given to it, and it has not run yet
    assert await asyncio.wait_for(tasks[2], 2) == "slot_taken"
    assert shelf.asked in (["0", "2"], ["0", "1", "2"])


async def test_the_same_post_sent_twice_finds_its_own_booking() -> None:
    shelf = Shelf()
    made: dict[str, str] = {}

    def post(key: str) -> Callable[[], Awaitable[str]]:
        async def attempt() -> str:
            if key not in made:
                made[key] = await shelf.turns.take(f"inner {key}", lambda: shelf.ask(key, "inner"))
            return made[key]

        return attempt

    keys = ["a", "b", "c", "a", "d"]
    outcomes = await asyncio.gather(*(told(shelf.turns.take("slot", post(key), key)) for key in keys))
    assert outcomes == ["won", "slot_taken", "slot_taken", "won", "slot_taken"]


async def test_two_shops_share_nothing() -> None:
    shelf = Shelf(left=0)
    await asyncio.gather(*(told(shelf.ask(f"{n}", f"shop {n % 2}")) for n in range(8)))
    assert sorted(shelf.asked) == ["0", "1", "2", "3"], "two looks in each shop"


async def test_a_real_rush_in_two_shops(fresh_database: TwoShops) -> None:
    """Everybody asks for the same hour in either shop: one winner each, and no loser sees the other shop's times."""
    looks = Counter[int]()
    today = wiring.now().date()
    monday = today + timedelta(days=7 - today.weekday())

    def counted(uow: Any, command: Any) -> Any:
        looks[uow.business_id] += 1
        return book(uow, command)

    crowd = []
    for shop in (fresh_database.a, fresh_database.b):
        command = wish(shop, "14:00", day=monday.isoformat())
        crowd += [(shop, bridge.perform_in_turn(command.sought, shop.actor(), counted, command)) for _ in range(CROWD)]
    outcomes = await asyncio.gather(*(one for _, one in crowd), return_exceptions=True)
    for shop in (fresh_database.a, fresh_database.b):
        mine = [outcome for (whose, _), outcome in zip(crowd, outcomes, strict=True) if whose is shop]
        losers = [one for one in mine if isinstance(one, SlotTaken)]
        assert len(losers) == CROWD - 1
        assert all(len(one.nearest) == 3 for one in losers)
        assert looks[shop.business_id] == 2


def test_what_sets_two_askers_apart_sets_their_turns_apart(two_shops: TwoShops) -> None:
    a, b = two_shops.a, two_shops.b
    command = wish(a, "14:00")
    key = bridge.turn_key(command.sought, a.actor(), book)
    assert key == bridge.turn_key(wish(a, "14:00").sought, a.actor(), book)
    others = [
        bridge.turn_key(command.sought, b.actor(), book),
        bridge.turn_key(command.sought, a.actor(Role.STAFF), book),
        bridge.turn_key(command.sought, VISITOR, book),
        bridge.turn_key(wish(a, "14:15").sought, a.actor(), book),
        bridge.turn_key(wish(a, "14:00", reason="short").sought, a.actor(), book),
        bridge.turn_key(command.sought, a.actor(), told),
    ]
    assert len({key, *others}) == len(others) + 1
