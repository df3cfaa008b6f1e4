"""The worker against the stand-in for Twilio, through its real SDK: each message leaves once, or is visibly not sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, select, text, update

from microcrm import wiring
from microcrm.adapters import queue
from microcrm.adapters.inbox import Arrival, store
from microcrm.domain.booking import BookingStatus
from microcrm.domain.messages import ELIDED
from microcrm.domain.messenger import Channel, DeliveryStatus, DeliveryTold
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.records import MailboxMessage
from microcrm.models.replies import ChannelBlock
from microcrm.operations.links import hash_of
from microcrm.operations.messages.claiming import Lane, claim, lanes
from microcrm.operations.messages.leaving import take_out
from microcrm.operations.messages.own_secrets import token_of
from microcrm.operations.messages.told import take_status
from microcrm.operations.messages.wording import Site
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import Settings, settings
from tasks import inbox, messages, sending
from tests.support.messages import Outbox, outbox_of, senders
from tests.support.sandbox import SEED, Sandbox
from tests.support.shops import TwoShops

LEFT = ("handed", "sent")  # the stand-in goes on by itself


@pytest.fixture
def shops(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoShops]:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    queue.client().flushdb()
    yield fresh_database


@pytest.fixture
def outbox(shops: TwoShops, sandbox: Sandbox) -> Outbox:
    return outbox_of(shops.a, sandbox)


def told(outbox: Outbox, message_id: int, status: str, code: int | None = None, sid: str = "SM" + "0" * 32) -> bool:
    row = next(one for one in outbox.rows() if one.id == message_id)
    known = DeliveryTold(str(message_id), row.provider_id or sid, DeliveryStatus(status), code, wiring.now())
    answer: bool = outbox.do(take_status, known)
    return answer


def test_what_is_due_leaves_once_and_says_what_it_is_about(outbox: Outbox, shops: TwoShops) -> None:
    sent = outbox.plan()
    later = outbox.plan("moved", due=wiring.now() + timedelta(hours=1))
    assert messages.sweep() == 1 and messages.sweep() == 0
    [there] = outbox.there()
    token = token_of(settings().link_key, shops.a.business_id, sent)
    assert there["to"] == f"whatsapp:{outbox.phone}" and there["body"].startswith(
        "Hello from Asha's Salon: you are booked:"
    )
    assert f"{settings().public_url}/m/{token}" in there["body"]
    first, second = outbox.rows()
    assert (first.state, first.provider_id, first.attempts, second.state) == ("handed", there["sid"], 1, "planned")
    assert first.text == there["body"].replace(token, ELIDED) and token not in first.text and second.id == later
    assert outbox.story(sent) == [("let_through", ""), ("handed", "")] and outbox.story(later) == []
    hashes = outbox.do(lambda uow: uow.session.execute(text("SELECT token_hash FROM public_links")).scalars().all())
    assert hash_of(token) in hashes, "the link works"


def test_ticks_go_forward_only_and_twice_is_once(outbox: Outbox) -> None:
    sent = outbox.plan()
    messages.sweep()
    for status in ("sent", "queued", "delivered", "sent", "undelivered", "read", "delivered", "read"):
        assert told(outbox, sent, status)
    assert outbox.states() == [("whatsapp", "read", "")]
    assert [what for what, _ in outbox.story(sent)] == ["let_through", "handed", "sent", "delivered", "read"]
    assert not outbox.do(take_status, DeliveryTold("999999", "SMx", DeliveryStatus.READ, None, wiring.now()))
    assert not outbox.do(take_status, DeliveryTold("x" * 5000, "SMx", DeliveryStatus.READ, None, wiring.now()))


def test_a_neighbour_s_status_touches_nothing(outbox: Outbox, shops: TwoShops, sandbox: Sandbox) -> None:
    sent = outbox.plan()
    messages.sweep()
    theirs = outbox_of(shops.b, sandbox)
    sid = outbox.rows()[0].provider_id or ""
    assert not theirs.do(take_status, DeliveryTold(str(sent), sid, DeliveryStatus.READ, None, wiring.now()))
    assert outbox.states() == [("whatsapp", "handed", "")]


def test_an_answer_that_gets_lost_is_looked_up_and_nothing_is_sent_twice(outbox: Outbox) -> None:
    sent = outbox.plan()
    outbox.texter.act("fault", kind="reset_after")
    assert messages.sweep() == 0
    assert [one.state for one in outbox.rows()] == ["sending"] and len(outbox.there()) == 1
    assert messages.sweep() == 0, "not before a minute"
    outbox.hurry()
    messages.sweep()
    assert outbox.rows()[0].provider_id == outbox.there()[0]["sid"]
    assert outbox.rows()[0].state in LEFT and len(outbox.there()) == 1
    assert outbox.story(sent)[-2][0] == "looked_up"


def test_one_that_never_arrived_is_sent_again(outbox: Outbox) -> None:
    sent = outbox.plan()
    outbox.texter.act("fault", kind="reset_before")
    messages.sweep()
    assert outbox.there() == [] and [one.state for one in outbox.rows()] == ["sending"]
    outbox.hurry()
    messages.sweep()
    assert outbox.states() == [("whatsapp", "planned", "not_arrived")]
    outbox.hurry()
    assert messages.sweep() == 1 and len(outbox.there()) == 1
    assert outbox.rows()[0].attempts == 2 and outbox.story(sent)[-1] == ("handed", "")


def test_when_nobody_can_say_a_person_decides(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = outbox.plan()
    outbox.texter.act("fault", kind="reset_after")
    messages.sweep()
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", "9")  # nobody is there
    settings.cache_clear()
    for _ in range(6):
        assert [one.state for one in outbox.rows()] == ["sending"]
        outbox.hurry()
        messages.look_after()
    assert outbox.states() == [("whatsapp", "unknown", "unknown")]
    assert outbox.story(sent)[-1] == ("unknown", "") and len(outbox.there()) == 1
    assert told(outbox, sent, "delivered"), "and is answered by a late tick"
    assert outbox.states() == [("whatsapp", "delivered", "")]


def test_a_worker_that_dies_before_the_call_loses_nothing(outbox: Outbox, shops: TwoShops) -> None:
    outbox.plan()
    lane = Lane(shops.a.business_id, "Asia/Kolkata", Channel.WHATSAPP, is_live=True)
    assert len(outbox.do(sending.take_out, lane, 10, Site(settings().public_url, settings().link_key))) == 1
    assert messages.sweep() == 0 and outbox.there() == []
    queue.client().flushdb()
    outbox.hurry()
    messages.sweep()
    outbox.hurry()
    assert messages.sweep() == 1 and len(outbox.there()) == 1


def test_a_worker_that_dies_after_the_call_sends_nothing_twice(outbox: Outbox, shops: TwoShops) -> None:
    outbox.plan()
    lane = Lane(shops.a.business_id, "Asia/Kolkata", Channel.WHATSAPP, is_live=True)
    [one] = outbox.do(sending.take_out, lane, 10, Site(settings().public_url, settings().link_key))
    sending.hand_over(sending.carrier_of(shops.a.business_id, Channel.WHATSAPP), one)
    outbox.hurry()
    messages.sweep()
    outbox.hurry()
    assert messages.sweep() == 0
    assert outbox.rows()[0].state in LEFT and len(outbox.there()) == 1


def test_a_worker_that_was_too_slow_has_lost_its_say_and_does_not_call(outbox: Outbox, shops: TwoShops) -> None:
    outbox.plan()
    lane = Lane(shops.a.business_id, "Asia/Kolkata", Channel.WHATSAPP, is_live=True)
    [one] = outbox.do(sending.take_out, lane, 10, Site(settings().public_url, settings().link_key))
    outbox.hurry()
    messages.sweep()
    outbox.hurry()
    assert messages.sweep() == 1
    sending.write_down(shops.a.business_id, "Asia/Kolkata", [sending.Unknown(one.message_id, one.attempt)])
    assert [row.state for row in outbox.rows()] == ["handed"] and len(outbox.there()) == 1
    late = sending.Leaving(one.message_id, 2, one.outgoing, one.timing, one.zone, wiring.now() - timedelta(seconds=1))
    result = sending.hand_over(sending.carrier_of(shops.a.business_id, Channel.WHATSAPP), late)
    assert isinstance(result, sending.NotSent) and result.code == "too_slow" and len(outbox.there()) == 1


def test_a_number_that_is_not_on_whatsapp_gets_an_sms_and_then_a_mail(outbox: Outbox) -> None:
    outbox.texter.act("phone", number=outbox.phone, has_whatsapp=False)
    first = outbox.plan()
    messages.sweep()
    assert told(outbox, first, "failed", 63024)
    assert messages.sweep() == 1
    sms = outbox.there()[1]
    assert sms["to"] == outbox.phone and sms["body"].startswith("Asha's Salon: you are booked:")
    outbox.do(lambda uow: uow.session.execute(update(Customer).values(email="meera@x.example")))
    assert told(outbox, outbox.rows()[1].id or 0, "undelivered", 30005)
    assert messages.sweep() == 1
    assert [one[:2] for one in outbox.states()] == [("whatsapp", "failed"), ("sms", "failed"), ("email", "sent")]
    assert outbox.rows()[0].details == {"next": "sms"}
    with wiring.unit_of_work(system(), realm="worker") as uow:
        [mail] = uow.session.scalars(select(MailboxMessage))
    assert (mail.recipient, mail.subject) == ("meera@x.example", "Message from Asha's Salon")
    assert "/m/" in mail.text and '<a href="' in mail.html


def test_what_fails_for_now_is_tried_again_later_and_not_for_ever(outbox: Outbox) -> None:
    sent = outbox.plan()
    for attempt in range(1, 7):
        outbox.texter.act("fault", kind="status", status=429)
        messages.sweep()
        row = outbox.rows()[0]
        assert (row.state, row.reason, row.attempts) == ("planned" if attempt < 6 else "failed", "429", attempt)
        assert attempt == 6 or row.due_at > wiring.now() + timedelta(seconds=10)
        outbox.hurry()
    assert outbox.story(sent)[-2:] == [("failed", "429"), ("goes_on", "sms")]


def test_wrong_keys_stop_the_channel_and_the_message_waits_for_them(outbox: Outbox) -> None:
    senders(outbox, Channel.SMS, is_on=False)
    senders(outbox, Channel.EMAIL, is_on=False)
    outbox.plan()
    outbox.texter.act("fault", kind="status", status=401)
    messages.sweep()
    assert outbox.states() == [("whatsapp", "planned", "401")] and outbox.rows()[0].attempts == 0
    assert messages.sweep() == 0, "nobody knocks with wrong keys again"
    senders(outbox, Channel.WHATSAPP, broken="")
    assert messages.sweep() == 1


def test_another_channel_takes_over_while_one_is_off(outbox: Outbox) -> None:
    senders(outbox, Channel.WHATSAPP, is_on=False)
    outbox.plan()
    assert messages.sweep() == 1
    assert outbox.states() == [("whatsapp", "suppressed", "channel_off"), ("sms", "handed", "")]


def test_a_shop_without_a_channel_keeps_what_is_to_be_said_until_it_is_too_late(outbox: Outbox) -> None:
    for channel in Channel:
        senders(outbox, channel, is_on=False)
    outbox.plan()
    assert messages.sweep() == 0 and outbox.states() == [("whatsapp", "planned", "")]
    outbox.hurry(expires_at=wiring.now() - timedelta(seconds=1))
    messages.tidy()
    assert outbox.states()[0] == ("whatsapp", "suppressed", "too_late")


def test_who_has_stopped_the_channel_is_left_alone(outbox: Outbox) -> None:
    sent = outbox.plan()
    messages.sweep()
    assert told(outbox, sent, "undelivered", 63014)
    blocks = outbox.do(lambda uow: uow.session.scalars(select(ChannelBlock)).all())
    assert [(one.channel, one.address, one.way) for one in blocks] == [("whatsapp", outbox.phone, "provider")]
    outbox.plan("moved", 2)
    assert messages.sweep() == 0
    assert outbox.states()[1] == ("whatsapp", "suppressed", "opted_out")


def test_a_dead_version_never_leaves(outbox: Outbox) -> None:
    outbox.plan("reminder")
    outbox.set(
        "bookings", starts_at=wiring.now() + timedelta(days=2), ends_at=wiring.now() + timedelta(days=2, hours=1)
    )
    outbox.set("messages", due_at=wiring.now().replace(hour=6, minute=0) - timedelta(days=1))
    booked = outbox.plan("booked", 3)
    outbox.plan("moved", 4)
    messages.sweep()
    found = {(one.step, one.subject_version): (one.state, one.reason) for one in outbox.rows()}
    assert found["booked", 3] == ("suppressed", "superseded") and found["moved", 4][0] == "handed"
    assert outbox.story(booked) == [("refused", "superseded")]
    assert found["reminder", 1] in {("suppressed", "moved"), ("planned", "night"), ("planned", "too_soon")}
    outbox.set("bookings", status=BookingStatus.CANCELLED_BY_CUSTOMER.value)
    outbox.plan("approved", 5)
    outbox.plan("cancelled", 6)
    outbox.do(lambda uow: uow.session.execute(update(Message).where(Message.state == "handed").values(
        handed_at=uow.now - timedelta(minutes=1))))  # fmt: skip
    messages.sweep()
    found = {(one.step, one.subject_version): (one.state, one.reason) for one in outbox.rows()}
    assert found["approved", 5] == ("suppressed", "off") and found["cancelled", 6][0] == "handed"


def test_a_channel_keeps_its_pace(outbox: Outbox) -> None:
    senders(outbox, Channel.WHATSAPP, per_second=3, tokens=0, refilled_at=None)
    for number in range(20):
        outbox.plan("booked", number + 1)
    lane = Lane(outbox.shop.business_id, "Asia/Kolkata", Channel.WHATSAPP, is_live=True)
    at = wiring.now()

    def claimed(seconds: float) -> int:
        with wiring.unit_of_work(system(outbox.shop.business_id), clock=lambda: at + timedelta(seconds=seconds)) as uow:
            return len(claim(uow, lane, 100))

    assert [claimed(one) for one in (1, 1.1, 1.5, 2, 10, 10.2)] == [3, 0, 1, 2, 6, 0]
    assert claimed(9) == 0, "a clock that goes back gives nothing"


def test_ten_thousand_of_one_shop_do_not_keep_another_waiting(
    outbox: Outbox, shops: TwoShops, sandbox: Sandbox
) -> None:
    def flood(uow: UnitOfWork) -> None:
        uow.session.execute(text(
            "INSERT INTO messages (business_id, customer_id, booking_id, subject, step, channel, created_at, due_at, expires_at) "
            "SELECT business_id, customer_id, id, 'booking:' || id || ':' || n, 'booked', 'sms', now(), now() - interval '1 hour', "
            "now() + interval '1 day' FROM bookings, generate_series(1, 10000) n WHERE id = :id"
        ), {"id": shops.a.booking_id})  # fmt: skip

    outbox.do(flood)
    theirs = outbox_of(shops.b, sandbox)
    mine = theirs.plan()
    order: list[str] = []

    def carry(outgoing: Any) -> Any:
        order.append(outgoing.reference)
        return sending.Handed(f"SM{len(order):032x}", DeliveryStatus.QUEUED)

    senders(outbox, Channel.SMS, per_second=1000)
    sender = sending.Sender(budget=1.0, carry=carry)
    sender.run()
    assert str(mine) in order and order.index(str(mine)) <= 2 * 250
    assert len(set(order)) == len(order)


def test_the_lane_of_a_shop_that_can_send_is_found_and_no_other(outbox: Outbox, shops: TwoShops) -> None:
    outbox.plan()
    with wiring.unit_of_work(system(), realm="worker") as uow:
        found = lanes(uow)
    assert [(one.business_id, one.channel, one.is_live) for one in found] == [
        (shops.a.business_id, Channel.WHATSAPP, True)
    ]
    outbox.hurry(due_at=wiring.now() + timedelta(minutes=1))
    with wiring.unit_of_work(system(), realm="worker") as uow:
        assert lanes(uow) == []


def test_a_claim_takes_what_nobody_else_has(outbox: Outbox) -> None:
    for number in range(6):
        outbox.plan("booked", number + 1)
    lane = Lane(outbox.shop.business_id, "Asia/Kolkata", Channel.WHATSAPP, is_live=True)
    whose = system(outbox.shop.business_id)
    with wiring.unit_of_work(whose) as one, wiring.unit_of_work(whose) as two:
        first, second = claim(one, lane, 4), claim(two, lane, 4)
    assert (len(first), second) == (4, [])
    with wiring.unit_of_work(whose) as uow:
        assert len(claim(uow, lane, 10)) == 6, "a claim of which nothing came is over with its transaction"


def test_what_was_taken_out_is_taken(outbox: Outbox) -> None:
    for number in range(6):
        outbox.plan("booked", number + 1)
    lane = Lane(outbox.shop.business_id, "Asia/Kolkata", Channel.WHATSAPP, is_live=True)
    taken, site = [], Site(settings().public_url, settings().link_key)
    for _ in range(2):
        with wiring.unit_of_work(system(outbox.shop.business_id)) as uow:
            taken += [one.message_id for one in take_out(uow, lane, 4, site)]
    assert len(set(taken)) == len(taken) > 0
    states = {one.id: one.state for one in outbox.rows()}
    assert {states[one] for one in taken} == {"sending"}


def test_visits_that_were_there_before_get_their_reminders(outbox: Outbox, shops: TwoShops) -> None:
    assert messages.tidy() >= 1
    rows = outbox.rows()
    assert {one.step for one in rows} <= {"reminder", "ask_to_confirm"} and rows
    messages.tidy()
    assert len(outbox.rows()) == len(rows)


def test_the_bookkeeping_of_a_booking_of_another_shop_is_not_touched(outbox: Outbox, shops: TwoShops) -> None:
    outbox.plan()
    messages.sweep()
    with wiring.unit_of_work(system(shops.b.business_id)) as uow:
        assert uow.session.scalars(select(Message)).all() == []
        assert uow.session.scalars(select(Booking.status)).all()


def test_what_twilio_tells_comes_in_through_the_inbox(outbox: Outbox, shops: TwoShops) -> None:
    sent = outbox.plan()
    messages.sweep()
    sid = outbox.rows()[0].provider_id or ""
    with wiring.unit_of_work(system(), realm="worker") as uow:
        for status in ("delivered", "sent", "delivered"):
            form = {"MessageSid": sid, "MessageStatus": status}
            body = {"twilio": "status", "reference": str(sent), "form": form, "at": uow.now.isoformat()}
            store(uow.session, [Arrival(shops.a.business_id, f"{sid}:{status}", json.dumps(body))], uow.now)
    assert inbox.sweep() == 2
    assert outbox.states() == [("whatsapp", "delivered", "")]


def test_one_outcome_that_cannot_be_written_takes_no_other_along(outbox: Outbox) -> None:
    owner = create_engine(settings().database_owner_url)
    with owner.begin() as connection:
        connection.execute(text(
            "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
        ))  # fmt: skip
        connection.execute(text(
            "CREATE TRIGGER stumble BEFORE UPDATE ON messages FOR EACH ROW "
            "WHEN (NEW.state = 'handed' AND NEW.subject_version = 2) EXECUTE FUNCTION stumble()"
        ))  # fmt: skip
    owner.dispose()
    for number in range(3):
        outbox.plan("booked_all", number + 1)
    senders(outbox, Channel.WHATSAPP, is_on=False)
    messages.sweep()
    found = [one.state for one in outbox.rows() if one.channel == "sms"]
    assert found == ["handed", "sending", "handed"] and len(outbox.there()) == 3
