"""Safety timers: the booking form says why a day is not safe, booking and moving refuse it, and who goes past says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm.domain.errors import Forbidden, Invalid, NotFound, NotSafe
from microcrm.domain.permissions import Role, permissions_of
from microcrm.models.bookings import BookingEvent
from microcrm.models.catalogue import Service
from microcrm.models.records import AuditEvent
from microcrm.models.vault import SealedRecord
from microcrm.operations import catalogue
from microcrm.operations.book import BookService, Rebook, book, rebook
from microcrm.operations.catalogue import SaveService
from microcrm.operations.move import MoveVisit, move_visit
from microcrm.operations.parts.series_plan import SeriesWish
from microcrm.operations.safety import SafetyAsked, VisitSafety, safety_of_visit, safety_words
from microcrm.operations.series import CreateSeries, create
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.reading import list_records
from microcrm.operations.vault.records import AddRecord, CorrectRecord, add_record, correct_record
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, wish
from tests.support.free_times import set_policy, statements_of
from tests.support.shops import Shop
from tests.support.vault import SEALER, form_of

FIRST = date.fromisoformat(MONDAY)
TUESDAY = FIRST + timedelta(days=1)


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def timers(desk: UnitOfWork, shop: Shop, **days: int) -> None:
    service = desk.session.get_one(Service, shop.service_id)
    for name, value in days.items():
        setattr(service, name, value)
    desk.session.flush()


def patch_test(desk: UnitOfWork, shop: Shop, days_ago: int, result: str = "clear") -> int:
    day = (MORNING.date() - timedelta(days=days_ago)).isoformat()
    typed = {"product": "Shade 6", "result": result}
    return add_record(desk, AddRecord(shop.customer_id, form_of(desk, "patch_test"), 1, day, typed), SEALER)


def said(desk: UnitOfWork, shop: Shop, day: Any = MONDAY, customer: Any = None) -> str:
    return safety_words(desk, SafetyAsked([shop.service_id], str(day), customer or shop.customer_id)).words


def test_without_a_timer_every_day_is_safe(desk: UnitOfWork, shop: Shop) -> None:
    assert said(desk, shop) == ""
    book(desk, wish(shop, "10:00"))


def test_a_service_that_needs_a_patch_test(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, patch_test_days=180)
    assert "none is recorded" in said(desk, shop)
    with pytest.raises(NotSafe) as caught:
        book(desk, wish(shop, "10:00"))
    assert "none is recorded" in caught.value.fields["day"] and caught.value.may_override
    record = patch_test(desk, shop, 5, "waiting")
    assert "no clear result" in said(desk, shop)
    with pytest.raises(NotSafe):
        book(desk, wish(shop, "10:00"))
    typed = {"product": "Shade 6", "result": "clear"}
    correct_record(desk, CorrectRecord(record, 1, (MORNING.date() - timedelta(days=5)).isoformat(), typed), SEALER)
    assert said(desk, shop) == ""
    book(desk, wish(shop, "10:00"))


@pytest.mark.parametrize("result", ["waiting", "slight", "reaction"])
def test_only_a_clear_result_counts_and_no_other_can_be_told_from_the_row(
    desk: UnitOfWork, shop: Shop, result: str
) -> None:
    timers(desk, shop, patch_test_days=180)
    patch_test(desk, shop, 5, result)
    row = desk.session.scalars(select(SealedRecord)).one()
    assert not row.is_clear
    assert "no clear result" in said(desk, shop)
    assert result not in said(desk, shop)
    assert list_records(desk, shop.customer_id).lines[0].label == "Patch test"


def test_nobody_in_particular_has_no_patch_test(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, patch_test_days=180)
    patch_test(desk, shop, 5)
    assert "none is recorded" in safety_words(desk, SafetyAsked([shop.service_id], str(MONDAY))).words
    with pytest.raises(NotSafe):
        book(desk, wish(shop, "10:00", who="walk_in", customer_id=None))
    with pytest.raises(NotSafe):
        book(desk, wish(shop, "10:00", who="new", customer_id=None, name="Ravi Rao", phone="98860 44444"))
    book(desk, wish(shop, "10:00"))


def test_days_between_sessions_look_back_and_ahead(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, rest_days=28)
    desk.session.execute(text("DELETE FROM occupancies"))
    desk.session.execute(text("UPDATE bookings SET status = 'no_show'"))
    assert said(desk, shop) == "", "who did not come had no session"
    first = book(desk, wish(shop, "10:00"))
    assert "needs 28 days between sessions" in said(desk, shop, TUESDAY)
    assert "the next one is on" in said(desk, shop, FIRST - timedelta(days=3))
    assert said(desk, shop, FIRST + timedelta(days=28)) == ""
    with pytest.raises(NotSafe):
        book(desk, wish(shop, "11:00"))
    with pytest.raises(NotSafe):
        rebook(desk, Rebook(first.booking_id, str(TUESDAY), "10:00"))
    rebook(desk, Rebook(first.booking_id, str(FIRST + timedelta(days=28)), "10:00"))


def test_going_past_a_timer_needs_a_reason_and_is_kept(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, patch_test_days=180)
    with pytest.raises(NotSafe):
        book(desk, wish(shop, "10:00", reason="That is about the hours"))
    done = book(desk, wish(shop, "10:00", safety_reason="Her doctor did the test"))
    [event] = desk.session.scalars(select(BookingEvent).where(BookingEvent.booking_id == done.booking_id))
    assert event.reason.startswith("Her doctor did the test (") and "none is recorded" in event.reason
    log = desk.session.scalars(select(AuditEvent).where(AuditEvent.action == "booking.unsafe")).one()
    assert (log.subject_id, log.member_id) == (done.booking_id, shop.members[Role.OWNER])
    assert "doctor" not in str(log.facts)


def test_who_runs_only_their_own_calendar_goes_past_no_timer(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, patch_test_days=180)
    stylist = replace(desk, actor=shop.actor(Role.STAFF))
    with pytest.raises(NotSafe) as caught:
        book(stylist, wish(shop, "10:00", role=Role.STAFF, safety_reason="It will be fine"))
    assert not caught.value.may_override
    set_policy(desk.session, shop, is_override_allowed=False)
    with pytest.raises(NotSafe):
        book(desk, wish(shop, "10:00", safety_reason="It will be fine"))


def test_a_visit_is_not_moved_to_a_day_that_is_not_safe(desk: UnitOfWork, shop: Shop) -> None:
    patch_test(desk, shop, 5)
    done = book(desk, wish(shop, "10:00"))
    timers(desk, shop, patch_test_days=15)
    far = FIRST + timedelta(days=14)
    with pytest.raises(NotSafe, match="older than 15 days"):
        move_visit(desk, MoveVisit(done.booking_id, 1, str(far), "10:00"))
    move_visit(desk, MoveVisit(done.booking_id, 1, str(MONDAY), "11:00"))
    desk.session.execute(text("UPDATE sealed_records SET is_clear = false"))
    move_visit(desk, MoveVisit(done.booking_id, 2, str(TUESDAY), "11:00"))


def test_a_series_keeps_to_the_timers_among_its_own_visits_too(desk: UnitOfWork, shop: Shop) -> None:
    def weekly(every: str) -> None:
        haircut = (BookService(shop.service_id, shop.members[Role.MANAGER]),)
        dates = SeriesWish(haircut, MONDAY, "10:00", interval=every, weekdays=(0,), count="2")
        create(desk, CreateSeries(dates, customer_id=shop.customer_id))

    timers(desk, shop, rest_days=10)
    desk.session.execute(text("UPDATE bookings SET status = 'no_show'"))
    with pytest.raises(NotSafe, match="needs 10 days between sessions"), desk.session.begin_nested():
        weekly("1")
    weekly("2")


@pytest.mark.parametrize(
    "asked", [SafetyAsked(None, None), SafetyAsked(["x"], "2026-12-01"), SafetyAsked([1], "soon"), SafetyAsked(5, 5)]
)
def test_half_a_question_is_refused(desk: UnitOfWork, asked: SafetyAsked) -> None:
    with pytest.raises(Invalid):
        safety_words(desk, asked)


def test_only_who_books_asks_and_only_about_own_customers(
    desk: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    timers(desk, shop, patch_test_days=180)
    with pytest.raises(NotFound):
        said(desk, shop, customer=neighbour.customer_id)
    accountant = replace(desk, actor=shop.actor(Role.ACCOUNTANT, permissions=permissions_of(Role.ACCOUNTANT)))
    with pytest.raises(Forbidden):
        said(accountant, shop)
    with unit_of_work(neighbour.actor()) as theirs:
        own = SafetyAsked([shop.service_id], str(MONDAY), neighbour.customer_id)
        assert safety_words(theirs, own).words == "", "the neighbour's service is not there"


def test_timers_are_typed_in_settings_and_make_online_bookings_wait(desk: UnitOfWork, shop: Shop) -> None:
    def save(**typed: Any) -> Any:
        card = catalogue.open_service(desk, shop.service_id)
        assert card.service is not None
        row = card.service
        catalogue.save_service(
            desk, SaveService(row.name, "45", "600", service_id=row.id, version=row.version, **typed)
        )
        return catalogue.open_service(desk, shop.service_id).service

    row = save(patch_test="180", rest="", approval="no")
    assert (row.patch_test_days, row.rest_days, row.needs_approval) == (180, None, True)
    row = save(patch_test="", rest="", approval="no")
    assert (row.patch_test_days, row.rest_days, row.needs_approval) == (None, None, False)
    for wrong in ({"patch_test": "2"}, {"patch_test": "731"}, {"rest": "0"}, {"rest": "x"}, {"rest": "366"}):
        with pytest.raises(Invalid) as caught:
            save(**wrong)
        assert set(caught.value.fields) == set(wrong)


def test_the_form_says_from_when_a_test_of_today_would_do(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, patch_test_days=180)
    assert "With one today it is safe from 26 Nov 2026 on." in said(desk, shop)


def test_of_the_days_ahead_those_that_a_timer_stands_against_are_named(desk: UnitOfWork, shop: Shop) -> None:
    def ahead(days: int = 14) -> dict[date, str]:
        asked = SafetyAsked([shop.service_id], MONDAY, shop.customer_id, days)
        return dict(safety_words(desk, asked).unsafe)

    assert ahead() == {}
    desk.session.execute(text("UPDATE bookings SET status = 'no_show'"))
    done = book(desk, wish(shop, "10:00"))
    timers(desk, shop, rest_days=5)
    assert set(ahead()) == {FIRST + timedelta(days=n) for n in range(5)}
    assert len(statements_of(desk, lambda: ahead(2))) == len(statements_of(desk, lambda: ahead(14)))
    again = safety_of_visit(desk, VisitSafety(done.booking_id, MONDAY, is_again=True, days=14))
    assert set(again.unsafe) == set(ahead()) and "5 days between" in again.words
    book(desk, wish(shop, "10:00", day=str(FIRST + timedelta(days=12))))
    moved = safety_of_visit(desk, VisitSafety(done.booking_id, MONDAY, done.item_ids[0], days=14))
    assert set(moved.unsafe) == {FIRST + timedelta(days=n) for n in range(8, 14)} and moved.words == ""


def test_safety_of_a_visit_is_told_for_own_visits_only(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    own_only = replace(desk, actor=shop.actor(Role.STAFF, is_own_calendar_only=True))
    for uow, booking in ((desk, neighbour.booking_id), (own_only, done.booking_id), (desk, 10**15)):
        with pytest.raises(NotFound):
            safety_of_visit(uow, VisitSafety(booking, MONDAY))
    for booking, day in (("x", MONDAY), (done.booking_id, "soon"), (None, None)):
        with pytest.raises(Invalid):
            safety_of_visit(desk, VisitSafety(booking, day))


def test_once_more_goes_past_a_timer_with_a_reason(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    timers(desk, shop, rest_days=5)
    again = Rebook(done.booking_id, str(TUESDAY), "10:00")
    with pytest.raises(NotSafe):
        rebook(desk, again)
    rebook(desk, replace(again, safety_reason="Half a session"))
