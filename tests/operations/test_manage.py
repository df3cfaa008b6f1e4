"""Customers and their own visit; what lateness costs; who is told, and who is not when it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingEvent
from microcrm.models.catalogue import Service
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_fees import WaiveFee, waive_fee
from microcrm.operations.booking_policy import ChangePolicy, FeeRung, change_policy
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.hold import confirm_public, hold_public
from microcrm.operations.links import make_link
from microcrm.operations.manage import CustomerCancel, CustomerMove, customer_cancel, customer_move, new_link, own_visit
from microcrm.operations.move import MoveVisit, move, move_visit
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.operations.notices import AS_USUAL, notify
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING, Held, add_service, booking_of, held_by, move_to, wish
from tests.support.holds import chosen, filled_in, later, start_at, stranger
from tests.support.notices import all_left, keys, waiting
from tests.support.shops import Shop

LADDER = (FeeRung(60, 100), FeeRung(240, 50))


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        change_policy(uow, ChangePolicy(0, fee_ladder=LADDER, no_show_percent=30, cancel_cutoff_min=300))
        yield uow


@pytest.fixture
def visit(desk: UnitOfWork, shop: Shop) -> BookingDone:
    """A customer's own booking, at 5 pm on the day of the tests, Rs 600."""
    page = replace(desk, actor=stranger(shop))
    return confirm_public(page, filled_in(hold_public(page, chosen(shop, start=start_at("17:00", "2026-11-24")))))


def as_customer(uow: UnitOfWork, minutes_before: int = 0) -> UnitOfWork:
    """With nothing but the link; ``minutes_before`` 5 pm, or in the morning."""
    moment = MORNING.replace(hour=17, minute=0) - timedelta(minutes=minutes_before) if minutes_before else uow.now
    return replace(uow, actor=VISITOR, now=moment)


@pytest.mark.parametrize(
    ("before", "status", "fee"),
    [(450, "cancelled_by_customer", 0), (300, "cancelled_by_customer", 0), (250, "late_cancelled", 0),
     (240, "late_cancelled", 30_000), (30, "late_cancelled", 60_000)],
)  # fmt: skip
def test_cancelling_costs_what_the_page_says(
    desk: UnitOfWork, visit: BookingDone, before: int, status: str, fee: int
) -> None:
    customer = as_customer(desk, before)
    seen = own_visit(customer, visit.token)
    assert (seen.may_cancel, seen.fee.paise, seen.is_late) == (True, fee, status == "late_cancelled")
    done = customer_cancel(as_customer(desk, before), CustomerCancel(visit.token, seen.version, seen.fee.paise, "Ill"))
    booking = booking_of(desk.session, visit.booking_id)
    assert (done.status, booking.cancel_fee_paise, booking.cancel_reason) == (status, fee, "Ill")
    assert held_by(desk.session, visit.booking_id) == []
    assert own_visit(as_customer(desk, 20), visit.token).may_cancel is False
    with pytest.raises(Conflict):
        customer_cancel(as_customer(desk, before), CustomerCancel(visit.token, done.version, fee))


def test_a_fee_that_rose_meanwhile_is_shown_before_it_counts(desk: UnitOfWork, visit: BookingDone) -> None:
    with pytest.raises(Conflict, match="costs more"):
        customer_cancel(as_customer(desk, 240), CustomerCancel(visit.token, visit.version, 0))
    assert booking_of(desk.session, visit.booking_id).status == "booked"
    assert customer_cancel(as_customer(desk, 240), CustomerCancel(visit.token, visit.version, 30_000)).status


def test_a_visit_that_has_begun_is_no_longer_the_customers_to_cancel(desk: UnitOfWork, visit: BookingDone) -> None:
    begun = replace(as_customer(desk), now=MORNING.replace(hour=17, minute=0))
    assert own_visit(begun, visit.token).may_cancel is False
    with pytest.raises(Conflict):
        customer_cancel(begun, CustomerCancel(visit.token, visit.version, 60_000))


def test_customers_choose_another_time_until_the_cut_off(desk: UnitOfWork, visit: BookingDone, shop: Shop) -> None:
    done = customer_move(as_customer(desk, 240), CustomerMove(visit.token, visit.version, start_at("12:00")))
    assert held_by(desk.session, visit.booking_id) == [Held(shop.members[Role.MANAGER], "12:00", "12:45")]
    again = CustomerMove(visit.token, done.version, start_at("13:00"), (shop.members[Role.OWNER],))
    done = customer_move(as_customer(desk), again)
    assert held_by(desk.session, visit.booking_id) == [Held(shop.members[Role.OWNER], "13:00", "13:45")]
    for refused, error in (
        (replace(again, version=done.version, start=start_at("20:00")), OutsideHours),
        (replace(again, version=done.version, start=start_at("09:45", "2026-11-24")), Invalid),
        (replace(again, version=done.version, start="soon"), Invalid),
        (replace(again, version=done.version, members=(1, 2)), NotFound),
        (again, Conflict),
    ):
        with pytest.raises(error):
            customer_move(as_customer(desk), refused)


def test_it_can_be_too_late_to_move_and_yet_possible_to_cancel(desk: UnitOfWork, visit: BookingDone) -> None:
    seen = own_visit(as_customer(desk, 239), visit.token)
    assert (seen.may_move, seen.may_cancel) == (False, True)
    with pytest.raises(Conflict, match="too late"):
        customer_move(as_customer(desk, 239), CustomerMove(visit.token, visit.version, start_at("12:00")))


def test_a_full_day_is_not_full_for_the_visit_that_is_in_it(desk: UnitOfWork, visit: BookingDone, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(1, most_per_day=1))
    where = CustomerMove(visit.token, visit.version, start_at("18:00", "2026-11-24"))
    assert customer_move(as_customer(desk), where).version == 3
    with pytest.raises(Invalid):
        hold_public(replace(desk, actor=stranger(shop)), chosen(shop, start=start_at("12:00", "2026-11-24")))


def test_links_to_other_things_open_no_visit(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    feed = make_link(desk, feed_member_id=shop.members[Role.STAFF])
    held = hold_public(replace(desk, actor=stranger(shop)), chosen(shop))
    for token in (feed, held.token, "A" * 22):
        with pytest.raises(NotFound):
            own_visit(as_customer(desk), token)
    assert own_visit(as_customer(desk), new_link(desk, shop.booking_id)).booking_id == shop.booking_id
    with pytest.raises(NotFound):
        new_link(desk, neighbour.booking_id)


def test_the_desk_charges_and_waives(desk: UnitOfWork, visit: BookingDone, shop: Shop) -> None:
    late = replace(desk, now=MORNING.replace(hour=15, minute=0))
    done = cancel(late, Cancel(visit.booking_id, visit.version, "late"))
    assert booking_of(desk.session, visit.booking_id).cancel_fee_paise == 30_000
    waived = waive_fee(late, WaiveFee(visit.booking_id, done.version, "Her child was ill"))
    booking = booking_of(desk.session, visit.booking_id)
    assert (booking.fee_waiver, booking.cancel_fee_paise) == ("Her child was ill", 30_000)
    take_back(late, waived.undo)
    assert booking_of(desk.session, visit.booking_id).fee_waiver == ""
    with pytest.raises(Forbidden):
        waive_fee(replace(late, actor=shop.actor(Role.STAFF)), WaiveFee(visit.booking_id, 5, "mine"))
    free = book(desk, wish(shop, "10:00"))
    with pytest.raises(Conflict):
        waive_fee(late, WaiveFee(free.booking_id, free.version, "none"))


@pytest.mark.parametrize(("who", "fee"), [("late", 60_000), ("customer", 0), ("business", 0)])
def test_only_a_late_cancellation_costs(desk: UnitOfWork, visit: BookingDone, who: str, fee: int) -> None:
    done = cancel(replace(desk, now=MORNING.replace(hour=16, minute=30)), Cancel(visit.booking_id, visit.version, who))
    assert booking_of(desk.session, done.booking_id).cancel_fee_paise == fee


def test_not_coming_costs_its_share_and_taking_that_back_costs_nothing(desk: UnitOfWork, visit: BookingDone) -> None:
    missed = step(desk, Step(visit.booking_id, BookingStatus.NO_SHOW.value, visit.version))
    assert booking_of(desk.session, visit.booking_id).cancel_fee_paise == 18_000
    take_back(desk, missed.undo)
    assert booking_of(desk.session, visit.booking_id).cancel_fee_paise == 0


def test_a_visit_of_six_services_moves_as_one(desk: UnitOfWork, shop: Shop) -> None:
    roles = (Role.MANAGER, Role.OWNER, Role.MANAGER, Role.STAFF, Role.OWNER, Role.FRONT_DESK)
    six = tuple(BookService(shop.service_id, shop.members[role]) for role in roles)
    done = book(desk, wish(shop, "10:00", services=six))
    before = held_by(desk.session, done.booking_id)
    moved = move_visit(desk, MoveVisit(done.booking_id, done.version, "2026-11-30", "11:15"))
    after = held_by(desk.session, done.booking_id)
    assert [one.keeper for one in after] == [one.keeper for one in before]
    assert (after[0].start, after[-1].end) == ("11:15", "15:45")
    with pytest.raises(SlotTaken) as refusal:
        book(desk, wish(shop, "15:45", role=Role.FRONT_DESK))
        move_visit(desk, MoveVisit(done.booking_id, moved.version, "2026-11-30", "12:00"))
    assert refusal.value.nearest
    assert held_by(desk.session, done.booking_id) == after
    take_back(desk, moved.undo)
    assert held_by(desk.session, done.booking_id) == before
    with pytest.raises(Conflict):
        move_visit(desk, MoveVisit(done.booking_id, moved.version, "2026-11-30", "12:00"))


def test_a_reason_lets_the_desk_into_the_pause_but_never_into_a_visit(desk: UnitOfWork, shop: Shop) -> None:
    desk.session.execute(update(Service).where(Service.id == shop.service_id).values(buffer_after_min=15))
    desk.session.expire_all()
    book(desk, wish(shop, "10:00"))
    with pytest.raises(SlotTaken):
        book(desk, wish(shop, "09:15"))
    tight = book(desk, wish(shop, "09:15", reason="She must catch a train"))
    assert held_by(desk.session, tight.booking_id) == [Held(shop.members[Role.MANAGER], "09:15", "10:00")]
    [event] = desk.session.scalars(select(BookingEvent).where(BookingEvent.booking_id == tight.booking_id))
    assert event.reason == "She must catch a train"
    with pytest.raises(SlotTaken):
        book(desk, wish(shop, "09:30", reason="Please"))
    other = book(desk, wish(shop, "14:00"))
    assert move(desk, move_to(other, "08:30", reason="Before we open")).version == 2
    change_policy(desk, ChangePolicy(1, is_override_allowed=False))
    with pytest.raises(OutsideHours):
        book(desk, wish(shop, "07:00", reason="She must catch a train"))


def test_customers_are_told_a_minute_later_and_not_at_all_of_a_slip(desk: UnitOfWork, shop: Shop) -> None:
    quiet = book(desk, wish(shop, "10:00"))
    assert keys(desk) == []
    done = book(desk, wish(shop, "11:00", tell=True))
    [row] = waiting(desk)
    assert keys(desk) == [told := f"booking:{done.booking_id}:1:booked:whatsapp"] and row.text == ""
    assert row.due_at == desk.now + timedelta(seconds=60) and row.customer_id == shop.customer_id
    moved = move(desk, move_to(done, "12:00", tell=True))
    take_back(desk, moved.undo)
    assert keys(desk) == [told]
    gone = cancel(desk, Cancel(quiet.booking_id, quiet.version, "business", tell=True))
    all_left(desk, "cancelled")
    take_back(desk, gone.undo)
    assert keys(desk)[-1] == f"booking:{quiet.booking_id}:3:booked:whatsapp", "who was told wrongly is told again"


def test_a_form_sent_before_its_box_was_shown_tells_as_the_shop_usually_does(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00", tell=AS_USUAL))
    told = keys(desk)
    assert len(told) == 1
    change_policy(desk, ChangePolicy(1, is_telling_usual=False))
    book(desk, wish(shop, "12:00", tell=AS_USUAL))
    assert keys(desk) == told


def test_nobody_is_told_who_cannot_be_reached(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00", who="walk_in", tell=True))
    assert keys(desk) == []
    booking = desk.session.get_one(Booking, shop.booking_id)
    from microcrm.domain.notices import NoticeStep

    assert notify(desk, booking, NoticeStep.MOVED) and not notify(desk, booking, NoticeStep.MOVED, tell=False)


def test_the_dialog_shows_the_message_before_it_is_written_down(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    seen = preview_notice(desk, PreviewNotice(shop.booking_id, "moved", "2026-11-30", "16:30"))
    assert seen.text.startswith("Asha's Salon: your visit has a new time: Plain haircut, Mon 30 Nov, 4:30 pm.")
    assert (seen.channel, seen.language, seen.to) == ("message", "en", "+91 98451 12345")
    assert "once messaging is set up" in seen.hint
    staff = replace(desk, actor=shop.actor(Role.STAFF))
    assert preview_notice(staff, PreviewNotice(shop.booking_id, "cancelled")).to == "•••• 12345"
    with pytest.raises(NotFound):
        preview_notice(desk, PreviewNotice(neighbour.booking_id, "moved"))
    with pytest.raises(Invalid):
        preview_notice(desk, PreviewNotice(shop.booking_id, "shouted"))
    assert keys(desk) == []


def test_two_services_with_the_same_person_keep_their_pause_when_moved(desk: UnitOfWork, shop: Shop) -> None:
    long = add_service(desk.session, shop, "Colour", duration_min=90, gap_after_min=30, gap_min=30)
    two = (BookService(shop.service_id, shop.members[Role.MANAGER]), BookService(long, shop.members[Role.MANAGER]))
    done = book(desk, wish(shop, "10:00", services=two))
    move_visit(later(desk, 1), MoveVisit(done.booking_id, done.version, "2026-11-30", "10:15"))
    assert [(one.start, one.end) for one in held_by(desk.session, done.booking_id)] == [
        ("10:15", "11:00"), ("11:00", "11:30"), ("12:00", "12:30"),
    ]  # fmt: skip
