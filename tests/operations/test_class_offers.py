"""Seats and time that a class gives back: who is asked, and who after them when they say no or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.errors import NotFound
from microcrm.domain.permissions import Role
from microcrm.models.classes import ClassSession
from microcrm.operations import waitlist_offers
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.class_cancels import CancelClass, cancel_class
from microcrm.operations.class_moves import MoveClass, move_class
from microcrm.operations.classes import ChangeClass, ClassDone, JoinClass, ScheduleClass, change_class, join, schedule
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.operations.waitlist import WishedTime
from microcrm.operations.waitlist_offers import AnswerOffer
from tests.conftest import Work
from tests.support.desk import MONDAY, add_service
from tests.support.notices import all_left
from tests.support.notices import waiting as waiting_for
from tests.support.shops import Shop
from tests.support.waiting import List


@pytest.fixture
def waiting(unit_of_work: Work, shop: Shop) -> List:
    return List(unit_of_work, shop)


@pytest.fixture
def yoga(waiting: List, shop: Shop) -> ClassDone:
    """Two seats at ten on Monday with the manager."""
    return timetable(waiting, shop)


def timetable(waiting: List, shop: Shop, time: str = "10:00", seats: int = 2) -> ClassDone:
    service = waiting.do(lambda uow: add_service(uow.session, shop, "Yoga", seats=seats))
    done: ClassDone = waiting.do(schedule, ScheduleClass(service, shop.members[Role.MANAGER], MONDAY, time))
    return done


def session(waiting: List, done: ClassDone) -> ClassSession:
    found: ClassSession = waiting.do(lambda uow: uow.session.get_one(ClassSession, done.session_id))
    return found


def guest(waiting: List, done: ClassDone, seats: int = 1) -> Any:
    return waiting.do(join, JoinClass(done.session_id, seats, customer_id=waiting.customer()))


def line(waiting: List, done: ClassDone, people: int = 3) -> list[int]:
    """They wait for that class."""
    return [waiting.join(service_id=session(waiting, done).service_id) for _ in range(people)]


def messages(waiting: List, step: str) -> list[dict[str, Any]]:
    def read(uow: UnitOfWork) -> list[dict[str, Any]]:
        return [dict(one.details) for one in waiting_for(uow) if one.step == step]

    found: list[dict[str, Any]] = waiting.do(read)
    return found


def test_a_seat_goes_from_one_to_the_next_until_nobody_is_left(waiting: List, yoga: ClassDone) -> None:
    leaves, _ = guest(waiting, yoga), guest(waiting, yoga)
    one, two, three = line(waiting, yoga)
    assert waiting.cancel(leaves) == 1 and waiting.asked() == [one]
    assert waiting.answer(one, "decline").state == "declined"
    assert waiting.asked() == [two], "after a no"
    waiting.wait(30)
    assert waiting.run_out() == 1 and waiting.asked() == [three], "after no answer"
    assert session(waiting, yoga).taken == 2, "kept meanwhile"
    assert waiting.answer(three, "decline").state == "declined"
    assert waiting.asked() == [] and session(waiting, yoga).taken == 1
    assert waiting.offers() == [(one, "declined"), (two, "expired"), (three, "declined")]


def test_more_seats_go_down_the_line_and_to_nobody_twice(waiting: List, yoga: ClassDone) -> None:
    guest(waiting, yoga, 2)
    one, two, three = line(waiting, yoga)
    waiting.do(change_class, ChangeClass(yoga.session_id, 1, "4"))
    assert waiting.carry_out() == 2 and waiting.asked() == [one, two]
    waiting.answer(one, "decline")
    assert waiting.asked() == [two, three]
    waiting.wait(30)
    assert waiting.run_out() == 2 and waiting.asked() == []
    assert session(waiting, yoga).taken == 2


def test_the_time_that_a_class_leaves_goes_down_the_line(waiting: List, yoga: ClassDone) -> None:
    one, two = (waiting.join((WishedTime(MONDAY, start="10 am", end="11 am"),)) for _ in range(2))
    waiting.do(move_class, MoveClass(yoga.session_id, 1, MONDAY, "15:00"))
    assert waiting.carry_out() == 1 and waiting.asked() == [one]
    waiting.answer(one, "decline")
    assert waiting.asked() == [two]
    waiting.wait(30)
    assert waiting.run_out() == 1 and waiting.asked() == []


def test_two_places_of_one_visit_are_two_seats(waiting: List, yoga: ClassDone) -> None:
    visit = guest(waiting, yoga, 2)
    entries = line(waiting, yoga)
    assert waiting.cancel(visit) == 2 and waiting.asked() == entries[:2]
    assert [waiting.answer(entry, "accept").state for entry in entries[:2]] == ["accepted"] * 2
    assert session(waiting, yoga).taken == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda waiting, yoga: waiting.do(cancel_class, CancelClass(yoga.session_id, 1)),
        lambda waiting, yoga: waiting.do(move_class, MoveClass(yoga.session_id, 1, MONDAY, "15:00")),
    ],
    ids=["off", "moved"],
)
def test_a_seat_is_not_offered_in_a_class_that_is_not_then(waiting: List, yoga: ClassDone, change: Any) -> None:
    """Between the cancellation and the task that asks."""
    leaves, _ = guest(waiting, yoga), guest(waiting, yoga)
    waiting.join((WishedTime(MONDAY, start="10 am", end="11 am"),), service_id=session(waiting, yoga).service_id)
    waiting.do(cancel, Cancel(leaves.booking_id, leaves.version, "customer"))
    change(waiting, yoga)
    assert waiting.carry_out() == 0 and waiting.asked() == []


def test_who_was_offered_a_seat_of_a_class_that_is_off_is_told_and_waits_on(waiting: List, yoga: ClassDone) -> None:
    leaves, _ = guest(waiting, yoga), guest(waiting, yoga)
    one, two = line(waiting, yoga, 2)
    waiting.cancel(leaves)
    read(waiting)
    waiting.do(cancel_class, CancelClass(yoga.session_id, 1))
    assert (waiting.asked(), waiting.entry(one).state) == ([], "waiting")
    [gone] = messages(waiting, "offer_gone")
    assert gone["offer_id"] == waiting.offer_of(one).id
    assert waiting.answer(one, "accept").state == "lost"
    waiting.wait(60)
    assert waiting.run_out() == 0 and session(waiting, yoga).taken == 0
    assert [waiting.entry(entry).state for entry in (one, two)] == ["waiting", "waiting"]


def test_when_the_class_takes_place_after_all_the_seat_is_offered_again(waiting: List, yoga: ClassDone) -> None:
    leaves, stays = guest(waiting, yoga), guest(waiting, yoga)
    one = line(waiting, yoga, 1)[0]
    waiting.cancel(leaves)
    off = waiting.do(cancel_class, CancelClass(yoga.session_id, 1))
    assert messages(waiting, "offer") == [] and messages(waiting, "offer_gone") == [], "nobody had read it yet"
    waiting.carry_out()
    waiting.do(take_back, off.undo)
    assert session(waiting, yoga).taken == 1
    assert waiting.carry_out() == 1 and waiting.asked() == [one]
    assert waiting.answer(one, "accept").state == "accepted"
    assert session(waiting, yoga).taken == 2 and stays.booking_id


def test_a_seat_on_offer_does_not_move_with_its_class_but_is_offered_anew(waiting: List, yoga: ClassDone) -> None:
    leaves, _ = guest(waiting, yoga), guest(waiting, yoga)
    service = session(waiting, yoga).service_id
    early = waiting.join((WishedTime(MONDAY, start="10 am", end="12 pm"),), service_id=service)
    late = waiting.join((WishedTime(MONDAY, start="2 pm", end="6 pm"),), service_id=service)
    waiting.cancel(leaves)
    assert waiting.asked() == [early]
    waiting.do(move_class, MoveClass(yoga.session_id, 1, MONDAY, "15:00"))
    assert waiting.asked() == [] and session(waiting, yoga).taken == 1
    waiting.carry_out()
    assert waiting.asked() == [late]
    assert len(messages(waiting, "moved")) == 1, "only the guest who stays"


def test_a_seat_is_asked_about_in_its_own_shop_only(
    waiting: List, unit_of_work: Work, shop: Shop, neighbour: Shop, yoga: ClassDone
) -> None:
    theirs = List(unit_of_work, neighbour, count=500)
    their_class = timetable(theirs, neighbour)
    stranger = line(theirs, their_class, 1)[0]
    leaves, _ = guest(waiting, yoga), guest(waiting, yoga)
    mine = line(waiting, yoga, 1)[0]
    waiting.cancel(leaves)
    assert (waiting.asked(), theirs.asked()) == ([mine], [])
    offer_id = waiting.offer_of(mine).id
    with pytest.raises(NotFound):
        theirs.do(waitlist_offers.answer_for, AnswerOffer(offer_id, "decline"))
    with pytest.raises(NotFound):
        theirs.do(cancel_class, CancelClass(yoga.session_id, 1))
    assert theirs.do(waitlist_offers.run_out, actor=system(neighbour.business_id)) == 0
    waiting.answer(mine, "decline")
    assert (waiting.asked(), theirs.asked(), theirs.entry(stranger).state) == ([], [], "waiting")


def read(waiting: List) -> None:
    """The messages have gone out."""

    waiting.do(all_left)
