"""Disputes in any order with the payment that they are about, which may be heard of later or never."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.gateway import read_told
from microcrm.models.billing import Payment
from microcrm.models.gateway import Dispute, GatewayPayment
from microcrm.models.records import OutboxMessage
from microcrm.operations.online.attention import money_matters
from microcrm.operations.online.refunds import online_payments, open_concerns
from microcrm.operations.online.told import take_told
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.state.today_money import money_rows
from tests.conftest import Work, act_as
from tests.support.deposits import hear
from tests.support.desk import MORNING
from tests.support.online import asked, connect, dispute, link, order, payment, refund, webhook
from tests.support.shops import Shop, TwoShops
from tests.support.till import balances, cut, document_of, issued, register

SOLD = {"sales": -50_000, "cgst": -1_250, "sgst": -1_250}


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        connect(uow)
        yield uow


def state(uow: UnitOfWork, shop: Shop, bill: int) -> Any:
    """Everything that must not depend on the order."""
    document = document_of(uow.session, bill)
    [row] = uow.session.scalars(select(GatewayPayment))
    [one] = uow.session.scalars(select(Dispute))
    paid = (row.status, row.amount_paise, row.currency, row.fee_paise, row.concern)
    return (document.state, document.paid_paise), paid, one.status, balances(uow.session, shop.business_id)


def test_a_dispute_is_shown_and_never_goes_back(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    told = link("paid", asked(till, bill).reference)
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=payment("captured")))
    for status in ("lost", "open", "under_review"):
        event = "created" if status == "open" else status
        hear(till, webhook(f"payment.dispute.{event}", payment=payment("captured"), dispute=dispute(status)))
    assert till.session.scalars(select(Dispute)).one().status == "lost"
    [shown] = online_payments(till, bill)
    assert shown.dispute == "lost" and shown.respond_by is not None


def test_a_dispute_that_is_heard_of_before_its_payment_waits_for_it(till: UnitOfWork, shop: Shop) -> None:
    """Its webhooks name the payment alone. In every order the bill ends as if all had come in turn."""
    bill = issued(till, shop, cut("500"), tip="").document_id  # 525
    told = [
        webhook("payment.dispute.created", dispute=dispute("open")),
        webhook("payment.dispute.lost", dispute=dispute("lost")),
        webhook(
            "payment_link.paid",
            payment_link=link("paid", asked(till, bill).reference),
            order=order(),
            payment=payment("captured", fee=1_239),
        ),
    ]
    ends = []
    for events in itertools.permutations(told):
        with till.session.begin_nested() as savepoint:
            hear(till, *events, *events)
            ends.append(state(till, shop, bill))
            savepoint.rollback()
        till.session.expire_all()
    assert all(end == ends[0] for end in ends)
    assert ends[0] == (
        ("issued", 0),
        ("captured", 52_500, "INR", 1_239, ""),
        "lost",
        {"receivable": 52_500} | SOLD,
    )


def test_a_dispute_of_a_payment_that_never_comes_is_put_before_the_owner(till: UnitOfWork, shop: Shop) -> None:
    event = webhook("payment.dispute.created", dispute=dispute("open"))
    assert not take_told(till, read_told(event))
    hear(till, event)
    [asked_for] = till.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "razorpay_look"))
    assert asked_for.payload == {"payment": "pay_A"}
    [row] = money_rows(open_concerns(till), money_matters(till), "Asia/Kolkata")
    assert row.title == "Dispute about ₹525.00: payment pay_A"
    assert "not asked for here" in row.text and "by 02 Dec 2026" in row.text and row.href == ""
    hear(till, webhook("payment.captured", payment=payment("captured", order_id="order_of_somebody_else")))
    assert len(money_matters(till)) == 1  # it is the shop's all the same
    assert till.session.scalars(select(Payment)).all() == []
    hear(till, webhook("payment.dispute.won", dispute=dispute("won")))
    assert money_matters(till) == []


def test_a_refund_that_failed_elsewhere_is_not_ours_to_send_again(till: UnitOfWork, shop: Shop) -> None:
    hear(till, webhook("refund.failed", refund=refund("failed"), payment=payment("captured")))
    assert money_matters(till) == []


def test_a_dispute_and_its_payment_that_come_at_once_meet(fresh_database: TwoShops) -> None:
    shop = fresh_database.a

    def ready(uow: UnitOfWork) -> tuple[int, str]:
        register(uow, shop)
        connect(uow)
        bill = issued(uow, shop, cut("500")).document_id
        return bill, asked(uow, bill).reference

    bill, reference = act_as(shop.actor(), ready)
    told = [
        read_told(webhook("payment.dispute.lost", dispute=dispute("lost"))),
        read_told(
            webhook(
                "payment_link.paid", payment_link=link("paid", reference), order=order(), payment=payment("captured")
            )
        ),
    ]
    gate = threading.Barrier(len(told))

    def work(one: Any) -> None:
        gate.wait()
        act_as(system(shop.business_id), take_told, one)

    threads = [threading.Thread(target=work, args=(one,)) for one in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def look(uow: UnitOfWork) -> Any:
        payments = sorted(one.amount_paise for one in uow.session.scalars(select(Payment)))
        return payments, document_of(uow.session, bill).paid_paise

    assert act_as(shop.actor(), look) == ([-52_500, 52_500], 0)
