"""Safety timers where visits are made and moved without the booking form: series, queue, waiting list, the customer's own link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm.domain.errors import Conflict, NotSafe, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import BookingEvent
from microcrm.models.catalogue import Service
from microcrm.models.records import AuditEvent
from microcrm.operations import queue, waitlist_offers
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.links import make_link
from microcrm.operations.manage import CustomerMove, customer_move
from microcrm.operations.move import MoveVisit, move, move_visit
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.parts.series_plan import SeriesWish
from microcrm.operations.public_visit import times_to_move
from microcrm.operations.queue import DrawTicket, StartTicket
from microcrm.operations.series import CreateSeries, EditSeries, create, edit, preview_edit
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from microcrm.operations.vault.records import AddRecord, add_record
from microcrm.operations.waitlist_offers import AnswerOffer, OfferByHand
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, move_to, wish
from tests.support.free_times import statements_of
from tests.support.shops import Shop
from tests.support.vault import SEALER, form_of
from tests.support.waiting import List

FIRST = date.fromisoformat(MONDAY)
AT_TEN = f"{MONDAY}T10:00+05:30"


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    """Nothing stands in the customer's calendar."""
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        uow.session.execute(text("UPDATE bookings SET status = 'no_show'"))
        yield uow


@pytest.fixture
def waiting(unit_of_work: Work, shop: Shop) -> List:
    line = List(unit_of_work, shop)
    line.do(change_policy, ChangePolicy(0, is_waitlist_on=True, offer_min=60))
    return line


def timers(uow: UnitOfWork, shop: Shop, **days: int | None) -> None:
    service = uow.session.get_one(Service, shop.service_id)
    for name, value in days.items():
        setattr(service, name, value)
    uow.session.flush()


def clear_test(uow: UnitOfWork, shop: Shop, customer_id: int, days_ago: int = 5) -> None:
    day = (MORNING.date() - timedelta(days=days_ago)).isoformat()
    typed = {"product": "Shade 6", "result": "clear"}
    add_record(uow, AddRecord(customer_id, form_of(uow, "patch_test"), 1, day, typed), SEALER)


def weekly(shop: Shop, **changes: Any) -> SeriesWish:
    haircut = BookService(shop.service_id, shop.members[Role.MANAGER])
    return SeriesWish(**({"services": (haircut,), "day": MONDAY, "time": "10:00", "count": 4} | changes))


def test_a_drag_to_a_day_that_is_not_safe_is_refused_and_a_stretch_is_not(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    book(desk, wish(shop, "10:00", day=str(FIRST + timedelta(days=20))))
    timers(desk, shop, rest_days=7)
    with pytest.raises(NotSafe, match="the next one is on"):
        move(desk, move_to(done, "10:00", str(FIRST + timedelta(days=15))))
    longer = move(desk, move_to(done, "10:00", minutes="90"))
    move(desk, replace(move_to(done, "10:00", str(FIRST + timedelta(days=2))), version=longer.version))


def test_a_service_without_rules_costs_no_statement(desk: UnitOfWork, shop: Shop) -> None:
    """And one with rules the same number for a visit as for a series of forty."""

    def asked(ask: Callable[[], Any]) -> int:
        return len([one for one in statements_of(desk, ask) if "sealed_records" in one or "unnest(CAST" in one])

    done = book(desk, wish(shop, "10:00"))
    assert asked(lambda: book(desk, wish(shop, "12:00", role=Role.OWNER))) == 0
    assert asked(lambda: move_visit(desk, MoveVisit(done.booking_id, 1, MONDAY, "11:00"))) == 0
    timers(desk, shop, rest_days=1)
    far = str(FIRST + timedelta(days=9))
    assert asked(lambda: book(desk, wish(shop, "15:00", day=far))) == 2
    for count, start in ((3, 30), (40, 90)):
        day = str(FIRST + timedelta(days=start))
        dates = weekly(shop, day=day, count=str(count))
        assert asked(lambda dates=dates: create(desk, CreateSeries(dates, customer_id=shop.customer_id))) == 2


def test_an_edit_of_a_series_names_the_days_that_are_not_safe(desk: UnitOfWork, shop: Shop) -> None:
    four = create(desk, CreateSeries(weekly(shop), customer_id=shop.customer_id))
    book(desk, wish(shop, "15:00", day=str(FIRST + timedelta(days=33))))
    timers(desk, shop, rest_days=5)
    later = EditSeries(four.booking_ids[0], 1, "all", str(FIRST + timedelta(days=8)), "10:00")
    shown = preview_edit(desk, later)
    assert [bool(one.why) for one in shown.dates] == [False, False, False, True]
    assert "needs 5 days between sessions" in shown.clashes[0].why
    with pytest.raises(SlotTaken):
        edit(desk, later)
    with pytest.raises(SlotTaken):
        edit(desk, replace(later, skip=[four.booking_ids[3]]))  # the one that stays is too near to the one before it
    edit(desk, replace(later, day=str(FIRST + timedelta(days=1))))


def test_the_visits_of_a_series_rest_among_each_other_when_all_move(desk: UnitOfWork, shop: Shop) -> None:
    four = create(desk, CreateSeries(weekly(shop), customer_id=shop.customer_id))
    timers(desk, shop, rest_days=7)
    edit(desk, EditSeries(four.booking_ids[0], 1, "all", str(FIRST + timedelta(days=1)), "10:00"))
    with pytest.raises(SlotTaken):
        edit(desk, EditSeries(four.booking_ids[1], 2, "this", str(FIRST + timedelta(days=6)), "10:00"))


def unsafe_log(uow: UnitOfWork) -> list[int | None]:
    query = select(AuditEvent.subject_id).where(AuditEvent.action == "booking.unsafe").order_by(AuditEvent.id)
    return list(uow.session.scalars(query))


def test_a_move_goes_past_a_timer_with_a_reason_of_its_own_and_is_kept(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    book(desk, wish(shop, "10:00", day=str(FIRST + timedelta(days=20))))
    own = book(desk, wish(shop, "13:00", role=Role.STAFF, day=str(FIRST + timedelta(days=40))))
    timers(desk, shop, rest_days=7)
    near = str(FIRST + timedelta(days=15))
    with pytest.raises(NotSafe) as caught:
        move(desk, replace(move_to(done, "10:00", near), reason="That is about the hours"))
    assert caught.value.may_override
    stylist = replace(desk, actor=shop.actor(Role.STAFF, is_own_calendar_only=True))
    with pytest.raises(NotSafe) as narrower:
        move(stylist, replace(move_to(own, "10:00", near), safety_reason="It will be fine"))
    assert not narrower.value.may_override
    moved = move(desk, replace(move_to(done, "10:00", near), safety_reason="Her doctor agrees"))
    assert unsafe_log(desk) == [done.booking_id]
    again = str(FIRST + timedelta(days=1))
    back = move_visit(desk, MoveVisit(done.booking_id, moved.version, again, "10:00"))
    move_visit(desk, MoveVisit(done.booking_id, back.version, near, "11:00", safety_reason="Once more"))
    reasons = desk.session.scalars(
        select(BookingEvent.reason).where(BookingEvent.booking_id == done.booking_id, BookingEvent.kind == "moved")
    ).all()
    assert [one.partition(" (")[0] for one in reasons] == ["Her doctor agrees", "", "Once more"]
    assert "the next one is on" in reasons[0]


def test_a_series_goes_past_timers_with_a_reason(desk: UnitOfWork, shop: Shop) -> None:
    timers(desk, shop, rest_days=10)
    dates = CreateSeries(weekly(shop), customer_id=shop.customer_id)
    with pytest.raises(NotSafe) as caught, desk.session.begin_nested():
        create(desk, dates)
    assert caught.value.may_override
    four = create(desk, replace(dates, safety_reason="Short sessions"))
    assert unsafe_log(desk) == list(four.booking_ids)
    story = select(BookingEvent.reason).where(BookingEvent.booking_id == four.booking_ids[1])
    assert desk.session.scalars(story).one().startswith("Short sessions (")


def test_an_edit_of_a_series_goes_past_timers_with_a_reason(desk: UnitOfWork, shop: Shop) -> None:
    four = create(desk, CreateSeries(weekly(shop), customer_id=shop.customer_id))
    book(desk, wish(shop, "15:00", day=str(FIRST + timedelta(days=33))))
    timers(desk, shop, rest_days=5)
    later = EditSeries(four.booking_ids[0], 1, "all", str(FIRST + timedelta(days=8)), "10:00")
    assert [one.is_unsafe for one in preview_edit(desk, later).dates] == [False, False, False, True]
    with_reason = replace(later, safety_reason="One short session")
    assert not preview_edit(desk, with_reason).clashes
    edit(desk, with_reason)
    assert unsafe_log(desk) == [four.booking_ids[3]]


def own_visit(uow: UnitOfWork, shop: Shop, day: str = MONDAY) -> tuple[BookingDone, str]:
    done = book(uow, wish(shop, "10:00", day=day))
    return done, make_link(uow, booking_id=done.booking_id, expires_at=uow.now + timedelta(days=60))


def test_a_customer_cannot_move_to_a_day_that_is_not_safe_and_is_not_told_why(desk: UnitOfWork, shop: Shop) -> None:
    done, link = own_visit(desk, shop)
    book(desk, wish(shop, "10:00", day=str(FIRST + timedelta(days=10))))
    timers(desk, shop, rest_days=7)
    stranger = replace(desk, actor=VISITOR)
    unsafe = str(FIRST + timedelta(days=5))
    with pytest.raises(Conflict, match="can’t be chosen here") as caught:
        customer_move(stranger, CustomerMove(link, done.version, f"{unsafe}T10:00+05:30"))
    assert "session" not in str(caught.value) and "patch" not in str(caught.value)
    days = times_to_move(stranger, link, FIRST, FIRST + timedelta(days=12)).days
    free = {day.day for day in days if day.starts}
    assert FIRST + timedelta(days=2) in free and not free & {FIRST + timedelta(days=n) for n in range(4, 13)}
    customer_move(stranger, CustomerMove(link, done.version, f"{FIRST + timedelta(days=2)}T10:00+05:30"))


def test_what_was_booked_past_a_timer_is_still_the_customer_s_to_move(desk: UnitOfWork, shop: Shop) -> None:
    done, link = own_visit(desk, shop)
    timers(desk, shop, patch_test_days=180)
    stranger = replace(desk, actor=VISITOR)
    day = FIRST + timedelta(days=2)
    assert any(one.starts for one in times_to_move(stranger, link, day, day).days)
    customer_move(stranger, CustomerMove(link, done.version, f"{day}T10:00+05:30"))


def test_a_walk_in_who_is_not_safe_is_started_with_a_reason_only(desk: UnitOfWork, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(0, is_queue_on=True, is_override_allowed=True))
    timers(desk, shop, patch_test_days=180)
    ticket = queue.draw(desk, DrawTicket(shop.service_id, customer_id=shop.customer_id))
    start = StartTicket(ticket.ticket_id, member_id=shop.members[Role.MANAGER])
    with pytest.raises(NotSafe, match="none is recorded") as caught:
        queue.start(desk, start)
    assert caught.value.may_override
    stylist = replace(desk, actor=shop.actor(Role.STAFF))
    own = replace(start, member_id=shop.members[Role.STAFF], safety_reason="It will be fine")
    with pytest.raises(NotSafe) as narrower:
        queue.start(stylist, own)
    assert not narrower.value.may_override
    queue.start(desk, replace(start, safety_reason="Tested at her doctor’s"))
    events = desk.session.scalars(select(BookingEvent.reason).where(BookingEvent.kind == "started")).all()
    assert events[-1].startswith("Tested at her doctor’s (")
    assert desk.session.scalars(select(AuditEvent).where(AuditEvent.action == "booking.unsafe")).one()


def test_a_walk_in_who_is_safe_sits_down(desk: UnitOfWork, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(0, is_queue_on=True))
    timers(desk, shop, patch_test_days=180)
    clear_test(desk, shop, shop.customer_id)
    ticket = queue.draw(desk, DrawTicket(shop.service_id, customer_id=shop.customer_id))
    queue.start(desk, StartTicket(ticket.ticket_id, member_id=shop.members[Role.MANAGER]))
    unknown = queue.draw(desk, DrawTicket(shop.service_id, name="Somebody"))
    with pytest.raises(NotSafe):
        queue.start(desk, StartTicket(unknown.ticket_id, member_id=shop.members[Role.OWNER]))


def test_the_waiting_list_offers_nobody_a_day_that_is_not_safe(waiting: List, shop: Shop) -> None:
    done = waiting.book()
    untested, fit = waiting.join(), waiting.join()
    waiting.do(lambda uow: timers(uow, shop, patch_test_days=180))
    waiting.do(lambda uow: clear_test(uow, shop, waiting.entry(fit).customer_id))
    waiting.cancel(done)
    assert waiting.asked() == [fit]
    with pytest.raises(NotSafe, match="none is recorded"):
        waiting.do(waitlist_offers.offer_by_hand, OfferByHand(untested, MONDAY, "3 pm", waiting.hold_member()))
    with pytest.raises(NotSafe):
        waiting.do(waitlist_offers.book_by_hand, OfferByHand(untested, MONDAY, "3 pm", waiting.hold_member()))


def test_a_yes_to_a_day_that_is_not_safe_any_more_is_refused(waiting: List, shop: Shop) -> None:
    done = waiting.book()
    entry = waiting.join()
    waiting.do(lambda uow: timers(uow, shop, patch_test_days=180))
    waiting.do(lambda uow: clear_test(uow, shop, waiting.entry(entry).customer_id))
    waiting.cancel(done)
    assert waiting.asked() == [entry]
    waiting.do(lambda uow: uow.session.execute(text("UPDATE sealed_records SET is_clear = false")))
    with pytest.raises(Conflict, match="can’t be chosen here"):
        waiting.answer(entry, "accept")
    with pytest.raises(NotSafe, match="no clear result"):
        waiting.do(waitlist_offers.answer_for, AnswerOffer(waiting.offer_of(entry).id, "accept"))
    waiting.do(lambda uow: uow.session.execute(text("UPDATE sealed_records SET is_clear = true")))
    assert waiting.answer(entry, "accept").state == "accepted"
