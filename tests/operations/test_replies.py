"""What becomes of a customer's answer: which visit it is about, what is done, what they hear, and what waits for a person."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.messenger import Channel, Inbound
from microcrm.domain.permissions import Role
from microcrm.domain.replies import RULES, Outcome
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.replies import InboundMessage
from microcrm.operations.book import book
from microcrm.operations.booking_policy import ChangePolicy, FeeRung, change_policy
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.hold import confirm_public, hold_public
from microcrm.operations.move import move
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.parts.channel_blocks import blocked
from microcrm.operations.replies import inbox
from microcrm.operations.replies.arriving import take_inbound
from microcrm.operations.replies.inbox import AnswerInbound, AssignInbound
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, booking_of, held_by, move_to, wish
from tests.support.holds import chosen, filled_in, start_at, stranger
from tests.support.shops import Shop, TwoShops

_S = BookingStatus
_numbers = itertools.count(1)


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        change_policy(uow, ChangePolicy(0, fee_ladder=(FeeRung(240, 50),), cancel_cutoff_min=300))
        mine = (Booking.business_id == shop.business_id, Booking.id == shop.booking_id)
        uow.session.execute(update(Booking).where(*mine).values(customer_id=None))  # no visit but those of the tests
        yield uow


@pytest.fixture
def visit(desk: UnitOfWork, shop: Shop) -> BookingDone:
    return book(desk, wish(shop, "17:00"))


def worker(uow: UnitOfWork, minutes: int = 0) -> UnitOfWork:
    return replace(uow, actor=system(uow.actor.business_id), now=uow.now + timedelta(minutes=minutes))


def phone_of(uow: UnitOfWork, shop: Shop) -> str:
    return uow.session.get_one(Customer, shop.customer_id).phone


def says(uow: UnitOfWork, text: str, sender: str, *, minutes: int = 0, **changes: Any) -> InboundMessage:
    """It comes in, and is what the database keeps of it."""
    working = worker(uow, minutes)
    usual: dict[str, Any] = {
        "provider_id": f"SM{next(_numbers):032d}", "channel": Channel.WHATSAPP, "sender": sender, "receiver": "+14155238886",
        "text": text, "button": "", "answers": "", "profile": "", "pieces": 0, "at": working.now,
    }  # fmt: skip
    told = Inbound(**(usual | changes))
    take_inbound(working, told)
    return uow.session.scalars(select(InboundMessage).where(InboundMessage.provider_id == told.provider_id)).one()


def asked(uow: UnitOfWork, shop: Shop, done: BookingDone, step_name: str = "ask_to_confirm", minutes: int = 0) -> str:
    """A message about the visit has left; its id at the provider."""
    at = uow.now + timedelta(minutes=minutes)
    provider_id = f"SM{next(_numbers):032d}"
    mine = (Message.booking_id == done.booking_id, Message.step == step_name)
    row = uow.session.scalars(select(Message).where(*mine)).first() or Message(
        business_id=shop.business_id, customer_id=shop.customer_id, booking_id=done.booking_id, step=step_name,
        subject=f"booking:{done.booking_id}", subject_version=done.version, channel="whatsapp", created_at=at, due_at=at,
    )  # fmt: skip
    row.state, row.due_at, row.handed_at, row.provider_id = "sent", at, at, provider_id
    uow.session.add(row)
    uow.session.flush()
    return provider_id


def replies(uow: UnitOfWork) -> list[tuple[str, str]]:
    """Step and outcome or words of all that goes back to whoever wrote."""
    rows = uow.session.scalars(select(Message).where(Message.subject.like("inbound:%")).order_by(Message.id))
    return [(row.step, row.details.get("outcome") or row.details["text"]) for row in rows]


def status_of(uow: UnitOfWork, done: BookingDone) -> str:
    return booking_of(uow.session, done.booking_id).status


@pytest.mark.parametrize("text", ["Yes", "haan ji", "हाँ", "👍"])
def test_yes_confirms_the_only_coming_visit(desk: UnitOfWork, shop: Shop, visit: BookingDone, text: str) -> None:
    heard = says(desk, text, phone_of(desk, shop))
    assert (heard.outcome, heard.booking_id, heard.customer_id) == ("confirmed", visit.booking_id, shop.customer_id)
    assert heard.settled_at is not None and status_of(desk, visit) == _S.CONFIRMED
    assert replies(desk) == [("reply", "confirmed")]
    again = says(desk, text, phone_of(desk, shop))
    assert (again.outcome, status_of(desk, visit), len(replies(desk))) == ("known", _S.CONFIRMED, 1)


def test_the_same_message_told_twice_is_one(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    sender = phone_of(desk, shop)
    says(desk, "Yes", sender, provider_id="SMsame")
    says(desk, "Cancel", sender, provider_id="SMsame")
    assert status_of(desk, visit) == _S.CONFIRMED and len(replies(desk)) == 1


def test_cancel_frees_the_time(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    heard = says(desk, "cancel", phone_of(desk, shop))
    assert (heard.outcome, status_of(desk, visit)) == ("cancelled", _S.CANCELLED_BY_CUSTOMER)
    assert held_by(desk.session, visit.booking_id) == [] and heard.settled_at is not None
    assert replies(desk) == [], "the notice of every cancelled visit tells of it"


def test_what_would_cost_something_is_shown_first(desk: UnitOfWork, shop: Shop) -> None:
    today = book(desk, wish(shop, "12:00", day=MORNING.date().isoformat()))
    heard = says(desk, "cancel", phone_of(desk, shop))
    assert (heard.outcome, status_of(desk, today)) == ("cancel_link", _S.BOOKED)
    assert heard.settled_at is None and replies(desk) == [("reply", "cancel_link")]


def test_a_change_gets_the_link(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    heard = says(desk, "reschedule", phone_of(desk, shop))
    assert (heard.outcome, heard.booking_id, status_of(desk, visit)) == ("change_link", visit.booking_id, _S.BOOKED)
    assert replies(desk) == [("reply", "change_link")]


def test_a_bare_no_counts_only_after_a_question(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    sender = phone_of(desk, shop)
    assert (says(desk, "No", sender).outcome, status_of(desk, visit)) == ("for_person", _S.BOOKED)
    asked(desk, shop, visit, "booked", minutes=1)
    assert says(desk, "No", sender).outcome == "for_person"
    asked(desk, shop, visit, "ask_to_confirm", minutes=2)
    assert (says(desk, "No", sender).outcome, status_of(desk, visit)) == ("cancelled", _S.CANCELLED_BY_CUSTOMER)


def test_of_several_visits_the_one_that_was_asked_about(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    sender, other = phone_of(desk, shop), book(desk, wish(shop, "18:00", day="2026-12-01"))
    heard = says(desk, "Cancel", sender)
    assert heard.outcome == "several" and heard.settled_at is None
    assert {status_of(desk, visit), status_of(desk, other)} == {_S.BOOKED}
    asked(desk, shop, other)
    assert says(desk, "Yes", sender).booking_id == other.booking_id
    assert (status_of(desk, visit), status_of(desk, other)) == (_S.BOOKED, _S.CONFIRMED)
    pointed = asked(desk, shop, visit, minutes=-5)
    assert says(desk, "Yes", sender, answers=pointed).booking_id == visit.booking_id
    assert status_of(desk, visit) == _S.CONFIRMED


def test_an_answer_about_an_old_time_changes_nothing(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    old = asked(desk, shop, visit)
    move(replace(desk, now=desk.now + timedelta(minutes=5)), move_to(visit, "18:00"))
    heard = says(desk, "Yes", phone_of(desk, shop), answers=old, minutes=10)
    assert (heard.outcome, heard.settled_at, status_of(desk, visit)) == ("old_time", None, _S.BOOKED)
    assert replies(desk) == [("reply", "old_time")]


def test_answers_that_contradict_each_other_are_told_to_a_person(
    desk: UnitOfWork, shop: Shop, visit: BookingDone
) -> None:
    sender = phone_of(desk, shop)
    said = asked(desk, shop, visit)
    says(desk, "Yes", sender, answers=said)
    off = says(desk, "Cancel", sender, answers=said)
    assert (off.outcome, off.settled_at, status_of(desk, visit)) == ("cancelled", None, _S.CANCELLED_BY_CUSTOMER)
    back = says(desk, "Yes", sender, answers=said)
    assert (back.outcome, back.settled_at, status_of(desk, visit)) == ("contradicts", None, _S.CANCELLED_BY_CUSTOMER)


@pytest.mark.parametrize("status", [_S.FINISHED, _S.NO_SHOW, _S.STARTED])
def test_past_visits_stay_as_they_are(desk: UnitOfWork, shop: Shop, visit: BookingDone, status: BookingStatus) -> None:
    said = asked(desk, shop, visit)
    step(desk, Step(visit.booking_id, status))
    heard = says(desk, "Cancel", phone_of(desk, shop), answers=said)
    assert (heard.outcome, heard.settled_at, status_of(desk, visit)) == ("too_late", None, status)


def test_what_the_shop_has_called_off_is_not_confirmed(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    said = asked(desk, shop, visit)
    cancel(desk, Cancel(visit.booking_id, visit.version, "business"))
    assert says(desk, "Yes", phone_of(desk, shop), answers=said).outcome == "too_late"


def test_a_request_is_not_confirmed_by_whoever_asked(desk: UnitOfWork, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(1, needs_approval=True))
    page = replace(desk, actor=stranger(shop))
    asked_for = confirm_public(page, filled_in(hold_public(page, chosen(shop, start=start_at("17:00", MONDAY)))))
    heard = says(desk, "Yes", "+919845077777")
    assert (heard.outcome, status_of(desk, asked_for)) == ("for_person", _S.PENDING_APPROVAL)
    assert says(desk, "Cancel", "+919845077777").outcome == "cancelled"


def test_a_number_that_nobody_knows_changes_nothing(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    said = asked(desk, shop, visit)
    for heard in (says(desk, "Cancel", "+919000000001"), says(desk, "Cancel", "+919000000001", answers=said)):
        assert heard.customer_id is None and heard.settled_at is None and heard.outcome in ("no_visit", "for_person")
    assert status_of(desk, visit) == _S.BOOKED


def test_the_neighbours_visits_are_out_of_reach(
    desk: UnitOfWork, two_shops: TwoShops, visit: BookingDone, unit_of_work: Work
) -> None:
    said = asked(desk, two_shops.a, visit)
    sender = phone_of(desk, two_shops.a)
    with unit_of_work(two_shops.b.actor()) as theirs:
        heard = says(theirs, "Cancel", sender, answers=said)
        assert (heard.outcome, heard.customer_id, heard.booking_id) == ("no_visit", None, None)
    with unit_of_work(two_shops.a.actor()) as again:
        assert status_of(again, visit) == _S.BOOKED


def test_stop_and_start_are_about_the_number(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    sender = phone_of(desk, shop)
    where = [(Channel.WHATSAPP, sender), (Channel.SMS, sender)]
    heard = says(desk, "STOP", sender)
    assert heard.outcome == "stopped" and blocked(desk, where) == {where[0]} and heard.settled_at is not None
    assert says(desk, "stop", sender).outcome == "known"
    assert says(desk, "START", sender).outcome == "started" and blocked(desk, where) == set()
    assert says(desk, "start", sender).outcome == "known"
    assert replies(desk) == [("reply", "stopped"), ("reply", "started")] and status_of(desk, visit) == _S.BOOKED


@pytest.mark.parametrize(
    "text",
    [
        "Can I bring my sister?",
        "",
        "😀" * 500,
        "\u202egnol oot\u202c" * 300,
        "x" * 4_096,
        "' OR 1=1 --",
        "<b>Yes</b>",
        "a\x00b",
    ],
)
def test_anything_else_waits_for_a_person(desk: UnitOfWork, shop: Shop, visit: BookingDone, text: str) -> None:
    heard = says(desk, text, phone_of(desk, shop))
    assert (heard.outcome, heard.settled_at, heard.text) == ("for_person", None, text.replace("\x00", ""))
    assert replies(desk) == [] and status_of(desk, visit) == _S.BOOKED


def test_a_picture_is_for_a_person_even_with_a_yes(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    heard = says(desk, "Yes", phone_of(desk, shop), pieces=1)
    assert (heard.outcome, heard.settled_at) == ("confirmed", None)


def test_every_outcome_has_its_words() -> None:
    assert set(RULES) == set(Outcome)
    assert {rule.label for rule in RULES.values()} and all(len(rule.label) > 5 for rule in RULES.values())


def test_the_inbox_shows_who_waits_and_an_answer_settles_it(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    sender = phone_of(desk, shop)
    says(desk, "Is there parking?", sender)
    last = says(desk, "Hello?", sender, minutes=1)
    says(desk, "Do you do beards?", "+919000000001", minutes=2)
    rows = inbox.waiting(desk)
    assert [(row.text, row.count) for row in rows] == [("Hello?", 2), ("Do you do beards?", 1)]
    assert inbox.count_waiting(desk) == 2
    opened = inbox.conversation(desk, last.id)
    assert [one.text for one in opened.said] == ["Is there parking?", "Hello?"]
    assert opened.next_visit is not None and [one for one, _ in opened.people] == [shop.customer_id]
    inbox.answer(replace(desk, now=desk.now + timedelta(minutes=3)), AnswerInbound(last.id, " Yes, behind the house. "))
    assert replies(desk) == [("answer", "Yes, behind the house.")]
    assert [row.text for row in inbox.waiting(desk)] == ["Do you do beards?"]
    assert [one.text for one in inbox.conversation(desk, last.id).said][-1] == "Yes, behind the house."


def test_of_a_shared_number_everybody_is_named(desk: UnitOfWork, shop: Shop, visit: BookingDone) -> None:
    sender = phone_of(desk, shop)
    child = {
        "business_id": shop.business_id,
        "name": "Little One",
        "name_key": "little one",
        "phone": sender,
        "created_at": desk.now,
    }
    desk.session.add(Customer(**child, phone_reversed=sender[::-1], is_sharing_phone=True))
    desk.session.flush()
    heard = says(desk, "Hello?", sender)
    assert heard.customer_id is None
    assert inbox.waiting(desk)[0].name.endswith(" or Little One")
    opened = inbox.conversation(desk, heard.id)
    assert len(opened.people) == 2 and opened.next_visit is not None
    assert says(desk, "Yes", sender).booking_id == visit.booking_id, "their only coming visit, whoever wrote"


@pytest.mark.parametrize("text", ["", "   ", "x" * 1_001])
def test_an_answer_needs_words(desk: UnitOfWork, shop: Shop, text: str) -> None:
    heard = says(desk, "Hello?", phone_of(desk, shop))
    with pytest.raises(Invalid):
        inbox.answer(desk, AnswerInbound(heard.id, text))
    assert inbox.count_waiting(desk) == 1 and replies(desk) == []


def test_no_answer_where_none_would_be_let_through(desk: UnitOfWork, shop: Shop) -> None:
    sender = phone_of(desk, shop)
    heard = says(desk, "Hello?", sender)
    with pytest.raises(Conflict, match="24 hours"):
        inbox.answer(replace(desk, now=desk.now + timedelta(hours=24)), AnswerInbound(heard.id, "Yes"))
    by_sms = says(desk, "Hello?", "+919000000001", channel=Channel.SMS)
    with pytest.raises(Conflict, match="one way"):
        inbox.answer(desk, AnswerInbound(by_sms.id, "Yes"))
    says(desk, "STOP", sender, minutes=1)
    with pytest.raises(Conflict, match="stopped"):
        inbox.answer(replace(desk, now=desk.now + timedelta(minutes=2)), AnswerInbound(heard.id, "Yes"))
    assert [one for one, _ in replies(desk)] == ["reply"]


def test_settling_leaves_what_came_later(desk: UnitOfWork, shop: Shop) -> None:
    sender = phone_of(desk, shop)
    first = says(desk, "Hello?", sender)
    inbox.settle(desk, first.id)
    assert inbox.count_waiting(desk) == 0
    says(desk, "Still there?", sender, minutes=1)
    assert inbox.count_waiting(desk) == 1


def test_who_looks_after_it_is_chosen_once(desk: UnitOfWork, shop: Shop) -> None:
    heard = says(desk, "Hello?", phone_of(desk, shop))
    owner = shop.members[Role.OWNER]
    inbox.assign(desk, AssignInbound(heard.id, heard.version, owner))
    opened = inbox.conversation(desk, heard.id)
    assert opened.assigned_id == owner and inbox.waiting(desk)[0].assigned
    with pytest.raises(Conflict):
        inbox.assign(desk, AssignInbound(heard.id, 1, ""))
    with pytest.raises(NotFound):
        inbox.assign(desk, AssignInbound(heard.id, opened.version, 10**9))
    inbox.assign(desk, AssignInbound(heard.id, opened.version, ""))
    assert inbox.conversation(desk, heard.id).assigned_id is None


def test_the_neighbours_conversations_cannot_be_opened(
    desk: UnitOfWork, two_shops: TwoShops, unit_of_work: Work
) -> None:
    heard = says(desk, "Hello?", phone_of(desk, two_shops.a))
    with unit_of_work(two_shops.b.actor()) as theirs:
        assert inbox.waiting(theirs) == ()
        for call in (inbox.conversation, inbox.settle):
            with pytest.raises(NotFound):
                call(theirs, heard.id)
        with pytest.raises(NotFound):
            inbox.answer(theirs, AnswerInbound(heard.id, "Hi"))


@pytest.mark.parametrize("role", [Role.STAFF, Role.ACCOUNTANT])
def test_who_may_not_read_messages_sees_none(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow, pytest.raises(Forbidden):
        inbox.waiting(uow)
