"""Reminders follow their visit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from microcrm.domain.messages import good_until
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.operations.book import book
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.class_moves import MoveClass, move_class
from microcrm.operations.classes import JoinClass, ScheduleClass, join, schedule
from microcrm.operations.messaging.steps import ChangePlan, ChangeStep, change_plan, change_step
from microcrm.operations.move import move
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, add_service, move_to, wish
from tests.support.notices import reminders as of
from tests.support.shops import Shop

DAY, SOON = "ask_to_confirm", "reminder"


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def planned(uow: UnitOfWork, booking_id: int) -> list[tuple[str, int]]:
    return [(name, version) for name, state, version in of(uow, booking_id) if state == "planned"]


def test_a_visit_is_remembered_whether_or_not_its_booking_was_told(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    assert planned(desk, done.booking_id) == [(DAY, 1), (SOON, 1)]
    rows = desk.session.scalars(select(Message).where(Message.booking_id == done.booking_id).order_by(Message.id)).all()
    start = MORNING.replace(day=30, hour=10, minute=0)
    assert [one.due_at for one in rows] == [start - timedelta(days=1), start - timedelta(hours=2)]
    assert {(one.expires_at, one.about_at, one.channel) for one in rows} == {(start, start, "whatsapp")}


def test_they_go_with_the_visit_and_come_back_with_it(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    moved = move(desk, move_to(done, "12:00"))
    assert planned(desk, done.booking_id) == [(DAY, 2), (SOON, 2)]
    take_back(desk, moved.undo)
    assert planned(desk, done.booking_id) == [(DAY, 3), (SOON, 3)]
    sure = step(desk, Step(done.booking_id, "confirmed"))
    assert planned(desk, done.booking_id) == [(DAY, 3), (SOON, 3)], "the same time"
    off = cancel(desk, Cancel(done.booking_id, sure.version, "customer"))
    assert planned(desk, done.booking_id) == []
    take_back(desk, off.undo)
    assert planned(desk, done.booking_id) == [(DAY, 5 + 1), (SOON, 5 + 1)]
    assert len(of(desk, done.booking_id)) == 8, "nothing is forgotten"


def test_one_that_has_left_is_not_planned_again_for_the_same_time(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    desk.session.execute(update(Message).where(Message.step == DAY).values(state="delivered"))
    off = cancel(desk, Cancel(done.booking_id, 1, "customer"))
    take_back(desk, off.undo)
    assert planned(desk, done.booking_id) == [(SOON, 3)]
    later = move(desk, replace(move_to(done, "12:00"), version=3))
    assert planned(desk, done.booking_id) == [(DAY, later.version), (SOON, later.version)], "another time, another word"


def test_nobody_is_reminded_of_what_is_near_or_cannot_be_reached(desk: UnitOfWork, shop: Shop) -> None:
    near = book(desk, wish(shop, "11:00", day="2026-11-24"))
    assert of(desk, near.booking_id) == []
    today = book(desk, wish(shop, "18:00", day="2026-11-24"))
    assert planned(desk, today.booking_id) == [(SOON, 1)]
    walk_in = book(desk, wish(shop, "12:00", who="walk_in"))
    assert of(desk, walk_in.booking_id) == []
    desk.session.execute(update(Customer).where(Customer.id == shop.customer_id).values(phone="", email=""))
    silent = book(desk, wish(shop, "14:00"))
    assert of(desk, silent.booking_id) == []


def test_who_misses_a_visit_is_not_reminded_of_it(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    late = replace(desk, now=MORNING.replace(day=30, hour=10, minute=30))
    desk.session.execute(update(Message).values(due_at=late.now))
    step(late, Step(done.booking_id, "no_show"))
    assert planned(desk, done.booking_id) == []


def test_everybody_of_a_class_is_reminded_of_its_new_time(desk: UnitOfWork, shop: Shop) -> None:
    yoga = add_service(desk.session, shop, "Yoga", seats=3, price_paise=20_000)
    made = schedule(desk, ScheduleClass(yoga, shop.members[Role.MANAGER], MONDAY, "10:00"))
    seat = join(desk, JoinClass(made.session_id, customer_id=shop.customer_id))
    assert planned(desk, seat.booking_id) == [(DAY, 2), (SOON, 2)]
    moved = move_class(desk, MoveClass(made.session_id, 1, MONDAY, "12:00"))
    assert planned(desk, seat.booking_id) == [(DAY, 3), (SOON, 3)]
    take_back(desk, moved.undo)
    assert planned(desk, seat.booking_id) == [(DAY, 4), (SOON, 4)]


@given(step=st.sampled_from(NoticeStep), minutes=st.integers(-10_000, 10_000))
def test_what_is_written_down_is_good_for_a_while(step: NoticeStep, minutes: int) -> None:
    assert good_until(step, MORNING + timedelta(minutes=minutes), MORNING) > MORNING


def test_the_shop_s_own_plan_counts(desk: UnitOfWork, shop: Shop) -> None:
    change_step(desk, ChangeStep("ask_to_confirm", 0, is_on=False, amount="1", unit="days"))
    own = {"is_on": True, "amount": "3", "unit": "hours", "service_id": shop.service_id}
    change_step(desk, ChangeStep("reminder", 0, **own))
    change_plan(desk, ChangePlan(0, ["whatsapp"], "https://g.page/r/lotus"))
    change_step(desk, ChangeStep("thanks", 0, is_on=True, amount="1", unit="hours"))
    done = book(desk, wish(shop, "16:00"))
    assert planned(desk, done.booking_id) == [(SOON, 1), ("thanks", 1)]
    soon = desk.session.scalars(select(Message).where(Message.step == SOON)).one()
    assert soon.about_at is not None and soon.about_at - soon.due_at == timedelta(hours=3)


@pytest.mark.parametrize(
    ("ways", "phone", "email", "channel"),
    [
        (["whatsapp", "sms", "email"], "+919845012345", "a@b.example", "whatsapp"),
        (["sms", "email"], "+919845012345", "a@b.example", "sms"),
        (["email", "sms"], "+919845012345", "a@b.example", "email"),
        (["email", "sms"], "+919845012345", "", "sms"),
        (["whatsapp", "email"], "", "a@b.example", "email"),
        (["email"], "+919845012345", "", None),
        (["sms"], "", "a@b.example", None),
    ],
)
def test_a_reminder_goes_the_first_way_for_which_there_is_an_address(
    desk: UnitOfWork, shop: Shop, ways: list[str], phone: str, email: str, channel: str | None
) -> None:
    change_plan(desk, ChangePlan(0, ways))
    desk.session.execute(update(Customer).where(Customer.id == shop.customer_id).values(phone=phone, email=email))
    done = book(desk, wish(shop, "10:00"))
    query = select(Message.channel).where(Message.booking_id == done.booking_id, Message.step == SOON)
    assert desk.session.scalars(query).first() == channel
