"""Deposits on real connections: two customers who pay for one time, and money that comes while a visit is called off."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from microcrm import wiring
from microcrm.domain.errors import DomainError
from microcrm.domain.gateway import read_told
from microcrm.domain.permissions import Role
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import Booking, Occupancy
from microcrm.models.business import Member
from microcrm.models.gateway import GatewayPayment, GatewayRefund
from microcrm.operations.lapsing import lapse
from microcrm.operations.manage import CustomerCancel, customer_cancel, own_visit
from microcrm.operations.online.told import take_told
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from tests.conftest import act_as
from tests.support.deposits import DEPOSIT, ask_ahead, cash_of, money_of, order_for
from tests.support.holds import PERSON, start_at
from tests.support.online import connected_shop, payment, webhook
from tests.support.shops import Shop, TwoShops
from tests.support.till import register

ROUNDS = 4


@pytest.fixture
def shop(fresh_database: TwoShops) -> Iterator[Shop]:
    both = fresh_database

    def ready(uow: UnitOfWork) -> None:
        register(uow, both.a)
        ask_ahead(uow)
        uow.session.execute(update(Member).values(is_bookable=Member.id == both.a.members[Role.MANAGER]))

    act_as(both.a.actor(), ready)
    connected_shop(both.a)
    yield both.a


def ahead() -> str:
    return (to_wall(wiring.now(), zone_of("Asia/Kolkata"))[0] + timedelta(days=5)).isoformat()


def waiting(shop: Shop, time: str, phone: str, order: str) -> BookingDone:
    from microcrm.operations.hold import ConfirmPublic
    from microcrm.operations.public_booking import Agreed, TakeTime, take_and_book

    command = TakeTime([(shop.service_id, None)], start_at(time, ahead()))
    typed = ConfirmPublic(**({"token": ""} | PERSON | {"phone": phone}))
    done: BookingDone = act_as(VISITOR, take_and_book, "shop-a", command, typed, Agreed())
    act_as(system(shop.business_id), order_for, done.token, order)
    return done


def let_run_out(shop: Shop, booking_id: int) -> None:
    past = wiring.now() - timedelta(minutes=1)

    def turn(uow: UnitOfWork) -> None:
        uow.session.execute(update(Booking).where(Booking.id == booking_id).values(expires_at=past))
        uow.session.execute(update(Occupancy).where(Occupancy.expires_at.is_not(None)).values(expires_at=past))

    act_as(system(shop.business_id), turn)


def hear(shop: Shop, number: str) -> None:
    event = webhook(
        "payment.captured", payment=payment("captured", DEPOSIT, id=f"pay_{number}", order_id=f"order_{number}")
    )
    act_as(system(shop.business_id), lambda uow: take_told(uow, read_told(event)))


def at_once(*acts: Callable[[], Any]) -> list[BaseException]:
    """All of them behind one barrier; what went wrong with them."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        act()

    with ThreadPoolExecutor(len(acts)) as pool:
        done = [pool.submit(run, act) for act in acts]
    return [error for one in done if (error := one.exception()) is not None]


def status_of(shop: Shop, booking_id: int) -> str:
    query = select(Booking.status).where(Booking.id == booking_id)
    return act_as(system(shop.business_id), lambda uow: uow.session.execute(query).scalar_one())


def taken(shop: Shop) -> int:
    query = select(func.count()).select_from(Occupancy).where(Occupancy.is_live, Occupancy.expires_at.is_(None))
    return act_as(system(shop.business_id), lambda uow: uow.session.execute(query).scalar_one())


def test_two_customers_pay_for_one_time_and_one_of_them_has_it(shop: Shop) -> None:
    """The first one's time has run out, the second one has it and lets it run out as well; then both pay at once."""
    for number in range(ROUNDS):
        before, time = taken(shop), f"{10 + number}:00"
        first = waiting(shop, time, "98450 77777", f"order_{number}A")
        let_run_out(shop, first.booking_id)
        second = waiting(shop, time, "98450 66666", f"order_{number}B")
        assert status_of(shop, first.booking_id) == "expired"
        if number % 2:
            let_run_out(shop, second.booking_id)
        sweep = lambda: act_as(system(shop.business_id), lapse)  # noqa: E731
        assert at_once(lambda n=number: hear(shop, f"{n}A"), lambda n=number: hear(shop, f"{n}B"), sweep) == []
        ends = {status_of(shop, one.booking_id): one for one in (first, second)}
        assert set(ends) == {"booked", "expired"}
        assert taken(shop) == before + 1
        system_of = system(shop.business_id)
        assert act_as(system_of, money_of, ends["booked"].booking_id) == (DEPOSIT, 0, 0)
        assert act_as(system_of, money_of, ends["expired"].booking_id) == (DEPOSIT, 0, DEPOSIT)
    ledger = act_as(system(shop.business_id), lambda uow: cash_of(uow, shop))
    assert ledger == {"razorpay": 2 * ROUNDS * DEPOSIT, "advances": -2 * ROUNDS * DEPOSIT}


def test_the_same_payment_heard_many_times_at_once_is_taken_once(shop: Shop) -> None:
    done = waiting(shop, "10:00", "98450 77777", "order_1")
    assert at_once(*[lambda: hear(shop, "1")] * 6) == []
    assert status_of(shop, done.booking_id) == "booked"
    assert act_as(system(shop.business_id), money_of, done.booking_id) == (DEPOSIT, 0, 0)


def test_money_that_comes_while_the_customer_cancels_comes_back(shop: Shop) -> None:
    """Whichever is first: nobody waits for ever, the time is free and all of it is on its way back."""
    for number in range(ROUNDS):
        done = waiting(shop, f"{10 + number}:00", "98450 77777", f"order_{number}")
        own = act_as(VISITOR, own_visit, done.token)

        def give_up(done: BookingDone = done, version: int = own.version) -> None:
            for tried in itertools.count():
                try:
                    act_as(VISITOR, customer_cancel, CustomerCancel(done.token, version + tried))
                except DomainError:  # it was booked meanwhile: as it stands now
                    assert tried < 5
                else:
                    return

        assert at_once(lambda n=number: hear(shop, str(n)), give_up) == []
        assert status_of(shop, done.booking_id) == "cancelled_by_customer"
        assert act_as(system(shop.business_id), money_of, done.booking_id) == (DEPOSIT, 0, DEPOSIT)

    def counted(uow: UnitOfWork) -> tuple[int, int]:
        payments = uow.session.scalar(select(func.count()).select_from(GatewayPayment))
        return payments or 0, uow.session.scalar(select(func.count()).select_from(GatewayRefund)) or 0

    assert act_as(system(shop.business_id), counted) == (ROUNDS, ROUNDS)
