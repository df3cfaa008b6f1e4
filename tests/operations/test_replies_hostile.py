"""Answers that contradict each other, come in any order, at once, or mean nothing: the visit ends in one sound state, whoever wrote is
told, and a person of the shop has it before them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update

from microcrm import wiring
from microcrm.domain.booking import BookingStatus
from microcrm.domain.messenger import LONGEST_INBOUND, Channel, Inbound
from microcrm.domain.replies import RULES, Outcome
from microcrm.domain.twilio import read_inbound
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.replies import InboundMessage
from microcrm.operations.book import book
from microcrm.operations.booking_policy import ChangePolicy, FeeRung, change_policy
from microcrm.operations.move import move
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.replies import inbox
from microcrm.operations.replies.arriving import take_inbound
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work, act_as
from tests.operations.test_bookings_races import deadlocks
from tests.operations.test_replies import asked, phone_of, replies, says, status_of
from tests.support.desk import MORNING, move_to, wish
from tests.support.shops import Shop, TwoShops

_S = BookingStatus
_OFF = _S.CANCELLED_BY_CUSTOMER
_numbers = itertools.count(1)


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        change_policy(uow, ChangePolicy(0, fee_ladder=(FeeRung(240, 50),), cancel_cutoff_min=300))
        mine = (Booking.business_id == shop.business_id, Booking.id == shop.booking_id)
        uow.session.execute(update(Booking).where(*mine).values(customer_id=None))
        yield uow


@pytest.fixture
def visit(desk: UnitOfWork, shop: Shop) -> BookingDone:
    return book(desk, wish(shop, "17:00"))


@pytest.mark.parametrize("points", [True, False], ids=["answering the question", "out of the blue"])
@pytest.mark.parametrize(
    "order", [("Yes", "Cancel"), ("Cancel", "Yes"), ("Yes", "Cancel", "Yes"), ("Cancel", "Yes", "Cancel")]
)
def test_a_contradiction_ends_cancelled_explained_and_before_a_person(
    desk: UnitOfWork, shop: Shop, visit: BookingDone, order: tuple[str, ...], points: bool
) -> None:
    sender, answers = phone_of(desk, shop), asked(desk, shop, visit) if points else ""
    heard = [says(desk, text, sender, answers=answers, minutes=n) for n, text in enumerate(order)]
    assert status_of(desk, visit) == _OFF, "a time that was given up is not taken back by a word: others may have it"
    assert any(one.settled_at is None for one in heard)
    assert len(inbox.waiting(desk)) == 1, "the conversation waits for somebody of the shop"
    told = [outcome for _, outcome in replies(desk)]
    for one in heard:
        explained = {Outcome.CANCELLED: "by the notice", Outcome.KNOWN: "before"}.get(Outcome(one.outcome), "")
        assert explained or one.outcome in told, one.outcome


def test_an_answer_that_was_under_way_while_the_visit_was_moved(
    desk: UnitOfWork, shop: Shop, visit: BookingDone
) -> None:
    """Two questions, the older one answered last: the answer about the old time neither confirms nor cancels the new one."""
    sender, old = phone_of(desk, shop), asked(desk, shop, visit, minutes=-10)
    moved = move(desk, move_to(visit, "18:00"))
    new = asked(desk, shop, moved, "moved", minutes=5)
    assert says(desk, "Yes", sender, answers=new, minutes=8).outcome == "confirmed"
    late = says(desk, "Cancel", sender, answers=old, minutes=9)
    assert (late.outcome, late.settled_at, status_of(desk, moved)) == ("old_time", None, _S.CONFIRMED)


@pytest.mark.parametrize(
    ("payload", "words", "outcome"),
    [
        ("refund:7", "Refund me", "for_person"),
        ("confirm_all", "Everything", "for_person"),
        ("CONFIRM", "Something else", "for_person"),
        ("../confirm", "x", "for_person"),
        ("\u202emrifnoc", "x", "for_person"),
        ("x" * 256, "😀", "for_person"),
        (
            "confirm:999999999999999999999",
            "I will come",
            "confirmed",
        ),  # a number behind it says nothing: theirs is the visit
        ("stop:1", "Stop", "stopped"),
    ],
)
def test_buttons_that_we_never_gave(
    desk: UnitOfWork, shop: Shop, visit: BookingDone, payload: str, words: str, outcome: str
) -> None:
    heard = says(desk, words, phone_of(desk, shop), button=payload)
    assert heard.outcome == outcome and (heard.settled_at is None) is (outcome == "for_person")
    assert status_of(desk, visit) == (_S.CONFIRMED if outcome == "confirmed" else _S.BOOKED)


@pytest.mark.parametrize("answers", ["SM" + "0" * 32, "../x", "", "MM" + "f" * 32])
def test_a_message_that_we_never_sent_cannot_be_answered(
    desk: UnitOfWork, shop: Shop, visit: BookingDone, answers: str
) -> None:
    other = book(desk, wish(shop, "18:00", day="2026-12-01"))
    form = {
        "MessageSid": f"SM{next(_numbers):032x}", "From": f"whatsapp:{phone_of(desk, shop)}", "To": "whatsapp:+14155238886",
        "Body": "Cancel", "OriginalRepliedMessageSid": answers,
    }  # fmt: skip
    told = read_inbound(form, desk.now)
    assert take_inbound(desk, told)
    row = desk.session.scalars(select(InboundMessage).where(InboundMessage.provider_id == told.provider_id)).one()
    assert (row.outcome, row.settled_at) == ("several", None)
    assert {status_of(desk, visit), status_of(desk, other)} == {_S.BOOKED}


def test_ten_thousand_letters_are_kept_to_their_limit_and_read_by_a_person(
    desk: UnitOfWork, shop: Shop, visit: BookingDone
) -> None:
    form = {
        "MessageSid": f"SM{next(_numbers):032x}", "From": phone_of(desk, shop), "To": "+14155238886", "Body": "Yes " * 2_500,
    }  # fmt: skip
    told = read_inbound(form, desk.now)
    assert take_inbound(desk, told)
    row = desk.session.scalars(select(InboundMessage).where(InboundMessage.provider_id == told.provider_id)).one()
    assert (row.outcome, row.settled_at, len(row.text)) == ("for_person", None, min(10_000, LONGEST_INBOUND))
    assert status_of(desk, visit) == _S.BOOKED
    assert len(inbox.waiting(desk)) == 1


_WORDS = (
    "Yes", "Cancel", "No", "Reschedule", "हाँ", "रद्द", "STOP", "START", "👍🏾", "❌", "\u202eYes\u202c", "\u200fCancel\u200f",
    "maybe", "Yes, but at six", "😀" * 900, "x" * 4_000, "", "\u2067لا\u2069", "<b>Cancel</b>", "Yes\u200d", "1", "2", "3", "0",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_in_whatever_order(
    desk: UnitOfWork, two_shops: TwoShops, visit: BookingDone, unit_of_work: Work, at: Callable[..., Any], seed: int
) -> None:
    """Sixty answers by three numbers, some of them about old questions, other people's messages, or with odd buttons."""
    dice, shop = Random(seed), two_shops.a
    with unit_of_work(two_shops.b.actor()) as theirs:
        before = dict(theirs.session.execute(select(Booking.id, Booking.status)).tuples().all())
        foreign = phone_of(theirs, two_shops.b)
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        _storm(uow, shop, visit, dice, foreign)
    with unit_of_work(two_shops.b.actor()) as theirs:
        assert dict(theirs.session.execute(select(Booking.id, Booking.status)).tuples().all()) == before


def _storm(uow: UnitOfWork, shop: Shop, visit: BookingDone, dice: Random, foreign: str) -> None:
    mine, stranger = phone_of(uow, shop), "+919000000001"
    questions = ["", asked(uow, shop, visit), "SM" + "9" * 32]
    was_off, heard = False, []
    for n in range(60):
        sender = dice.choice([mine, mine, mine, foreign, stranger])
        row = says(
            uow, dice.choice(_WORDS), sender, minutes=n, answers=dice.choice(questions),
            button=dice.choice(["", "", "", "confirm", "cancel:9", "odd", "\u202e"]), pieces=dice.choice([0, 0, 0, 1]),
        )  # fmt: skip
        heard.append(row)
        off = status_of(uow, visit) == _OFF
        assert off or not was_off, "what was cancelled stays cancelled"
        assert sender == mine or off == was_off, "nobody cancels for others"
        was_off = off
    ours = uow.session.scalars(select(Message).where(Message.subject.like("inbound:%"))).all()
    assert len(ours) == len({one.subject for one in ours}) <= len(heard), "at most one answer each"
    assert {one.details["to"] for one in ours} <= {mine, foreign, stranger}
    for one in heard:
        assert RULES[Outcome(one.outcome)].is_settled or one.settled_at is None, "a person is told of the rest"


def test_two_answers_at_once_on_two_workers(fresh_database: TwoShops) -> None:
    """In whichever order the visit's lock lets them in: it is cancelled, nothing is doubled, and a person is told."""
    shop, phone = fresh_database.a, "+919845033333"
    before = deadlocks(wiring.engine())
    for round_ in range(6):

        def ready(uow: UnitOfWork) -> None:
            uow.session.execute(update(Customer).where(Customer.id == shop.customer_id).values(phone=phone))
            booking = uow.session.get_one(Booking, shop.booking_id)
            booking.status, booking.starts_at = "booked", uow.now + timedelta(days=2)
            booking.ends_at = booking.starts_at + timedelta(hours=1)

        act_as(system(shop.business_id), ready)
        line = threading.Barrier(4)

        def write(text: str, number: int, line: threading.Barrier = line) -> bool:
            told = Inbound(
                provider_id=f"SM{number:032d}", channel=Channel.WHATSAPP, sender=phone, receiver="+14155238886", text=text,
                button="", answers="", profile="", pieces=0, at=wiring.now(),
            )  # fmt: skip
            line.wait()
            return bool(act_as(system(shop.business_id), take_inbound, told))

        numbers = [round_ * 2 + 1, round_ * 2 + 2]
        with ThreadPoolExecutor(4) as threads:  # each told twice, as Twilio does when we are slow
            jobs = [
                threads.submit(write, text, number) for text, number in zip(("Yes", "Cancel"), numbers, strict=True)
            ]
            jobs += [
                threads.submit(write, text, number) for text, number in zip(("Yes", "Cancel"), numbers, strict=True)
            ]
            assert sorted(job.result() for job in jobs) == [False, False, True, True]
        with wiring.unit_of_work(system(shop.business_id)) as uow:
            assert uow.session.get_one(Booking, shop.booking_id).status == _OFF
            sids = [f"SM{number:032d}" for number in numbers]
            rows = uow.session.scalars(select(InboundMessage).where(InboundMessage.provider_id.in_(sids))).all()
            outcomes = sorted(row.outcome for row in rows)
            assert outcomes in (["cancelled", "confirmed"], ["cancelled", "no_visit"], ["cancelled", "contradicts"])
            assert any(row.settled_at is None for row in rows), outcomes
    assert deadlocks(wiring.engine()) == before
