"""Real races on real connections: one slot has one winner, and nobody deadlocks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from microcrm import wiring
from microcrm.domain.errors import SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, Occupancy
from microcrm.models.catalogue import Resource, ServiceResource
from microcrm.models.customers import Customer
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.move import move
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings
from tests.support.desk import MORNING, add_service, move_to, wish
from tests.support.shops import Shop, TwoShops

RACERS = 32


@pytest.fixture
def crowd(fresh_database: TwoShops) -> Iterator[Engine]:
    """A connection for each racer, to a database where commits are real."""
    engine = wiring.make_engine(settings().database_url, RACERS)
    yield engine
    engine.dispose()


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


Act = Callable[[UnitOfWork], Any]


def now(engine: Engine, shop: Shop, act: Act) -> Any:
    with wiring.unit_of_work(shop.actor(), bind=engine, clock=lambda: MORNING) as uow:
        return act(uow)


def race(engine: Engine, shop: Shop, acts: Sequence[Act]) -> Counter[str]:
    """All at once, each in its own transaction. How often each outcome came, by name."""
    line = threading.Barrier(len(acts))

    def run(act: Act) -> str:
        line.wait()
        try:
            now(engine, shop, act)
        except SlotTaken as refusal:
            return "taken" if refusal.nearest else "taken, nothing offered"
        return "won"

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(run, acts))


def deadlocks(engine: Engine) -> int:
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        count = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(connection.execute(count).scalar_one())


def test_of_32_racers_for_one_slot_exactly_one_wins(crowd: Engine, shop: Shop) -> None:
    for time in ("10:00", "12:00", "14:00"):
        outcomes = race(crowd, shop, [lambda uow, t=time: book(uow, wish(shop, t))] * RACERS)
        assert outcomes == {"won": 1, "taken": RACERS - 1}
    numbers = now(crowd, shop, lambda uow: uow.session.scalars(select(Booking.number).order_by(Booking.number)).all())
    assert numbers == [1, 2, 3, 4], "losers use up no number"
    assert deadlocks(crowd) == 0


def test_racers_for_overlapping_times_never_share_a_minute(crowd: Engine, shop: Shop) -> None:
    times = [f"{10 + n // 4}:{n % 4 * 15:02d}" for n in range(8)] * 4
    outcomes = race(crowd, shop, [lambda uow, t=t: book(uow, wish(shop, t)) for t in times])
    assert outcomes["won"] in (2, 3)
    assert outcomes["won"] + outcomes["taken"] == RACERS
    overlaps = text(
        "SELECT count(*) FROM occupancies a JOIN occupancies b ON a.id < b.id AND a.keeper && b.keeper AND a.span && b.span "
        "WHERE a.is_live AND b.is_live"
    )
    assert now(crowd, shop, lambda uow: uow.session.execute(overlaps).scalar_one()) == 0


def test_two_rooms_let_exactly_two_of_five_in(crowd: Engine, shop: Shop) -> None:
    def furnish(uow: UnitOfWork) -> int:
        facial = add_service(uow.session, shop, "Facial")
        for name in ("Room 1", "Room 2"):
            room = Resource(business_id=shop.business_id, name=name, kind="room")
            uow.session.add(room)
            uow.session.flush()
            link = ServiceResource(business_id=shop.business_id, service_id=facial, resource_id=room.id)
            uow.session.add(link)
        return facial

    facial = now(crowd, shop, furnish)
    chosen = [(BookService(facial, shop.members[role]),) for role in Role]
    outcomes = race(crowd, shop, [lambda uow, s=s: book(uow, wish(shop, "10:00", services=s)) for s in chosen])
    assert outcomes == {"won": 2, "taken": 3}


def test_visits_that_need_the_same_people_in_opposite_order_do_not_deadlock(crowd: Engine, shop: Shop) -> None:
    one = BookService(shop.service_id, shop.members[Role.MANAGER])
    other = BookService(shop.service_id, shop.members[Role.OWNER])
    orders = [(one, other), (other, one)] * (RACERS // 2)
    outcomes = race(crowd, shop, [lambda uow, s=s: book(uow, wish(shop, "10:00", services=s)) for s in orders])
    assert sum(outcomes.values()) == RACERS
    assert outcomes["won"] in (1, 2), "one of each order fits: their people are busy in turn"
    assert deadlocks(crowd) == 0


def test_two_movers_that_cross_are_both_refused_or_one_waits_its_turn(crowd: Engine, shop: Shop) -> None:
    """Each wants the place of the other. Nobody lets go before the new place is theirs, so neither can have it."""
    manager, owner = Role.MANAGER, Role.OWNER
    left = now(crowd, shop, lambda uow: book(uow, wish(shop, "10:00", role=manager)))
    right = now(crowd, shop, lambda uow: book(uow, wish(shop, "10:00", role=owner)))
    for _ in range(8):
        outcomes = race(
            crowd,
            shop,
            [
                lambda uow: move(uow, move_to(left, "10:00", member_id=shop.members[owner])),
                lambda uow: move(uow, move_to(right, "10:00", member_id=shop.members[manager])),
            ],
        )
        assert outcomes == {"taken": 2}
    assert deadlocks(crowd) == 0


def test_movers_and_bookers_around_each_other_do_not_deadlock(crowd: Engine, shop: Shop) -> None:
    """Half of them move bookings back and forth between two people, half book visits that need both."""
    manager, owner = shop.members[Role.MANAGER], shop.members[Role.OWNER]
    pair = (BookService(shop.service_id, manager), BookService(shop.service_id, owner))
    times = [f"{hour}:00" for hour in range(10, 18)]
    made = [now(crowd, shop, lambda uow, t=t: book(uow, wish(shop, t))) for t in times]
    moves = [
        lambda uow, d=d, t=t: move(uow, move_to(d, t, member_id=owner))
        for d, t in zip(made, reversed(times), strict=True)
    ]
    books = [lambda uow, t=t: book(uow, wish(shop, t, services=pair)) for t in times]
    outcomes = race(crowd, shop, moves + books)
    assert sum(outcomes.values()) == 16
    assert deadlocks(crowd) == 0
    count = select(func.count()).where(Occupancy.is_live)
    held = now(crowd, shop, lambda uow: uow.session.execute(count).scalar_one())
    assert held == 1 + len(made) + 2 * (outcomes["won"] - sum(1 for m in made if _moved(crowd, shop, m.booking_id)))


def _moved(engine: Engine, shop: Shop, booking_id: int) -> bool:
    query = select(Booking.version).where(Booking.id == booking_id)
    return now(engine, shop, lambda uow: uow.session.execute(query).scalar_one()) > 1


def test_two_desks_that_finish_at_once_both_count(crowd: Engine, shop: Shop) -> None:
    made = [now(crowd, shop, lambda uow, t=t: book(uow, wish(shop, t))) for t in ("10:00", "11:00", "12:00", "13:00")]
    outcomes = race(crowd, shop, [lambda uow, d=d: step(uow, Step(d.booking_id, "finished", 1)) for d in made])
    assert outcomes == {"won": 4}
    query = select(Customer.visit_count).where(Customer.id == shop.customer_id)
    assert now(crowd, shop, lambda uow: uow.session.execute(query).scalar_one()) == 4
