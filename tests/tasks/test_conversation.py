"""Replies and answers leave through the real SDK, to the number that wrote, while its window is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import select, update

from bench.remind_faults import day_zone
from microcrm import wiring
from microcrm.adapters import queue
from microcrm.domain.booking import BookingStatus
from microcrm.domain.messenger import Channel, Inbound
from microcrm.domain.twilio import read_inbound
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.replies import InboundMessage
from microcrm.operations.links import hash_of
from microcrm.operations.public_visit import public_visit
from microcrm.operations.replies import inbox
from microcrm.operations.replies.arriving import take_inbound
from microcrm.operations.replies.inbox import AnswerInbound
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from microcrm.settings import Settings, settings
from tasks import messages
from tests.conftest import act_as
from tests.support.messages import Outbox, outbox_of
from tests.support.sandbox import SEED, Sandbox
from tests.support.shops import TwoShops


@pytest.fixture
def outbox(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    queue.client().flushdb()
    yield outbox_of(fresh_database.a, sandbox)


def writes(outbox: Outbox, text: str, sender: str = "", **changes: Any) -> InboundMessage:
    """On the phone, and as the worker takes it in."""
    number = sender or outbox.phone
    said = outbox.texter.act("answer", sender=number, receiver=outbox.texter.sender, text=text or "a picture")
    usual: dict[str, Any] = {
        "provider_id": said["sid"], "channel": Channel.WHATSAPP, "sender": number, "receiver": outbox.texter.sender, "text": text,
        "button": "", "answers": "", "profile": "", "pieces": 0, "at": wiring.now(),
    }  # fmt: skip
    assert outbox.do(take_inbound, Inbound(**(usual | changes)))
    found = select(InboundMessage).where(InboundMessage.provider_id == said["sid"])
    row: InboundMessage = outbox.do(lambda uow: uow.session.scalars(found).one())
    return row


def left(outbox: Outbox) -> list[tuple[str, str]]:
    return [(one["to"].removeprefix("whatsapp:"), one["body"]) for one in outbox.there()]


def test_a_yes_is_thanked_for_at_any_hour(outbox: Outbox) -> None:
    heard = writes(outbox, "haan ji")
    assert heard.outcome == "confirmed"
    assert messages.sweep() == 1 and messages.sweep() == 0
    [(to, body)] = left(outbox)
    assert to == outbox.phone and "thank you, we expect you" in body
    status = outbox.do(lambda uow: uow.session.get_one(Booking, outbox.shop.booking_id).status)
    assert status == BookingStatus.CONFIRMED


def test_the_link_to_another_time_works_and_is_kept_as_a_hash(outbox: Outbox) -> None:
    writes(outbox, "reschedule")
    messages.sweep()
    [(_, body)] = left(outbox)
    token = body.rpartition("/m/")[2]
    [row] = [one for one in outbox.rows() if one.step == "reply"]
    assert token not in row.text and "••••" in row.text and len(hash_of(token)) == 32
    assert act_as(VISITOR, public_visit, token).number


def test_stop_is_confirmed_once_and_then_nothing_more_leaves(outbox: Outbox) -> None:
    writes(outbox, "STOP")
    writes(outbox, "STOP")
    outbox.plan()
    messages.sweep()
    bodies = [body for _, body in left(outbox)]
    assert len(bodies) == 1 and "Write START" in bodies[0]
    [notice] = [one for one in outbox.rows() if one.step == "booked"]
    assert (notice.channel, notice.state, notice.reason) == ("whatsapp", "suppressed", "opted_out")
    writes(outbox, "START")
    messages.sweep()
    assert len(left(outbox)) == 1, "one message in six seconds to one number"
    outbox.hurry(handed_at=wiring.now() - timedelta(minutes=1))
    messages.sweep()
    assert "here again" in left(outbox)[-1][1]


def test_a_stranger_gets_an_answer_where_they_wrote(outbox: Outbox) -> None:
    heard = writes(outbox, "Do you do beards?", "+919000000077")
    act_as(outbox.shop.actor(), inbox.answer, AnswerInbound(heard.id, "Yes, every day."))
    assert messages.sweep() == 1
    assert left(outbox) == [("+919000000077", "Yes, every day.")]
    opened = act_as(outbox.shop.actor(), inbox.conversation, heard.id)
    assert [(one.text, one.is_ours) for one in opened.said] == [("Do you do beards?", False), ("Yes, every day.", True)]
    assert opened.is_settled and opened.said[-1].state in ("handed", "sent", "delivered", "read")


def test_a_reply_that_got_lost_is_looked_up_by_the_number_that_wrote(outbox: Outbox) -> None:
    writes(outbox, "STOP", "+919000000078")
    outbox.texter.act("fault", kind="reset_after")
    assert messages.sweep() == 0 and len(left(outbox)) == 1
    outbox.hurry()
    messages.sweep()
    assert len(left(outbox)) == 1
    [row] = [one for one in outbox.rows() if one.step == "reply"]
    assert row.provider_id == outbox.there()[0]["sid"]


def test_no_answer_leaves_once_the_window_is_over(outbox: Outbox) -> None:
    heard = writes(outbox, "Hello?")
    act_as(outbox.shop.actor(), inbox.answer, AnswerInbound(heard.id, "Hello!"))

    def a_day_ago(uow: UnitOfWork) -> None:
        past = uow.now - timedelta(hours=25)
        uow.session.execute(update(InboundMessage).values(at=past))
        uow.session.execute(update(Message).where(Message.step == "answer").values(expires_at=past))

    outbox.do(a_day_ago)
    messages.sweep()
    [row] = [one for one in outbox.rows() if one.step == "answer"]
    assert left(outbox) == [] and (row.state, row.reason) == ("suppressed", "no_template")


def test_a_family_phone_is_answered_once(outbox: Outbox) -> None:
    def child(uow: UnitOfWork) -> None:
        uow.session.add(Customer(
            business_id=uow.business_id, name="Little One", name_key="little one", phone=outbox.phone,
            phone_reversed=outbox.phone[::-1], is_sharing_phone=True, created_at=uow.now,
        ))  # fmt: skip

    outbox.do(child)
    assert writes(outbox, "Yes").outcome == "confirmed"
    messages.sweep()
    assert len(left(outbox)) == 1


@pytest.mark.parametrize(
    ("button", "status"), [("confirm", BookingStatus.CONFIRMED), ("cancel", BookingStatus.CANCELLED_BY_CUSTOMER)]
)
def test_the_buttons_under_the_question_answer_it(outbox: Outbox, button: str, status: BookingStatus) -> None:
    outbox.set("businesses", zone=day_zone(wiring.now()))
    outbox.plan("ask_to_confirm")
    messages.sweep()
    [asked] = outbox.there()
    pressed = {"n": outbox.phone, "does": "answer", "account": outbox.texter.sid, "sid": asked["sid"], "button": button}
    outbox.texter.act("hook", url="http://127.0.0.1:9/buttons/inbound")
    assert requests.post(f"{outbox.texter.url}/phone", data=pressed, timeout=10).status_code == 200
    [call] = [
        one["form"]
        for one in outbox.texter.act("state")["callbacks"]
        if one["form"].get("OriginalRepliedMessageSid") == asked["sid"]
    ]
    assert call["ButtonPayload"] == button
    assert outbox.do(take_inbound, read_inbound(call, wiring.now()))
    assert outbox.do(lambda uow: uow.session.get_one(Booking, outbox.shop.booking_id).status) == status
