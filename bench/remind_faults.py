"""``remind-faults``: senders, a worker, two clocks, Valkey and PostgreSQL are killed again and again, connections are cut and Valkey
forgets, while visits are booked, moved and cancelled. Afterwards what has arrived at the stand-in for Twilio is held against what was
to be said: each message once or listed as unknown, none for a visit as it was before, none lost.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import redis
import requests
from sqlalchemy import select, text

from bench import dataset, site
from bench.dataset import Size
from bench.remind_desk import Desk, Ground, judged
from bench.remind_kills import Mortal, Reaper, celery, senders, servers
from bench.report import Choice, Report
from microcrm import ports, processes, wiring
from microcrm import settings as configuration
from microcrm.adapters import queue
from microcrm.adapters.reachable import plain
from microcrm.domain.permissions import Role, permissions_of
from microcrm.models.message_plan import MessagePlan
from microcrm.models.messages import Message
from microcrm.operations.messaging.accounts import Account, use_sandbox
from microcrm.operations.unit_of_work import Actor, system
from microcrm.processes import Failed, Program

_ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Pacific/Auckland", "America/Los_Angeles")
_GOAL = {
    "kills": ">= 100",
    "kills_worker": ">= 3",
    "kills_beat": ">= 3",
    "kills_valkey": ">= 3",
    "kills_postgresql": ">= 3",
    "arrived": ">= 200",
    "twice": "<= 0",
    "for_a_dead_version": "<= 0",
    "lost": "<= 0",
    "not_let_through_but_there": "<= 0",
}
_CALM = 1.5  # seconds after the last kill, in which the stand-in finishes what it was sent
_LOOKED_UP = 25  # kills from one look to the next at what was left behind
_ALONE = 240.0  # seconds that worker and clocks get to carry away what is left; a worker that sits still is replaced within 120
_STILL = 120.0


def measure(choice: Choice) -> Report:
    kills = 30 if choice.is_quick else 140
    with site.engines("remind-faults") as own:
        if not own:
            raise Failed("The servers of remind-faults are used by somebody else: they are killed here.")
        with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as owner:
            dataset.ensure(owner, Size("faults", 1, 50, 1))
        mortals = servers(own)
        with _stand_in() as url, tempfile.TemporaryDirectory() as folder:
            with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as owner:
                ground = ground_of(owner, url)
            mortals += senders(Path(folder)) + celery(Path(folder))
            figures = faults(ground, mortals, kills, Random(7), choice.say)
        wiring.engine().dispose()
        wiring.engine.cache_clear()
    few = {name: ">= 1" for name in _GOAL if name.startswith("kills_")}
    goal = dict(_GOAL) if not choice.is_quick else {**_GOAL, **few, "kills": ">= 30", "arrived": ">= 20"}
    return Report("remind-faults", figures, goal=goal)


def day_zone(now: datetime) -> str:
    """Where it is day now, so that reminders may leave."""
    return next(name for name in _ZONES if 10 <= now.astimezone(ZoneInfo(name)).hour < 18)


def faults(
    ground: Ground, mortals: list[Mortal], kills: int, dice: Random, say: Callable[[str], None]
) -> dict[str, Any]:
    """Also the tests' small run, whose servers are not its own."""
    desk, reaper = Desk(ground, dice), Reaper(mortals, dice)
    desk.after = desk.last_message()
    say(f"{kills} kills")
    cuts = flushes = 0
    figures: dict[str, Any] = {}
    try:
        for _ in range(6):
            desk.change()
            desk.see()
        while (done := reaper.deaths.total()) < kills:
            reaper.revive()
            if not reaper.strike(lambda: _work(desk)):
                continue
            desk.see()
            if dice.random() < 0.1:
                wiring.engine().dispose()  # a server that was killed has left connections behind
                ground.cut()
                wiring.engine().dispose()
                cuts += 1
            if dice.random() < 0.1:
                with suppress(redis.RedisError):
                    queue.client().flushdb()
                    flushes += 1
            if (done + 1) % _LOOKED_UP == 0:
                say(f"{done + 1}, and what was left behind is looked at")
                _everybody_dies(desk, reaper)
        reaper.stop(["sender"])
        if any(one.kind == "worker" for one in reaper.mortals):
            say("worker and clocks alone")
            figures["carried_away_by_beat_s"] = _alone(desk, reaper)
        reaper.stop(["worker", "beat"])
        time.sleep(_CALM)
        say("what is left, and the count")
        _finish(desk)
        found = judged(desk)
    finally:
        reaper.stop()
    by_kind = {f"kills_{kind}": many for kind, many in sorted(reaper.deaths.items())}
    revived = {"revived": reaper.revived, "cuts": cuts, "flushes": flushes}
    return {"kills": reaper.deaths.total(), **by_kind, **revived, **figures, **desk.done, **found}


def _work(desk: Desk) -> None:
    for _ in range(desk.dice.randrange(1, 4)):
        desk.change()
    desk.hurry()


def _everybody_dies(desk: Desk, reaper: Reaper) -> None:
    """Who sends is killed at once, so that no lease is anybody's; whoever is next finds out what became of their messages, and dies
    while doing so like the others."""
    for one in reaper.mortals:
        if not one.is_server and one.running.exit_code is None:
            one.kill(signal.SIGKILL)
    for one in reaper.mortals:
        if not one.is_server:
            one.running.stop()
    time.sleep(_CALM)
    wiring.engine().dispose()
    desk.hurry(looks=True)
    for one in reaper.mortals:
        if not one.is_server:
            one.begin_again()


def _alone(desk: Desk, reaper: Reaper) -> float:
    """Seconds until nothing that is due waits any longer."""
    wiring.engine().dispose()
    began, moved_at, least = time.monotonic(), time.monotonic(), 10**9
    while time.monotonic() - began < _ALONE:
        reaper.revive()
        desk.hurry()
        waits = desk.waiting()
        if not waits:
            break
        if waits < least:
            moved_at, least = time.monotonic(), waits
        elif time.monotonic() - moved_at > _STILL:  # as whoever watches over the product does
            worker = next(one for one in reaper.mortals if one.kind == "worker")
            worker.kill(signal.SIGKILL)
            worker.begin_again()
            moved_at = time.monotonic()
        time.sleep(1)
    return round(time.monotonic() - began, 1)


def _finish(desk: Desk) -> None:
    """One worker that nobody kills, until nothing is left to do."""
    from tasks import messages

    wiring.engine().dispose()

    for _ in range(60):
        desk.hurry(looks=True)
        messages.sweep()
        with wiring.unit_of_work(desk.ground.actor) as uow:
            left = uow.session.scalars(select(Message.id).where(Message.state.in_(("planned", "sending")))).first()
        if left is None:
            return
        time.sleep(0.2)


@contextmanager
def _stand_in() -> Iterator[str]:
    """The stand-in for Twilio as `microcrm up` runs it."""
    os.environ["MICROCRM_SANDBOX_PORT"] = str(ports.free_port())
    configuration.reset()
    url = configuration.settings().sandbox_url

    def is_ready() -> bool:
        try:
            return requests.get(f"{url}/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    log = Path(configuration.settings().home) / "sandbox.log"
    running = processes.start(
        Program("sandbox", [sys.executable, "-m", "microcrm.cli", "sandbox"], log, is_ready=is_ready)
    )
    try:
        yield url
    finally:
        running.stop()
        os.environ.pop("MICROCRM_SANDBOX_PORT", None)


def ground_of(owner: psycopg.Connection, url: str) -> Ground:
    """The first shop, without visits and messages of an earlier run; ``url``: of the stand-in."""
    zone = day_zone(datetime.now(UTC))
    owner.execute("TRUNCATE messages, message_channels, messaging_accounts, message_plans CASCADE")
    owner.execute("UPDATE businesses SET zone = %s", (zone,))
    owner.execute("DELETE FROM occupancies")
    owner.execute("UPDATE bookings SET status = 'finished'")
    owner.execute(
        "INSERT INTO counters (business_id, kind, last) SELECT business_id, 'booking', max(number) FROM bookings GROUP BY 1 "
        "ON CONFLICT (business_id, kind) DO UPDATE SET last = greatest(counters.last, excluded.last)"
    )
    row = owner.execute("SELECT min(id) FROM members WHERE role = 'owner'").fetchone()
    member = int(row[0]) if row else 0
    customers = [int(one[0]) for one in owner.execute("SELECT id FROM customers ORDER BY id").fetchall()]
    owner.execute("UPDATE customers SET phone = '+919' || lpad(id::text, 9, '0')")
    actor = Actor(
        "member",
        user_id=1,
        business_id=1,
        member_id=member,
        role=Role.OWNER,
        permissions=permissions_of(Role.OWNER),
        zone=zone,
    )
    account = connect(actor)
    earlier = set(arrived_at(url, account)) if url else set()

    def arrived() -> list[str]:
        return [one for one in arrived_at(url, account) if one not in earlier]

    return Ground(actor, 1, member, customers, arrived, cut)


def connect(actor: Actor, seed: str = "") -> Account:
    """The shop sends by SMS and nothing else, as fast as it can."""
    with wiring.unit_of_work(actor) as uow:
        account = use_sandbox(uow, seed or configuration.settings().sandbox_seed, wiring.sealer())
        uow.session.execute(text("UPDATE message_channels SET per_second = 500"))
        uow.session.add(MessagePlan(business_id=uow.business_id, channels=["sms"]))
    return account


def arrived_at(url: str, account: Account) -> list[str]:
    answer = requests.post(
        f"{url}/_sim/twilio/state", json={}, auth=(account.account_sid, account.auth_token), timeout=30
    )
    return [one["body"] for one in answer.json()["messages"] if one["direction"] != "inbound"]


def cut() -> None:
    """Every other connection of the product, and of nobody else on the same server."""
    with wiring.unit_of_work(system()) as uow:
        others = "datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()"
        uow.session.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
