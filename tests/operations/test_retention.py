"""What has been kept long enough goes on its day, in steps that may be cut off and repeated; everything else stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm.domain.errors import Forbidden
from microcrm.domain.permissions import Role
from microcrm.domain.retention import DataClass, goes_before, rule_of
from microcrm.models.links import PublicLink
from microcrm.models.messages import Message, MessageEvent
from microcrm.models.records import AuditEvent
from microcrm.models.replies import ChannelBlock, InboundMessage
from microcrm.operations.retention import CLASSES, Step, forecast, let_go
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work
from tests.support.shops import Shop, TwoShops

NOW = datetime(2027, 6, 1, 20, 30, tzinfo=UTC)
At = Callable[[datetime], Callable[[], datetime]]


def message(shop: Shop, number: int, due: datetime, **changes: Any) -> Message:
    usual: dict[str, Any] = {
        "business_id": shop.business_id, "customer_id": shop.customer_id, "subject": f"old:{number}", "step": "reminder",
        "channel": "sms", "state": "delivered", "text": "See you at five", "created_at": due, "due_at": due,
        "details": {"to": "+919845011111", "text": "words", "offer_id": 7},
    }  # fmt: skip
    return Message(**(usual | changes))


def store(uow: UnitOfWork, *rows: Any) -> list[Any]:
    uow.session.add_all(rows)
    uow.session.flush()
    return list(rows)


def everything(uow: UnitOfWork, most: int = 500) -> Counter[DataClass]:
    done: Counter[DataClass] = Counter()
    for data_class in CLASSES:
        while True:
            step = let_go(uow, data_class, most)
            done[data_class] += step.done
            if not step.is_more:
                break
    return done


def left(uow: UnitOfWork) -> dict[str, str]:
    uow.session.expire_all()
    rows = uow.session.scalars(select(Message).where(Message.subject.like("old:%")))
    return {row.subject: row.text for row in rows}


@pytest.fixture
def worker(unit_of_work: Work, shop: Shop, at: At) -> Callable[..., AbstractContextManager[UnitOfWork]]:
    def open_(now: datetime = NOW) -> AbstractContextManager[UnitOfWork]:
        return unit_of_work(system(shop.business_id), clock=at(now))

    return open_


Worker = Callable[..., AbstractContextManager[UnitOfWork]]


def test_words_go_after_a_year_and_the_rest_of_the_message_stays(worker: Worker, shop: Shop) -> None:
    year = datetime(2026, 6, 1, 20, 30, tzinfo=UTC)
    with worker() as uow:
        old, young = store(uow, message(shop, 1, year - timedelta(seconds=1)), message(shop, 2, year))
        assert everything(uow)[DataClass.MESSAGE_WORDS] == 1
        uow.session.expire_all()
        assert (old.text, old.details, old.state, old.step) == ("", {"offer_id": 7}, "delivered", "reminder")
        assert young.text == "See you at five" and young.details["to"]
        [event] = uow.session.scalars(select(AuditEvent).where(AuditEvent.action == "retention.blanked"))
        assert (event.facts, event.member_id) == ({"count": 1, "of": "message_words"}, None)
        assert everything(uow).total() == 0, "twice changes nothing and logs nothing"
        assert len(uow.session.scalars(select(AuditEvent).where(AuditEvent.action == "retention.blanked")).all()) == 1


def test_steps_go_on_where_the_last_one_ended_also_among_rows_of_one_moment(worker: Worker, shop: Shop) -> None:
    long_ago = NOW - timedelta(days=500)
    with worker() as uow:
        store(uow, *(message(shop, n, long_ago) for n in range(7)), message(shop, 7, long_ago - timedelta(days=1)))
        steps = [let_go(uow, DataClass.MESSAGE_WORDS, 3) for _ in range(4)]
        assert steps == [Step(3, True), Step(3, True), Step(2, False), Step(0, False)]
        assert set(left(uow).values()) == {""} and len(left(uow)) == 8


def test_a_step_that_is_rolled_back_is_done_again(worker: Worker, shop: Shop) -> None:
    with worker() as uow:
        store(uow, *(message(shop, n, NOW - timedelta(days=400 + n)) for n in range(4)))
        with pytest.raises(ZeroDivisionError), uow.session.begin_nested():
            assert let_go(uow, DataClass.MESSAGE_WORDS, 2).done == 2
            raise ZeroDivisionError
        assert "See you at five" in left(uow).values()
        assert everything(uow, 2)[DataClass.MESSAGE_WORDS] == 4


def test_a_message_goes_with_its_story_and_a_young_story_holds_it(worker: Worker, shop: Shop) -> None:
    with worker() as uow:
        gone, held = store(uow, *(message(shop, n, NOW - timedelta(days=800)) for n in range(2)))
        events = [
            MessageEvent(business_id=shop.business_id, message_id=row.id, at=NOW - timedelta(days=days), what="sent")
            for row, days in ((gone, 790), (held, 790), (held, 200))
        ]
        store(uow, *events)
        gone_id, held_id = gone.id, held.id
        assert everything(uow)[DataClass.MESSAGES] == 1 and left(uow) == {"old:1": ""}
        stories = select(MessageEvent.message_id).where(MessageEvent.message_id.in_([gone_id, held_id]))
        assert list(uow.session.scalars(stories)) == [held_id, held_id]


def test_what_customers_wrote_goes_a_year_after_it_was_settled(worker: Worker, shop: Shop) -> None:
    def wrote(number: int, days: int, settled: int | None) -> InboundMessage:
        return InboundMessage(
            business_id=shop.business_id, channel="sms", provider_id=f"SMold{number}", sender="+919000000001", text="Hello",
            understood="unclear", outcome="for_person", at=NOW - timedelta(days=days),
            settled_at=None if settled is None else NOW - timedelta(days=settled),
        )  # fmt: skip

    with worker() as uow:
        store(uow, wrote(1, 400, 399), wrote(2, 400, 300), wrote(3, 400, None), wrote(4, 300, None))
        assert everything(uow)[DataClass.INBOUND_MESSAGES] == 2
        kept = select(InboundMessage.provider_id).where(InboundMessage.provider_id.like("SMold%"))
        assert set(uow.session.scalars(kept)) == {"SMold2", "SMold4"}


def test_links_that_ran_out_go_and_those_without_an_end_stay(worker: Worker, shop: Shop) -> None:
    def link(number: int, ends: datetime | None) -> PublicLink:
        return PublicLink(
            business_id=shop.business_id, token_hash=bytes([number]) * 32, booking_id=shop.booking_id,
            created_at=NOW - timedelta(days=900), expires_at=ends,
        )  # fmt: skip

    with worker() as uow:
        old, young, endless = store(
            uow, link(1, NOW - timedelta(days=370)), link(2, NOW - timedelta(days=300)), link(3, None)
        )
        ids = {young.id, endless.id}
        assert everything(uow)[DataClass.MESSAGE_LINKS] == 1
        assert set(uow.session.scalars(select(PublicLink.id).where(PublicLink.id.in_({old.id, *ids})))) == ids


def test_a_refusal_is_never_forgotten(worker: Worker, shop: Shop) -> None:
    with worker(NOW + timedelta(days=3_000)) as uow:
        row = ChannelBlock(
            business_id=shop.business_id, channel="sms", address="+919845022222", way="word", at=NOW - timedelta(days=9)
        )
        [kept] = store(uow, row)
        everything(uow)
        uow.session.expire_all()
        assert uow.session.get_one(ChannelBlock, kept.id).ended_at is None
        assert let_go(uow, DataClass.CHANNEL_BLOCKS) == Step()


def test_day_by_day_each_row_leaves_on_its_day(worker: Worker, shop: Shop) -> None:
    """Twenty-six months, with the clock of the worker: none early, none late."""
    first = datetime(2027, 1, 1, 20, 30, tzinfo=UTC)
    dues = {f"old:{n}": first + timedelta(days=37 * n, hours=7) for n in range(8)}
    words, rows = (rule_of(one, first.date()) for one in (DataClass.MESSAGE_WORDS, DataClass.MESSAGES))
    assert words is not None and rows is not None
    with worker(first) as uow:
        store(uow, *(message(shop, n, due) for n, due in enumerate(dues.values())))
    for day in range(1_020):
        now = first + timedelta(days=day)
        with worker(now) as uow:
            everything(uow)
            texts_end, rows_end = goes_before(words, now), goes_before(rows, now)
            assert texts_end is not None and rows_end is not None
            assert left(uow) == {
                name: "" if due < texts_end else "See you at five" for name, due in dues.items() if due >= rows_end
            }, now
    assert set(dues) and day > 1_000


def test_the_forecast_counts_what_would_go_and_changes_nothing(worker: Worker, shop: Shop) -> None:
    with worker() as uow:
        store(uow, message(shop, 1, NOW - timedelta(days=800)), message(shop, 2, NOW - timedelta(days=360)))
        counts = {one.rule.data_class: one.rows for one in forecast(uow, NOW)}
        assert counts == {
            DataClass.MESSAGE_WORDS: 1, DataClass.MESSAGES: 1, DataClass.INBOUND_MESSAGES: 0, DataClass.MESSAGE_LINKS: 0,
        }  # fmt: skip
        later = {one.rule.data_class: one.rows for one in forecast(uow, NOW + timedelta(days=30))}
        assert later[DataClass.MESSAGE_WORDS] == 2
        assert left(uow) == {"old:1": "See you at five", "old:2": "See you at five"}
        done = everything(uow)
        assert {one: done[one] for one in counts} == counts


def test_the_neighbour_keeps_its_own(worker: Worker, two_shops: TwoShops, unit_of_work: Work, at: At) -> None:
    theirs = system(two_shops.b.business_id)
    with unit_of_work(theirs, clock=at(NOW)) as uow:
        store(uow, message(two_shops.b, 1, NOW - timedelta(days=800)))
    with worker() as uow:
        assert everything(uow).total() == 0
    with unit_of_work(theirs, clock=at(NOW)) as uow:
        assert left(uow) == {"old:1": "See you at five"}


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.STAFF])
def test_not_everybody_may(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        with pytest.raises(Forbidden):
            let_go(uow, DataClass.MESSAGES)
        with pytest.raises(Forbidden):
            forecast(uow, NOW)


def test_each_class_is_found_by_an_index(worker: Worker) -> None:
    wanted = {
        "messages": ("due_at < now()", "due_at, id", "ix_messages_log"),
        "inbound_messages": ("at < now()", "at, id", "ix_inbound_messages_log"),
        "public_links": ("expires_at < now()", "expires_at", "ix_public_links_ends"),
    }
    with worker() as uow:
        uow.session.execute(text("SET LOCAL enable_seqscan = off"))
        uow.session.execute(text("SET LOCAL enable_sort = off"))
        for table, (condition, order, index) in wanted.items():
            query = f"EXPLAIN SELECT id FROM {table} WHERE business_id = 1 AND {condition} ORDER BY {order} LIMIT 500"
            plan = "\n".join(row[0] for row in uow.session.execute(text(query)))
            assert index in plan and "Seq Scan" not in plan, plan
