"""Classes moved, stretched and changed: alone or with their series, everybody goes with them, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import BookingItem
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.class_cancels import CancelClass, cancel_class
from microcrm.operations.class_card import class_card
from microcrm.operations.class_moves import MoveClass, move_class, preview_class_move
from microcrm.operations.class_series import ScheduleClasses, schedule_all
from microcrm.operations.classes import (
    ChangeClass,
    ClassDone,
    JoinClass,
    ScheduleClass,
    change_class,
    join,
    schedule,
)
from microcrm.operations.hold import hold_public
from microcrm.operations.series import SeriesWish
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist import WishedTime
from tests.conftest import Work
from tests.operations.test_classes import session_of, walk_in
from tests.support.desk import INDIA, MONDAY, MORNING, add_service, booking_of, wish
from tests.support.holds import chosen, later, stranger
from tests.support.notices import waiting
from tests.support.shops import Shop
from tests.support.waiting import List


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


@pytest.fixture
def yoga(desk: UnitOfWork, shop: Shop) -> ClassDone:
    """Three seats at ten on Monday with the manager."""
    service = add_service(desk.session, shop, "Yoga", seats=3, price_paise=20_000)
    return schedule(desk, ScheduleClass(service, shop.members[Role.MANAGER], MONDAY, "10:00"))


@pytest.fixture
def weekly(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> tuple[int, ...]:
    """Four Mondays at eleven with the manager."""
    teacher = BookService(session_of(desk, yoga.session_id).service_id, shop.members[Role.MANAGER])
    return schedule_all(desk, ScheduleClasses(SeriesWish((teacher,), MONDAY, "11:00", count=4), seats=5)).session_ids


def times_of(uow: UnitOfWork, ids: tuple[int, ...]) -> list[str]:
    """Day and time on the wall of India."""
    return [f"{session_of(uow, one).starts_at + timedelta(minutes=330):%d %H:%M}" for one in ids]


def notices(uow: UnitOfWork) -> list[dict[str, Any]]:
    return [{"step": one.step, **one.details} for one in waiting(uow)]


def test_a_class_is_stretched_with_everybody_and_back(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    done = join(desk, walk_in(yoga, 2))
    book(desk, wish(shop, "11:30"))
    with pytest.raises(SlotTaken):
        move_class(desk, MoveClass(yoga.session_id, 1, MONDAY, "10:00", minutes="120"))
    longer = move_class(desk, MoveClass(yoga.session_id, 1, MONDAY, "10:00", minutes="90"))
    assert longer.label == "Class takes 1 h 30 min now"
    session, booking = session_of(desk, yoga.session_id), booking_of(desk.session, done.booking_id)
    item = desk.session.scalars(select(BookingItem).where(BookingItem.booking_id == done.booking_id)).one()
    assert (session.ends_at - session.starts_at, item.duration_min) == (timedelta(minutes=90), 90)
    assert (booking.ends_at, item.ends_at) == (session.ends_at, session.ends_at)
    take_back(desk, longer.undo)
    session = session_of(desk, yoga.session_id)
    assert session.ends_at - session.starts_at == timedelta(minutes=60)
    assert booking_of(desk.session, done.booking_id).ends_at == session.ends_at
    short = BookService(shop.service_id, shop.members[Role.MANAGER], "30")
    assert book(desk, wish(shop, "11:00", services=(short,))).number


@pytest.mark.parametrize(
    ("scope", "after"),
    [
        ("this", ["30 11:00", "07 12:00", "14 11:00", "21 11:00"]),
        ("following", ["30 11:00", "07 12:00", "14 12:00", "21 12:00"]),
        ("all", ["30 12:00", "07 12:00", "14 12:00", "21 12:00"]),
    ],
)
def test_repeating_classes_move_by_scope_and_back(
    desk: UnitOfWork, weekly: tuple[int, ...], scope: str, after: list[str]
) -> None:
    done = move_class(desk, MoveClass(weekly[1], 1, "2026-12-07", "12:00", scope=scope))
    assert times_of(desk, weekly) == after
    take_back(desk, done.undo)
    assert times_of(desk, weekly) == ["30 11:00", "07 11:00", "14 11:00", "21 11:00"]
    with pytest.raises(Conflict):
        take_back(desk, done.undo)


def test_a_week_further_each_class_takes_the_place_of_the_next(desk: UnitOfWork, weekly: tuple[int, ...]) -> None:
    done = move_class(desk, MoveClass(weekly[0], 1, "2026-12-07", "11:15", scope="all"))
    assert times_of(desk, weekly) == ["07 11:15", "14 11:15", "21 11:15", "28 11:15"]
    take_back(desk, done.undo)
    assert times_of(desk, weekly) == ["30 11:00", "07 11:00", "14 11:00", "21 11:00"]


def test_what_clashes_is_named_first_and_stays(desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...]) -> None:
    book(desk, wish(shop, "16:15", day="2026-12-14"))
    command = MoveClass(weekly[0], 1, MONDAY, "16:00", scope="all")
    seen = preview_class_move(desk, command)
    assert (seen.label, [one.place for one in seen.clashes]) == ("4 classes to move", [weekly[2]])
    with pytest.raises(SlotTaken, match="1 of these times"):
        move_class(desk, command)
    move_class(desk, replace(command, skip=(weekly[2],)))
    assert times_of(desk, weekly) == ["30 16:00", "07 16:00", "14 11:00", "21 16:00"]


def test_one_that_was_moved_by_itself_stays_when_the_others_move(desk: UnitOfWork, weekly: tuple[int, ...]) -> None:
    move_class(desk, MoveClass(weekly[2], 1, "2026-12-15", "09:00"))
    card = class_card(desk, weekly[0])
    assert card.series == (1, 4, 3, 3, 4, 4)
    move_class(desk, MoveClass(weekly[0], 1, MONDAY, "12:00", scope="all"))
    assert times_of(desk, weekly) == ["30 12:00", "07 12:00", "15 09:00", "21 12:00"]


def test_each_guest_hears_once_of_all_their_dates(desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...]) -> None:
    visits = [join(desk, JoinClass(one, customer_id=shop.customer_id)) for one in weekly[:3]]
    done = move_class(desk, MoveClass(weekly[0], 1, MONDAY, "12:00", scope="all"))
    [told] = notices(desk)
    assert (told["step"], told["booking_ids"]) == ("moved_all", [one.booking_id for one in visits])
    take_back(desk, done.undo)
    assert notices(desk) == []
    move_class(desk, MoveClass(weekly[0], 3, MONDAY, "12:00", scope="all", tell=""))
    assert notices(desk) == []


def test_a_class_that_somebody_has_come_to_stays(desk: UnitOfWork, weekly: tuple[int, ...]) -> None:
    guest = join(desk, JoinClass(weekly[1], who="walk_in"))
    step(desk, Step(guest.booking_id, "arrived"))
    with pytest.raises(Conflict, match="Somebody has come"):
        move_class(desk, MoveClass(weekly[0], 1, MONDAY, "12:00", scope="all"))
    assert times_of(desk, weekly)[0] == "30 11:00"
    with pytest.raises(Conflict):
        move_class(desk, MoveClass(weekly[0], 9, MONDAY, "12:00"))


def test_moving_is_for_those_whose_calendar_it_is(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, weekly: tuple[int, ...]
) -> None:
    command = MoveClass(weekly[0], 1, MONDAY, "12:00", scope="all")
    with pytest.raises(Forbidden):
        move_class(replace(desk, actor=shop.actor(Role.STAFF)), command)
    with pytest.raises(NotFound):
        preview_class_move(replace(desk, actor=neighbour.actor()), command)
    for wrong in ({"day": "soon"}, {"scope": "some"}, {"minutes": "0"}, {"skip": ("x",)}):
        with pytest.raises(Invalid):
            move_class(desk, replace(command, **wrong))


def test_seats_and_note_change_but_never_below_what_is_taken(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    join(desk, walk_in(yoga, 2))
    done = change_class(desk, ChangeClass(yoga.session_id, 1, "2", "Bring a mat"))
    card = class_card(desk, yoga.session_id)
    assert (card.seats, card.note, done.label) == (2, "Bring a mat", "Class changed: 2 seats")
    with pytest.raises(SlotTaken):
        join(desk, walk_in(yoga))
    with pytest.raises(Invalid) as refused:
        change_class(desk, ChangeClass(yoga.session_id, 2, "1", ""))
    assert refused.value.fields["seats"].startswith("2 seats are taken already")
    with pytest.raises(Conflict):
        change_class(desk, ChangeClass(yoga.session_id, 1, "5", ""))
    take_back(desk, done.undo)
    assert (session_of(desk, yoga.session_id).seats, session_of(desk, yoga.session_id).note) == (3, "")
    more = change_class(desk, ChangeClass(yoga.session_id, 3, "4", ""))
    join(desk, walk_in(yoga, 2))
    with pytest.raises(Conflict, match="More seats are taken"):
        take_back(desk, more.undo)
    assert list_activity(desk, ListActivity()).rows[1].what == "changed the seats or the note of a class"


def test_seats_that_only_a_lapsed_hold_keeps_can_be_given_up(desk: UnitOfWork, shop: Shop, yoga: ClassDone) -> None:
    page = replace(desk, actor=stranger(shop))
    hold_public(page, chosen(shop, session_id=yoga.session_id, seats=3, services=(), start=None))
    with pytest.raises(Invalid):
        change_class(desk, ChangeClass(yoga.session_id, 1, "1"))
    change_class(later(desk, 30), ChangeClass(yoga.session_id, 1, "1"))
    assert (session_of(desk, yoga.session_id).seats, session_of(desk, yoga.session_id).taken) == (1, 0)


def test_the_time_that_a_class_leaves_and_the_seats_it_gets_are_offered(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    waiting = List(unit_of_work, shop)
    service = waiting.do(lambda uow: add_service(uow.session, shop, "Yoga", seats=2))
    manager = shop.members[Role.MANAGER]
    one = waiting.do(schedule, ScheduleClass(service, manager, MONDAY, "10:00"))
    haircut = waiting.join((WishedTime(MONDAY, start="10 am", end="11 am", member_id=manager),))
    waiting.do(move_class, MoveClass(one.session_id, 1, MONDAY, "15:00"))
    assert waiting.carry_out() == 1 and waiting.asked() == [haircut]
    waiting.do(join, walk_in(one, 2))
    seat = waiting.join(service_id=service)
    waiting.do(change_class, ChangeClass(one.session_id, 2, "3"))
    assert waiting.carry_out() == 1 and seat in waiting.asked()
    other = waiting.do(schedule, ScheduleClass(service, shop.members[Role.OWNER], MONDAY, "12:00"))
    later_one = waiting.join((WishedTime(MONDAY, start="12 pm", end="1 pm", member_id=shop.members[Role.OWNER]),))
    waiting.do(cancel_class, CancelClass(other.session_id, 1))
    assert waiting.carry_out() == 1 and later_one in waiting.asked()


@pytest.mark.parametrize("scope", ["this", "all"])
def test_the_free_times_of_a_refusal_count_its_own_time_as_free(
    desk: UnitOfWork, shop: Shop, weekly: tuple[int, ...], scope: str
) -> None:
    """The manager gives another class before it and is busy after it until six."""
    manager = shop.members[Role.MANAGER]
    book(desk, wish(shop, "12:00", services=(BookService(shop.service_id, manager, "360"),)))
    command = MoveClass(weekly[0], 1, MONDAY, "12:15", scope=scope)
    with pytest.raises(SlotTaken) as refused:
        move_class(desk, command)
    assert sorted(f"{one.astimezone(INDIA):%H:%M}" for one in refused.value.nearest) == ["09:00", "11:00", "18:00"]
    [clash] = preview_class_move(desk, command).clashes
    assert sorted(clash.nearest) == sorted(refused.value.nearest)
