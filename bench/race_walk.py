"""A long random day at the desk: bookings made, held, moved, stretched, cancelled, let lapse and taken back, all at once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from bench.slots_shop import SlotsShop
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.domain.errors import DomainError
from microcrm.operations.book import Book, BookService, book
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.hold import ConfirmHold, Hold, confirm_hold, hold, release_hold
from microcrm.operations.lapsing import lapse
from microcrm.operations.move import Move, MoveVisit, move, move_visit
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import Actor, UnitOfWork

_CONNECTIONS = 16
_DAYS, _FIRST_DAY = 3, 45  # few days, so that they are in each other's way


@dataclass(slots=True)
class _Desk:
    """One person; what they remember may be old by the time they use it."""

    shop: SlotsShop
    rng: random.Random
    bookings: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    holds: list[tuple[int, int]] = field(default_factory=list)
    undos: list[str] = field(default_factory=list)

    def wish(self) -> dict[str, Any]:
        day = self.shop.first + timedelta(days=_FIRST_DAY + self.rng.randrange(_DAYS))
        return {"day": day.isoformat(), "time": f"{self.rng.randrange(13, 18)}:{self.rng.randrange(12) * 5:02d}"}

    def services(self) -> tuple[BookService, ...]:
        members = self.rng.sample(self.shop.members, self.rng.choice((1, 1, 2)))
        return tuple(BookService(self.shop.service_id, member) for member in members)

    def keep(self, done: Any) -> None:
        self.bookings.append((done.booking_id, done.version, done.item_ids))
        self.undos.append(done.undo)

    def book(self, uow: UnitOfWork) -> None:
        self.keep(book(uow, Book(services=self.services(), who="walk_in", **self.wish())))

    def hold(self, uow: UnitOfWork) -> None:
        done = hold(uow, Hold(services=self.services(), minutes=self.rng.randrange(1, 4), **self.wish()))
        self.holds.append((done.booking_id, done.version))

    def confirm(self, uow: UnitOfWork) -> None:
        booking_id, version = self.rng.choice(self.holds)
        self.keep(confirm_hold(uow, ConfirmHold(booking_id, version, who="walk_in")))

    def release(self, uow: UnitOfWork) -> None:
        release_hold(uow, self.rng.choice(self.holds)[0])

    def move(self, uow: UnitOfWork) -> None:
        booking_id, version, items = self.rng.choice(self.bookings)
        member = self.rng.choice((None, self.rng.choice(self.shop.members)))
        self.keep(move(uow, Move(booking_id, version, items[0], member_id=member, **self.wish())))

    def stretch(self, uow: UnitOfWork) -> None:
        booking_id, version, items = self.rng.choice(self.bookings)
        minutes = self.rng.randrange(3, 19) * 5
        self.keep(move(uow, Move(booking_id, version, items[-1], minutes=minutes, **self.wish())))

    def move_all(self, uow: UnitOfWork) -> None:
        booking_id, version, _ = self.rng.choice(self.bookings)
        self.keep(move_visit(uow, MoveVisit(booking_id, version, **self.wish())))

    def cancel(self, uow: UnitOfWork) -> None:
        booking_id, version, _ = self.rng.choice(self.bookings)
        self.keep(cancel(uow, Cancel(booking_id, version, self.rng.choice(("customer", "late", "business")))))

    def undo(self, uow: UnitOfWork) -> None:
        take_back(uow, self.undos.pop(self.rng.randrange(len(self.undos))))

    def lapse(self, uow: UnitOfWork) -> None:
        lapse(replace(uow, now=uow.now + timedelta(minutes=2)))


_STEPS = ("book", "book", "book", "hold", "hold", "confirm", "confirm", "release", "move", "move", "stretch", "move_all",
          "cancel", "undo", "lapse")  # fmt: skip


def walk(shop: SlotsShop, actor: Actor, steps: int) -> dict[str, Any]:
    """Refusals are part of the day; anything else is counted by name as an error."""
    outcomes: Counter[str] = Counter()
    engine = wiring.make_engine(configuration.settings().database_url, _CONNECTIONS)
    began = time.perf_counter()
    threads = [
        threading.Thread(
            target=_work, args=(_Desk(shop, random.Random(n)), actor, engine, steps // _CONNECTIONS, outcomes)
        )
        for n in range(_CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    errors = {name: count for name, count in outcomes.items() if name.startswith("error ")}
    return {
        "steps": sum(outcomes.values()),
        "steps_done": outcomes["done"],
        "steps_refused": outcomes["refused"],
        "step_errors": errors,
        "steps_per_s": round(sum(outcomes.values()) / (time.perf_counter() - began), 1),
    }


def _work(desk: _Desk, actor: Actor, engine: Engine, steps: int, outcomes: Counter[str]) -> None:
    for _ in range(steps):
        step = desk.rng.choice(_STEPS)
        try:
            with wiring.unit_of_work(actor, clock=_clock(desk), bind=engine) as uow:
                getattr(desk, step)(uow)
            outcomes["done"] += 1
        except (DomainError, IndexError, ValueError):  # the last two: there is nothing yet to choose from
            outcomes["refused"] += 1
        except Exception as error:  # noqa: BLE001 - counted by name, and none may be
            outcomes[f"error {type(error).__name__}"] += 1


def _clock(desk: _Desk) -> Any:
    """People whose clocks differ by up to a minute and a half, so that holds run out for some and not yet for others."""
    ahead = timedelta(seconds=desk.rng.randrange(90))

    def now() -> datetime:
        return wiring.now() + ahead

    return now
