"""The worker's sweep of bills that recur: each shop by its own day, and one that fails stops no other."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update

from microcrm import wiring
from microcrm.models.billing import Document
from microcrm.models.recurring import RecurringBill
from microcrm.operations.billing import recurring_run
from microcrm.operations.billing.recurring import RepeatBill, recurring_bills, repeat_bill
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.till import issued, register


def due_since_yesterday(shop: Shop) -> None:
    """A weekly series of which the first bill was due yesterday, by the shop's day."""

    def ready(uow: UnitOfWork) -> None:
        register(uow, shop)
        today: date = uow.session.execute(text("SELECT (now() AT TIME ZONE 'Asia/Kolkata')::date")).scalar_one()
        series = repeat_bill(uow, RepeatBill(issued(uow, shop).document_id, "week", "1", str(today), "", "on"))
        day = today - timedelta(days=1)
        uow.session.execute(update(RecurringBill).where(RecurringBill.id == series).values(starts_on=day, next_on=day))

    act_as(shop.actor(), ready)


def numbers(shop: Shop) -> list[str | None]:
    with wiring.unit_of_work(shop.actor()) as uow:
        query = select(Document.number).where(Document.recurring_id.is_not(None)).order_by(Document.id)
        return list(uow.session.scalars(query))


def test_each_shop_gets_its_bill_once(fresh_database: TwoShops) -> None:
    from tasks.recurring import sweep

    for shop in (fresh_database.a, fresh_database.b):
        due_since_yesterday(shop)
    assert (sweep(), sweep()) == (2, 0)
    for shop in (fresh_database.a, fresh_database.b):
        [number] = numbers(shop)
        assert number and number.endswith("/0002")


def test_a_worker_that_dies_between_leaves_nothing_half_done(
    fresh_database: TwoShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after the bill is issued and before its series has moved on: both are gone, and the next sweep does both."""
    from tasks.recurring import sweep

    for shop in (fresh_database.a, fresh_database.b):
        due_since_yesterday(shop)
    step = recurring_run._step
    deaths = iter([True, False, False])

    def dies_once(row: RecurringBill) -> None:
        if next(deaths):
            raise RuntimeError("the power went")
        step(row)

    monkeypatch.setattr(recurring_run, "_step", dies_once)
    assert sweep() == 1, "the other shop does not wait"
    assert sorted(len(numbers(shop)) for shop in (fresh_database.a, fresh_database.b)) == [0, 1]
    assert sweep() == 1
    for shop in (fresh_database.a, fresh_database.b):
        assert len(numbers(shop)) == 1
        with wiring.unit_of_work(shop.actor()) as uow:
            running = uow.session.scalars(select(Document.running).order_by(Document.running)).all()
            assert running == [1, 2], "no number was lost"
            assert [one.written for one in recurring_bills(uow)] == [1]
