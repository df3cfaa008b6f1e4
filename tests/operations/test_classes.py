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
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.billing.drafts import bill_of_visit
from microcrm.operations.billing.reading import view_document
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_card import booking_card
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.class_cancels import CancelClass, cancel_class
from microcrm.operations.class_card import class_card
from microcrm.operations.class_moves import MoveClass, move_class
from microcrm.operations.class_series import ScheduleClasses, schedule_all
from microcrm.operations.classes import (
    ClassDone,
    JoinClass,
    ScheduleClass,
    join,
    schedule,
)
from microcrm.operations.hold import confirm_public, hold_public
from microcrm.operations.lapsing import lapse
from microcrm.operations.series import SeriesWish, preview
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, add_service, booking_of, wish
from tests.support.holds import chosen, filled_in, later, stranger
from tests.support.notices import waiting
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
    mine = select(BookingItem).where(BookingItem.session_id == yoga.session_id).order_by(BookingItem.id)
    items = desk.session.scalars(mine).all()
    assert [(item.seats, item.price_paise, item.duration_min) for item in items] == [(2, 40_000, 60), (1, 20_000, 60)]
    assert [(one.booking_id, one.customer, one.seats) for one in class_card(desk, yoga.session_id).attendees] == [
        (first.booking_id, "Walk-in", 2),
        (second.booking_id, "Plain Iyer", 1),
    ]


def test_two_seats_are_billed_as_two(desk: UnitOfWork, yoga: ClassDone) -> None:
    done = join(desk, walk_in(yoga, 2))
    [line] = view_document(desk, bill_of_visit(desk, done.booking_id)).lines
    assert (line.quantity, line.price) == (2_000, 20_000)  # Rs 200 each, as booked


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
    assert len(waiting(desk)) == 1
    with pytest.raises(Invalid, match="needs another look"):
        join(desk, walk_in(yoga))
    take_back(desk, off.undo)
    assert (session_of(desk, yoga.session_id).taken, session_of(desk, yoga.session_id).is_live) == (2, True)
    assert [booking_of(desk.session, one.booking_id).status for one in visits] == ["booked"] * 2
    assert held(desk, yoga.session_id) == [(shop.members[Role.MANAGER], True)]
    assert waiting(desk) == [], "nobody hears of a slip"


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
    with pytest.raises(NotFound):
        class_card(staff, yoga.session_id)
    assert class_card(staff, own.session_id).may_change
    with pytest.raises(Forbidden):
        cancel_class(staff, CancelClass(yoga.session_id, 1))
    theirs = replace(desk, actor=neighbour.actor())
    for refused in (
        lambda: class_card(theirs, yoga.session_id),
        lambda: move_class(theirs, MoveClass(yoga.session_id, 1, MONDAY, "12:00")),
        lambda: join(theirs, walk_in(yoga)),
    ):
        with pytest.raises(NotFound):
            refused()


def test_classes_come_again_all_or_none_and_are_taken_back_while_empty(
    desk: UnitOfWork, shop: Shop, yoga: ClassDone
) -> None:
    teacher = BookService(session_of(desk, yoga.session_id).service_id, shop.members[Role.MANAGER])
    wish_ = SeriesWish((teacher,), MONDAY, "11:00", count=4)
    book(desk, wish(shop, "11:30", day="2026-12-14"))
    assert [one.place for one in preview(desk, wish_).clashes] == [2]
    with pytest.raises(SlotTaken, match="1 of these times"):
        schedule_all(desk, ScheduleClasses(wish_, seats=5))
    done = schedule_all(desk, ScheduleClasses(replace(wish_, skip=(2,)), seats=5))
    made = [session_of(desk, one) for one in done.session_ids]
    assert [(one.series_place, one.seats, len(held(desk, one.id or 0))) for one in made] == [
        (0, 5, 1),
        (1, 5, 1),
        (3, 5, 1),
    ]
    guest = join(desk, JoinClass(done.session_ids[1], who="walk_in"))
    with pytest.raises(Conflict):
        take_back(desk, done.undo)
    assert session_of(desk, done.session_ids[0]).is_live
    cancel(desk, Cancel(guest.booking_id, guest.version, "customer"))
    take_back(desk, done.undo)
    assert not any(session_of(desk, one).is_live for one in done.session_ids)
    with pytest.raises(Invalid):
        schedule_all(desk, ScheduleClasses(replace(wish_, services=(BookService(shop.service_id, teacher.member_id),))))
    with pytest.raises(Forbidden):
        schedule_all(replace(desk, actor=shop.actor(Role.STAFF)), ScheduleClasses(wish_))


def test_the_card_names_who_comes_and_what_can_be_done_with_each(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    join(desk, walk_in(yoga, 2))
    known = join(desk, JoinClass(yoga.session_id, customer_id=shop.customer_id))
    step(desk, Step(known.booking_id, "no_show"))
    card = class_card(desk, yoga.session_id)
    assert (card.service, card.member, card.taken, card.seats, card.series.place) == ("Yoga", "Plain manager", 2, 3, 0)
    first, second = card.attendees
    assert (first.customer, first.seats, first.may_cancel, first.actions[0].value) == ("Walk-in", 2, True, "Confirm")
    assert (second.phone, second.status.value, second.may_cancel) == ("+91 98451 12345", "no_show", False)
    viewer = replace(desk, actor=shop.actor(Role.OWNER, is_viewing_as=True))
    looked_at = class_card(viewer, yoga.session_id)
    assert (looked_at.may_change, looked_at.attendees[0].actions) == (False, ())
    cancel_class(desk, CancelClass(yoga.session_id, 1, "Teacher is ill"))
    after = class_card(desk, yoga.session_id)
    assert (after.is_live, after.may_change, after.cancel_reason) == (False, False, "Teacher is ill")
    assert [one.booking_id for one in after.attendees] == [known.booking_id]  # who had not come; the others are told


def test_a_place_in_a_class_moves_with_its_class(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    done, single = join(desk, walk_in(yoga)), book(desk, wish(shop, "12:00"))
    assert not booking_card(desk, done.item_ids[0]).may_move
    assert booking_card(desk, single.item_ids[0]).may_move


def test_the_log_tells_a_class_in_one_line_each_time(desk: UnitOfWork, yoga: ClassDone) -> None:
    for _ in range(2):
        join(desk, walk_in(yoga))
    off = cancel_class(desk, CancelClass(yoga.session_id, 1))
    take_back(desk, off.undo)
    told = [row.what for row in list_activity(desk, ListActivity()).rows[:3]]
    assert told[:2] == ["took back a change of a class", "cancelled a class with 2 bookings"]
    assert told[2] == "booked a visit"
