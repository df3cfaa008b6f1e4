"""``book-race``: many clients for one time, as fast as the engines let them, and a long random day at the desk.

The clients are tasks of the event loops of two processes, as in two web workers, with a web worker's threads and connections;
each slot begins when both processes stand at the line, and everybody's time counts from there. What was promised is then
counted by SQL that shares nothing with the code that made it.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from bench import dataset, site
from bench.load import quantiles
from bench.race_check import check, deadlocks
from bench.race_http import book_over_http
from bench.race_walk import walk
from bench.report import Choice, Report
from bench.slots_shop import SlotsShop, shop_of
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.domain.errors import SlotTaken
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.domain.zones import to_instant, zone_of
from microcrm.launch.webserver import calm_collector
from microcrm.operations.book import Book, BookService, book
from microcrm.operations.classes import JoinClass, ScheduleClass, join, schedule
from microcrm.operations.unit_of_work import Actor, UnitOfWork
from microcrm.state.bridge import perform, perform_in_turn

_PROCESSES, _STAFF = 2, 10
_SEATS = 5
_FULL = {2: 6_000, 8: 3_000, 32: 900, 200: 100}  # clients, and slots they race for
_QUICK = {2: 40, 8: 20, 32: 10, 200: 3}
_HOURS = (14, 15, 16, 17)  # at half past: after everybody's break, an hour each with its buffers
_EACH = 6_000  # free times for a stretch of booking as many as will go
_HTTP = 2_000  # bookings over HTTP: customers may look a year ahead at most
_MOST = 200  # clients at once
_AHEAD = 60  # days from now: the shop's filled month is over by then
_GOAL = {
    "wrong_winners": "<= 0", "refused_without_three_times": "<= 0", "other_errors": "<= 0", "deadlocks": "<= 0",
    "losers_p99_ms": "<= 50", "bookings_per_s": ">= 400", "bookings_per_s_over_http": ">= 200", "overlaps": "<= 0",
    "lost_seats": "<= 0", "other_faults": "<= 0",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What one client was told about one slot: won, taken, or the name of an error; and after how many milliseconds."""

    slot: str
    outcome: str
    times_offered: int
    ms: float


def measure(choice: Choice) -> Report:
    slots = _QUICK if choice.is_quick else _FULL
    seconds, steps = (4.0, 800) if choice.is_quick else (20.0, 10_000)
    with site.ground(choice), _owner() as owner, _race_shop(owner) as shop:
        before = deadlocks(owner)
        calm_collector()  # as in a web worker
        _booking(shop, 0)  # the time that everybody loses once before it counts, so that connections are open
        bare = _race(_MOST, [partial(perform, _actor(shop), _look)] * 20, "bare", _warm(shop))
        raced, at = _races(shop, slots, choice)
        choice.say(f"32 clients for each class of {_SEATS} seats")
        classes = [_class(owner, shop, n) for n in range(3 if choice.is_quick else 100)]
        seated = _race(32, [_join(shop, session_id) for session_id in classes], "class", _warm(shop))
        owner.execute("UPDATE services SET seats = 1 WHERE id = %s", (shop.service_id,))
        choice.say("bookings over HTTP")
        with site.product(more={"MICROCRM_TRUSTED_PROXY_HOPS": "1"}) as served:
            over_http = book_over_http(served, shop, lambda slot: _start(shop, slot), at, _HTTP if seconds > 5 else 200)
        choice.say("bookings through the operation, as many as will go")
        in_one_shop = _rate([shop], at + _HTTP, seconds / 2)
        with contextlib.ExitStack() as others:
            shops = [shop, *(others.enter_context(_race_shop(owner, _STAFF + n)) for n in (1, 2, 3))]
            per_s = _rate(shops, at + _HTTP + _EACH, seconds)
        choice.say(f"{steps} random steps from 16 connections")
        walked = walk(shop, _actor(shop), steps)
        faults = check(owner, shop.business_id)
        locked = deadlocks(owner) - before
    rates = {"bookings_per_s": per_s, "bookings_per_s_in_one_shop": in_one_shop}
    figures = _judged(raced, seated) | rates | over_http | walked | faults | {"deadlocks": locked}
    limit = {f"bare_select_p99_ms_with_{_MOST}_clients": _ms(bare)["p99"]}
    return Report("book-race", figures, goal=_GOAL, limit=limit)


def _races(shop: SlotsShop, slots: dict[int, int], choice: Choice) -> tuple[dict[int, list[Seen]], int]:
    """What everybody was told, by the number of clients; and the first time that is still free."""
    at, raced = 1, {}
    for clients, number in slots.items():
        choice.say(f"{clients} clients for each of {number} times")
        raced[clients] = _race(clients, _book_at(shop, at, number), str(clients), _warm(shop))
        at += number
    return raced, at


def _judged(seen: dict[int, list[Seen]], seated: list[Seen]) -> dict[str, Any]:
    """One winner for a time, five for a class; the losers' answers, of which those for a time must offer three others."""
    everybody = [one for answers in seen.values() for one in answers]
    losers = [one for one in everybody if one.outcome == "taken"]
    wrong = sum(1 for won in _winners(everybody).values() if won != 1)
    wrong += sum(1 for won in _winners(seated).values() if won != _SEATS)
    by_clients = {
        clients: _ms([one for one in answers if one.outcome == "taken"])["p99"] for clients, answers in seen.items()
    }
    return {
        "slots": len({one.slot for one in everybody}) + len({one.slot for one in seated}),
        "wrong_winners": wrong,
        "refused_without_three_times": sum(1 for one in losers if one.times_offered != 3),
        "other_errors": sum(1 for one in everybody + seated if one.outcome not in ("won", "taken")),
        "errors_by_name": dict(Counter(one.outcome for one in everybody + seated)),
        "losers_p50_ms": _ms(losers)["p50"],
        "losers_p99_ms": _ms(losers)["p99"],
        "losers_p99_ms_by_clients": by_clients,
    }


def _ms(seen: Sequence[Seen]) -> dict[str, float | None]:
    return quantiles([one.ms for one in seen]) if seen else {"p50": None, "p99": None}


def _winners(seen: Sequence[Seen]) -> dict[str, int]:
    won = dict.fromkeys((one.slot for one in seen), 0)
    for one in seen:
        won[one.slot] += one.outcome == "won"
    return won


Try = Callable[[], Awaitable[object]]


def _race(clients: int, slots: Sequence[Try], name: str, warm: Try) -> list[Seen]:
    """Each client tries each slot; all begin each at the same time."""
    _forget_connections()
    context = multiprocessing.get_context("fork")
    line, results = context.Barrier(_PROCESSES), context.SimpleQueue()
    share = clients // _PROCESSES
    processes = [
        context.Process(target=_process, args=(share, slots, name, warm, line, results)) for _ in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    seen = [one for _ in processes for one in results.get()]
    for process in processes:
        process.join()
    return seen


def _process(clients: int, slots: Sequence[Try], name: str, warm: Try, line: Any, results: Any) -> None:
    results.put(asyncio.run(_crowd(clients, slots, name, warm, line)))


async def _crowd(clients: int, slots: Sequence[Try], name: str, warm: Try, line: Any) -> list[Seen]:
    """One process with its own threads and connections."""
    seen: list[Seen] = []

    async def client(slot: str, attempt: Try, began: float) -> None:
        outcome, offered = await _told(attempt)
        seen.append(Seen(slot, outcome, offered, (time.perf_counter() - began) * 1000))

    await asyncio.gather(*(_told(warm) for _ in range(max(clients, 8))))
    for number, attempt in enumerate(slots):
        await asyncio.get_running_loop().run_in_executor(None, line.wait, 120)
        began = time.perf_counter()
        await asyncio.gather(*(client(f"{name} {number}", attempt, began) for _ in range(clients)))
    return seen


async def _told(attempt: Try) -> tuple[str, int]:
    try:
        await attempt()
    except SlotTaken as refusal:
        return "taken", len(refusal.nearest)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the client got
        return type(error).__name__, 0
    return "won", 0


def _warm(shop: SlotsShop) -> Try:
    """Loses the first time of all, without waiting for a turn: once for each connection."""
    return partial(perform, _actor(shop), book, _wish(shop, 0))


def _look(uow: UnitOfWork) -> None:
    """The least that an operation can do: one round trip inside a transaction of the app's role."""
    uow.require(Permission.CALENDAR_OWN)
    uow.session.connection().exec_driver_sql("SELECT 1")


def _rate(shops: Sequence[SlotsShop], first: int, seconds: float) -> float:
    """Two processes book free times of their own, each on four connections, for so many seconds or until there are none left. In
    one shop they queue for its next number."""
    _forget_connections()
    context = multiprocessing.get_context("fork")
    counts = context.SimpleQueue()
    processes = [
        context.Process(target=_book_until, args=(shops, first + n * _EACH // 2, seconds, counts))
        for n in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    ended = [counts.get() for _ in processes]
    for process in processes:
        process.join()
    return round(sum(made for made, _ in ended) / max(lasted for _, lasted in ended), 1)


def _book_until(shops: Sequence[SlotsShop], first: int, seconds: float, counts: Any) -> None:
    lock, numbers, made = threading.Lock(), iter(range(first, first + _EACH // 2)), list[int]()
    began = time.perf_counter()

    def run() -> None:
        while time.perf_counter() < began + seconds:
            with lock:
                slot = next(numbers, None)
            if slot is None:
                return
            _booking(shops[slot % len(shops)], slot)
            made.append(slot)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts.put((len(made), time.perf_counter() - began))


def _book_at(shop: SlotsShop, first: int, number: int) -> list[Try]:
    wishes = [_wish(shop, first + n) for n in range(number)]
    return [partial(perform_in_turn, wish.sought, _actor(shop), book, wish) for wish in wishes]


def _booking(shop: SlotsShop, slot: int) -> None:
    with wiring.unit_of_work(_actor(shop)) as uow:
        book(uow, _wish(shop, slot))


def _wish(shop: SlotsShop, slot: int) -> Book:
    day, hour, member = _place(shop, slot)
    return Book(day.isoformat(), f"{hour}:30", (BookService(shop.service_id, member),), who="walk_in")


def _place(shop: SlotsShop, slot: int) -> tuple[date, int, int]:
    """A time of its own for each number: hour by hour, member by member, day by day."""
    rest, hour = divmod(slot, len(_HOURS))
    day, member = divmod(rest, len(shop.members))
    return shop.first + timedelta(days=_AHEAD + day), _HOURS[hour], shop.members[member]


def _start(shop: SlotsShop, slot: int) -> tuple[datetime, int]:
    day, hour, member = _place(shop, slot)
    return to_instant(day, hour * 60 + 30, zone_of("Asia/Kolkata")), member


def _class(owner: psycopg.Connection, shop: SlotsShop, number: int) -> int:
    """Five seats, on a day of its own before all the others."""
    owner.execute("UPDATE services SET seats = %s WHERE id = %s", (_SEATS, shop.service_id))
    day = shop.first + timedelta(days=35 + number // (_STAFF * len(_HOURS)))
    member = shop.members[number % _STAFF]
    wish = ScheduleClass(shop.service_id, member, day.isoformat(), f"{_HOURS[number // _STAFF % len(_HOURS)]}:30")
    with wiring.unit_of_work(_actor(shop)) as uow:
        return schedule(uow, wish).session_id


def _join(shop: SlotsShop, session_id: int) -> Try:
    return partial(perform, _actor(shop), join, JoinClass(session_id, who="walk_in"))


def _actor(shop: SlotsShop) -> Actor:
    permissions = permissions_of(Role.OWNER)
    return Actor("member", None, shop.business_id, shop.members[0], Role.OWNER, permissions)


@contextlib.contextmanager
def _owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
        yield connection
    _forget_connections()


@contextlib.contextmanager
def _race_shop(owner: psycopg.Connection, staff: int = _STAFF) -> Iterator[SlotsShop]:
    """Customers may book it a year ahead. What happened in it goes with it, the log too."""
    _clear(owner, staff)
    with shop_of(owner, staff) as shop:
        with dataset.unforced(owner, "booking_policies"):
            owner.execute(
                "INSERT INTO booking_policies (business_id, horizon_days, version) VALUES (%s, 366, 1)",
                (shop.business_id,),
            )
        with dataset.unforced(owner, "counters"):
            owner.execute(  # the visits that are there have numbers of their own
                "INSERT INTO counters (business_id, kind, last) VALUES (%s, 'booking', 1000000)", (shop.business_id,)
            )
        yield shop
        _clear(owner, staff)


def _clear(owner: psycopg.Connection, staff: int) -> None:
    tables = ("occupancies", "booking_items", "bookings", "class_sessions", "undos", "audit_events", "outbox")
    with contextlib.ExitStack() as stack:
        for table in (*tables, "businesses"):
            stack.enter_context(dataset.unforced(owner, table))
        owner.execute("ALTER TABLE audit_events DISABLE TRIGGER append_only")
        for table in tables:
            owner.execute(
                f"DELETE FROM {table} WHERE business_id IN (SELECT id FROM businesses WHERE slug = %s)",
                (f"slots-{staff}",),
            )
        owner.execute("ALTER TABLE audit_events ENABLE TRIGGER append_only")


def _forget_connections() -> None:
    """Each process that is forked from here makes its own, as many as a web worker has."""
    wiring.engine().dispose()
    wiring.engine.cache_clear()
