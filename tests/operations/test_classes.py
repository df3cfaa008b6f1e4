"""Group classes: seats are sold once, the class holds its time once, and everybody goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, HoldLapsed, Invalid, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import BookingItem, Occupancy
from microcrm.models.classes import ClassSession
from microcrm.models.records import OutboxMessage
from microcrm.operations.book import book
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.classes import (
    CancelClass,
    ClassDone,
    JoinClass,
    MoveClass,
    ScheduleClass,
    attendees,
    cancel_class,
    join,
    move_class,
    schedule,
)
from microcrm.operations.hold import confirm_public, hold_public
from microcrm.operations.lapsing import lapse
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, add_service, booking_of, wish
from tests.support.holds import chosen, filled_in, later, stranger
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


@pytest.fixture
def yoga(desk: UnitOfWork, shop: Shop) -> ClassDone:
    """Three seats at ten on Monday with the manager, Rs 200 each."""
    service = add_service(desk.session, shop, "Yoga", seats=3, price_paise=20_000)
    return schedule(desk, ScheduleClass(service, shop.members[Role.MANAGER], MONDAY, "10:00"))


def session_of(uow: UnitOfWork, session_id: int) -> ClassSession:
    return uow.session.get_one(ClassSession, session_id, populate_existing=True)


def held(uow: UnitOfWork, session_id: int) -> list[tuple[int | None, bool]]:
    rows = select(Occupancy.member_id, Occupancy.is_live).where(Occupancy.session_id == session_id)
    return [tuple(row) for row in uow.session.execute(rows)]


def walk_in(done: ClassDone, seats: int = 1) -> JoinClass:
    return JoinClass(done.session_id, seats, who="walk_in")


def test_a_class_holds_its_time_once_however_many_join(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    with pytest.raises(SlotTaken):
        book(desk, wish(shop, "10:15"))
    first, second = join(desk, walk_in(yoga, 2)), join(desk, JoinClass(yoga.session_id, customer_id=shop.customer_id))
    assert session_of(desk, yoga.session_id).taken == 3
    assert held(desk, yoga.session_id) == [(shop.members[Role.MANAGER], True)]
    items = desk.session.scalars(select(BookingItem).where(BookingItem.session_id == yoga.session_id)).all()
    assert [(item.seats, item.price_paise, item.duration_min) for item in items] == [(2, 40_000, 60), (1, 20_000, 60)]
    assert [(one.booking_id, one.customer, one.seats) for one in attendees(desk, yoga.session_id)] == [
        (first.booking_id, "Walk-in", 2),
        (second.booking_id, "Plain Iyer", 1),
    ]


def test_a_full_class_takes_nobody_until_somebody_leaves(desk: UnitOfWork, yoga: ClassDone) -> None:
    done = join(desk, walk_in(yoga, 2))
    with pytest.raises(SlotTaken, match="Only 1 seat left"):
        join(desk, walk_in(yoga, 2))
    with pytest.raises(Invalid):
        join(desk, walk_in(yoga, 4))
    left = cancel(desk, Cancel(done.booking_id, done.version, "customer"))
    assert session_of(desk, yoga.session_id).taken == 0
    full = join(desk, walk_in(yoga, 3))
    with pytest.raises(SlotTaken, match="given to somebody else"):
        take_back(desk, left.undo)
    cancel(desk, Cancel(full.booking_id, full.version, "customer"))
    assert session_of(desk, yoga.session_id).taken == 0


def test_leaving_can_be_taken_back_while_there_is_a_seat(desk: UnitOfWork, yoga: ClassDone) -> None:
    done = join(desk, walk_in(yoga, 2))
    take_back(desk, cancel(desk, Cancel(done.booking_id, done.version, "customer")).undo)
    assert (session_of(desk, yoga.session_id).taken, booking_of(desk.session, done.booking_id).status) == (2, "booked")


def test_strangers_hold_seats_and_lapsed_ones_go_to_whoever_asks(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    page = replace(desk, actor=stranger(shop))
    seats = chosen(shop, session_id=yoga.session_id, seats=2, services=(), start=None)
    kept, lost = hold_public(page, replace(seats, seats=1)), hold_public(page, seats)
    with pytest.raises(SlotTaken):
        hold_public(page, seats)
    assert confirm_public(page, filled_in(kept)).status == "booked"
    assert session_of(desk, yoga.session_id).taken == 3
    again = hold_public(later(page, 11), seats)
    assert (again.booking_id != lost.booking_id, session_of(desk, yoga.session_id).taken) == (True, 3)
    assert lapse(later(desk, 30)) == 1
    assert session_of(desk, yoga.session_id).taken == 1


def test_a_class_that_is_off_frees_everything_and_comes_back_with_everybody(
    desk: UnitOfWork, shop: Shop, yoga: ClassDone
) -> None:
    visits = [join(desk, walk_in(yoga)), join(desk, JoinClass(yoga.session_id, customer_id=shop.customer_id))]
    off = cancel_class(desk, CancelClass(yoga.session_id, 1, "The trainer is ill"))
    assert (off.visits, session_of(desk, yoga.session_id).taken) == (2, 0)
    assert [booking_of(desk.session, one.booking_id).status for one in visits] == ["cancelled_by_business"] * 2
    assert held(desk, yoga.session_id) == [(shop.members[Role.MANAGER], False)]
    assert len(desk.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "booking_notice")).all()) == 1
    with pytest.raises(Invalid, match="needs another look"):
        join(desk, walk_in(yoga))
    take_back(desk, off.undo)
    assert (session_of(desk, yoga.session_id).taken, session_of(desk, yoga.session_id).is_live) == (2, True)
    assert [booking_of(desk.session, one.booking_id).status for one in visits] == ["booked"] * 2
    assert held(desk, yoga.session_id) == [(shop.members[Role.MANAGER], True)]
    notices = desk.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "booking_notice")).all()
    assert notices == [], "nobody hears of a slip"


def test_seats_that_are_only_held_go_with_the_class(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    page = replace(desk, actor=stranger(shop))
    held = hold_public(page, chosen(shop, session_id=yoga.session_id, services=(), start=None))
    off = cancel_class(desk, CancelClass(yoga.session_id, 1))
    with pytest.raises(HoldLapsed):
        confirm_public(page, filled_in(held))
    take_back(desk, off.undo)
    assert session_of(desk, yoga.session_id).taken == 0


def test_a_class_whose_time_has_gone_stays_off(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    off = cancel_class(desk, CancelClass(yoga.session_id, 1))
    book(desk, wish(shop, "10:15"))
    with pytest.raises(SlotTaken):
        take_back(desk, off.undo)


def test_everybody_moves_with_the_class_and_back(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    done = join(desk, walk_in(yoga, 2))
    book(desk, wish(shop, "16:00"))
    with pytest.raises(SlotTaken):
        move_class(desk, MoveClass(yoga.session_id, 1, MONDAY, "15:30"))
    moved = move_class(desk, MoveClass(yoga.session_id, 1, MONDAY, "10:30", shop.members[Role.OWNER]))
    booking = booking_of(desk.session, done.booking_id)
    assert booking.starts_at == session_of(desk, yoga.session_id).starts_at
    assert (booking.starts_at.minute, held(desk, yoga.session_id)) == (0, [(shop.members[Role.OWNER], True)])
    take_back(desk, moved.undo)
    booking = booking_of(desk.session, done.booking_id)
    assert (booking.starts_at.minute, held(desk, yoga.session_id)) == (30, [(shop.members[Role.MANAGER], True)])
    with pytest.raises(Conflict):
        move_class(desk, MoveClass(yoga.session_id, 1, MONDAY, "12:00"))


def test_scheduling_by_mistake_is_taken_back_while_nobody_has_joined(
    desk: UnitOfWork, shop: Shop, yoga: ClassDone
) -> None:
    done = join(desk, walk_in(yoga))
    with pytest.raises(Conflict, match="has joined"):
        take_back(desk, yoga.undo)
    cancel(desk, Cancel(done.booking_id, done.version, "customer"))
    take_back(desk, yoga.undo)
    assert book(desk, wish(shop, "10:00")).number


def test_who_may_schedule_what(desk: UnitOfWork, shop: Shop, neighbour: Shop, yoga: ClassDone) -> None:
    manager, service = shop.members[Role.MANAGER], session_of(desk, yoga.session_id).service_id
    for command, error in (
        (ScheduleClass(shop.service_id, manager, MONDAY, "12:00"), Invalid),
        (ScheduleClass(service, manager, MONDAY, "22:00"), OutsideHours),
        (ScheduleClass(service, manager, MONDAY, "10:30"), SlotTaken),
        (ScheduleClass(neighbour.service_id, manager, MONDAY, "12:00"), NotFound),
        (ScheduleClass(service, manager, "", "soon", seats=0), Invalid),
    ):
        with pytest.raises(error):
            schedule(desk, command)
    staff = replace(desk, actor=shop.actor(Role.STAFF))
    with pytest.raises(Forbidden):
        schedule(staff, ScheduleClass(service, manager, MONDAY, "12:00"))
    own = schedule(staff, ScheduleClass(service, shop.members[Role.STAFF], MONDAY, "12:00"))
    assert session_of(desk, own.session_id).seats == 3
    for refused in (
        lambda: attendees(staff, yoga.session_id),
        lambda: cancel_class(staff, CancelClass(yoga.session_id, 1)),
    ):
        with pytest.raises(Forbidden):
            refused()
    theirs = replace(desk, actor=neighbour.actor())
    for refused in (
        lambda: attendees(theirs, yoga.session_id),
        lambda: move_class(theirs, MoveClass(yoga.session_id, 1, MONDAY, "12:00")),
        lambda: join(theirs, walk_in(yoga)),
    ):
        with pytest.raises(NotFound):
            refused()
