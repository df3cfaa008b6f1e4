"""Visits that are paid ahead: a shop that asks for a deposit, and a customer who books there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from microcrm import wiring
from microcrm.domain.gateway import read_told
from microcrm.domain.permissions import Role
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import Booking
from microcrm.models.business import Member
from microcrm.models.gateway import PayRequest
from microcrm.operations.booking_policy import ChangePolicy, FeeRung, change_policy, policy_of
from microcrm.operations.hold import ConfirmPublic
from microcrm.operations.lapsing import lapse
from microcrm.operations.online.asking import Wanted, note_made
from microcrm.operations.online.deposits import ask_for_deposit, deposit_money
from microcrm.operations.online.told import take_told
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.public_booking import Agreed, TakeTime, take_and_book
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.support.desk import MONDAY, booking_of
from tests.support.holds import PERSON, later, start_at, stranger
from tests.support.online import connect, payment, webhook
from tests.support.shops import Shop
from tests.support.till import balances, register

DEPOSIT = 20_000


def ask_ahead(uow: UnitOfWork, kind: str = "fixed", **changes: Any) -> None:
    """The shop's rule from now on: Rs 200 of each visit, unless ``changes`` say otherwise."""
    values = {"deposit_kind": kind, "deposit_amount": "200", "deposit_percent": "30"} | changes
    change_policy(uow, ChangePolicy(policy_of(uow).version, **values))


def book_online(uow: UnitOfWork, shop: Shop, time: str = "10:00", day: str = MONDAY, **person: Any) -> BookingDone:
    """A haircut with anybody, without a hold in between. A stranger in a transaction of their own."""
    typed = ConfirmPublic(**({"token": "", **PERSON} | person))
    return take_and_book(uow, "shop-a", TakeTime([(shop.service_id, None)], start_at(time, day)), typed, Agreed())


def days_ahead() -> str:
    """By the true clock, so that cancelling is early."""
    return (to_wall(wiring.now(), zone_of("Asia/Kolkata"))[0] + timedelta(days=5)).isoformat()


def order_for(uow: UnitOfWork, token: str, remote_id: str = "order_A") -> Wanted:
    """The order of its deposit, made at Razorpay."""
    wanted = ask_for_deposit(uow, token)
    if not wanted.remote_id:
        note_made(uow, wanted.id, remote_id)
    return wanted


def requests_for(uow: UnitOfWork, booking_id: int) -> int:
    query = select(func.count()).where(PayRequest.business_id == uow.business_id, PayRequest.booking_id == booking_id)
    return uow.session.execute(query).scalar_one()


def money_of(uow: UnitOfWork, booking_id: int) -> tuple[int, int, int]:
    """Paid, went back, on its way back."""
    booking = uow.session.execute(
        select(Booking).where(Booking.id == booking_id).execution_options(populate_existing=True)
    ).scalar_one()
    money = deposit_money(uow, booking)
    return money.paid, money.back, money.going


def visitor(uow: UnitOfWork, shop: Shop) -> UnitOfWork:
    return replace(uow, actor=stranger(shop))


def worker(uow: UnitOfWork, shop: Shop) -> UnitOfWork:
    return replace(uow, actor=system(shop.business_id))


def hear(uow: UnitOfWork, *events: dict[str, Any]) -> None:
    for event in events:
        take_told(uow, read_told(event))


def paid(status: str = "captured", amount: int = DEPOSIT, **changes: Any) -> dict[str, Any]:
    return payment(status, amount, **changes)


def captured(**changes: Any) -> dict[str, Any]:
    return webhook("payment.captured", payment=paid(**changes))


def waiting(uow: UnitOfWork, shop: Shop, time: str = "10:00") -> BookingDone:
    """A visit that waits for its deposit, with an order at Razorpay."""
    done = book_online(visitor(uow, shop), shop, time)
    order_for(worker(uow, shop), done.token)
    return done


def booked(uow: UnitOfWork, shop: Shop, time: str = "10:00") -> BookingDone:
    done = waiting(uow, shop, time)
    hear(worker(uow, shop), captured())
    return done


def expire(uow: UnitOfWork, shop: Shop) -> None:
    lapse(worker(later(uow, 16), shop))


def status_of(uow: UnitOfWork, done: BookingDone) -> str:
    return booking_of(uow.session, done.booking_id).status


def open_till(uow: UnitOfWork, shop: Shop) -> None:
    """A shop with keys and a GSTIN that asks for deposits, whose ladder has two steps; the manager alone takes bookings."""
    register(uow, shop)
    connect(uow)
    ask_ahead(uow, fee_ladder=[FeeRung(1440, 25), FeeRung(240, 50)], no_show_percent="100")
    uow.session.execute(update(Member).values(is_bookable=Member.id == shop.members[Role.MANAGER]))


def cash_of(uow: UnitOfWork, shop: Shop) -> dict[str, int]:
    """The ledger without the tax on advances, which has its own tests."""
    return {
        account: paise
        for account, paise in balances(uow.session, shop.business_id).items()
        if account in ("razorpay", "advances", "disputed", "receivable", "sales")
    }
