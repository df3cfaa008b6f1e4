"""Classes called off by scope: everybody's visit with them, one message each, and all of it back with one press."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, Occupancy
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.class_cancels import CancelClass, cancel_class, preview_class_cancel
from microcrm.operations.class_moves import MoveClass, move_class
from microcrm.operations.class_series import ScheduleClasses, schedule_all
from microcrm.operations.classes import JoinClass, ScheduleClass, join, schedule
from microcrm.operations.series import SeriesWish
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_classes import session_of
from tests.support.desk import MONDAY, MORNING, add_service, wish
from tests.support.free_times import statements_of
from tests.support.holds import later
from tests.support.notices import all_left, waiting
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


@pytest.fixture
def weekly(desk: UnitOfWork, shop: Shop) -> tuple[int, ...]:
    """Four Mondays at eleven with the manager."""
    teacher = BookService(add_service(desk.session, shop, "Yoga", seats=5), shop.members[Role.MANAGER])
    return schedule_all(desk, ScheduleClasses(SeriesWish((teacher,), MONDAY, "11:00", count=4))).session_ids


def off(uow: UnitOfWork, ids: tuple[int, ...]) -> list[bool]:
    return [not session_of(uow, one).is_live for one in ids]


def held_live(uow: UnitOfWork, ids: tuple[int, ...]) -> int:
    rows = select(Occupancy.id).where(Occupancy.session_id.in_(ids), Occupancy.is_live)
    return len(uow.session.execute(rows).all())


def statuses(uow: UnitOfWork, ids: list[int]) -> list[str]:
    found = {one.id: one.status for one in uow.session.scalars(select(Booking).where(Booking.id.in_(ids)))}
    return [found[one] for one in ids]


@pytest.mark.parametrize(
    ("scope", "gone"),
    [("this", [0, 1, 0, 0]), ("following", [0, 1, 1, 1]), ("all", [1, 1, 1, 1])],
)
def test_classes_are_called_off_by_scope_and_all_come_back(
    desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...], scope: str, gone: list[int]
) -> None:
    visits = [join(desk, JoinClass(one, customer_id=shop.customer_id)).booking_id for one in weekly]
    command = CancelClass(weekly[1], 1, "The trainer is ill", scope=scope)
    seen = preview_class_cancel(desk, command)
    assert (seen.classes, seen.visits) == (sum(gone), sum(gone))
    assert off(desk, weekly) == [False] * 4, "a preview changes nothing"
    done = cancel_class(desk, command)
    assert (off(desk, weekly), done.visits) == ([bool(one) for one in gone], sum(gone))
    assert held_live(desk, weekly) == 4 - sum(gone)
    assert statuses(desk, visits) == ["cancelled_by_business" if one else "booked" for one in gone]
    [told] = waiting(desk)
    assert told.step == ("cancelled" if scope == "this" else "cancelled_all")
    assert told.details.get("booking_ids", [told.booking_id]) == [v for v, one in zip(visits, gone, strict=True) if one]
    take_back(desk, done.undo)
    assert (off(desk, weekly), held_live(desk, weekly)) == ([False] * 4, 4)
    assert [session_of(desk, one).taken for one in weekly] == [1] * 4
    assert statuses(desk, visits) == ["booked"] * 4
    assert waiting(desk) == [], "nobody hears of a slip"
    with pytest.raises(Conflict):
        take_back(desk, done.undo)


def test_also_one_that_was_moved_by_itself_is_called_off(desk: UnitOfWork, weekly: tuple[int, ...]) -> None:
    move_class(desk, MoveClass(weekly[2], 1, "2026-12-15", "09:00"))
    assert cancel_class(desk, CancelClass(weekly[0], 1, scope="all")).label == "4 classes cancelled"
    assert off(desk, weekly) == [True] * 4
    assert list_activity(desk, ListActivity()).rows[0].what == "cancelled 4 classes"


def test_who_has_been_told_hears_of_the_way_back_and_who_is_not_to_be_told_does_not(
    desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...]
) -> None:
    for one in weekly[:2]:
        join(desk, JoinClass(one, customer_id=shop.customer_id))
    quiet = cancel_class(desk, CancelClass(weekly[0], 1, scope="all", tell=""))
    assert waiting(desk) == []
    take_back(desk, quiet.undo)
    loud = cancel_class(desk, CancelClass(weekly[0], 3, scope="all"))
    all_left(desk)
    take_back(desk, loud.undo)
    assert [one.step for one in waiting(desk)] == ["cancelled_all", "booked_all"]


def test_what_is_off_already_or_over_is_left_alone(desk: UnitOfWork, weekly: tuple[int, ...]) -> None:
    cancel_class(desk, CancelClass(weekly[1], 1, "Holiday"))
    done = cancel_class(desk, CancelClass(weekly[0], 1, scope="all"))
    assert done.label == "3 classes cancelled"
    take_back(desk, done.undo)
    assert off(desk, weekly) == [False, True, False, False]
    with pytest.raises(Conflict, match="does not take place"):
        cancel_class(desk, CancelClass(weekly[1], 2, scope="all"))
    after = later(desk, 60 * 24 * 8)  # the first Monday is over
    cancel_class(after, CancelClass(weekly[3], 3, scope="all"))
    assert off(desk, weekly) == [False, True, True, True]


def test_a_class_that_has_begun_is_not_called_off(desk: UnitOfWork, weekly: tuple[int, ...]) -> None:
    guest = join(desk, JoinClass(weekly[1], who="walk_in"))
    step(desk, Step(guest.booking_id, "started"))
    for scope in ("following", "all"):
        with pytest.raises(Conflict, match="has begun"):
            cancel_class(desk, CancelClass(weekly[1], 1, scope=scope))
    assert off(desk, weekly) == [False] * 4


def test_one_whose_time_has_gone_keeps_all_of_them_off(desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...]) -> None:
    done = cancel_class(desk, CancelClass(weekly[0], 1, scope="all"))
    book(desk, wish(shop, "11:15", day="2026-12-14"))
    savepoint = desk.session.begin_nested()
    with pytest.raises(SlotTaken):
        take_back(desk, done.undo)
    savepoint.rollback()
    assert off(desk, weekly) == [True] * 4


def test_who_left_meanwhile_stays_away(desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...]) -> None:
    stays = join(desk, JoinClass(weekly[0], customer_id=shop.customer_id))
    leaves = join(desk, JoinClass(weekly[1], who="walk_in"))
    cancel(desk, Cancel(leaves.booking_id, leaves.version, "customer"))
    done = cancel_class(desk, CancelClass(weekly[0], 1, scope="all"))
    take_back(desk, done.undo)
    assert statuses(desk, [stays.booking_id, leaves.booking_id]) == [
        BookingStatus.BOOKED,
        BookingStatus.CANCELLED_BY_CUSTOMER,
    ]


def test_calling_off_is_for_those_whose_calendar_it_is(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, weekly: tuple[int, ...]
) -> None:
    command = CancelClass(weekly[0], 1, scope="all")
    for operation in (cancel_class, preview_class_cancel):
        with pytest.raises(Forbidden):
            operation(replace(desk, actor=shop.actor(Role.STAFF)), command)
        with pytest.raises(NotFound):
            operation(replace(desk, actor=neighbour.actor()), command)
        for wrong in ({"scope": "some"}, {"reason": "x" * 201}, {"tell": object()}):
            with pytest.raises(Invalid):
                operation(desk, replace(command, **wrong))
        with pytest.raises(Conflict):
            operation(desk, replace(command, version=9))
    done = cancel_class(desk, command)
    with pytest.raises(NotFound):
        take_back(replace(desk, actor=neighbour.actor()), done.undo)
    with pytest.raises(Conflict, match="too long ago"):
        take_back(later(desk, 16), done.undo)


def test_a_class_by_itself_is_all_of_its_series(desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...]) -> None:
    alone = ScheduleClass(session_of(desk, weekly[0]).service_id, shop.members[Role.OWNER], MONDAY, "10:00")
    done = cancel_class(desk, CancelClass(schedule(desk, alone).session_id, 1, scope="all"))
    assert (done.label, off(desk, weekly)) == ("Class cancelled: Mon 30 Nov, 10:00 am", [False] * 4)


def test_what_is_read_does_not_grow_with_the_series(desk: UnitOfWork, weekly: tuple[int, ...]) -> None:
    one = len(statements_of(desk, lambda: preview_class_cancel(desk, CancelClass(weekly[3], 1, scope="following"))))
    four = len(statements_of(desk, lambda: preview_class_cancel(desk, CancelClass(weekly[0], 1, scope="all"))))
    assert one == four
