"""``remind-faults``: two workers that are killed again and again, connections to PostgreSQL that are cut and a Valkey that forgets,
while visits are booked, moved and cancelled. Afterwards what has arrived at the stand-in for Twilio is held against what was to be
said: each message once or listed as unknown, none for a visit as it was before, none lost.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import requests
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bench import dataset, site
from bench.dataset import Size
from bench.report import Choice, Report
from microcrm import ports, processes, wiring
from microcrm import settings as configuration
from microcrm.adapters import queue
from microcrm.adapters.reachable import plain
from microcrm.domain.booking import CANCELLED, BookingStatus
from microcrm.domain.errors import DomainError
from microcrm.domain.permissions import Role, permissions_of
from microcrm.models.bookings import Booking
from microcrm.models.message_plan import MessagePlan
from microcrm.models.messages import Message
from microcrm.operations.book import Book, BookService, book
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.messages.wording import token_of
from microcrm.operations.messaging.accounts import Account, use_sandbox
from microcrm.operations.move import MoveVisit, move_visit
from microcrm.operations.unit_of_work import Actor, UnitOfWork, system
from microcrm.processes import Program

_ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Pacific/Auckland", "America/Los_Angeles")
_WORKER = "import time\nfrom tasks import messages\nprint(flush=True)\nwhile True:\n    messages.sweep()\n    time.sleep(0.02)\n"
_GOAL = {
    "kills": ">= 100",
    "arrived": ">= 200",
    "twice": "<= 0",
    "for_a_dead_version": "<= 0",
    "lost": "<= 0",
    "not_let_through_but_there": "<= 0",
}
_LEFT = ("handed", "sent", "delivered", "read")
_CUT = (DBAPIError, DomainError)
_CALM = 1.5  # seconds after the last kill, in which the stand-in finishes what it was sent


@dataclass(frozen=True, slots=True)
class Ground:
    """A shop with its stand-in, of which ``arrived`` says the texts. ``cut``: cuts every connection to PostgreSQL."""

    actor: Actor
    service_id: int
    member_id: int
    customers: Sequence[int]
    arrived: Callable[[], list[str]]
    cut: Callable[[], None]


@dataclass(slots=True)
class _Visit:
    """``story``: when it began and how it stood from which moment on."""

    booking_id: int
    slot: int
    story: list[tuple[datetime, datetime, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Run:
    ground: Ground
    dice: Random
    visits: list[_Visit] = field(default_factory=list)
    next_slot: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def change(self) -> None:
        """Something happens at the desk."""
        live = [one for one in self.visits if one.story[-1][2] not in CANCELLED]
        chance = self.dice.random()
        visit = self.dice.choice(live) if live and chance >= 0.5 else None
        try:
            if visit is None:
                self._book()
            elif chance < 0.8:
                self._move(visit)
            else:
                self._cancel(visit)
        except _CUT:  # nobody knows whether it was committed: the row says so below
            self.done["changes_cut"] += 1
            wiring.engine().dispose()
        if visit is not None:
            self._note(visit)

    def _slot(self) -> tuple[date, str, int]:
        """The next free quarter of the next days; nobody else books here."""
        slot, self.next_slot = self.next_slot, self.next_slot + 1
        day = wiring.now().astimezone(ZoneInfo(self.ground.actor.zone)).date() + timedelta(days=3 + slot // 10)
        return day, f"{10 + slot % 10}:00", slot

    def _do(self, operation: Any, *args: Any) -> Any:
        with wiring.unit_of_work(self.ground.actor) as uow:
            return operation(uow, *args)

    def _book(self) -> None:
        day, clock, slot = self._slot()
        customer = self.ground.customers[slot % len(self.ground.customers)]
        service = BookService(self.ground.service_id, self.ground.member_id)
        done = self._do(
            book, Book(day=day.isoformat(), time=clock, services=(service,), customer_id=customer, tell=True)
        )
        visit = _Visit(done.booking_id, slot)
        self._note(visit)
        self.visits.append(visit)
        self.done["booked"] += 1

    def _move(self, visit: _Visit) -> None:
        day, clock, _ = self._slot()
        version = self._do(lambda uow: uow.session.get_one(Booking, visit.booking_id).version)
        self._do(move_visit, MoveVisit(visit.booking_id, version, day.isoformat(), clock, tell=True))
        self.done["moved"] += 1

    def _cancel(self, visit: _Visit) -> None:
        version = self._do(lambda uow: uow.session.get_one(Booking, visit.booking_id).version)
        self._do(cancel, Cancel(visit.booking_id, version, "customer", tell=True))
        self.done["cancelled"] += 1

    def _note(self, visit: _Visit) -> None:
        """How it stands now, for the count."""
        while True:
            try:
                row = self._do(lambda uow: uow.session.get_one(Booking, visit.booking_id))
                break
            except _CUT:
                wiring.engine().dispose()
        visit.story.append((datetime.now(UTC), row.starts_at, row.status))

    def hurry(self, *, looks: bool = False) -> None:
        """Whatever waits is due; with ``looks`` also whatever has to be looked at."""

        def change(uow: UnitOfWork) -> None:
            past = {"past": uow.now - timedelta(seconds=1), "business": uow.business_id}
            uow.session.execute(
                text("UPDATE messages SET due_at = :past WHERE business_id = :business AND state = 'planned'"), past
            )
            if looks:
                uow.session.execute(
                    text("UPDATE messages SET look_at = :past WHERE business_id = :business AND look_at IS NOT NULL"),
                    past,
                )

        try:
            self._do(change)
        except _CUT:
            wiring.engine().dispose()


def measure(choice: Choice) -> Report:
    kills = 20 if choice.is_quick else 110
    with (
        site.engines("remind-faults"),
        psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as owner,
    ):
        dataset.ensure(owner, Size("faults", 1, 50, 1))
        with _stand_in() as url:
            figures = faults(_ground(owner, url), kills, Random(7), choice.say)
        wiring.engine().dispose()
        wiring.engine.cache_clear()
    goal = dict(_GOAL) if not choice.is_quick else {**_GOAL, "kills": ">= 20", "arrived": ">= 20"}
    return Report("remind-faults", figures, goal=goal)


def day_zone(now: datetime) -> str:
    """Where it is day now, so that reminders may leave."""
    return next(name for name in _ZONES if 10 <= now.astimezone(ZoneInfo(name)).hour < 18)


def faults(ground: Ground, kills: int, dice: Random, say: Callable[[str], None]) -> dict[str, Any]:
    """Also the tests' small run."""
    run = _Run(ground, dice)
    say(f"{kills} kills")
    workers = [_worker() for _ in range(2)]
    done = cuts = flushes = 0
    try:
        for _ in range(6):
            run.change()
        while done < kills:
            place = dice.randrange(2)
            workers[place].stdout.readline()  # it has begun
            for _ in range(dice.randrange(1, 4)):
                run.change()
            run.hurry()
            time.sleep(dice.random() * 0.3)
            _kill(workers[place])
            workers[place], done = _worker(), done + 1
            if dice.random() < 0.1:
                ground.cut()
                wiring.engine().dispose()
                cuts += 1
            if dice.random() < 0.1:
                queue.client().flushdb()
                flushes += 1
    finally:
        for one in workers:
            _kill(one)
    time.sleep(_CALM)
    say("what is left, and the count")
    _finish(run)
    return {"kills": done, "cuts": cuts, "flushes": flushes, **run.done, **_judged(run)}


def _finish(run: _Run) -> None:
    """One worker that nobody kills, until nothing is left to do."""
    from tasks import messages

    for _ in range(60):
        run.hurry(looks=True)
        messages.sweep()
        with wiring.unit_of_work(run.ground.actor) as uow:
            left = uow.session.scalars(select(Message.id).where(Message.state.in_(("planned", "sending")))).first()
        if left is None:
            return
        time.sleep(0.2)


def _judged(run: _Run) -> dict[str, Any]:
    key, arrived = configuration.settings().link_key, run.ground.arrived()
    with wiring.unit_of_work(run.ground.actor) as uow:
        rows = uow.session.scalars(
            select(Message).where(Message.booking_id.in_([one.booking_id for one in run.visits]))
        ).all()
    times = {row.id: sum(token_of(key, row.business_id, row.id or 0) in text for text in arrived) for row in rows}
    visits = {one.booking_id: one for one in run.visits}
    states = Counter(row.state for row in rows)
    return {
        "messages": len(rows), **{f"state_{name}": count for name, count in sorted(states.items())},
        "arrived": len(arrived),
        "twice": sum(count > 1 for count in times.values()),
        "lost": sum(times[row.id] == 0 for row in rows if row.state in _LEFT)
        + sum(states[name] for name in ("planned", "sending", "failed")),
        "not_let_through_but_there": sum(times[row.id] for row in rows if row.state in ("withdrawn", "suppressed")),
        "for_a_dead_version": sum(_was_dead(row, visits[row.booking_id or 0]) for row in rows if times[row.id]),
    }  # fmt: skip


def _was_dead(row: Message, visit: _Visit) -> bool:
    """Whether the visit had another time, or was off, when a worker took the message."""
    taken = row.called_at
    before = [one for one in visit.story if taken is not None and one[0] < taken]
    if not before:
        return False
    _, starts_at, status = before[-1]
    if row.step == "cancelled":
        return BookingStatus(status) not in CANCELLED
    if BookingStatus(status) in CANCELLED:
        return True
    return row.step in ("reminder", "ask_to_confirm") and row.about_at != starts_at


def _worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ)
    )


def _kill(one: subprocess.Popen[bytes]) -> None:
    one.send_signal(signal.SIGKILL)
    one.communicate()


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


def _ground(owner: psycopg.Connection, url: str) -> Ground:
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
    return Ground(actor, 1, member, customers, lambda: arrived_at(url, account), cut)


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
