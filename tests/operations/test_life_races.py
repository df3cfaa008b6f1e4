"""Holds, seats and versions under real races on real connections."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from microcrm import wiring
from microcrm.domain.errors import Conflict, HoldLapsed
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking
from microcrm.models.classes import ClassSession
from microcrm.models.customers import Customer
from microcrm.operations.book import book
from microcrm.operations.class_moves import lock_classes
from microcrm.operations.classes import JoinClass, ScheduleClass, join, schedule
from microcrm.operations.hold import PublicHold, confirm_public, hold_public
from microcrm.operations.lapsing import lapse
from microcrm.operations.move import MoveVisit, move_visit
from microcrm.operations.parts.lapse import lock_lapsing
from microcrm.operations.unit_of_work import Actor, UnitOfWork
from microcrm.settings import settings
from tests.operations.test_bookings_races import deadlocks
from tests.support.desk import MONDAY, MORNING, add_service, wish
from tests.support.holds import chosen, filled_in, stranger
from tests.support.shops import Shop, TwoShops

Act = Callable[[UnitOfWork], Any]
RACERS = 32


@pytest.fixture
def crowd(fresh_database: TwoShops) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_url, RACERS)
    yield engine
    engine.dispose()


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def now(engine: Engine, actor: Actor, act: Act, minutes: int = 0) -> Any:
    with wiring.unit_of_work(actor, bind=engine, clock=lambda: MORNING + timedelta(minutes=minutes)) as uow:
        return act(uow)


def race(engine: Engine, actor: Actor, acts: Sequence[Act], minutes: int = 0) -> Counter[str]:
    line = threading.Barrier(len(acts))

    def run(act: Act) -> str:
        line.wait()
        try:
            now(engine, actor, act, minutes)
        except (Conflict, HoldLapsed) as refusal:
            return type(refusal).__name__
        return "won"

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(run, acts))


@pytest.mark.parametrize("racers", [2, 8, RACERS])
def test_one_of_many_holds_the_time(crowd: Engine, shop: Shop, racers: int) -> None:
    outcomes = race(crowd, stranger(shop), [lambda uow: hold_public(uow, chosen(shop))] * racers)
    assert outcomes == Counter(won=1, SlotTaken=racers - 1)
    assert deadlocks(crowd) == 0


def test_a_hold_that_has_run_out_goes_to_exactly_one_of_many(crowd: Engine, shop: Shop) -> None:
    """Some want the member alone, some together with another, so that their claims cross."""
    now(crowd, stranger(shop), lambda uow: hold_public(uow, chosen(shop)))
    now(crowd, stranger(shop), lambda uow: hold_public(uow, chosen(shop, "10:45", role=Role.OWNER)))
    both = (*chosen(shop).services, *chosen(shop, role=Role.OWNER).services)
    acts = [
        (lambda uow: hold_public(uow, chosen(shop)), lambda uow: hold_public(uow, chosen(shop, services=both)))[n % 2]
        for n in range(RACERS)
    ]
    outcomes = race(crowd, stranger(shop), acts, minutes=11)
    assert outcomes == Counter(won=1, SlotTaken=RACERS - 1)
    assert deadlocks(crowd) == 0


def test_a_form_that_comes_as_the_hold_runs_out_wins_or_loses_cleanly(crowd: Engine, shop: Shop) -> None:
    """Against the sweep, and against somebody who wants the time: never both, never neither."""
    for time in ("10:00", "11:00", "12:00", "13:00", "14:00", "15:00"):
        held = now(crowd, stranger(shop), lambda uow, t=time: hold_public(uow, chosen(shop, t)))
        confirm: Act = lambda uow, h=held: confirm_public(uow, filled_in(h))  # noqa: E731
        take: Act = lambda uow, t=time: hold_public(uow, chosen(shop, t))  # noqa: E731
        outcomes = race(crowd, stranger(shop), [confirm, take], minutes=11)
        assert outcomes["won"] == 1 and outcomes["HoldLapsed"] + outcomes["SlotTaken"] == 1, outcomes
    held = [now(crowd, stranger(shop), lambda uow, t=t: hold_public(uow, chosen(shop, t))) for t in ("17:00", "18:00")]
    swept = replace(shop.actor())
    acts = [lambda uow, h=h: confirm_public(replace(uow, actor=stranger(shop)), filled_in(h)) for h in held]
    outcomes = race(crowd, swept, [lapse, *acts, lapse], minutes=30)
    assert outcomes["won"] + outcomes["HoldLapsed"] == 4
    assert deadlocks(crowd) == 0


def test_the_same_post_many_times_at_once_is_one_booking(crowd: Engine, shop: Shop) -> None:
    held = now(crowd, stranger(shop), lambda uow: hold_public(uow, chosen(shop)))
    done: list[int] = []
    post: Act = lambda uow: done.append(confirm_public(uow, filled_in(held, request_key="k" * 22)).booking_id)  # noqa: E731
    assert race(crowd, stranger(shop), [post] * 8) == Counter(won=8)
    assert len(set(done)) == 1
    numbers = now(crowd, shop.actor(), lambda uow: uow.session.scalars(select(Booking.number)).all())
    assert sorted(numbers) == [1, 2]


def test_two_times_for_one_new_phone_make_one_customer(crowd: Engine, shop: Shop) -> None:
    held = [
        now(crowd, stranger(shop), lambda uow, t=t: hold_public(uow, chosen(shop, t)))
        for t in ("10:00", "11:00", "12:00")
    ]
    acts = [lambda uow, h=h: confirm_public(uow, filled_in(h)) for h in held]
    assert race(crowd, stranger(shop), acts) == Counter(won=3)
    count = now(crowd, shop.actor(), lambda uow: uow.session.scalar(select(func.count()).select_from(Customer)))
    assert count == 2


@pytest.mark.parametrize("seats", [1, 2])
def test_exactly_as_many_join_as_there_are_seats(crowd: Engine, shop: Shop, seats: int) -> None:
    def make(uow: UnitOfWork) -> int:
        yoga = add_service(uow.session, shop, "Yoga", seats=7)
        return schedule(uow, ScheduleClass(yoga, shop.members[Role.MANAGER], MONDAY, "10:00")).session_id

    session_id = now(crowd, shop.actor(), make)
    outcomes = race(crowd, shop.actor(), [lambda uow: join(uow, JoinClass(session_id, seats, who="walk_in"))] * 24)
    assert outcomes == Counter(won=7 // seats, SlotTaken=24 - 7 // seats)
    taken = now(crowd, shop.actor(), lambda uow: uow.session.get_one(ClassSession, session_id).taken)
    assert taken == 7 // seats * seats
    assert deadlocks(crowd) == 0


def test_of_two_tablets_with_the_same_version_one_is_told(crowd: Engine, shop: Shop) -> None:
    done = now(crowd, shop.actor(), lambda uow: book(uow, wish(shop, "10:00")))
    acts = [
        lambda uow, t=t: move_visit(uow, MoveVisit(done.booking_id, done.version, MONDAY, t))
        for t in ("12:00", "15:00")
    ]
    assert race(crowd, shop.actor(), acts) == Counter(won=1, Conflict=1)


def test_visits_that_swap_places_do_not_wait_for_each_other_for_ever(crowd: Engine, shop: Shop) -> None:
    first = now(crowd, shop.actor(), lambda uow: book(uow, wish(shop, "10:00")))
    other = now(crowd, shop.actor(), lambda uow: book(uow, wish(shop, "11:00")))
    acts = [
        lambda uow: move_visit(uow, MoveVisit(first.booking_id, 1, MONDAY, "11:00")),
        lambda uow: move_visit(uow, MoveVisit(other.booking_id, 1, MONDAY, "10:00")),
    ]
    assert race(crowd, shop.actor(), acts) == Counter(SlotTaken=2)
    assert deadlocks(crowd) == 0


def test_the_sweep_does_not_wait_for_whoever_moves_a_class(crowd: Engine, shop: Shop) -> None:
    """They hold its visits, and may wait for the sweep: to let go of what has lapsed where the class shall be."""

    def hold_a_seat(uow: UnitOfWork) -> int:
        yoga = add_service(uow.session, shop, "Yoga", seats=7)
        session_id = schedule(uow, ScheduleClass(yoga, shop.members[Role.MANAGER], MONDAY, "10:00")).session_id
        hold_public(replace(uow, actor=stranger(shop)), PublicHold(session_id=session_id))
        return session_id

    session_id = now(crowd, shop.actor(), hold_a_seat)
    with ThreadPoolExecutor(2) as threads:
        with wiring.unit_of_work(shop.actor(), bind=crowd, clock=lambda: MORNING + timedelta(minutes=30)) as mover:
            lock_classes(mover, [session_id])
            swept = threads.submit(now, crowd, shop.actor(), lapse, 30)
            assert swept.result(timeout=10) == 0
            lock_lapsing(mover)
        assert now(crowd, shop.actor(), lapse, 30) == 1
    assert deadlocks(crowd) == 0
