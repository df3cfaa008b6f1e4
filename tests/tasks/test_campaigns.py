"""Campaigns on their way to the stand-in for Twilio: nobody twice, nobody lost, nothing after a stop, and never before a reminder."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, text, update

from microcrm import wiring
from microcrm.adapters import queue
from microcrm.domain.messenger import Channel, DeliveryStatus, Handed, Outgoing
from microcrm.domain.permissions import Role
from microcrm.models.campaigns import Campaign
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.records import MailboxMessage
from microcrm.operations.campaigns import planning
from microcrm.operations.campaigns.result import result_of
from microcrm.operations.campaigns.running import (
    StartCampaign,
    pause_campaign,
    resume_campaign,
    start_campaign,
    stop_campaign,
)
from microcrm.operations.messages.claiming import Lane, claim
from microcrm.operations.parts.channel_blocks import block
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import Settings, settings
from tasks import campaigns, messages, sending
from tasks.sending import Sender
from tests.conftest import act_as
from tests.support.campaigns import people, written
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


@pytest.fixture(autouse=True)
def at_any_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run at night too; the hours have tests of their own."""
    monkeypatch.setattr("microcrm.domain.send_gate.HOURS", ())


def begun(outbox: Outbox, many: int, *channels: str, pace: int = 600, **columns: Any) -> int:
    """The id of a campaign to so many new customers, on its way."""

    def begin(uow: UnitOfWork) -> int:
        uow.session.execute(update(Customer).values(created_at=uow.now - timedelta(days=90)))
        agree = [f"{one}_offers" for one in channels or ("whatsapp",)]
        people(uow, many, agree=agree, **columns)
        row = written(uow, *channels, pace=pace)
        start_campaign(uow, StartCampaign(row.id, row.version))
        return row.id or 0

    made: int = act_as(outbox.shop.actor(Role.MANAGER), begin)
    return made


def of_campaign(outbox: Outbox) -> list[Message]:
    query = select(Message).where(Message.campaign_id.is_not(None)).order_by(Message.id)
    return list(outbox.do(lambda uow: uow.session.scalars(query).all()))


def manage(outbox: Outbox, operation: Any, *args: Any) -> Any:
    return act_as(outbox.shop.actor(Role.MANAGER), operation, *args)


def later(outbox: Outbox, campaign_id: int) -> None:
    """Its next moment has come."""
    past = wiring.now() - timedelta(seconds=1)
    outbox.do(lambda uow: uow.session.execute(update(Campaign).where(Campaign.id == campaign_id).values(next_at=past)))


def test_each_gets_it_once_in_their_words_with_a_way_to_end_it(outbox: Outbox) -> None:
    campaign_id = begun(outbox, 5)
    assert campaigns.sweep() == 1
    outbox.hurry()
    assert messages.sweep() == 5 and messages.sweep() == 0
    there = outbox.there()
    assert len({one["to"] for one in there}) == 5
    assert all("20% off until Sunday, Person" in one["body"] and "/u/" in one["body"] for one in there)
    assert all(f"{settings().public_url}/b/" in one["body"] for one in there)
    campaigns.sweep()
    assert outbox.do(lambda uow: uow.session.get_one(Campaign, campaign_id).state) == "done"
    assert manage(outbox, result_of, campaign_id).sent == 5


def test_a_planner_that_is_cut_off_anywhere_loses_and_doubles_nobody(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = begun(outbox, 40)
    monkeypatch.setattr(planning, "MOST", 7)
    store, cuts = planning._store, iter([True, False, True, True, False, False, True, False, True, False, False])

    def cut(*args: Any) -> None:
        store(*args)
        if next(cuts, False):
            raise RuntimeError("the worker died")

    monkeypatch.setattr(planning, "_store", cut)
    for _ in range(30):
        campaigns.sweep()
        later(outbox, campaign_id)
    rows = of_campaign(outbox)
    assert Counter(one.customer_id for one in rows) == dict.fromkeys((one.customer_id for one in rows), 1)
    assert len(rows) == 40 and next(cuts, None) is None
    assert outbox.do(lambda uow: uow.session.get_one(Campaign, campaign_id).examined) == 40


def test_two_planners_at_the_same_time_are_as_good_as_one(outbox: Outbox) -> None:
    campaign_id = begun(outbox, 60)

    def work() -> None:
        for _ in range(6):
            campaigns.sweep()
            later(outbox, campaign_id)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    rows = of_campaign(outbox)
    assert len(rows) == 60 == len({one.customer_id for one in rows})


def taken_in(outgoing: Outgoing) -> Handed:
    return Handed(f"SM{int(outgoing.reference):032d}", DeliveryStatus.QUEUED)


def test_after_a_stop_nothing_more_leaves(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even what was let through already and waits for its thread."""
    campaign_id = begun(outbox, 30)
    campaigns.sweep()
    outbox.hurry()
    monkeypatch.setattr(sending, "_HALT_KNOWN", 0.0)
    left: list[str] = []

    def stopping(outgoing: Outgoing) -> Handed:
        left.append(outgoing.to)
        if len(left) == 3:
            manage(outbox, stop_campaign, campaign_id)
        return taken_in(outgoing)

    Sender(carry=stopping, budget=2.0, pool=ThreadPoolExecutor(1)).run()
    assert len(left) == 3
    outbox.hurry()
    assert messages.sweep() == 0 and campaigns.sweep() == 0
    assert Counter(one.state for one in of_campaign(outbox))["handed"] == 3
    assert {one.reason for one in of_campaign(outbox) if one.state in ("withdrawn", "suppressed")} == {"stopped"}


def test_what_is_paused_waits_and_goes_on(outbox: Outbox) -> None:
    campaign_id = begun(outbox, 4)
    campaigns.sweep()
    manage(outbox, pause_campaign, campaign_id)
    outbox.hurry()
    assert messages.sweep() == 0 and campaigns.sweep() == 0 and outbox.there() == []
    manage(outbox, resume_campaign, campaign_id)
    outbox.hurry()
    assert messages.sweep() == 4 and len(outbox.there()) == 4


def test_a_no_between_planning_and_leaving_counts(outbox: Outbox) -> None:
    begun(outbox, 3)
    campaigns.sweep()
    first = of_campaign(outbox)[0]

    def stop(uow: UnitOfWork) -> None:
        block(uow, Channel.WHATSAPP, uow.session.get_one(Customer, first.customer_id).phone, "word")

    outbox.do(stop)
    outbox.hurry()
    assert messages.sweep() == 2
    refused = of_campaign(outbox)[0]
    assert (refused.state, refused.reason) == ("suppressed", "opted_out")


def test_who_has_no_whatsapp_gets_an_sms_when_they_agreed_to_that(outbox: Outbox) -> None:
    begun(outbox, 1, "whatsapp", "sms")
    campaigns.sweep()
    [row] = of_campaign(outbox)
    phone = outbox.do(lambda uow: uow.session.get_one(Customer, row.customer_id).phone)
    outbox.texter.act("phone", number=phone, has_whatsapp=False)
    senders(outbox, Channel.WHATSAPP, is_on=False)
    outbox.hurry()
    messages.sweep()
    outbox.hurry()
    messages.sweep()
    first, second = of_campaign(outbox)
    assert (first.state, first.reason, second.channel) == ("suppressed", "channel_off", "sms")
    assert second.state in ("handed", "sent") and len(outbox.there()) == 1
    assert {one.campaign_id for one in of_campaign(outbox)} == {row.campaign_id}


def test_a_letter_says_how_to_end_such_letters(outbox: Outbox) -> None:
    begun(outbox, 1, "email", email="meera@x.example", email_key="meera@x.example")
    campaigns.sweep()
    outbox.hurry()
    assert messages.sweep() == 1
    with wiring.unit_of_work(system(), realm="worker") as uow:
        [mail] = uow.session.scalars(select(MailboxMessage).where(MailboxMessage.recipient == "meera@x.example"))
        assert "/u/" in mail.text and mail.subject.startswith("News from")


def test_reminders_go_first_however_large_the_campaign(outbox: Outbox) -> None:
    """Of one shop by one channel: some thousand messages wait, and a reminder that is due now is claimed before them all."""
    begun(outbox, 3_000, pace=600)
    for _ in range(3):
        campaigns.sweep()
    assert len(of_campaign(outbox)) < 1_500, "no more is written down than leaves within two minutes"

    def flood(uow: UnitOfWork) -> None:
        uow.session.execute(
            text(
                "INSERT INTO messages (business_id, customer_id, campaign_id, subject, step, channel, created_at, due_at) "
                "SELECT c.business_id, c.id, k.id, 'campaign:' || k.id || ':' || c.id, 'campaign', 'whatsapp', now(), "
                "now() - interval '1 hour' FROM customers c, campaigns k WHERE c.name LIKE 'Person%' ON CONFLICT DO NOTHING"
            )
        )

    outbox.do(flood)
    reminders = [outbox.plan("moved", version) for version in range(1, 4)]
    lane = Lane(outbox.shop.business_id, "Asia/Kolkata", Channel.WHATSAPP, True)
    claimed = outbox.do(claim, lane, 10)
    assert {one.id for one in claimed if one.step == "moved"} == set(reminders)
    assert len(claimed) == 10 and sum(one.step == "campaign" for one in claimed) == 7


def test_another_shop_s_reminder_does_not_wait_for_a_campaign(
    outbox: Outbox, fresh_database: TwoShops, sandbox: Sandbox
) -> None:
    begun(outbox, 1_500, pace=600)
    campaigns.sweep()
    outbox.hurry()
    other = outbox_of(fresh_database.b, sandbox)
    due = other.plan("moved")
    order: list[str] = []

    def carry(outgoing: Outgoing) -> Handed:
        order.append(outgoing.reference)
        return taken_in(outgoing)

    Sender(carry=carry, budget=2.0).run()
    assert str(due) in order[:100], "within the first turns of both"
