"""A time of the waiting list whose service is paid ahead: a yes goes the way of a booking on the shop's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.booking import BookingStatus
from microcrm.domain.permissions import Role
from microcrm.models.gateway import GatewayPayment, GatewayRefund
from microcrm.models.records import AuditEvent
from microcrm.models.waiting import WaitlistOffer
from microcrm.operations import waitlist_offers
from microcrm.operations.class_moves import MoveClass, move_class
from microcrm.operations.classes import ScheduleClass, schedule
from microcrm.operations.lapsing import lapse
from microcrm.operations.unit_of_work import VISITOR, system
from microcrm.operations.waitlist import WishedTime
from microcrm.operations.waitlist_offers import AnswerOffer, OfferByHand, OfferView
from tests.conftest import Work
from tests.support.deposits import DEPOSIT, ask_ahead, captured, hear, money_of, open_till, order_for
from tests.support.desk import MONDAY, add_service, booking_of
from tests.support.shops import Shop
from tests.support.waiting import List

S = BookingStatus


@pytest.fixture
def waiting(unit_of_work: Work, shop: Shop) -> List:
    made = List(unit_of_work, shop)
    made.do(open_till, shop)
    return made


def told(waiting: List, *events: Any) -> None:
    waiting.do(hear, *events, actor=system(waiting.shop.business_id))


def order(waiting: List, token: str) -> None:
    waiting.do(order_for, token, actor=system(waiting.shop.business_id))


def run_out_of_time(waiting: List, minutes: int = 16) -> None:
    """What the sweep of lapsed time does then, and the task for freed time."""
    waiting.wait(minutes)
    waiting.do(lapse, actor=system(waiting.shop.business_id))
    waiting.wait(1)
    waiting.carry_out()


def page(waiting: List, entry: int) -> OfferView:
    return waiting.do(waitlist_offers.read_offer, waiting.link(entry), actor=VISITOR)


def status(waiting: List, booking_id: int) -> str:
    return str(waiting.do(lambda uow: booking_of(uow.session, booking_id).status))


def test_a_yes_waits_for_the_payment_and_the_payment_books(waiting: List) -> None:
    visit = waiting.book()
    entry = waiting.join()
    waiting.cancel(visit)
    shown = page(waiting, entry)
    assert shown.cost and (shown.state, shown.cost.due) == ("open", DEPOSIT)
    hold = waiting.hold_of(entry)
    offers = waiting.do(
        lambda uow: uow.session.scalars(select(WaitlistOffer.id).where(WaitlistOffer.entry_id == entry))
    )
    [offer] = offers.all()
    assert " ₹200.00 is paid ahead. Take it before " in waiting.do(waitlist_offers.message_of, offer).text
    seen = waiting.answer(entry, "accept")
    assert seen.state == "unpaid" and seen.manage
    booking = waiting.do(lambda uow: booking_of(uow.session, hold.id))
    assert (booking.status, booking.deposit_paise) == (S.PENDING_PAYMENT, DEPOSIT)
    assert booking.expires_at == waiting.now + timedelta(minutes=15)
    assert waiting.entry(entry).state == "booked"
    order(waiting, seen.manage)
    told(waiting, captured())
    assert status(waiting, hold.id) == S.BOOKED
    assert waiting.do(money_of, hold.id) == (DEPOSIT, 0, 0)
    assert page(waiting, entry).state == "accepted"
    assert waiting.entry(entry).booking_id == hold.id


def test_without_the_payment_the_next_is_asked_and_who_did_not_pay_waits_on(waiting: List) -> None:
    visit = waiting.book()
    first, second, third = waiting.join(), waiting.join(), waiting.join()
    waiting.cancel(visit)
    waiting.answer(first, "decline")
    hold = waiting.hold_of(second)
    waiting.answer(second, "accept")
    run_out_of_time(waiting)
    assert status(waiting, hold.id) == S.EXPIRED
    assert page(waiting, second).state == "lapsed"
    entry = waiting.entry(second)
    assert (entry.state, entry.booking_id, entry.closed_at) == ("waiting", None, None)
    assert waiting.asked() == [third], "nobody is asked twice for the same time"
    assert "waitlist.unpaid" in waiting.do(lambda uow: uow.session.scalars(select(AuditEvent.action)).all())
    waiting.answer(third, "decline")
    assert waiting.asked() == []
    # It stays on the list for other times.
    other = waiting.book("15:00")
    waiting.cancel(other)
    assert waiting.asked() == [first]
    waiting.answer(first, "decline")
    assert waiting.asked() == [second]


def test_late_money_books_the_time_that_nobody_has_taken(waiting: List) -> None:
    visit = waiting.book()
    entry = waiting.join()
    waiting.cancel(visit)
    hold = waiting.hold_of(entry)
    seen = waiting.answer(entry, "accept")
    order(waiting, seen.manage)
    run_out_of_time(waiting)
    assert waiting.entry(entry).state == "waiting"
    told(waiting, captured())
    assert status(waiting, hold.id) == S.BOOKED
    found = waiting.entry(entry)
    assert (found.state, found.booking_id) == ("booked", hold.id)


def test_late_money_goes_back_once_the_next_is_asked(waiting: List) -> None:
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    waiting.cancel(visit)
    hold = waiting.hold_of(first)
    seen = waiting.answer(first, "accept")
    order(waiting, seen.manage)
    run_out_of_time(waiting)
    assert waiting.asked() == [second]
    told(waiting, captured())
    assert status(waiting, hold.id) == S.EXPIRED
    assert waiting.do(money_of, hold.id) == (DEPOSIT, 0, DEPOSIT)
    assert waiting.do(lambda uow: uow.session.scalars(select(GatewayPayment.concern)).all()) == ["late"]
    assert waiting.do(lambda uow: uow.session.scalars(select(GatewayRefund.amount_paise)).all()) == [DEPOSIT]
    assert (waiting.entry(first).state, waiting.asked()) == ("waiting", [second])


def test_a_time_that_the_desk_chose_is_free_for_all_when_it_is_not_paid(waiting: List) -> None:
    entry, other = waiting.join(), waiting.join()
    manager = waiting.hold_member()
    waiting.do(waitlist_offers.offer_by_hand, OfferByHand(entry, MONDAY, "11:00", manager))
    waiting.answer(entry, "accept")
    run_out_of_time(waiting)
    assert [waiting.entry(one).state for one in (entry, other)] == ["waiting", "waiting"]
    assert waiting.asked() == []
    assert waiting.book().status == S.BOOKED


def test_the_desk_books_without(waiting: List) -> None:
    visit = waiting.book()
    entry = waiting.join()
    waiting.cancel(visit)
    done = waiting.do(waitlist_offers.answer_for, AnswerOffer(waiting.offer_of(entry).id, "accept"))
    assert done.status == S.BOOKED
    assert page(waiting, entry).state == "accepted"


def test_of_a_band_the_others_have_lost_it_while_one_pays(waiting: List) -> None:
    waiting.do(lambda uow: ask_ahead(uow, offer_band=2))
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    waiting.cancel(visit)
    assert waiting.answer(first, "accept").state == "unpaid"
    assert waiting.answer(second, "accept").state == "lost"
    again = waiting.answer(first, "accept")
    assert (again.state, again.manage) == ("unpaid", ""), "a second press makes no second visit"
    assert waiting.answer(first, "visit").manage


def test_a_service_that_asks_for_nothing_is_booked_at_once(waiting: List) -> None:
    waiting.do(lambda uow: ask_ahead(uow, "none"))
    visit = waiting.book()
    entry = waiting.join()
    waiting.cancel(visit)
    assert page(waiting, entry).cost.due == 0  # type: ignore[union-attr]
    assert waiting.answer(entry, "accept").state == "accepted"
    assert status(waiting, waiting.hold_of(entry).id) == S.BOOKED


def test_the_time_that_a_class_left_goes_down_the_line_when_it_is_not_paid(waiting: List, shop: Shop) -> None:
    service = waiting.do(lambda uow: add_service(uow.session, shop, "Yoga", seats=2))
    one = waiting.do(schedule, ScheduleClass(service, shop.members[Role.MANAGER], MONDAY, "10:00"))
    first, second = (waiting.join((WishedTime(MONDAY, start="10 am", end="11 am"),)) for _ in range(2))
    waiting.do(move_class, MoveClass(one.session_id, 1, MONDAY, "15:00"))
    waiting.carry_out()
    assert waiting.answer(first, "accept").state == "unpaid"
    run_out_of_time(waiting)
    assert waiting.entry(first).state == "waiting"
    assert waiting.asked() == [second]
