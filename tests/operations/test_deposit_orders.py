"""Whatever Razorpay says about a deposit, in whatever order and with the hold running out in between: one end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.booking import BookingStatus
from microcrm.models.gateway import Dispute, GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.deposits import (
    DEPOSIT,
    booked,
    captured,
    cash_of,
    expire,
    hear,
    open_till,
    paid,
    waiting,
    worker,
)
from tests.support.desk import MORNING, booking_of
from tests.support.online import asked, dispute, refund, webhook
from tests.support.shops import Shop
from tests.support.till import cut, document_of, issued

S = BookingStatus


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        open_till(uow, shop)
        yield uow


def story(*, is_refunded: bool = True) -> list[dict[str, Any]]:
    back = webhook("refund.processed", refund=refund("processed", 5_000), payment=paid(amount_refunded=5_000, fee=500))
    return [
        webhook("payment.failed", payment=paid("failed", error_description="The bank did not answer.")),
        webhook("payment.authorized", payment=paid("authorized")),
        captured(fee=500),
        *([back] if is_refunded else []),
    ]


def state(uow: UnitOfWork, shop: Shop, done: BookingDone) -> Any:
    booking = booking_of(uow.session, done.booking_id)
    rows = uow.session.scalars(select(GatewayPayment).order_by(GatewayPayment.remote_id)).all()
    refunds = [(one.status, one.amount_paise) for one in uow.session.scalars(select(GatewayRefund))]
    disputes = [one.status for one in uow.session.scalars(select(Dispute))]
    return (
        (booking.status, booking.expires_at),
        [(row.status, row.is_late, row.concern, row.refunded_paise) for row in rows],
        sorted(refunds),
        disputes,
        [request.state for request in uow.session.scalars(select(PayRequest))],
        cash_of(uow, shop),
    )


def test_every_order_of_what_can_happen_ends_in_one_state(till: UnitOfWork, shop: Shop) -> None:
    """The hold runs out somewhere in between, a payment fails, comes late, is captured, and a part of it goes back."""
    done = waiting(till, shop)
    acts: list[Callable[[], None]] = [lambda: expire(till, shop)]
    acts += [lambda event=event: hear(worker(till, shop), event) for event in story()]
    ends = []
    for order in itertools.permutations(acts):
        with till.session.begin_nested() as savepoint:
            for act in order:
                act()
            ends.append(state(till, shop, done))
            savepoint.rollback()
        till.session.expire_all()
    assert len(ends) == 120
    assert all(end == ends[0] for end in ends)
    assert ends[0] == (
        (S.BOOKED, None),
        [("captured", True, "", 5_000)],
        [("processed", 5_000)],
        [],
        ["paid"],
        {"razorpay": 15_000, "advances": -15_000},
    )


@pytest.mark.parametrize(
    ("end", "left"),
    [("won", {"razorpay": DEPOSIT, "advances": -DEPOSIT}), ("lost", {}), ("closed", {"razorpay": DEPOSIT, "advances": -DEPOSIT})],
)  # fmt: skip
def test_every_order_of_a_dispute_ends_in_one_state(
    till: UnitOfWork, shop: Shop, end: str, left: dict[str, int]
) -> None:
    done = waiting(till, shop)
    told = {"amount": DEPOSIT}
    steps = [("created", "open", 0), ("action_required", "action_required", 120)]
    events = [captured()]
    for name, status, after in [*steps, (end, end, 180)]:
        event = webhook(f"payment.dispute.{name}", payment=paid(), dispute=dispute(status) | told)
        events.append(event | {"created_at": event["created_at"] + after})
    acts: list[Callable[[], None]] = [lambda: expire(till, shop)]
    acts += [lambda event=event: hear(worker(till, shop), event) for event in events]
    ends = []
    for order in itertools.permutations(acts):
        with till.session.begin_nested() as savepoint:
            for act in order:
                act()
            ends.append(state(till, shop, done))
            savepoint.rollback()
        till.session.expire_all()
    assert len(ends) == 120
    assert all(one == ends[0] for one in ends)
    assert ends[0][0] == (S.BOOKED, None)
    assert (ends[0][3], ends[0][5]) == ([end], left)


def test_while_a_dispute_is_open_the_latest_word_counts(till: UnitOfWork, shop: Shop) -> None:
    booked(till, shop)
    words = [("under_review", 60), ("action_required", 120), ("under_review", 180)]
    events = []
    for status, after in words:
        event = webhook(f"payment.dispute.{status}", payment=paid(), dispute=dispute(status) | {"amount": DEPOSIT})
        events.append(event | {"created_at": event["created_at"] + after})
    for order in itertools.permutations(events):
        with till.session.begin_nested() as savepoint:
            hear(worker(till, shop), *order)
            [row] = till.session.scalars(select(Dispute))
            assert row.status == "under_review"
            assert cash_of(till, shop) == {"disputed": DEPOSIT, "advances": -DEPOSIT}
            savepoint.rollback()
        till.session.expire_all()


def test_every_order_of_a_bill_s_refund_and_lost_dispute_ends_in_one_state(till: UnitOfWork, shop: Shop) -> None:
    """More goes away than came in: the bill is due again, and the rest is the customer's to give back."""
    bill = issued(till, shop, cut("500")).document_id  # Rs 525
    asked(till, bill)
    [request] = till.session.scalars(select(PayRequest))
    request.order_id = "order_A"
    told = [
        captured(amount=52_500),
        webhook("payment.dispute.created", payment=paid(amount=52_500), dispute=dispute("open")),
        webhook("payment.dispute.lost", payment=paid(amount=52_500), dispute=dispute("lost")),
        webhook(
            "refund.processed", refund=refund("processed", 20_000), payment=paid(amount=52_500, amount_refunded=20_000)
        ),
    ]
    ends = []
    for order in itertools.permutations(told):
        with till.session.begin_nested() as savepoint:
            hear(worker(till, shop), *order, *order)
            document = document_of(till.session, bill)
            ends.append(((document.state, document.paid_paise), cash_of(till, shop)))
            savepoint.rollback()
        till.session.expire_all()
    assert len(ends) == 24
    assert all(end == ends[0] for end in ends)
    assert ends[0] == (("issued", 0), {"razorpay": -20_000, "receivable": 52_500, "advances": 20_000, "sales": -50_000})
