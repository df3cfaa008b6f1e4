"""Claiming, finishing and postponing outbox rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from microcrm import wiring
from microcrm.adapters import outbox
from microcrm.models.records import OutboxMessage
from microcrm.operations.unit_of_work import system
from tests.conftest import Work
from tests.support.shops import Shop, TwoShops

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
KINDS = ("test",)


def enqueue(unit_of_work: Work, shop: Shop, *keys: str) -> None:
    with unit_of_work(shop.actor(), clock=lambda: NOW) as uow:
        for key in keys:
            uow.enqueue("test", key, {"to": key})


def claim(unit_of_work: Work, at: datetime = NOW, most: int = 10) -> list[outbox.Message]:
    with unit_of_work(system(), realm="worker") as uow:
        return outbox.claim(uow.session, at, most, KINDS)


def row(unit_of_work: Work, key: str) -> OutboxMessage:
    with unit_of_work(system(), realm="worker") as uow:
        return uow.session.exec(select(OutboxMessage).where(OutboxMessage.key == key)).one()


def test_the_same_key_asks_for_the_same_effect_once(unit_of_work: Work, shop: Shop) -> None:
    enqueue(unit_of_work, shop, "a")
    enqueue(unit_of_work, shop, "a", "b")
    assert sorted(m.key for m in claim(unit_of_work)) == ["a", "b"]


def test_a_claimed_row_is_not_claimed_again_until_its_lease_ends(unit_of_work: Work, shop: Shop) -> None:
    enqueue(unit_of_work, shop, "a")
    assert [m.attempts for m in claim(unit_of_work)] == [1]
    assert claim(unit_of_work, NOW + outbox.LEASE - timedelta(seconds=1)) == []
    assert [m.attempts for m in claim(unit_of_work, NOW + outbox.LEASE + timedelta(seconds=1))] == [2]


def test_kinds_that_nobody_carries_out_wait_untouched(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor(), clock=lambda: NOW) as uow:
        uow.enqueue("booking_notice", "later", {})
    enqueue(unit_of_work, shop, "a")
    assert [m.key for m in claim(unit_of_work)] == ["a"]
    assert (row(unit_of_work, "later").attempts, row(unit_of_work, "later").leased_until) == (0, None)


def test_what_is_due_later_waits(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor(), clock=lambda: NOW) as uow:
        uow.enqueue("test", "later", {}, due_at=NOW + timedelta(hours=1))
    assert claim(unit_of_work) == []
    assert [m.key for m in claim(unit_of_work, NOW + timedelta(hours=1))] == ["later"]


def test_a_sent_row_keeps_no_payload(unit_of_work: Work, shop: Shop) -> None:
    enqueue(unit_of_work, shop, "a")
    (message,) = claim(unit_of_work)
    assert message.payload == {"to": "a"}
    with unit_of_work(system(), realm="worker") as uow:
        outbox.mark_sent(uow.session, message, NOW)
    stored = row(unit_of_work, "a")
    assert (stored.state, stored.payload, stored.finished_at) == ("sent", {}, NOW)


def test_a_failure_waits_twice_as_long_each_time_and_ends_as_failed(unit_of_work: Work, shop: Shop) -> None:
    enqueue(unit_of_work, shop, "a")
    at, pauses = NOW, []
    for _ in range(outbox.MOST_ATTEMPTS):
        (message,) = claim(unit_of_work, at)
        with unit_of_work(system(), realm="worker") as uow:
            outbox.postpone(uow.session, message, at, "upstream")
        due = row(unit_of_work, "a").due_at
        pauses.append((due - at).total_seconds())
        at = due
    assert pauses[:4] == [20, 40, 80, 160]
    assert max(pauses[:-1]) <= 7200
    assert row(unit_of_work, "a").state == "failed"
    assert claim(unit_of_work, at + timedelta(days=9)) == []


def test_a_worker_that_lost_its_lease_has_no_say(unit_of_work: Work, shop: Shop) -> None:
    enqueue(unit_of_work, shop, "a")
    (slow,) = claim(unit_of_work)
    (quick,) = claim(unit_of_work, NOW + timedelta(hours=1))
    with unit_of_work(system(), realm="worker") as uow:
        outbox.postpone(uow.session, slow, NOW, "upstream")
        outbox.mark_sent(uow.session, quick, NOW)
    assert row(unit_of_work, "a").state == "sent"


def test_a_shop_sees_only_its_own_messages(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    enqueue(unit_of_work, neighbour, "theirs")
    with unit_of_work(shop.actor()) as uow:
        assert len(uow.session.exec(select(OutboxMessage)).all()) == 0
    with unit_of_work(neighbour.actor()) as uow:
        assert len(uow.session.exec(select(OutboxMessage)).all()) == 1


def test_two_workers_at_once_share_the_rows_without_waiting(fresh_database: TwoShops) -> None:
    with wiring.unit_of_work(fresh_database.a.actor()) as uow:
        for number in range(10):
            uow.enqueue("test", f"key-{number}", {})
        now = uow.now
    with wiring.unit_of_work(system(), realm="worker") as one, wiring.unit_of_work(system(), realm="worker") as two:
        first = outbox.claim(one.session, now, 6, KINDS)
        second = outbox.claim(two.session, now, 6, KINDS)
    assert (len(first), len(second)) == (6, 4)
    assert {m.id for m in first}.isdisjoint(m.id for m in second)


@pytest.mark.parametrize("realm", ["", "accounts"])
def test_only_the_worker_may_take_a_message_of_a_shop(unit_of_work: Work, shop: Shop, realm: str) -> None:
    enqueue(unit_of_work, shop, "a")
    with unit_of_work(system(), realm=realm) as uow:
        assert outbox.claim(uow.session, NOW, 10, KINDS) == []
    assert len(claim(unit_of_work)) == 1
