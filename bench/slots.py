"""``slots-month``: a month of free times, for ten people and for fifty, among many other shops' visits."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import event

from bench import site
from bench.load import quantiles
from bench.report import Choice, Report
from bench.slots_shop import AFTER, BEFORE, DAYS, MINUTES, STEP, SlotsShop, for_the_peer, leave_of, shop_of, windows_of
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.domain.availability import Facts, Question, Search, Way
from microcrm.domain.zones import zone_of
from microcrm.operations.free_times import FreeTimes, FreeTimesAsked, public_free_times
from microcrm.operations.unit_of_work import VISITOR, Actor
from microcrm.processes import Failed

_PROCESSES = 2
_PEER = "django-appointment==3.12.0"
_GOAL = {"p50_ms": "<= 5", "p99_ms": "<= 15", "statements": "<= 3", "requests_per_s": ">= 300", "fifty_staff_p50_ms": "<= 25",
         "times_faster_than_peer": ">= 200"}  # fmt: skip


def measure(choice: Choice) -> Report:
    seconds, requests = (3.0, 100) if choice.is_quick else (15.0, 1_000)
    goal, figures = dict(_GOAL), {}
    small: list[float] = []
    if not choice.is_quick:
        goal["growth_p50"] = "<= 1.2"
        small.append(_small(choice, requests))
    with site.ground(choice) as ground, _owner() as owner, shop_of(owner, 10) as ten, shop_of(owner, 50) as fifty:
        figures["visits_in_all"] = _count(owner)
        choice.say(f"a month of ten people among {ground.counts.bookings:,} visits")
        times = quantiles(_times(ten, requests))
        figures |= {f"{name}_ms": times[name] for name in ("p50", "p95", "p99", "max")}
        figures["offered"] = len(_ask(ten).starts)
        figures["statements"] = _statements(ten)
        figures["fifty_staff_p50_ms"] = quantiles(_times(fifty, requests // 5))["p50"]
        choice.say(f"{_PROCESSES} processes as fast as they can")
        figures["requests_per_s"] = _rate(ten, seconds)
        limit = _limit(ten, requests)
        peer = _peer(ten, owner, choice)
    if small:
        small.append(_small(choice, requests))
        figures["p50_ms_small_data_set"] = round(median(small), 2)
        figures["growth_p50"] = round(figures["p50_ms"] / median(small), 2)
    if "month_ms" in peer:
        figures["times_faster_than_peer"] = round(peer["month_ms"] / figures["p50_ms"])
    limit["ours_by_limit"] = round(figures["p50_ms"] / limit["p50_ms"], 2)
    return Report("slots-month", figures, goal=goal, peer=peer, limit=limit)


def _small(choice: Choice, requests: int) -> float:
    """Half of the median before and half after the large data set, so that a machine that slows down shows in neither."""
    choice.say("the same month in the small data set")
    with site.ground(replace(choice, is_quick=True)), _owner() as owner, shop_of(owner, 10) as ten:
        return float(quantiles(_times(ten, requests))["p50"])


@contextlib.contextmanager
def _owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
        yield connection
    wiring.engine().dispose()
    wiring.engine.cache_clear()


def _count(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT count(*) FROM occupancies").fetchone()
    return int(row[0]) if row else 0


def _actor(shop: SlotsShop) -> Actor:
    """Somebody on the shop's page."""
    return replace(VISITOR, business_id=shop.business_id)


def _ask(shop: SlotsShop) -> FreeTimes:
    asked = FreeTimesAsked(((shop.service_id, None),), shop.first, shop.last, is_public=True)
    with wiring.unit_of_work(_actor(shop)) as uow:
        return public_free_times(uow, asked)


def _times(shop: SlotsShop, requests: int) -> list[float]:
    """Milliseconds of each request, one after the other; the first ones, cold, are not counted."""
    times = []
    for n in range(requests + 20):
        began = time.perf_counter()
        _ask(shop)
        if n >= 20:
            times.append((time.perf_counter() - began) * 1000)
    return times


def _statements(shop: SlotsShop) -> int:
    seen: list[str] = []
    note = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(wiring.engine(), "before_cursor_execute", note)
    _ask(shop)
    event.remove(wiring.engine(), "before_cursor_execute", note)
    return len(seen)


def _rate(shop: SlotsShop, seconds: float) -> float:
    with ProcessPoolExecutor(_PROCESSES, mp_context=multiprocessing.get_context("fork")) as processes:
        done = [processes.submit(_until, shop, seconds) for _ in range(_PROCESSES)]
        return round(sum(one.result() for one in done) / seconds, 1)


def _until(shop: SlotsShop, seconds: float) -> int:
    _ask(shop)
    number, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        _ask(shop)
        number += 1
    return number


def _limit(shop: SlotsShop, requests: int) -> dict[str, Any]:
    """The busy minutes read by bare SQL and searched: no policies, no terms, no hours read, nobody chosen."""
    ways = tuple(Way(member, MINUTES, BEFORE, AFTER) for member in shop.members)
    question = Question((ways,), shop.first, shop.last, zone_of("Asia/Kolkata"), datetime.now(UTC), step=STEP)
    line = question.line
    hours = {member: [windows_of(n)] * len(line.days) for n, member in enumerate(shop.members)}
    for n, member in enumerate(shop.members):
        hours[member] = [() if day == leave_of(n) + 1 else windows_of(n) for day in range(len(line.days))]
    statement = (
        "SELECT keeper_id, array_agg(from_min ORDER BY from_min), array_agg(until_min ORDER BY from_min) FROM occupancies "
        "WHERE business_id = %s AND keeper_id = ANY(%s) AND is_live AND from_min BETWEEN %s AND %s GROUP BY keeper_id"
    )
    values = (shop.business_id, list(shop.members), line.edges[0], line.edges[-1])
    times = []
    with _owner() as connection, connection.transaction():
        connection.execute("SELECT set_config('app.business_id', %s, true)", (str(shop.business_id),))
        for _ in range(requests):
            began = time.perf_counter()
            busy = {who: (starts, ends) for who, starts, ends in connection.execute(statement, values)}
            read = time.perf_counter()
            Search(question, Facts(hours, busy)).starts()
            times.append(((time.perf_counter() - began) * 1000, (read - began) * 1000))
    return {
        "p50_ms": round(median(whole for whole, _ in times), 2),
        "of_it_sql_p50_ms": round(median(sql_part for _, sql_part in times), 2),
    }


def _peer(shop: SlotsShop, owner: psycopg.Connection, choice: Choice) -> dict[str, Any]:
    """In a hurry it is asked for four of the 28 days; its time is the same for each."""
    days, rounds = (4, 1) if choice.is_quick else (DAYS, 3)
    folder = configuration.settings().home.resolve().parent / "appointment"
    try:
        python = _installed(folder, choice)
    except Failed as refusal:
        return {"not measured": str(refusal)}
    choice.say(f"{_PEER}, {days * len(shop.members)} calls for {days} days")
    plan = folder / "shop.json"
    plan.write_text(json.dumps(for_the_peer(shop) | {"days": days}), encoding="utf-8")
    owner.execute("DROP SCHEMA IF EXISTS appointment CASCADE")
    owner.execute("CREATE SCHEMA appointment")
    done = subprocess.run(
        [python, Path(__file__).parent / "appointment" / "peer.py", plan, str(rounds)],
        capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "DATABASE_URL": plain(configuration.settings().database_owner_url)},
    )  # fmt: skip
    owner.execute("DROP SCHEMA appointment CASCADE")
    if done.returncode:
        return {"not measured": done.stderr.strip()[-300:]}
    seen = json.loads(done.stdout.splitlines()[-1])
    return {"name": _PEER, "month_ms": round(median(seen["asked_ms"]) * DAYS / days, 1), "days_asked": days}


def _installed(folder: Path, choice: Choice) -> Path:
    """An environment of its own in the bench's folder, made once. Raises: Failed."""
    python = folder / "venv" / "bin" / "python"
    if not (folder / "made").exists():
        choice.say(f"installing {_PEER}, once")
        for argv in (
            [sys.executable, "-m", "venv", folder / "venv"],
            [python, "-m", "pip", "install", "-q", _PEER, "psycopg[binary]"],
        ):
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
            if done.returncode:
                raise Failed(f"{_PEER} cannot be installed: {done.stderr.strip()[-300:]}")
        (folder / "made").write_text(_PEER, encoding="utf-8")
    return python
