"""The steps of a visit, calling it off, and what both do to the time it holds and to the customer's visits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.booking import LIVE, NEXT, OFF, BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingEvent
from microcrm.models.customers import Customer
from microcrm.operations.book import book
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_bookings_book import as_role
from tests.support.desk import MORNING, booking_of, held_by, wish
from tests.support.shops import Shop

_S = BookingStatus
STEPS = sorted(set(_S) - OFF)


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def customer_of(uow: UnitOfWork, shop: Shop) -> Customer:
    uow.session.expire_all()
    return uow.session.execute(select(Customer).where(Customer.id == shop.customer_id)).scalar_one()


def put(uow: UnitOfWork, done: BookingDone, status: BookingStatus) -> None:
    booking = uow.session.get(Booking, done.booking_id)
    assert booking
    booking.status = status
    uow.session.flush()


@pytest.mark.parametrize("new", STEPS)
@pytest.mark.parametrize("old", list(_S))
def test_every_step_follows_the_table(desk: UnitOfWork, shop: Shop, old: BookingStatus, new: BookingStatus) -> None:
    done = book(desk, wish(shop, "10:00"))
    put(desk, done, old)
    if new in NEXT[old]:
        after = step(desk, Step(done.booking_id, new.value, done.version))
        assert (after.status, after.version) == (new, 2)
        assert bool(held_by(desk.session, done.booking_id)) == (new in LIVE)
    else:
        with pytest.raises(Conflict):
            step(desk, Step(done.booking_id, new.value, done.version))
        assert booking_of(desk.session, done.booking_id).status == old


@pytest.mark.parametrize("status", ["", "gone", None, 3, "cancelled_by_customer", "expired", ["booked"]])
def test_words_that_are_no_step_are_refused(desk: UnitOfWork, shop: Shop, status: Any) -> None:
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(Invalid):
        step(desk, Step(done.booking_id, status))


def test_a_finished_visit_counts_and_stops_counting_when_taken_back(desk: UnitOfWork, shop: Shop) -> None:
    before = customer_of(desk, shop).visit_count
    done = book(desk, wish(shop, "10:00"))
    finished = step(desk, Step(done.booking_id, "finished", done.version))
    customer = customer_of(desk, shop)
    assert (customer.visit_count, customer.last_visit_at) == (1, booking_of(desk.session, done.booking_id).starts_at)
    take_back(desk, finished.undo)
    customer = customer_of(desk, shop)
    assert (customer.visit_count, customer.last_visit_at, before) == (0, None, 0)
    assert booking_of(desk.session, done.booking_id).status == "booked"


@pytest.mark.parametrize(
    ("who", "status"),
    [("customer", "cancelled_by_customer"), ("late", "late_cancelled"), ("business", "cancelled_by_business")],
)
def test_cancelling_frees_the_time_and_keeps_the_reason(desk: UnitOfWork, shop: Shop, who: str, status: str) -> None:
    done = book(desk, wish(shop, "10:00"))
    off = cancel(desk, Cancel(done.booking_id, done.version, who, "Has a fever"))
    booking = booking_of(desk.session, done.booking_id)
    assert (booking.status, booking.cancel_reason, off.version) == (status, "Has a fever", 2)
    events = desk.session.scalars(select(BookingEvent).where(BookingEvent.booking_id == done.booking_id)).all()
    assert [(event.kind, event.reason) for event in events] == [("booked", ""), ("cancelled", "Has a fever")]
    assert book(desk, wish(shop, "10:00")).number


def test_cancelling_asks_who(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(Invalid) as refusal:
        cancel(desk, Cancel(done.booking_id, done.version, "", "x" * 500))
    assert set(refusal.value.fields) == {"who", "reason"}


def test_a_cancelled_visit_comes_back_while_its_time_is_free(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    held = held_by(desk.session, done.booking_id)
    off = cancel(desk, Cancel(done.booking_id, done.version, "customer"))
    assert held_by(desk.session, done.booking_id) == []
    take_back(desk, off.undo)
    assert held_by(desk.session, done.booking_id) == held
    again = cancel(desk, Cancel(done.booking_id, None, "customer"))
    book(desk, wish(shop, "10:30"))
    with pytest.raises(SlotTaken, match="given to somebody else"):
        take_back(desk, again.undo)


def test_a_missed_visit_gives_its_time_back(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    missed = step(desk, Step(done.booking_id, "no_show", done.version))
    assert held_by(desk.session, done.booking_id) == []
    take_back(desk, missed.undo)
    assert len(held_by(desk.session, done.booking_id)) == 1


def test_stale_versions_and_other_shops_are_refused(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(Conflict):
        step(desk, Step(done.booking_id, "arrived", done.version + 1))
    with pytest.raises(NotFound):
        step(desk, Step(neighbour.booking_id, "arrived", 1))
    with pytest.raises(NotFound):
        cancel(desk, Cancel(neighbour.booking_id, 1, "customer"))
    assert step(desk, Step(done.booking_id, "arrived", done.version)).status == "arrived"


def test_who_may_step_and_cancel(desk: UnitOfWork, shop: Shop) -> None:
    mine = book(desk, wish(shop, "10:00", role=Role.STAFF))
    other = book(desk, wish(shop, "10:00"))
    staff = as_role(desk, shop, Role.STAFF)
    with pytest.raises(Forbidden):
        step(staff, Step(other.booking_id, "arrived"))
    with pytest.raises(Forbidden):
        cancel(staff, Cancel(other.booking_id, 1, "customer"))
    with pytest.raises(Forbidden):
        step(as_role(desk, shop, Role.ACCOUNTANT), Step(mine.booking_id, "arrived"))
    assert step(staff, Step(mine.booking_id, "arrived")).status == "arrived"
    assert cancel(as_role(desk, shop, Role.FRONT_DESK), Cancel(mine.booking_id, 2, "late")).status == "late_cancelled"
