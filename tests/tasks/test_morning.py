"""The note at seven on its way: read afresh, mailed once, and not at all to who has switched it off meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.adapters.outbox import Message
from microcrm.domain.permissions import Role
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.records import MailboxMessage
from microcrm.operations.messaging.morning_note import KIND, switch_note
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.handlers import HANDLERS
from tasks.morning import sweep
from tests.conftest import act_as
from tests.support.shops import CANARY, Shop, TwoShops


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def asked(shop: Shop) -> Message:
    day = today_in(zone_of("Asia/Kolkata"), wiring.now()).isoformat()
    member = shop.members[Role.OWNER]
    payload = {"member_id": member, "day": day}
    return Message(1, KIND, f"{KIND}:{member}:{day}", payload, shop.business_id, 1)


def mails() -> list[MailboxMessage]:
    with unit_of_work(system(), realm="worker") as uow:
        return list(uow.session.scalars(select(MailboxMessage)))


def test_it_is_mailed_once_with_a_link_in_each_line(shop: Shop) -> None:
    for _ in range(2):
        HANDLERS[KIND](asked(shop))
    [mail] = mails()
    assert "Asha's Salon" in mail.subject and "Good morning" in mail.text and CANARY not in mail.text
    assert "/invoices" in mail.text and 'href="' in mail.html and "switch it off" in mail.text


def test_who_has_switched_it_off_meanwhile_gets_none(shop: Shop) -> None:
    act_as(shop.actor(), switch_note, False)
    HANDLERS[KIND](asked(shop))
    assert mails() == []


def test_the_clock_may_ask_as_often_as_it_likes(shop: Shop) -> None:
    first, again = sweep(), sweep()
    assert first == again and first in (0, 2)  # by the hour in which this test runs; both shops have an owner
