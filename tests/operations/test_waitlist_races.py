"""Real connections: one cancellation and fifty who wait; an answer and the end of its time at the same moment."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from microcrm import wiring
from microcrm.domain.booking import LIVE
from microcrm.domain.errors import Conflict, Invalid, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.classes import ClassSession
from microcrm.models.policy import BookingPolicy
from microcrm.models.waiting import WaitlistEntry
from microcrm.operations import waitlist, waitlist_offers
from microcrm.operations.class_cancels import CancelClass, cancel_class
from microcrm.operations.classes import JoinClass, ScheduleClass, join, schedule
from microcrm.operations.parts import occupy
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from microcrm.operations.waitlist import WithdrawWaiting
from microcrm.settings import settings
from tests.support.desk import MONDAY, add_service
from tests.support.shops import TwoShops
from tests.support.waiting import List

CONNECTIONS = 16
PEOPLE = 50


@pytest.fixture
def crowd(fresh_database: TwoShops) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_url, CONNECTIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def waiting(fresh_database: TwoShops, crowd: Engine) -> List:
    return List(partial(wiring.unit_of_work, bind=crowd), fresh_database.a)


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    line = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        line.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def deadlocks(engine: Engine) -> int:
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        count = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(connection.execute(count).scalar_one())


def visits_at_the_time(waiting: List) -> int:
    """Live visits that have the freed time, found without looking at the waiting list."""
    query = select(func.count()).where(
        Booking.status.in_(list(LIVE)), Booking.starts_at >= waiting.now, Booking.source == "waitlist"
    )
    return int(waiting.do(lambda uow: uow.session.execute(query).scalar_one()))


@pytest.mark.parametrize(("size", "seed"), [(1, 1), (1, 2), (5, 3), (5, 4)])
def test_one_cancellation_and_fifty_who_wait(waiting: List, crowd: Engine, size: int, seed: int) -> None:
    """Some say yes, some no, some nothing; all of a band at once, while the sweep runs and a stranger tries to book."""
    chance = random.Random(seed)

    def terms(uow: UnitOfWork) -> None:
        uow.session.add(BookingPolicy(business_id=uow.business_id, offer_band=size))

    waiting.do(terms)
    visit = waiting.book()
    entries = [waiting.join() for _ in range(PEOPLE)]
    replies = {entry: chance.choices(["decline", "nothing", "accept"], [6, 3, 1])[0] for entry in entries}
    waiting.cancel(visit)
    while band := waiting.asked():
        answers = [entry for entry in band if replies[entry] != "nothing"]
        acts: list[Callable[[], Any]] = [partial(waiting.answer, entry, replies[entry]) for entry in answers]
        acts += [waiting.run_out, partial(stranger, waiting)]
        assert "booked" not in at_once(acts), "the time is kept for those who wait"
        if set(band) & set(waiting.asked()):  # somebody said nothing
            waiting.wait(31)
            waiting.run_out()
    asked = [entry for entry, _ in waiting.offers()]
    assert asked == entries[: len(asked)], "in the order in which they came, nobody left out and nobody twice"
    states = Counter(waiting.entry(entry).state for entry in entries)
    won = "accept" in [replies[entry] for entry in asked]
    assert states == ({"booked": 1, "waiting": PEOPLE - 1} if won else {"waiting": PEOPLE})
    assert visits_at_the_time(waiting) == (1 if won else 0)
    if not won:
        assert stranger(waiting) == "booked", "nobody wanted it, so it is not lost"
    outcomes = Counter(state for _, state in waiting.offers())
    assert outcomes["accepted"] == int(won) and "open" not in outcomes
    assert deadlocks(crowd) == 0


def stranger(waiting: List) -> str:
    try:
        waiting.book()
    except SlotTaken:
        return "taken"
    return "booked"


@pytest.mark.parametrize("seed", range(6))
def test_a_yes_against_the_end_of_its_time(waiting: List, crowd: Engine, seed: int) -> None:
    """Whichever is first: the time has one owner, and the entry and the offer say the same as the visit."""
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    waiting.cancel(visit)
    link, hold_id = waiting.link(first), waiting.offer_of(first).booking_id
    waiting.wait(30)
    acts = [
        lambda: waiting.do(waitlist_offers.answer_offer, link, "accept", actor=VISITOR).state,
        waiting.run_out,
        waiting.run_out,
    ]
    random.Random(seed).shuffle(acts)
    answer = next(one for one in at_once(acts) if isinstance(one, str))
    assert answer in ("accepted", "expired")
    status = waiting.do(
        lambda uow: uow.session.execute(select(Booking.status).where(Booking.id == hold_id)).scalar_one()
    )
    if answer == "accepted":
        assert (waiting.entry(first).state, status, waiting.asked()) == ("booked", "booked", [])
    else:
        assert (waiting.entry(first).state, status, waiting.asked()) == ("waiting", "expired", [second])
    assert visits_at_the_time(waiting) == 1
    assert deadlocks(crowd) == 0


@pytest.mark.parametrize("seed", range(4))
def test_of_a_class_one_seat_is_won_once_and_a_no_asks_the_next_once(waiting: List, crowd: Engine, seed: int) -> None:
    """Two seats on offer: a yes, a no and the end of their time at once, while strangers want a seat, too."""
    shop, chance = waiting.shop, random.Random(seed)
    service = waiting.do(lambda uow: add_service(uow.session, shop, "Yoga", seats=2))
    yoga = waiting.do(schedule, ScheduleClass(service, shop.members[Role.MANAGER], MONDAY, "18:00"))
    visit = waiting.do(join, JoinClass(yoga.session_id, 2, who="walk_in"))
    entries = [waiting.join(service_id=service) for _ in range(5)]
    waiting.cancel(visit)
    assert waiting.asked() == entries[:2]
    if seed % 2:
        waiting.wait(31)

    def joins() -> bool:
        try:
            return bool(waiting.do(join, JoinClass(yoga.session_id, who="walk_in")))
        except SlotTaken:
            return False

    acts: list[Callable[[], Any]] = [
        partial(waiting.answer, entries[0], "accept"), partial(waiting.answer, entries[1], "decline"),
        waiting.run_out, waiting.run_out, joins, joins,
    ]  # fmt: skip
    chance.shuffle(acts)
    at_once(acts)
    session = waiting.do(lambda uow: uow.session.get_one(ClassSession, yoga.session_id))
    seated = select(func.count()).where(BookingItem.session_id == yoga.session_id, BookingItem.is_live)
    assert session.taken == waiting.do(lambda uow: uow.session.execute(seated).scalar_one()) <= 2
    offers = waiting.offers()
    assert len({entry for entry, _ in offers}) == len(offers), "nobody is asked twice"
    assert [entry for entry, _ in offers] == entries[: len(offers)], "and nobody is left out"
    won = [entry for entry, state in offers if state == "accepted"]
    assert [entry for entry in entries if waiting.entry(entry).state == "booked"] == won
    assert sorted(waiting.asked()) == [entry for entry, state in offers if state == "open"]
    assert deadlocks(crowd) == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_class_is_called_off_while_its_seats_are_answered(waiting: List, crowd: Engine, seed: int) -> None:
    """Whoever is first: nobody comes to a class that is off, and nobody is left with an offer of it."""
    shop, chance = waiting.shop, random.Random(seed)
    service = waiting.do(lambda uow: add_service(uow.session, shop, "Yoga", seats=3))
    yoga = waiting.do(schedule, ScheduleClass(service, shop.members[Role.MANAGER], MONDAY, "18:00"))
    visit = waiting.do(join, JoinClass(yoga.session_id, 3, who="walk_in"))
    entries = [waiting.join(service_id=service) for _ in range(5)]
    waiting.cancel(visit)

    def tried(operation: Callable[..., Any], *args: Any) -> bool:
        try:
            waiting.do(operation, *args)
        except (Conflict, Invalid):  # SlotTaken is a Conflict
            return False
        return True

    acts: list[Callable[[], Any]] = [
        partial(waiting.answer, entries[0], "accept"),
        partial(waiting.answer, entries[1], "decline"),
        partial(tried, waitlist.withdraw, WithdrawWaiting(entries[2])),
        partial(tried, join, JoinClass(yoga.session_id, who="walk_in")),
        partial(tried, cancel_class, CancelClass(yoga.session_id, 1)),
        waiting.run_out,
    ]
    chance.shuffle(acts)
    at_once(acts)
    tried(cancel_class, CancelClass(yoga.session_id, 1))  # somebody may have joined in the very moment
    session = waiting.do(lambda uow: uow.session.get_one(ClassSession, yoga.session_id))
    seated = select(func.count()).where(BookingItem.session_id == yoga.session_id, BookingItem.is_live)
    assert (session.is_live, session.taken, waiting.do(lambda uow: uow.session.execute(seated).scalar_one())) == (
        False,
        0,
        0,
    )
    assert waiting.asked() == []
    assert {waiting.entry(entry).state for entry in entries[3:]} == {"waiting"}
    assert waiting.entry(entries[2]).state == "withdrawn"
    assert deadlocks(crowd) == 0


def test_times_that_become_free_at_once_are_offered_to_different_people(waiting: List, crowd: Engine) -> None:
    visits = [waiting.book(time) for time in ("10:00", "12:00", "14:00", "16:00")]
    entries = [waiting.join() for _ in range(6)]
    told = [waiting.do(partial(as_told, visit.booking_id)) for visit in visits]
    for visit in visits:
        waiting.do(partial(let_go, visit.item_ids))
    offer = partial(waiting.do, waitlist_offers.offer_freed, actor=system(waiting.shop.business_id))
    at_once([partial(offer, payload) for payload in told])
    assert sorted(waiting.asked()) == entries[:4]
    offered = select(func.count()).where(WaitlistEntry.state == "offered")
    assert waiting.do(lambda uow: uow.session.execute(offered).scalar_one()) == 4
    assert deadlocks(crowd) == 0


def let_go(item_ids: Sequence[int], uow: UnitOfWork) -> None:
    occupy.let_go(uow, item_ids)


def as_told(booking_id: int, uow: UnitOfWork) -> dict[str, Any]:
    """What the outbox would say of this visit's time."""
    items = uow.session.scalars(select(BookingItem).where(BookingItem.booking_id == booking_id)).all()
    spans = [[one.member_id, one.starts_at.isoformat(), one.ends_at.isoformat(), one.service_id, None] for one in items]
    return {"booking_id": booking_id, "spans": spans}
