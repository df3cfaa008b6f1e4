"""What the desk sees of a deposit and can do: on the card, on the bill, on Today."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document
from microcrm.models.gateway import GatewayRefund
from microcrm.operations.billing.drafts import bill_of_visit
from microcrm.operations.billing.issuing import issue
from microcrm.operations.booking_card import BookingCard, booking_card
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.online.asking import stuck_refunds
from microcrm.operations.online.attention import money_matters
from microcrm.operations.online.deposit_desk import give_deposit_back, leave_deposit
from microcrm.operations.online.refunds import note_refund_failed, online_payments, open_concerns
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.deposit_words import deposit_line
from microcrm.state.today_money import money_rows
from tests.conftest import Work
from tests.support.deposits import DEPOSIT, booked, captured, expire, hear, money_of, open_till, paid, waiting, worker
from tests.support.desk import MORNING, booking_of
from tests.support.online import dispute, refund, webhook
from tests.support.shops import Shop
from tests.support.till import document_of

ZONE = "Asia/Kolkata"


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        open_till(uow, shop)
        yield uow


def card_of(uow: UnitOfWork, done: BookingDone) -> BookingCard:
    return booking_card(uow, done.item_ids[0])


def line(uow: UnitOfWork, done: BookingDone) -> Any:
    return deposit_line(card_of(uow, done).deposit, ZONE, may_give_back=True)


def rows(uow: UnitOfWork) -> list[str]:
    return [f"{one.title} | {one.text}" for one in money_rows(open_concerns(uow), money_matters(uow), ZONE)]


def billed(uow: UnitOfWork, done: BookingDone) -> Document:
    step(uow, Step(done.booking_id, BookingStatus.FINISHED.value))
    draft = bill_of_visit(uow, done.booking_id)
    return document_of(uow.session, issue(uow, draft, document_of(uow.session, draft).version).document_id)


def test_the_card_tells_how_the_deposit_stands(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    assert line(till, done).line == "Deposit of ₹200.00 not paid"
    hear(worker(till, shop), webhook("payment.authorized", payment=paid("authorized")))
    assert line(till, done).line == "Deposit of ₹200.00 not paid, their bank has not answered yet"
    hear(worker(till, shop), captured())
    shown = line(till, done)
    assert (shown.line, shown.alert, shown.may_give_back) == ("Deposit of ₹200.00 paid online", "", True)
    assert not deposit_line(card_of(till, done).deposit, ZONE, may_give_back=False).may_give_back


def test_it_is_given_back_by_hand_once(till: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    done = booked(till, shop)
    assert give_deposit_back(till, done.booking_id) == DEPOSIT
    with pytest.raises(Conflict, match="is left"):
        give_deposit_back(till, done.booking_id)
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, DEPOSIT)
    assert line(till, done).line == "Deposit of ₹200.00 paid online · ₹200.00 on the way back"
    for wrong in (0, -1, "x", 10**30, None):
        with pytest.raises(NotFound):
            give_deposit_back(till, wrong)
    with pytest.raises(Forbidden):
        give_deposit_back(replace(till, actor=shop.actor(Role.FRONT_DESK)), done.booking_id)


def test_what_does_not_fit_stands_on_today_until_somebody_has_looked(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    hear(worker(till, shop), captured(amount=10_000))
    [row] = rows(till)
    assert row.startswith("Deposit of Meena Rao, 30 Nov 2026, 10:00 am: ₹100.00 | It is not the sum")
    assert line(till, done).may_leave and "give it back" in line(till, done).alert
    leave_deposit(till, done.booking_id)
    assert rows(till) == []
    assert not line(till, done).may_leave and line(till, done).alert == ""
    assert give_deposit_back(till, done.booking_id) == 10_000


def test_a_refund_that_razorpay_refuses_is_seen_and_tried_again(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    give_deposit_back(till, done.booking_id)
    key = till.session.scalars(select(GatewayRefund.key)).one()
    note_refund_failed(worker(till, shop), key or "")
    [row] = rows(till)
    assert row.startswith("₹200.00 did not go back: Meena Rao, 30 Nov 2026, 10:00 am | Try again")
    assert "refused" in line(till, done).alert and line(till, done).may_give_back
    assert give_deposit_back(till, done.booking_id) == DEPOSIT  # with another key
    assert rows(till) == []
    keys = till.session.scalars(select(GatewayRefund.key)).all()
    assert len(set(keys)) == 2


def test_what_never_left_is_sent_by_the_worker_and_seen(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    give_deposit_back(till, done.booking_id)
    assert stuck_refunds(worker(till, shop)) == [] and rows(till) == []
    till.session.execute(update(GatewayRefund).values(at=till.now - timedelta(hours=7)))
    [(payment, paise, key)] = stuck_refunds(worker(till, shop))
    assert (payment, paise) == ("pay_A", DEPOSIT) and key
    assert len(rows(till)) == 1


def test_a_dispute_is_listed_with_its_last_day_and_what_to_do(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    bill = billed(till, done)
    told = dispute("open") | {"amount": DEPOSIT}
    hear(worker(till, shop), webhook("payment.dispute.created", payment=paid(), dispute=told))
    [row] = rows(till)
    assert row.startswith(
        "Dispute about ₹200.00: Meena Rao, 30 Nov 2026, 10:00 am | The customer’s bank wants it back."
    )
    assert "by 02 Dec 2026" in row
    for document in (
        bill.id,
        till.session.scalars(select(Document.id).where(Document.kind == "receipt_voucher")).one(),
    ):
        [shown] = online_payments(till, document)
        assert (shown.dispute, shown.is_deposit, shown.left) == ("open", True, 0)
    hear(worker(till, shop), webhook("payment.dispute.lost", payment=paid(), dispute=told | {"status": "lost"}))
    assert "You lost the dispute" in rows(till)[0]
    lost = document_of(till.session, bill.id or 0)
    assert (lost.state, lost.paid_paise) == ("issued", 0)
    assert rows(replace(till, now=till.now + timedelta(days=15))) == []


def test_late_money_stands_on_today_and_on_the_card_of_the_lapsed_visit(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    expire(till, shop)
    from microcrm.operations.book import book
    from tests.support.desk import wish

    book(till, wish(shop, "10:00"))
    hear(worker(till, shop), captured())
    assert "Offer another time" in rows(till)[0]
    shown = line(till, done)
    assert "goes back by itself" in shown.alert and shown.may_leave and not shown.may_give_back


def test_a_refund_made_in_razorpay_s_dashboard_is_told(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    back = webhook("refund.processed", refund=refund("processed", 5_000), payment=paid(amount_refunded=5_000))
    hear(worker(till, shop), back, back)
    assert line(till, done).line == "Deposit of ₹200.00 paid online · ₹50.00 went back"
    assert money_of(till, done.booking_id) == (DEPOSIT, 5_000, 0)


@pytest.mark.parametrize("end", ["won", "closed", "lost"])
@pytest.mark.parametrize("is_cancelled_first", [False, True])
def test_what_a_dispute_holds_goes_back_when_it_is_over(
    till: UnitOfWork, shop: Shop, end: str, is_cancelled_first: bool
) -> None:
    """The visit is called off meanwhile, or afterwards: the same money is on its way back, and never twice."""
    done = booked(till, shop)
    told = dispute("open") | {"amount": DEPOSIT}
    hear(worker(till, shop), webhook("payment.dispute.created", payment=paid(), dispute=told))
    with pytest.raises(Conflict):
        give_deposit_back(till, done.booking_id)
    assert not line(till, done).may_give_back
    over = webhook(f"payment.dispute.{end}", payment=paid(), dispute=told | {"status": end})
    acts = [
        lambda: hear(worker(till, shop), over, over),
        lambda: cancel(till, Cancel(done.booking_id, booking_of(till.session, done.booking_id).version, "business")),
    ]
    for one in reversed(acts) if is_cancelled_first else acts:
        one()
    gone = (DEPOSIT, DEPOSIT, 0) if end == "lost" else (DEPOSIT, 0, DEPOSIT)
    assert money_of(till, done.booking_id) == gone
