"""Approving a request asks what booking asks: safety timers, and allergies against what the service uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Invalid, NotFound, NotSafe
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingEvent
from microcrm.models.catalogue import Service
from microcrm.operations import catalogue
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.booking_status import Answer, Step, approve, decline, step
from microcrm.operations.catalogue import SaveService
from microcrm.operations.hold import confirm_public, hold_public
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_requests import asked
from tests.operations.test_safety_everywhere import clear_test, timers, unsafe_log
from tests.support.desk import MONDAY, MORNING, wish
from tests.support.free_times import statements_of
from tests.support.holds import chosen, filled_in, stranger
from tests.support.shops import Shop
from tests.support.vault import SEALER, note


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        uow.session.execute(text("UPDATE bookings SET status = 'no_show'"))
        yield replace(uow, sealer=lambda: SEALER)


def status_of(uow: UnitOfWork, booking_id: int) -> str:
    return uow.session.scalars(select(Booking.status).where(Booking.id == booking_id)).one()


def reasons_of(uow: UnitOfWork, booking_id: int) -> list[str]:
    query = select(BookingEvent.reason).where(BookingEvent.booking_id == booking_id).order_by(BookingEvent.id)
    return list(uow.session.scalars(query))


def test_without_a_patch_test_it_is_refused_and_says_why(desk: UnitOfWork, shop: Shop) -> None:
    one = asked(desk, shop, "10:00", 5)
    timers(desk, shop, patch_test_days=180)
    with pytest.raises(NotSafe, match="none is recorded") as caught:
        approve(desk, Answer(one.booking_id, one.version))
    assert caught.value.may_override and status_of(desk, one.booking_id) == "pending_approval"
    clear_test(desk, shop, shop.customer_id)
    assert approve(desk, Answer(one.booking_id, one.version)).status == BookingStatus.BOOKED
    assert unsafe_log(desk) == []


def test_a_session_too_soon_is_refused_and_the_request_itself_is_none(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, rest_days=7)
    alone = asked(desk, shop, "10:00", 5)
    approve(desk, Answer(alone.booking_id, alone.version))
    near = asked(desk, shop, "10:00", 5, day=str(date.fromisoformat(MONDAY) + timedelta(days=3)), safety_reason="Typed")
    with pytest.raises(NotSafe, match="between sessions"):
        approve(desk, Answer(near.booking_id, near.version))
    assert decline(desk, Answer(near.booking_id, near.version)).status == BookingStatus.CANCELLED_BY_BUSINESS


def test_who_may_goes_past_with_a_reason_that_stays_with_the_visit_and_in_the_log(desk: UnitOfWork, shop: Shop) -> None:
    one = asked(desk, shop, "10:00", 5)
    note(desk, shop.customer_id, "allergy", substance="PPD", severity="severe")
    timers(desk, shop, patch_test_days=180)
    service = desk.session.get_one(Service, shop.service_id)
    service.substances = "ammonia, PPD"
    desk.session.flush()
    for empty in ("", "  "):
        with pytest.raises(NotSafe, match="speaks against") as caught:
            approve(desk, Answer(one.booking_id, one.version, safety_reason=empty))
    assert "none is recorded" in caught.value.message and "PPD" not in caught.value.message
    with pytest.raises(Invalid) as long:
        approve(desk, Answer(one.booking_id, one.version, safety_reason="x" * 121))
    assert set(long.value.fields) == {"safety_reason"}
    with pytest.raises(NotSafe):
        approve(desk, Answer(one.booking_id, one.version, reason="What the customer would read"))
    done = approve(desk, Answer(one.booking_id, one.version, safety_reason="Tested at her doctor’s"))
    last = reasons_of(desk, one.booking_id)[-1]
    assert done.status == BookingStatus.BOOKED and last.startswith("Tested at her doctor’s (") and "PPD" not in last
    assert unsafe_log(desk) == [one.booking_id]


def test_whose_reason_counts_for_nothing_is_refused_all_the_same(desk: UnitOfWork, shop: Shop) -> None:
    one = asked(desk, shop, "10:00", 5, services=(BookService(shop.service_id, shop.members[Role.STAFF]),))
    timers(desk, shop, patch_test_days=180)
    stylist = replace(desk, actor=shop.actor(Role.STAFF))
    with pytest.raises(NotSafe) as caught:
        approve(stylist, Answer(one.booking_id, one.version, safety_reason="It will be fine"))
    assert not caught.value.may_override and status_of(desk, one.booking_id) == "pending_approval"
    change_policy(desk, ChangePolicy(0, is_override_allowed=False))
    with pytest.raises(NotSafe) as forbidden:
        approve(desk, Answer(one.booking_id, one.version, safety_reason="The owner says so"))
    assert not forbidden.value.may_override and unsafe_log(desk) == []


def test_the_visit_s_own_button_on_today_is_the_same_answer(desk: UnitOfWork, shop: Shop) -> None:
    one = asked(desk, shop, "10:00", 5)
    timers(desk, shop, patch_test_days=180)
    with pytest.raises(NotSafe):
        step(desk, Step(one.booking_id, "booked"))
    step(desk, Step(one.booking_id, "booked", reason="Tested at her doctor’s"))
    kinds = desk.session.scalars(select(BookingEvent.kind).where(BookingEvent.booking_id == one.booking_id)).all()
    assert kinds[-1] == "approved" and unsafe_log(desk) == [one.booking_id]


def test_the_neighbour_s_timers_and_requests_are_nothing_here(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, unit_of_work: Work, at: Callable[..., Any]
) -> None:
    one = asked(desk, shop, "10:00", 5)
    with unit_of_work(neighbour.actor()) as theirs:
        timers(theirs, neighbour, patch_test_days=180)
        with pytest.raises(NotFound):
            approve(theirs, Answer(one.booking_id, one.version, safety_reason="Ours"))
    with unit_of_work(shop.actor(), clock=at(MORNING)) as ours:
        approve(ours, Answer(one.booking_id, one.version))
        assert unsafe_log(ours) == []


def test_it_asks_the_same_number_of_questions_however_much_there_is(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, rest_days=1)

    def cost(time: str, days: int) -> int:
        one = asked(desk, shop, time, 5, day=str(date.fromisoformat(MONDAY) + timedelta(days=days)))
        return statements_of(desk, lambda: approve(desk, Answer(one.booking_id, one.version)))

    cost("10:00", 0)
    few = cost("10:00", 2)
    for days in (4, 6, 8, 10):
        book(desk, wish(shop, "10:00", day=str(date.fromisoformat(MONDAY) + timedelta(days=days))))
    assert cost("10:00", 12) == few


@pytest.mark.parametrize("rule", [{"patch_test": "180"}, {"rest": "7"}, {"substances": "PPD"}])
def test_nothing_with_a_rule_is_booked_online_without_somebody_s_answer(
    desk: UnitOfWork, shop: Shop, rule: dict[str, str]
) -> None:
    """Also where the time was taken before the rule was made, and the owner typed that it is booked at once."""
    page = replace(desk, actor=stranger(shop))
    held = hold_public(page, chosen(shop))
    row = catalogue.open_service(desk, shop.service_id).service
    assert row is not None
    typed = SaveService(row.name, "45", "600", service_id=row.id, version=row.version, approval="no", **rule)
    catalogue.save_service(desk, typed)
    assert confirm_public(page, filled_in(held)).status == BookingStatus.PENDING_APPROVAL
