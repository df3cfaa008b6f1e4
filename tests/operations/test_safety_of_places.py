"""Safety where a time is kept first: places in a class, and holds of the desk. The same question, the same way past it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm.domain.errors import NotSafe
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingEvent
from microcrm.models.catalogue import Service
from microcrm.models.classes import ClassSession
from microcrm.models.records import AuditEvent
from microcrm.models.vault import RecordOpening
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.classes import JoinClass, ScheduleClass, join, schedule
from microcrm.operations.hold import ConfirmHold, Hold, confirm_hold, hold
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, add_service
from tests.support.holds import to_hold
from tests.support.shops import Shop
from tests.support.vault import SEALER, note

REASON = "Her doctor did the test"


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    """Nothing stands in the customer's calendar, and what is done by hand needs a patch test."""
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        uow.session.execute(text("UPDATE bookings SET status = 'no_show'"))
        own = replace(uow, sealer=lambda: SEALER)
        own.session.get_one(Service, shop.service_id).patch_test_days = 700
        own.session.flush()
        yield own


@pytest.fixture
def facials(desk: UnitOfWork, shop: Shop) -> int:
    """A class of five that needs a patch test."""
    service = add_service(desk.session, shop, "Facial class", seats=5, patch_test_days=700)
    return schedule(desk, ScheduleClass(service, shop.members[Role.MANAGER], MONDAY, "11:00")).session_id


def stories(uow: UnitOfWork, booking_id: int) -> list[str]:
    rows = select(BookingEvent).where(BookingEvent.booking_id == booking_id).order_by(BookingEvent.id)
    return [one.reason for one in uow.session.scalars(rows)]


def went_past(uow: UnitOfWork) -> list[tuple[int | None, int | None]]:
    rows = select(AuditEvent).where(AuditEvent.action == "booking.unsafe").order_by(AuditEvent.id)
    return [(one.subject_id, one.member_id) for one in uow.session.scalars(rows)]


def test_a_place_in_a_class_asks_what_a_visit_asks(desk: UnitOfWork, shop: Shop, facials: int) -> None:
    for who in ({"customer_id": shop.customer_id}, {"who": "walk_in"}, {"who": "new", "name": "Ravi Rao"}):
        with pytest.raises(NotSafe) as caught, desk.session.begin_nested():
            join(desk, JoinClass(facials, **who))
        assert "none is recorded" in caught.value.fields["day"] and caught.value.may_override
    assert desk.session.get_one(ClassSession, facials).taken == 0
    note(desk, shop.customer_id, "patch_test", product="Mask", result="clear")
    join(desk, JoinClass(facials, customer_id=shop.customer_id))


def test_going_past_it_in_a_class_needs_role_and_reason_and_is_kept(desk: UnitOfWork, shop: Shop, facials: int) -> None:
    place = JoinClass(facials, customer_id=shop.customer_id, safety_reason=REASON)
    change_policy(desk, ChangePolicy(0, is_override_allowed=False))
    with pytest.raises(NotSafe) as caught, desk.session.begin_nested():
        join(desk, place)
    assert not caught.value.may_override
    change_policy(desk, ChangePolicy(1, is_override_allowed=True))
    with pytest.raises(NotSafe), desk.session.begin_nested():
        join(desk, replace(place, safety_reason="  "))
    done = join(desk, place)
    [story] = stories(desk, done.booking_id)
    assert story.startswith(f"{REASON} (") and "none is recorded" in story
    assert went_past(desk) == [(done.booking_id, shop.members[Role.OWNER])]
    log = desk.session.scalars(select(AuditEvent).where(AuditEvent.action == "booking.unsafe")).one()
    assert "doctor" not in str(log.facts)


def test_who_runs_only_their_own_calendar_goes_past_nothing_in_a_class(
    desk: UnitOfWork, shop: Shop, facials: int
) -> None:
    service = desk.session.get_one(ClassSession, facials).service_id
    own = schedule(desk, ScheduleClass(service, shop.members[Role.STAFF], MONDAY, "15:00")).session_id
    stylist = replace(desk, actor=shop.actor(Role.STAFF))
    with pytest.raises(NotSafe) as caught, desk.session.begin_nested():
        join(stylist, JoinClass(own, customer_id=shop.customer_id, safety_reason=REASON))
    assert not caught.value.may_override


def test_sessions_of_a_class_keep_their_days_apart(desk: UnitOfWork, shop: Shop) -> None:
    service = add_service(desk.session, shop, "Peel class", seats=5, rest_days=28)
    manager = shop.members[Role.MANAGER]
    first, second = (
        schedule(desk, ScheduleClass(service, manager, day, "11:00")).session_id for day in (MONDAY, "2026-12-07")
    )
    join(desk, JoinClass(first, customer_id=shop.customer_id))
    with pytest.raises(NotSafe, match="needs 28 days between sessions"), desk.session.begin_nested():
        join(desk, JoinClass(second, customer_id=shop.customer_id))


def test_an_allergy_stands_against_a_class_and_who_was_told_is_noted(
    desk: UnitOfWork, shop: Shop, facials: int
) -> None:
    service = desk.session.get_one(Service, desk.session.get_one(ClassSession, facials).service_id)
    service.patch_test_days, service.substances = None, "latex"
    note(desk, shop.customer_id, "allergy", substance="Latex gloves", severity="mild")
    with pytest.raises(NotSafe, match="speaks against Facial class"):
        join(desk, JoinClass(facials, customer_id=shop.customer_id))
    [line] = desk.session.scalars(select(RecordOpening))
    assert (line.purpose, line.member_id) == ("safety", shop.members[Role.OWNER])


def test_a_hold_for_somebody_asks_and_one_for_nobody_asks_when_it_is_known_who_comes(
    desk: UnitOfWork, shop: Shop
) -> None:
    with pytest.raises(NotSafe), desk.session.begin_nested():
        hold(desk, to_hold(shop, customer_id=shop.customer_id))
    held = hold(desk, to_hold(shop))
    for who in (
        {"customer_id": shop.customer_id},
        {"who": "walk_in"},
        {"who": "phone", "name": "A", "phone": "98860 44444"},
    ):
        with pytest.raises(NotSafe) as caught, desk.session.begin_nested():
            confirm_hold(desk, ConfirmHold(held.booking_id, **who))
        assert caught.value.may_override
    desk.session.expire_all()
    assert desk.session.get_one(Booking, held.booking_id).status == "hold"
    done = confirm_hold(desk, ConfirmHold(held.booking_id, customer_id=shop.customer_id, safety_reason=REASON))
    assert stories(desk, done.booking_id)[-1].startswith(f"{REASON} (")
    assert went_past(desk) == [(done.booking_id, shop.members[Role.OWNER])]


def test_a_hold_past_it_is_kept_too_and_its_confirmation_asks_again(desk: UnitOfWork, shop: Shop, facials: int) -> None:
    of_class = Hold(session_id=facials, customer_id=shop.customer_id, safety_reason=REASON)
    for wanted in (to_hold(shop, customer_id=shop.customer_id, safety_reason=REASON), of_class):
        held = hold(desk, wanted)
        assert stories(desk, held.booking_id)[0].startswith(f"{REASON} (")
        assert went_past(desk)[-1] == (held.booking_id, shop.members[Role.OWNER])
        with pytest.raises(NotSafe), desk.session.begin_nested():
            confirm_hold(desk, ConfirmHold(held.booking_id))
    with pytest.raises(NotSafe):
        hold(desk, replace(of_class, safety_reason=""))


def test_what_is_safe_is_held_and_confirmed_without_a_word(desk: UnitOfWork, shop: Shop) -> None:
    note(desk, shop.customer_id, "patch_test", product="Shade 6", result="clear")
    held = hold(desk, to_hold(shop, customer_id=shop.customer_id))
    done = confirm_hold(desk, ConfirmHold(held.booking_id))
    assert went_past(desk) == [] and stories(desk, done.booking_id) == [""]
