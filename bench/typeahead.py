"""``typeahead``: finding a customer of the largest shop as somebody types, and pages of its list; with the policies and without."""

from __future__ import annotations

import contextlib
import string
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from statistics import fmean, median
from typing import Any

import psycopg
from psycopg import sql

from bench import site
from bench.dataset import SEED
from bench.load import quantiles
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.domain.permissions import Role, permissions_of
from microcrm.operations.customer_list import ListCustomers, list_page
from microcrm.operations.customer_search import search
from microcrm.operations.unit_of_work import Actor

_GOAL = {
    "p50_ms": "<= 3",
    "p99_ms": "<= 20",
    "by_without_policies": "<= 1.3",
    "list_p99_ms": "<= 30",
    "typos_found": ">= 0.95",
}
_WALLED = ("customers", "customer_words", "name_spellings", "bookings", "documents")
_LARGEST = 1  # the id of the shop with most customers
_KINDS = ("prefix",) * 6 + ("typo",) * 2 + ("digits",) * 2
_ROUNDS = 3

Asked = tuple[str, str, str]  # kind, what is typed, the name that is meant


def measure(choice: Choice) -> Report:
    number = 400 if choice.is_quick else 2_000
    with site.ground(choice) as ground, _owner() as owner:
        people = _names(owner)
        choice.say(f"{number} searches among {_size(owner):,} customers, {ground.counts.customers:,} in all")
        asked = _questions(people, number)
        times = _times(lambda one: _found(one[1]), asked)
        figures: dict[str, Any] = {f"{name}_ms": took for name, took in quantiles(times).items() if name != "count"}
        for kind in dict.fromkeys(_KINDS):
            of_kind = quantiles([took for took, one in zip(times, asked, strict=True) if one[0] == kind])
            figures |= {f"{kind}_p50_ms": of_kind["p50"], f"{kind}_p99_ms": of_kind["p99"]}
        mistyped = [one for one in asked if one[0] == "typo"]
        figures["typos_found"] = round(fmean(_is_found(*one[1:]) for one in mistyped), 3)
        figures["by_without_policies"] = _ratio(owner, asked)
        choice.say("pages of the list")
        pages = quantiles(_times(_page, _pages(owner, people, number // 4)))
        figures |= {"list_p50_ms": pages["p50"], "list_p99_ms": pages["p99"]}
        limit = {"p50_ms": round(median(_bare(owner, asked)), 3)}
    return Report("typeahead", figures, goal=_GOAL, limit=limit)


def _questions(people: Sequence[str], number: int) -> list[Asked]:
    """The commonest names most often (Zipf), stopped after any letter from the second on; a mistake in a whole first name, and
    nothing or the beginning of the family's after it; two to six last digits of a phone."""
    rng = Random(SEED)
    weights = [1 / place for place in range(1, len(people) + 1)]
    asked = []
    for place in range(number):
        kind, name = _KINDS[place % len(_KINDS)], rng.choices(people, weights)[0]
        if kind == "prefix":
            typed = name[: rng.randint(2, len(name))].rstrip().lower()
        elif kind == "typo":
            first, family = name.split(" ", 1)
            typed = _mistyped(rng, first.lower()) + " " + family[: rng.randint(2, len(family))].lower()
        else:
            typed = "".join(rng.choices(string.digits, k=rng.randint(2, 6)))
        asked.append((kind, typed, name))
    return asked


def _mistyped(rng: Random, word: str) -> str:
    """With a letter wrong, missing, twice, or two that changed places."""
    place = rng.randrange(1, len(word))
    way = rng.randrange(4)
    if way == 0:
        return word[:place] + rng.choice(string.ascii_lowercase) + word[place + 1 :]
    if way == 1:
        return word[:place] + word[place + 1 :]
    if way == 2:
        return word[:place] + word[place - 1] + word[place:]
    return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]


def _names(owner: psycopg.Connection) -> list[str]:
    """Of the shop's customers, in an order that has nothing to do with the alphabet; only those long enough to be mistyped."""
    rows = owner.execute(
        "SELECT name FROM customers WHERE business_id = %s GROUP BY name ORDER BY md5(name)", (_LARGEST,)
    ).fetchall()
    return [name for (name,) in rows if len(name.split(" ", 1)[0]) > 4 and name.isascii()]


def _size(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT count(*) FROM customers WHERE business_id = %s", (_LARGEST,)).fetchone()
    return int(row[0]) if row else 0


def _found(typed: str) -> list[str]:
    with wiring.unit_of_work(_actor()) as uow:
        return [one.name for one in search(uow, typed)]


def _is_found(typed: str, meant: str) -> bool:
    """Whether one of the answers has the first name that was meant, and a family's that begins as typed."""
    first, begun = meant.split(" ", 1)[0], typed.split(" ", 1)[1]
    return any(one.startswith(f"{first} ") and one.split(" ", 1)[1].lower().startswith(begun) for one in _found(typed))


def _actor() -> Actor:
    return Actor("member", business_id=_LARGEST, role=Role.OWNER, permissions=permissions_of(Role.OWNER))


def _pages(owner: psycopg.Connection, people: Sequence[str], number: int) -> list[ListCustomers]:
    """Unsearched pages anywhere in the list in each order, and first pages of what is searched or tagged."""
    rng = Random(SEED)
    rows = owner.execute("SELECT id FROM customers WHERE business_id = %s ORDER BY id", (_LARGEST,)).fetchall()
    asked = []
    for place in range(number):
        after = rng.choice(rows)[0]
        sort = ("name", "visit", "new")[place % 3]
        asked += [
            ListCustomers(sort=sort, after=after, total="known"),
            ListCustomers(sort=sort, is_descending=True, after=after, total="known"),
            ListCustomers(query=rng.choice(people)[: rng.randint(2, 7)].strip(), sort=sort),
            ListCustomers(tag=("Regular", "VIP")[place % 2], sort=sort),
        ]
    return asked


def _page(command: ListCustomers) -> object:
    with wiring.unit_of_work(_actor()) as uow:
        return list_page(uow, command)


def _times(ask: Callable[[Any], object], asked: Sequence[Any]) -> list[float]:
    """Milliseconds of each, one after the other, transaction included; the first fifty warm up and are asked again."""
    for one in asked[:50]:
        ask(one)
    times = []
    for one in asked:
        began = time.perf_counter()
        ask(one)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _ratio(owner: psycopg.Connection, asked: Sequence[Asked]) -> float:
    """The same searches in turns with the policies and without them: all of the one by all of the other."""
    part, walled, bare = asked[: len(asked) // 2], 0.0, 0.0
    for _ in range(_ROUNDS):
        walled += sum(_times(lambda one: _found(one[1]), part))
        with _without_policies(owner):
            bare += sum(_times(lambda one: _found(one[1]), part))
    return round(walled / bare, 3)


@contextlib.contextmanager
def _without_policies(owner: psycopg.Connection) -> Iterator[None]:
    def switch(verb: str) -> None:
        for table in _WALLED:
            owner.execute(sql.SQL("ALTER TABLE {} {} ROW LEVEL SECURITY").format(sql.Identifier(table), sql.SQL(verb)))

    switch("DISABLE")
    try:
        yield
    finally:
        switch("ENABLE")


def _bare(owner: psycopg.Connection, asked: Sequence[Asked]) -> list[float]:
    """One range of one index: eight names that begin so."""
    times = []
    for _, typed, _ in asked:
        began = time.perf_counter()
        owner.execute(
            "SELECT id, name, phone FROM customers WHERE business_id = %s AND name_key >= %s AND name_key < %s "
            "ORDER BY name_key, id LIMIT 8",
            (_LARGEST, typed, typed + "\U0010ffff"),
        ).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    return times


@contextlib.contextmanager
def _owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
        yield connection
    wiring.engine().dispose()
    wiring.engine.cache_clear()
