"""A time becomes free: who is asked, for how long, and what comes of each answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.catalogue import Resource, ServiceResource
from microcrm.models.classes import ClassSession
from microcrm.models.policy import BookingPolicy
from microcrm.models.records import OutboxMessage
from microcrm.operations import waitlist, waitlist_offers
from microcrm.operations.book import book
from microcrm.operations.hold import ConfirmHold, Hold, confirm_hold, hold
from microcrm.operations.lapsing import lapse
from microcrm.operations.move import move
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from microcrm.operations.waitlist import WishedTime, WithdrawWaiting
from microcrm.operations.waitlist_offers import AnswerOffer, OfferByHand
from tests.conftest import Work
from tests.support.desk import INDIA, MONDAY, add_service, booking_of, held_by, move_to, wish
from tests.support.shops import Shop
from tests.support.waiting import ANY_TIME, List


@pytest.fixture
def waiting(unit_of_work: Work, shop: Shop) -> List:
    return List(unit_of_work, shop)


def policy(waiting: List, **columns: Any) -> None:
    def change(uow: UnitOfWork) -> None:
        uow.session.add(BookingPolicy(business_id=uow.business_id, **columns))
        uow.session.flush()

    waiting.do(change)


def test_a_cancelled_time_is_kept_for_whoever_is_first_and_becomes_their_visit(waiting: List, shop: Shop) -> None:
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    assert waiting.cancel(visit) == 1
    assert waiting.asked() == [first]
    hold = waiting.hold_of(first)
    assert (hold.status, hold.source, hold.customer_id) == ("hold", "waitlist", waiting.entry(first).customer_id)
    with pytest.raises(SlotTaken):
        waiting.book()
    seen = waiting.answer(first, "accept")
    assert (seen.state, seen.starts_at) == ("accepted", datetime(2026, 11, 30, 11, 0, tzinfo=INDIA))
    booked = waiting.do(lambda uow: booking_of(uow.session, hold.id))
    assert (booked.status, booked.expires_at, booked.number) == (BookingStatus.BOOKED, None, 3)
    assert seen.manage
    entry = waiting.entry(first)
    assert (entry.state, entry.booking_id) == ("booked", hold.id)
    assert waiting.entry(second).state == "waiting"
    held = waiting.do(lambda uow: held_by(uow.session, hold.id))
    assert [(one.start, one.end) for one in held] == [("11:00", "11:45")]


def test_declined_or_unanswered_it_goes_to_the_next_and_to_nobody_twice(waiting: List) -> None:
    visit = waiting.book()
    one, two, three = waiting.join(), waiting.join(), waiting.join()
    waiting.cancel(visit)
    assert waiting.answer(one, "decline").state == "declined"
    assert waiting.asked() == [two]
    waiting.wait(29)
    assert waiting.run_out() == 0
    waiting.wait(1)
    assert waiting.run_out() == 1
    assert waiting.asked() == [three]
    assert waiting.answer(three, "decline").state == "declined"
    assert waiting.asked() == []
    assert waiting.offers() == [(one, "declined"), (two, "expired"), (three, "declined")]
    assert {waiting.entry(entry).state for entry in (one, two, three)} == {"waiting"}
    assert waiting.book().status == BookingStatus.BOOKED, "nobody wanted it, so it is free for all"


def test_a_band_is_asked_at_once_and_the_first_yes_wins(waiting: List) -> None:
    policy(waiting, offer_band=3)
    visit = waiting.book()
    entries = [waiting.join() for _ in range(4)]
    assert waiting.cancel(visit) == 3
    assert waiting.asked() == entries[:3]
    assert len({waiting.offer_of(entry).booking_id for entry in entries[:3]}) == 1
    assert waiting.answer(entries[2], "decline").state == "declined"
    assert waiting.asked() == entries[:2], "the next are asked only when all of these have answered"
    assert waiting.answer(entries[1], "accept").state == "accepted"
    assert waiting.answer(entries[0], "accept").state == "lost"
    assert [waiting.entry(entry).state for entry in entries] == ["waiting", "booked", "waiting", "waiting"]


def test_priority_goes_before_time(waiting: List) -> None:
    visit = waiting.book()
    waiting.join()
    urgent = waiting.join(priority=1)
    waiting.cancel(visit)
    assert waiting.asked() == [urgent]


def test_only_whom_it_suits_is_asked(waiting: List, shop: Shop, neighbour: Shop) -> None:
    owner, manager = shop.members[Role.OWNER], shop.members[Role.MANAGER]
    visit = waiting.book()
    waiting.join((WishedTime("2026-12-01"),))
    waiting.join((WishedTime(MONDAY, start="3 pm", end="6 pm"),))
    waiting.join((WishedTime(MONDAY, member_id=owner),))
    long_service = waiting.do(lambda uow: add_service(uow.session, shop, "Colour", (Role.MANAGER,), duration_min=700))
    waiting.join(service_id=long_service)
    theirs = List(waiting.work, neighbour, count=900)
    theirs.join()
    right = waiting.join((WishedTime("2026-12-01"), WishedTime(MONDAY, member_id=manager, start="10 am", end="12 pm")))
    assert waiting.cancel(visit) == 1
    assert waiting.asked() == [right]


def test_who_has_a_visit_at_that_time_is_not_asked(waiting: List) -> None:
    visit = waiting.book()
    busy = waiting.join()
    customer = waiting.entry(busy).customer_id
    waiting.book("11:30", Role.OWNER, customer_id=customer)
    idle = waiting.join()
    waiting.cancel(visit)
    assert waiting.asked() == [idle]


def test_a_time_that_is_over_or_too_soon_is_not_offered(waiting: List) -> None:
    soon = waiting.book("09:45", day="2026-11-24")
    later = waiting.book("12:00", day="2026-11-24")
    waiting.join((WishedTime("2026-11-24"),))
    assert waiting.cancel(soon) == 0, "it is 9:30 and the shop wants an hour's notice"
    assert waiting.cancel(later) == 1


def test_a_slip_of_the_finger_is_taken_back_before_anybody_is_asked(waiting: List) -> None:
    from microcrm.operations.booking_status import Cancel, cancel
    from microcrm.operations.undo import take_back

    visit = waiting.book()
    waiting.join()
    done = waiting.do(cancel, Cancel(visit.booking_id, visit.version, "customer"))
    waiting.do(take_back, done.undo)
    assert waiting.carry_out() == 0
    assert waiting.asked() == []


def test_nothing_is_asked_when_the_list_is_off_or_nobody_waits(waiting: List) -> None:
    waiting.cancel(waiting.book())
    with waiting.work(system(), realm="worker") as uow:
        assert uow.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "time_freed")).all() == []
    policy(waiting, is_waitlist_on=False)
    waiting.join()
    assert waiting.cancel(waiting.book()) == 0


def test_a_moved_visit_frees_its_old_time_and_a_refused_request_too(waiting: List) -> None:
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    waiting.do(move, move_to(visit, "16:00"))
    assert waiting.carry_out() == 1
    assert waiting.asked() == [first]
    assert waiting.hold_of(first).starts_at == datetime(2026, 11, 30, 11, 0, tzinfo=INDIA)
    assert waiting.entry(second).state == "waiting"


def test_what_is_left_of_a_long_visit_is_offered_to_others(waiting: List, shop: Shop) -> None:
    long_service = waiting.do(lambda uow: add_service(uow.session, shop, "Colour", (Role.MANAGER,), duration_min=95))
    from microcrm.operations.book import BookService

    visit = waiting.book(services=(BookService(long_service, shop.members[Role.MANAGER]),))
    one, two, three = waiting.join(), waiting.join(), waiting.join()
    waiting.do(book, wish(shop, "12:35"))
    waiting.do(book, wish(shop, "10:15"))
    assert waiting.cancel(visit) == 2
    starts = [waiting.hold_of(entry).starts_at.astimezone(INDIA).strftime("%H:%M") for entry in (one, two)]
    assert starts == ["11:00", "11:45"]
    assert waiting.entry(three).state == "waiting"


def test_a_room_that_is_taken_passes_the_offer_by(waiting: List, shop: Shop) -> None:
    def furnish(uow: UnitOfWork) -> int:
        facial = add_service(uow.session, shop, "Facial", (Role.MANAGER, Role.OWNER), duration_min=45)
        room = Resource(business_id=shop.business_id, name="Room", kind="room")
        uow.session.add(room)
        uow.session.flush()
        uow.session.add(ServiceResource(business_id=shop.business_id, service_id=facial, resource_id=room.id))
        return facial

    facial = waiting.do(furnish)
    from microcrm.operations.book import BookService

    visit = waiting.book()
    waiting.book(role=Role.OWNER, services=(BookService(facial, shop.members[Role.OWNER]),))
    waiting.join(service_id=facial)
    haircut = waiting.join()
    waiting.cancel(visit)
    assert waiting.asked() == [haircut]


def test_a_place_in_a_class_is_offered_to_who_waits_for_that_class(waiting: List, shop: Shop) -> None:
    def timetable(uow: UnitOfWork) -> tuple[int, int]:
        yoga = add_service(uow.session, shop, "Yoga", (Role.MANAGER,), duration_min=60, seats=2)
        start = datetime(2026, 11, 30, 18, 0, tzinfo=INDIA)
        session = ClassSession(
            business_id=shop.business_id, service_id=yoga, member_id=shop.members[Role.MANAGER], starts_at=start,
            ends_at=start + timedelta(hours=1), seats=2, created_at=uow.now,
        )  # fmt: skip
        uow.session.add(session)
        uow.session.flush()
        return yoga, int(session.id or 0)

    yoga, session = waiting.do(timetable)
    made = []
    for _ in range(2):
        held = waiting.do(hold, Hold(session_id=session, customer_id=waiting.customer()))
        made.append(waiting.do(confirm_hold, ConfirmHold(held.booking_id)))
    waiting.join()
    wanted = waiting.join(service_id=yoga)
    assert waiting.cancel(made[0]) == 1
    assert waiting.asked() == [wanted]
    assert waiting.answer(wanted, "accept").state == "accepted"
    taken = waiting.do(lambda uow: uow.session.get_one(ClassSession, session).taken)
    assert taken == 2


def test_the_hold_outlasts_the_offer_so_that_the_time_is_not_lost_in_between(waiting: List) -> None:
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    waiting.cancel(visit)
    offer, hold = waiting.offer_of(first), waiting.hold_of(first)
    assert hold.expires_at - offer.expires_at == timedelta(minutes=5)
    waiting.wait(31)
    assert waiting.do(lapse, actor=system(waiting.shop.business_id)) == 0
    waiting.run_out()
    assert waiting.asked() == [second]


def test_after_a_long_standstill_the_time_is_offered_again_if_nobody_has_taken_it(waiting: List) -> None:
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    waiting.cancel(visit)
    waiting.wait(60)
    assert waiting.do(lapse, actor=system(waiting.shop.business_id)) == 1
    assert waiting.answer(first, "accept").state == "expired"
    waiting.run_out()
    assert waiting.asked() == [second]


def test_an_answer_a_moment_late_still_counts_while_the_time_is_kept(waiting: List) -> None:
    visit = waiting.book()
    first = waiting.join()
    waiting.cancel(visit)
    waiting.wait(31)
    assert waiting.answer(first, "accept").state == "accepted"


def test_who_withdraws_lets_the_next_one_have_it(waiting: List) -> None:
    visit = waiting.book()
    first, second = waiting.join(), waiting.join()
    waiting.cancel(visit)
    waiting.do(waitlist.withdraw, WithdrawWaiting(first))
    assert waiting.entry(first).state == "withdrawn"
    assert waiting.asked() == [second]


def test_the_desk_offers_a_time_by_hand_and_answers_for_them(waiting: List, shop: Shop) -> None:
    manager = shop.members[Role.MANAGER]
    first, second = waiting.join((WishedTime("2026-12-09"),)), waiting.join()
    offer = waiting.do(waitlist_offers.offer_by_hand, OfferByHand(first, MONDAY, "3 pm", manager))
    assert waiting.asked() == [first]
    with pytest.raises(Conflict):
        waiting.do(waitlist_offers.offer_by_hand, OfferByHand(first, MONDAY, "4 pm", manager))
    with pytest.raises(SlotTaken):
        waiting.do(waitlist_offers.offer_by_hand, OfferByHand(second, MONDAY, "3:15 pm", manager))
    done = waiting.do(waitlist_offers.answer_for, AnswerOffer(offer, "accept"))
    assert done is not None and done.status == BookingStatus.BOOKED
    assert waiting.entry(first).booking_id == done.booking_id
    with pytest.raises(Conflict):
        waiting.do(waitlist_offers.answer_for, AnswerOffer(offer, "decline"))
    other = waiting.do(waitlist_offers.offer_by_hand, OfferByHand(second, MONDAY, "4 pm", manager))
    assert waiting.do(waitlist_offers.answer_for, AnswerOffer(other, "decline")) is None
    assert waiting.asked() == [], "a time that the desk chose is offered to nobody else by itself"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"day": "x"}, "day"), ({"time": ""}, "time"), ({"member_id": "x"}, "member_id"), ({"day": "2026-11-24", "time": "9 am"}, "time")],
)  # fmt: skip
def test_odd_times_by_hand_are_refused_at_their_field(
    waiting: List, shop: Shop, changes: dict[str, Any], field: str
) -> None:
    entry = waiting.join()
    values = {"entry_id": entry, "day": MONDAY, "time": "15:00", "member_id": shop.members[Role.MANAGER]}
    with pytest.raises(Invalid) as refusal:
        waiting.do(waitlist_offers.offer_by_hand, OfferByHand(**(values | changes)))
    assert set(refusal.value.fields) == {field}
    assert waiting.do(waitlist_offers.offer_by_hand, OfferByHand(**values)) > 0


def test_strangers_and_neighbours_answer_nothing(waiting: List, shop: Shop, neighbour: Shop) -> None:
    visit = waiting.book()
    first = waiting.join()
    waiting.cancel(visit)
    offer, link = waiting.offer_of(first).id, waiting.link(first)
    with pytest.raises(NotFound):
        waiting.do(waitlist_offers.answer_for, AnswerOffer(offer, "accept"), actor=neighbour.actor())
    with pytest.raises(Forbidden):
        waiting.do(waitlist_offers.answer_for, AnswerOffer(offer, "accept"), actor=shop.actor(Role.STAFF))
    for odd in ("", None, "x" * 22, link[::-1], 7):
        with pytest.raises(NotFound):
            waiting.do(waitlist_offers.answer_offer, odd, "accept", actor=VISITOR)
    for odd in ("", None, "maybe", ["accept"]):
        with pytest.raises(Invalid):
            waiting.do(waitlist_offers.answer_offer, link, odd, actor=VISITOR)
    assert waiting.asked() == [first]
    seen = waiting.do(waitlist_offers.read_offer, link, actor=VISITOR)
    assert "Waiter" not in repr(seen)
    assert waiting.answer(first, "accept").state == "accepted"


def test_a_hold_that_the_desk_gave_away_is_lost(waiting: List) -> None:
    visit = waiting.book()
    first = waiting.join(ANY_TIME)
    waiting.cancel(visit)
    hold_id = waiting.offer_of(first).booking_id
    waiting.do(confirm_hold, ConfirmHold(hold_id, who="new", name="Kavya", phone="98450 77777"))
    assert waiting.answer(first, "accept").state == "lost"
    waiting.wait(31)
    waiting.run_out()
    assert waiting.entry(first).state == "waiting"
    assert waiting.do(lambda uow: booking_of(uow.session, hold_id)).status == BookingStatus.BOOKED
