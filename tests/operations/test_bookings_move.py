"""Moving and stretching bookings, and taking steps back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import BookingItem
from microcrm.models.catalogue import Service
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.move import move
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_bookings_book import as_role, resources
from tests.support.desk import MORNING, Held, add_service, booking_of, held_by, move_to, wish
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def test_a_move_takes_the_new_time_and_frees_the_old(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    moved = move(desk, move_to(done, "14:00", member_id=shop.members[Role.OWNER]))
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.OWNER], "14:00", "14:45")]
    assert (moved.version, moved.label) == (2, "Plain Iyer moved to Mon 30 Nov, 2:00 pm with Plain owner")
    assert book(desk, wish(shop, "10:00")).number


@pytest.mark.parametrize("time", ["9:45", "10:15", "10:30"])
def test_a_move_may_lap_over_its_own_old_time(desk: UnitOfWork, shop: Shop, time: str) -> None:
    done = book(desk, wish(shop, "10:00"))
    move(desk, move_to(done, time))
    [held] = held_by(desk.session, done.booking_id)
    assert held.start == f"{int(time[:-3]):02d}{time[-3:]}"


def test_a_move_keeps_buffers_gap_price_and_length_as_booked(desk: UnitOfWork, shop: Shop) -> None:
    columns = {"duration_min": 90, "buffer_before_min": 5, "buffer_after_min": 10, "gap_after_min": 30, "gap_min": 30}
    colour = add_service(desk.session, shop, "Colour", **columns)
    done = book(desk, wish(shop, "10:00", services=(BookService(colour, shop.members[Role.MANAGER]),)))
    service = desk.session.get(Service, colour)
    assert service
    service.buffer_after_min, service.gap_min, service.gap_after_min, service.price_paise = 60, 0, 0, 1
    desk.session.flush()
    move(desk, move_to(done, "12:00"))
    manager = shop.members[Role.MANAGER]
    assert held_by(desk.session, done.booking_id) == [Held(manager, "11:55", "12:30"), Held(manager, "13:00", "13:40")]
    item = desk.session.get(BookingItem, done.item_ids[0])
    assert item and (item.price_paise, item.duration_min) == (100_000, 90)


def test_resizing_changes_the_length_only(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    longer = move(desk, move_to(done, "10:00", minutes=60))
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "10:00", "11:00")]
    assert longer.label == "Plain Iyer: now 1 h"
    shorter = move(desk, move_to(longer, "10:00", minutes=15))
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "10:00", "10:15")]
    with pytest.raises(Invalid):
        move(desk, move_to(shorter, "10:00", minutes=2))


def test_a_move_prefers_its_own_room_and_takes_another_when_that_is_taken(desk: UnitOfWork, shop: Shop) -> None:
    facial = add_service(desk.session, shop, "Facial")
    first, second = resources(desk, shop, facial, ("Room 1", "Room 2"))
    by = {role: (BookService(facial, shop.members[role]),) for role in Role}
    book(desk, wish(shop, "10:00", services=by[Role.OWNER]))
    other = book(desk, wish(shop, "10:00", services=by[Role.MANAGER]))
    later = move(desk, move_to(other, "12:00"))
    assert Held(-second, "12:00", "13:00") in held_by(desk.session, other.booking_id)
    book(desk, wish(shop, "14:00", services=by[Role.STAFF]))
    move(desk, move_to(later, "14:00"))
    assert Held(-second, "14:00", "15:00") in held_by(desk.session, other.booking_id)
    assert first != second


def test_a_refused_move_changes_nothing_and_offers_times(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "12:00"))
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(SlotTaken) as refusal:
        move(desk, move_to(done, "12:15"))
    assert len(refusal.value.nearest) == 3
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "10:00", "10:45")]
    assert booking_of(desk.session, done.booking_id).version == 1
    with pytest.raises(OutsideHours):
        move(desk, move_to(done, "19:30"))
    assert move(desk, move_to(done, "19:30", reason="She cannot come earlier")).version == 2


def test_only_whoever_does_the_service_can_take_it(desk: UnitOfWork, shop: Shop) -> None:
    facial = add_service(desk.session, shop, "Facial", roles=(Role.OWNER, Role.MANAGER))
    done = book(desk, wish(shop, "10:00", services=(BookService(facial, shop.members[Role.OWNER]),)))
    with pytest.raises(Invalid, match="another look") as refusal:
        move(desk, move_to(done, "10:00", member_id=shop.members[Role.STAFF]))
    assert "does not do Facial" in refusal.value.fields["member_id"]
    assert move(desk, move_to(done, "10:00", member_id=shop.members[Role.MANAGER])).version == 2


def test_a_stale_version_is_a_conflict(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    moved = move(desk, move_to(done, "11:00"))
    with pytest.raises(Conflict):
        move(desk, move_to(done, "12:00"))
    assert move(desk, move_to(moved, "12:00")).version == 3


def test_a_visit_that_has_begun_stays_where_it_is(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    begun = step(desk, Step(done.booking_id, "arrived", done.version))
    with pytest.raises(Conflict, match="Arrived"):
        move(desk, move_to(begun, "12:00"))


def test_bookings_and_items_of_others_are_not_found(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    for changes in (
        {"booking_id": neighbour.booking_id, "item_id": neighbour.booking_item_id},
        {"item_id": neighbour.booking_item_id},
        {"item_id": shop.booking_item_id},
        {"member_id": neighbour.members[Role.STAFF]},
        {"booking_id": "1; drop table"},
        {"booking_id": 10**30},
    ):
        with pytest.raises(NotFound):
            move(desk, move_to(done, "12:00", **changes))


def test_own_calendar_members_move_only_within_their_column(desk: UnitOfWork, shop: Shop) -> None:
    staff = as_role(desk, shop, Role.STAFF)
    mine = book(staff, wish(shop, "10:00", role=Role.STAFF, who="walk_in"))
    other = book(desk, wish(shop, "10:00"))
    with pytest.raises(Forbidden):
        move(staff, move_to(mine, "10:00", member_id=shop.members[Role.MANAGER]))
    with pytest.raises(Forbidden):
        move(staff, move_to(other, "12:00"))
    assert move(staff, move_to(mine, "12:00")).version == 2


def test_a_move_can_be_taken_back_once(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    moved = move(desk, move_to(done, "14:00", member_id=shop.members[Role.OWNER], minutes=60))
    assert take_back(desk, moved.undo) == "Undone: moving booking 2"
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "10:00", "10:45")]
    with pytest.raises(Conflict):
        take_back(desk, moved.undo)


def test_a_move_cannot_be_taken_back_when_the_old_time_is_gone(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    moved = move(desk, move_to(done, "14:00"))
    book(desk, wish(shop, "10:15"))
    with pytest.raises(SlotTaken):
        take_back(desk, moved.undo)
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "14:00", "14:45")]


def test_an_undo_after_another_change_or_too_late_is_a_conflict(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    moved = move(desk, move_to(done, "14:00"))
    again = move(desk, move_to(moved, "15:00"))
    with pytest.raises(Conflict):
        take_back(desk, moved.undo)
    late = replace(desk, now=desk.now + timedelta(minutes=16))
    with pytest.raises(Conflict, match="too long ago"):
        take_back(late, again.undo)
    assert take_back(replace(desk, now=desk.now + timedelta(minutes=14)), again.undo)


def test_taking_a_booking_back_calls_it_off(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(NotFound):
        take_back(replace(desk, actor=neighbour.actor()), done.undo)
    with pytest.raises(Forbidden):
        take_back(as_role(desk, shop, Role.STAFF), done.undo)
    take_back(desk, done.undo)
    booking = booking_of(desk.session, done.booking_id)
    assert (booking.status, booking.cancel_reason) == ("cancelled_by_business", "Booked by mistake")
    assert held_by(desk.session, done.booking_id) == []
    assert book(desk, wish(shop, "10:00")).number
