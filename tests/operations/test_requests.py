"""Requests that wait for an answer: who sees them, in which order, and what is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Forbidden
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Answer, approve, decline
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.requests import count_requests, requests
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_bookings_book import as_role
from tests.support.desk import MORNING, wish
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def asked(
    uow: UnitOfWork, shop: Shop, time: str, hours: int, status: str = "pending_approval", **more: Any
) -> BookingDone:
    """A visit that is not agreed yet and lapses in so many hours."""
    done = book(uow, wish(shop, time, **more))
    until = uow.now + timedelta(hours=hours)
    uow.session.execute(update(Booking).where(Booking.id == done.booking_id).values(status=status, expires_at=until))
    uow.session.expire_all()
    return done


def test_the_first_to_lapse_comes_first_and_what_is_only_kept_apart(desk: UnitOfWork, shop: Shop) -> None:
    both = tuple(BookService(shop.service_id, shop.members[role]) for role in (Role.MANAGER, Role.STAFF))
    later = asked(desk, shop, "10:00", 20)
    sooner = asked(desk, shop, "12:00", 2, services=both, note="By the window, please")
    held = asked(desk, shop, "16:00", 1, "pending_payment")
    book(desk, wish(shop, "18:00"))
    found = requests(desk)
    assert [one.booking_id for one in found.asked] == [sooner.booking_id, later.booking_id]
    assert [one.booking_id for one in found.kept] == [held.booking_id] and count_requests(desk) == 2
    first = found.asked[0]
    assert (first.item_id, first.members) == (sooner.item_ids[0], ("Plain manager", "Plain staff"))
    assert first.services == ("Plain haircut", "Plain haircut") and first.note == "By the window, please"
    assert first.may_answer


def test_what_was_answered_or_has_lapsed_waits_no_more(desk: UnitOfWork, shop: Shop) -> None:
    yes, no = asked(desk, shop, "10:00", 5), asked(desk, shop, "12:00", 5)
    asked(desk, shop, "14:00", 1)
    approve(desk, Answer(yes.booking_id, yes.version))
    decline(desk, Answer(no.booking_id, no.version, "Nobody is here then"))
    assert count_requests(desk) == 1
    assert count_requests(replace(desk, now=desk.now + timedelta(hours=2))) == 0


def test_members_with_their_own_calendar_answer_what_is_all_theirs(desk: UnitOfWork, shop: Shop) -> None:
    mine = asked(desk, shop, "10:00", 5, services=(BookService(shop.service_id, shop.members[Role.STAFF]),))
    both = tuple(BookService(shop.service_id, shop.members[role]) for role in (Role.MANAGER, Role.STAFF))
    shared = asked(desk, shop, "12:00", 6, services=both)
    asked(desk, shop, "14:00", 7)
    staff = as_role(desk, shop, Role.STAFF)
    found = requests(staff).asked
    assert [(one.booking_id, one.may_answer) for one in found] == [(mine.booking_id, True), (shared.booking_id, False)]
    assert count_requests(staff) == 2
    with pytest.raises(Forbidden):
        approve(staff, Answer(shared.booking_id, shared.version))
    assert approve(staff, Answer(mine.booking_id, mine.version)).status == BookingStatus.BOOKED


def test_another_shop_s_requests_are_nobody_s_business(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, unit_of_work: Work
) -> None:
    asked(desk, shop, "10:00", 5)
    assert count_requests(desk) == 1
    with unit_of_work(neighbour.actor()) as theirs:
        assert count_requests(theirs) == 0 and requests(theirs).asked == ()
    with pytest.raises(Forbidden):
        requests(as_role(desk, shop, Role.ACCOUNTANT))
