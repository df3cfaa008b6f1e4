"""What is told long after a message left: it goes by the next channel while it is of use, and nobody hears the same twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from microcrm import wiring
from microcrm.adapters import queue
from microcrm.domain.booking import BookingStatus
from microcrm.domain.messenger import Channel, DeliveryStatus, DeliveryTold
from microcrm.models.messages import Message
from microcrm.operations.messages.told import take_status
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import Settings, settings
from tasks import messages
from tests.support.messages import Outbox, outbox_of, senders
from tests.support.sandbox import SEED, Sandbox
from tests.support.shops import TwoShops


@pytest.fixture
def outbox(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    queue.client().flushdb()
    yield outbox_of(fresh_database.a, sandbox)


def an_hour_ago(outbox: Outbox) -> Message:
    """A message left by WhatsApp an hour ago, and Twilio took it."""
    outbox.plan()
    assert messages.sweep() == 1
    outbox.hurry(handed_at=wiring.now() - timedelta(hours=1), called_at=wiring.now() - timedelta(hours=1))
    return outbox.rows()[0]


def told(outbox: Outbox, row: Message, status: str, code: int | None = None) -> bool:
    known = DeliveryTold(str(row.id), row.provider_id or "", DeliveryStatus(status), code, wiring.now())
    answer: bool = outbox.do(take_status, known)
    return answer


def arrived(outbox: Outbox) -> list[str]:
    return ["whatsapp" if one["to"].startswith("whatsapp:") else "sms" for one in outbox.there()]


@pytest.mark.parametrize("code", [30005, 30006, 63024, 63032, 99_999, None])
@pytest.mark.parametrize("status", ["undelivered", "failed", "canceled"])
def test_it_goes_by_the_next_channel_once_however_often_it_is_told(
    outbox: Outbox, status: str, code: int | None
) -> None:
    row = an_hour_ago(outbox)
    for word in (status, "failed", "undelivered", status, "sent", "queued"):
        assert told(outbox, row, word, code)
    assert messages.sweep() == 1 and messages.sweep() == 0
    assert arrived(outbox) == ["whatsapp", "sms"]
    assert (outbox.rows()[0].channel, outbox.rows()[0].state) == ("whatsapp", "failed")
    told(outbox, row, status, code)
    messages.sweep()
    assert arrived(outbox) == ["whatsapp", "sms"], "also after the second has left"


def test_what_failed_for_now_is_tried_again_and_only_then_goes_on(outbox: Outbox) -> None:
    row = an_hour_ago(outbox)
    for attempt in (1, 2, 3):
        assert told(outbox, row, "undelivered", 30003)
        assert outbox.rows()[0].state == ("planned" if attempt < 3 else "failed")
        outbox.hurry(handed_at=wiring.now() - timedelta(hours=1))
        messages.sweep()
        row = outbox.rows()[0]
    assert arrived(outbox) == ["whatsapp", "whatsapp", "whatsapp", "sms"]


def test_nothing_goes_on_once_it_is_of_no_use(outbox: Outbox) -> None:
    row = an_hour_ago(outbox)
    outbox.set("messages", expires_at=wiring.now() - timedelta(seconds=1))
    assert told(outbox, row, "undelivered", 30005)
    messages.sweep()
    assert arrived(outbox) == ["whatsapp"]
    assert outbox.states()[1:] == [("sms", "suppressed", "too_late")]


def test_nothing_goes_on_about_a_visit_that_is_off_by_now(outbox: Outbox) -> None:
    row = an_hour_ago(outbox)
    outbox.set("bookings", status=BookingStatus.CANCELLED_BY_BUSINESS.value)
    assert told(outbox, row, "undelivered", 30005)
    messages.sweep()
    assert arrived(outbox) == ["whatsapp"] and outbox.states()[1][1] == "suppressed"


@pytest.mark.parametrize("receipt", ["delivered", "read"])
def test_one_that_arrived_after_all_is_not_said_again(outbox: Outbox, receipt: str) -> None:
    row = an_hour_ago(outbox)
    assert told(outbox, row, "undelivered", 30005)
    assert [one.state for one in outbox.rows()] == ["failed", "planned"]
    assert told(outbox, row, receipt)
    assert messages.sweep() == 0 and arrived(outbox) == ["whatsapp"]
    first, second = outbox.rows()
    assert (first.state, second.state, second.reason) == (receipt, "withdrawn", "arrived")
    assert outbox.story(second.id or 0) == [("taken_back", "arrived")]


def test_a_receipt_takes_back_nothing_but_the_same_words(outbox: Outbox) -> None:
    row = an_hour_ago(outbox)
    other = outbox.plan("reminder", due=wiring.now() + timedelta(hours=3))
    assert told(outbox, row, "undelivered", 30005) and told(outbox, row, "delivered")
    states = {one.id: one.state for one in outbox.rows()}
    assert states[other] == "planned" and sorted(states.values()) == ["delivered", "planned", "withdrawn"]


def test_without_another_channel_a_person_sees_it(outbox: Outbox) -> None:
    senders(outbox, Channel.SMS, is_on=False)

    def no_mail(uow: UnitOfWork) -> None:
        uow.session.execute(update(Message).values(details={}))

    row = an_hour_ago(outbox)
    outbox.do(no_mail)
    assert told(outbox, row, "undelivered", None)
    messages.sweep()
    assert outbox.states() == [("whatsapp", "failed", "undelivered")] and "next" not in outbox.rows()[0].details
