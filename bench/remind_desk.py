"""The desk of ``remind-faults``: visits that are booked, moved and cancelled while everything else dies, and the count of what has
arrived of their messages.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from microcrm import settings as configuration
from microcrm import wiring
from microcrm.domain.booking import CANCELLED, BookingStatus
from microcrm.domain.errors import DomainError
from microcrm.models.bookings import Booking
from microcrm.models.messages import Message
from microcrm.operations.book import Book, BookService, book
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.messages.own_secrets import token_of
from microcrm.operations.move import MoveVisit, move_visit
from microcrm.operations.unit_of_work import Actor, UnitOfWork

CUT = (DBAPIError, DomainError)
_LEFT = ("handed", "sent", "delivered", "read")


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
class Visit:
    """``story``: from which moment on it began when, and stood how; no status while a change of it may be under way."""

    booking_id: int
    slot: int
    story: list[tuple[datetime, datetime, str]] = field(default_factory=list)


@dataclass(slots=True)
class Desk:
    ground: Ground
    dice: Random
    visits: list[Visit] = field(default_factory=list)
    next_slot: int = 0
    after: int = 0  # the last message of before
    unseen: list[Visit] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def change(self) -> None:
        """Something happens at the desk. How its visit stands then is read by ``see``."""
        live = [one for one in self.visits if one.story and one.story[-1][2] not in (*CANCELLED, "")]
        chance = self.dice.random()
        visit = self.dice.choice(live) if live and chance >= 0.5 else None
        if visit is not None:
            visit.story.append((datetime.now(UTC), visit.story[-1][1], ""))
        try:
            if visit is None:
                self.book()
            elif chance < 0.8:
                self._move(visit)
            else:
                self._cancel(visit)
        except CUT:  # nobody knows whether it was committed: the row says so below
            self.done["changes_cut"] += 1
            wiring.engine().dispose()
        if visit is not None:
            self.unseen.append(visit)

    def see(self) -> None:
        for visit in self.unseen:
            self._note(visit)
        self.unseen.clear()

    def _slot(self) -> tuple[date, str, int]:
        """The next free quarter of the next days; nobody else books here."""
        slot, self.next_slot = self.next_slot, self.next_slot + 1
        day = wiring.now().astimezone(ZoneInfo(self.ground.actor.zone)).date() + timedelta(days=3 + slot // 10)
        return day, f"{10 + slot % 10}:00", slot

    def do(self, operation: Any, *args: Any) -> Any:
        with wiring.unit_of_work(self.ground.actor) as uow:
            return operation(uow, *args)

    def book(self) -> Visit:
        day, clock, slot = self._slot()
        customer = self.ground.customers[slot % len(self.ground.customers)]
        service = BookService(self.ground.service_id, self.ground.member_id)
        done = self.do(
            book, Book(day=day.isoformat(), time=clock, services=(service,), customer_id=customer, tell=True)
        )
        visit = Visit(done.booking_id, slot)
        self.unseen.append(visit)
        self.visits.append(visit)
        self.done["booked"] += 1
        return visit

    def _move(self, visit: Visit) -> None:
        day, clock, _ = self._slot()
        version = self.do(lambda uow: uow.session.get_one(Booking, visit.booking_id).version)
        self.do(move_visit, MoveVisit(visit.booking_id, version, day.isoformat(), clock, tell=True))
        self.done["moved"] += 1

    def _cancel(self, visit: Visit) -> None:
        version = self.do(lambda uow: uow.session.get_one(Booking, visit.booking_id).version)
        self.do(cancel, Cancel(visit.booking_id, version, "customer", tell=True))
        self.done["cancelled"] += 1

    def _note(self, visit: Visit) -> None:
        """How it stands now, for the count."""
        while True:
            try:
                row = self.do(lambda uow: uow.session.get_one(Booking, visit.booking_id))
                break
            except CUT:
                wiring.engine().dispose()
                time.sleep(0.1)
        visit.story.append((datetime.now(UTC), row.starts_at, row.status))

    def last_message(self) -> int:
        return int(self.do(lambda uow: uow.session.scalar(select(func.max(Message.id)))) or 0)

    def waiting(self) -> int:
        mine = (Message.id > self.after, Message.state == "planned")
        return int(self.do(lambda uow: uow.session.scalar(select(func.count()).where(*mine))))

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
            self.do(change)
        except CUT:
            wiring.engine().dispose()


def judged(run: Desk) -> dict[str, Any]:
    key, arrived = configuration.settings().link_key, run.ground.arrived()
    with wiring.unit_of_work(run.ground.actor) as uow:
        rows = uow.session.scalars(
            select(Message).where(Message.business_id == uow.business_id, Message.id > run.after)
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
        "for_a_dead_version": sum(
            _was_dead(row, visits[row.booking_id or 0]) for row in rows if times[row.id] and row.booking_id in visits
        ),
    }  # fmt: skip


def _was_dead(row: Message, visit: Visit) -> bool:
    """Whether the visit had another time, or was off, when a worker took the message."""
    taken = row.called_at
    before = [one for one in visit.story if taken is not None and one[0] < taken]
    if not before:
        return False
    _, starts_at, status = before[-1]
    if not status:
        return False
    if row.step == "cancelled":
        return BookingStatus(status) not in CANCELLED
    if BookingStatus(status) in CANCELLED:
        return True
    return row.step in ("reminder", "ask_to_confirm") and row.about_at != starts_at
