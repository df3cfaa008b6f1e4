"""The nightly work as Celery calls it: every shop, in steps, cut off by its budget and gone on with."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from microcrm import wiring
from microcrm.adapters import queue
from microcrm.models.messages import Message
from microcrm.operations import retention
from microcrm.operations.unit_of_work import UnitOfWork, system
from tasks.retention import sweep
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops

_MANY = 3


def _old(shop: Shop) -> None:
    def write(uow: UnitOfWork) -> None:
        then = uow.now - timedelta(days=500)
        uow.session.add_all(
            Message(
                business_id=uow.business_id, subject=f"old:{n}", step="reminder", channel="sms", state="sent", text="Hello",
                created_at=then, due_at=then,
            )
            for n in range(_MANY)
        )  # fmt: skip

    act_as(system(shop.business_id), write)


def _texts(shop: Shop) -> list[str]:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        return list(uow.session.scalars(select(Message.text).where(Message.subject.like("old:%"))))


def test_every_shop_has_its_turn_and_a_second_run_finds_nothing(fresh_database: TwoShops) -> None:
    for shop in (fresh_database.a, fresh_database.b):
        _old(shop)
    assert sweep() == 2 * _MANY and sweep() == 0
    assert _texts(fresh_database.a) == _texts(fresh_database.b) == [""] * _MANY


def test_what_is_not_done_in_time_is_gone_on_with(fresh_database: TwoShops) -> None:
    _old(fresh_database.a)
    queue.client().flushdb()
    assert sweep(budget=0) == 0
    assert queue.client().exists(queue.pending_key("retention")), "the next turn is asked for"
    assert _texts(fresh_database.a) == ["Hello"] * _MANY
    assert sweep() == _MANY


def test_who_comes_second_leaves_the_class_alone(fresh_database: TwoShops) -> None:
    assert sweep() == 0
    _old(fresh_database.a)
    actor = system(fresh_database.a.business_id)
    with wiring.unit_of_work(actor) as first, wiring.unit_of_work(actor) as second:
        assert retention.let_go(first, retention.DataClass.MESSAGE_WORDS).done == _MANY
        second.session.connection().exec_driver_sql("SET LOCAL lock_timeout = '1s'")  # it would fail rather than wait
        assert retention.let_go(second, retention.DataClass.MESSAGE_WORDS) == retention.Step()
    assert _texts(fresh_database.a) == [""] * _MANY
