"""Places in a class that are paid ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.classes import ClassSession
from microcrm.operations.class_cancels import CancelClass, cancel_class
from microcrm.operations.classes import ScheduleClass, schedule
from microcrm.operations.hold import ConfirmPublic
from microcrm.operations.public_booking import Agreed, TakeTime, take_and_book, take_time
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.deposits import (
    DEPOSIT,
    captured,
    expire,
    hear,
    money_of,
    open_till,
    order_for,
    status_of,
    visitor,
    worker,
)
from tests.support.desk import MONDAY, MORNING, add_service, booking_of
from tests.support.holds import PERSON, later, start_at
from tests.support.shops import Shop

S = BookingStatus


def seats_taken(uow: UnitOfWork, session_id: int) -> int:
    return uow.session.get_one(ClassSession, session_id, populate_existing=True).taken


def test_seats_are_free_again_taken_again_and_given_back_with_the_class(
    unit_of_work: Work, shop: Shop, at: Callable[..., Any]
) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as till:
        open_till(till, shop)
        yoga = add_service(till.session, shop, "Yoga", (Role.MANAGER,), seats=2, price_paise=30_000)
        one = schedule(till, ScheduleClass(yoga, shop.members[Role.MANAGER], MONDAY, "17:00"))
        command = TakeTime([(yoga, None)], start_at("17:00"), one.session_id, 2)
        typed = ConfirmPublic(**({"token": ""} | PERSON))
        done = take_and_book(visitor(till, shop), "shop-a", command, typed, Agreed())
        assert booking_of(till.session, done.booking_id).deposit_paise == DEPOSIT
        order_for(worker(till, shop), done.token)
        expire(till, shop)
        assert (status_of(till, done), seats_taken(till, one.session_id)) == (S.EXPIRED, 0)
        hear(worker(till, shop), captured())
        assert (status_of(till, done), seats_taken(till, one.session_id)) == (S.BOOKED, 2)
        called_off = cancel_class(till, CancelClass(one.session_id, one.version, "Ill"))
        assert (status_of(till, done), money_of(till, done.booking_id)) == (
            S.CANCELLED_BY_BUSINESS, (DEPOSIT, 0, DEPOSIT),
        )  # fmt: skip
        take_back(later(till, 5), called_off.undo)
        assert (status_of(till, done), money_of(till, done.booking_id)) == (S.BOOKED, (DEPOSIT, 0, 0))


def test_money_that_comes_when_the_class_is_full_goes_back(
    unit_of_work: Work, shop: Shop, at: Callable[..., Any]
) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as till:
        open_till(till, shop)
        yoga = add_service(till.session, shop, "Yoga", (Role.MANAGER,), seats=2, price_paise=30_000)
        one = schedule(till, ScheduleClass(yoga, shop.members[Role.MANAGER], MONDAY, "17:00"))
        command = TakeTime([(yoga, None)], start_at("17:00"), one.session_id, 2)
        first = take_and_book(
            visitor(till, shop), "shop-a", command, ConfirmPublic(**({"token": ""} | PERSON)), Agreed()
        )
        order_for(worker(till, shop), first.token)
        expire(till, shop)
        other = PERSON | {"phone": "98450 66666"}
        take_and_book(visitor(till, shop), "shop-a", command, ConfirmPublic(**({"token": ""} | other)), Agreed())
        hear(worker(till, shop), captured())
        assert (status_of(till, first), money_of(till, first.booking_id)) == (S.EXPIRED, (DEPOSIT, 0, DEPOSIT))
        assert seats_taken(till, one.session_id) == 2


def test_the_nearest_class_of_a_refusal_is_taken_by_its_start_alone(
    unit_of_work: Work, shop: Shop, at: Callable[..., Any]
) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as till:
        yoga = add_service(till.session, shop, "Yoga", (Role.MANAGER,), seats=2, price_paise=30_000)
        full, free = (
            schedule(till, ScheduleClass(yoga, shop.members[Role.MANAGER], MONDAY, time)) for time in ("16:00", "17:30")
        )
        wanted, page = TakeTime([(yoga, None)], start_at("16:00"), full.session_id, 2), visitor(till, shop)
        take_and_book(page, "shop-a", wanted, ConfirmPublic(**({"token": ""} | PERSON)), Agreed())
        other = ConfirmPublic(**({"token": ""} | PERSON | {"phone": "98450 66666"}))
        with pytest.raises(SlotTaken) as lost:
            take_and_book(page, "shop-a", wanted, other, Agreed())
        again = replace(wanted, start=lost.value.nearest[0], session_id=None)
        take_and_book(page, "shop-a", again, other, Agreed())
        assert (seats_taken(till, full.session_id), seats_taken(till, free.session_id)) == (2, 2)
        with pytest.raises(SlotTaken):
            take_time(page, "shop-a", again)
