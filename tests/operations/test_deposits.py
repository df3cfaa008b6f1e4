"""Deposits: a visit waits to be paid, and whatever Razorpay says in whatever order, it ends in one defined state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.documents import VOUCHERS
from microcrm.domain.errors import Conflict, Invalid
from microcrm.models.billing import Document, DocumentLine
from microcrm.models.bookings import Booking
from microcrm.models.business import Member
from microcrm.models.records import OutboxMessage
from microcrm.operations.billing.accounts import customer_money, use_advance
from microcrm.operations.billing.drafts import bill_of_visit
from microcrm.operations.billing.issuing import issue
from microcrm.operations.billing.numbering import Issued
from microcrm.operations.book import book
from microcrm.operations.booking_fees import WaiveFee, fees_of, restore_fee, waive_fee
from microcrm.operations.booking_policy import ChangePolicy, change_policy, policy_of
from microcrm.operations.booking_status import Answer, Cancel, Step, approve, cancel, step
from microcrm.operations.manage import CustomerCancel, CustomerMove, customer_cancel, customer_move, own_visit
from microcrm.operations.online.capturing import is_capture_wanted
from microcrm.operations.online.deposits import ask_for_deposit
from microcrm.operations.online.refunds import open_concerns
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.public_visit import public_visit, times_instead
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.deposits import (
    DEPOSIT,
    ask_ahead,
    book_online,
    booked,
    captured,
    cash_of,
    expire,
    hear,
    money_of,
    open_till,
    order_for,
    paid,
    requests_for,
    status_of,
    visitor,
    waiting,
    worker,
)
from tests.support.desk import MORNING, booking_of, wish
from tests.support.holds import later, start_at
from tests.support.online import dispute, refund, webhook
from tests.support.shops import Shop
from tests.support.till import balances, cut, document_of, issued

S = BookingStatus


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        open_till(uow, shop)
        yield uow


def test_a_visit_waits_for_its_deposit_and_keeps_its_time(till: UnitOfWork, shop: Shop) -> None:
    done = book_online(visitor(till, shop), shop)
    booking = booking_of(till.session, done.booking_id)
    assert (booking.status, booking.deposit_paise) == (S.PENDING_PAYMENT, DEPOSIT)
    assert booking.expires_at == till.now + timedelta(minutes=15)
    with pytest.raises(Conflict):
        book(till, wish(shop, "10:00"))
    first = order_for(worker(till, shop), done.token)
    assert (first.amount, first.is_new, first.description) == (DEPOSIT, True, f"Booking {done.number} at Asha's Salon")
    assert ask_for_deposit(visitor(till, shop), done.token).id == first.id  # two tabs, one order
    assert requests_for(till, done.booking_id) == 1
    hear(worker(till, shop), captured())
    booking = booking_of(till.session, done.booking_id)
    assert (booking.status, booking.expires_at) == (S.BOOKED, None)
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, 0)
    assert cash_of(till, shop) == {"razorpay": DEPOSIT, "advances": -DEPOSIT}
    with pytest.raises(Conflict):
        ask_for_deposit(visitor(till, shop), done.token)


@pytest.mark.parametrize(("kind", "due"), [("none", 0), ("percent", 18_000), ("full", 60_000)])
def test_each_kind_of_rule(till: UnitOfWork, shop: Shop, kind: str, due: int) -> None:
    ask_ahead(till, kind)
    done = book_online(visitor(till, shop), shop)
    booking = booking_of(till.session, done.booking_id)
    assert booking.deposit_paise == due
    assert booking.status == (S.PENDING_PAYMENT if due else S.BOOKED)


def test_nothing_is_asked_where_nothing_can_be_paid(till: UnitOfWork, shop: Shop) -> None:
    from microcrm.operations.online.keys import remove_keys

    done = book_online(visitor(till, shop), shop)
    remove_keys(till, 1)
    with pytest.raises(Conflict, match="takes no payments online"):
        ask_for_deposit(visitor(till, shop), done.token)
    assert status_of(till, book_online(visitor(till, shop), shop, "12:00", phone="98450 66666")) == S.BOOKED


def test_money_that_comes_when_the_time_is_gone_goes_back_by_itself(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    expire(till, shop)
    assert status_of(till, done) == S.EXPIRED
    book(till, wish(shop, "10:15"))
    for _ in range(2):  # said twice, sent back once
        hear(worker(till, shop), captured())
    assert status_of(till, done) == S.EXPIRED
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, DEPOSIT)
    [message] = till.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "razorpay_refund"))
    assert message.payload["amount"] == DEPOSIT
    [concern] = open_concerns(till)
    assert (concern.why, concern.item_id, concern.document_id) == ("late", done.item_ids[0], None)
    back = refund("processed", DEPOSIT, receipt=message.payload["key"])
    hear(worker(till, shop), webhook("refund.processed", refund=back, payment=paid(amount_refunded=DEPOSIT)))
    assert money_of(till, done.booking_id) == (DEPOSIT, DEPOSIT, 0)
    assert cash_of(till, shop) == {}
    assert public_visit(visitor(till, shop), done.token).deposit.concern == "late"


def test_a_hold_that_has_run_out_is_in_nobody_s_way(till: UnitOfWork, shop: Shop) -> None:
    """The first one's money comes when the second one's visit has lapsed as well: the first has it again."""
    first = waiting(till, shop)
    expire(till, shop)
    afterwards = later(till, 20)
    second = book_online(visitor(afterwards, shop), shop, phone="98450 66666")
    hear(worker(later(till, 40), shop), captured())
    assert status_of(till, first) == S.BOOKED
    assert status_of(till, second) == S.EXPIRED


def test_the_sweep_need_not_have_come_by(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    hear(worker(later(till, 60), shop), captured())
    assert status_of(till, done) == S.BOOKED


def test_nobody_is_booked_with_somebody_who_has_left_or_for_a_time_that_is_over(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    expire(till, shop)
    with till.session.begin_nested() as savepoint:
        till.session.execute(update(Member).values(deactivated_at=till.now))
        hear(worker(till, shop), captured())
        assert (status_of(till, done), money_of(till, done.booking_id)) == (S.EXPIRED, (DEPOSIT, 0, DEPOSIT))
        savepoint.rollback()
    till.session.expire_all()
    hear(worker(later(till, 14 * 24 * 60), shop), captured())
    assert (status_of(till, done), money_of(till, done.booking_id)) == (S.EXPIRED, (DEPOSIT, 0, DEPOSIT))


@pytest.mark.parametrize(
    ("changes", "why", "ledger"),
    [
        ({"amount": 10_000}, "amount", {"razorpay": 10_000, "advances": -10_000}),
        ({"amount": 30_000}, "amount", {"razorpay": 30_000, "advances": -30_000}),
        ({"currency": "USD"}, "currency", {}),
    ],
)
def test_another_sum_or_currency_books_nothing(
    till: UnitOfWork, shop: Shop, changes: dict[str, Any], why: str, ledger: dict[str, int]
) -> None:
    done = waiting(till, shop)
    hear(worker(till, shop), captured(**changes))
    assert status_of(till, done) == S.PENDING_PAYMENT
    assert [one.why for one in open_concerns(till)] == [why]
    assert cash_of(till, shop) == ledger
    expire(till, shop)
    assert status_of(till, done) == S.EXPIRED


def test_the_second_payment_of_one_visit_goes_back(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    hear(worker(till, shop), captured(id="pay_B"))
    assert status_of(till, done) == S.BOOKED
    assert money_of(till, done.booking_id) == (2 * DEPOSIT, 0, DEPOSIT)
    assert [one.why for one in open_concerns(till)] == ["twice"]


def test_money_for_a_visit_that_was_called_off_goes_back(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    own = own_visit(visitor(till, shop), done.token)
    customer_cancel(visitor(till, shop), CustomerCancel(done.token, own.version))
    hear(worker(till, shop), captured())
    assert status_of(till, done) == S.CANCELLED_BY_CUSTOMER
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, DEPOSIT)
    assert [one.why for one in open_concerns(till)] == ["cancelled"]


def test_a_late_bank_is_let_in_only_while_the_visit_can_be(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    hear(worker(till, shop), webhook("payment.authorized", payment=paid("authorized")))
    assert is_capture_wanted(worker(till, shop), "pay_A")
    expire(till, shop)
    assert is_capture_wanted(worker(till, shop), "pay_A")
    assert status_of(till, done) == S.EXPIRED  # to look is not to book
    book(till, wish(shop, "10:00"))
    assert not is_capture_wanted(worker(till, shop), "pay_A")
    assert [one.why for one in open_concerns(till)] == ["uncaptured"]


def at_hours_before(uow: UnitOfWork, done: BookingDone, hours: float) -> UnitOfWork:
    starts = booking_of(uow.session, done.booking_id).starts_at
    return replace(uow, now=starts - timedelta(hours=hours))


@pytest.mark.parametrize(("hours", "fee", "back"), [(48, 0, DEPOSIT), (20, 15_000, 5_000), (2, 30_000, 0)])
def test_who_cancels_gets_back_what_the_ladder_leaves(
    till: UnitOfWork, shop: Shop, hours: float, fee: int, back: int
) -> None:
    done = booked(till, shop)
    then = visitor(at_hours_before(till, done, hours), shop)
    own = own_visit(then, done.token)
    assert (own.fee.paise, own.kept, own.back) == (fee, DEPOSIT - back, back)
    customer_cancel(then, CustomerCancel(done.token, own.version, own.fee.paise))
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, back)
    sent = till.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "razorpay_refund")).all()
    assert [(one.payload["amount"], one.due_at) for one in sent] == ([(back, then.now)] if back else [])


@pytest.mark.parametrize(("who", "back"), [("customer", DEPOSIT), ("business", DEPOSIT), ("late", 5_000)])
def test_what_the_desk_cancels_goes_back_a_little_later(till: UnitOfWork, shop: Shop, who: str, back: int) -> None:
    done = booked(till, shop)
    desk = at_hours_before(till, done, 20)
    assert fees_of(desk, done.booking_id).deposit == DEPOSIT
    version = booking_of(till.session, done.booking_id).version
    cancelled = cancel(desk, Cancel(done.booking_id, version, who))
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, back)
    take_back(later(desk, 5), cancelled.undo)  # nothing had left
    assert (status_of(till, done), money_of(till, done.booking_id)) == (S.BOOKED, (DEPOSIT, 0, 0))


def test_what_has_left_cannot_be_taken_back(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    version = booking_of(till.session, done.booking_id).version
    cancelled = cancel(till, Cancel(done.booking_id, version, "business"))
    till.session.execute(update(OutboxMessage).values(attempts=1))
    with pytest.raises(Conflict, match="on its way back"):
        take_back(till, cancelled.undo)


def test_who_does_not_come_loses_what_the_rule_says(till: UnitOfWork, shop: Shop) -> None:
    change_policy(till, ChangePolicy(policy_of(till).version, no_show_percent="25"))
    done = booked(till, shop)
    desk = at_hours_before(till, done, -1)
    missed = step(desk, Step(done.booking_id, S.NO_SHOW.value))
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, 5_000)
    waived = waive_fee(desk, WaiveFee(done.booking_id, missed.version, "Was ill"))
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, DEPOSIT)
    restore_fee(desk, done.booking_id, waived.version)
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, 5_000)


def test_a_move_keeps_the_deposit(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    own = own_visit(visitor(till, shop), done.token)
    customer_move(visitor(till, shop), CustomerMove(done.token, own.version, start_at("14:00")))
    assert (status_of(till, done), money_of(till, done.booking_id)) == (S.BOOKED, (DEPOSIT, 0, 0))


def test_a_request_is_answered_first_and_paid_then(till: UnitOfWork, shop: Shop) -> None:
    change_policy(till, ChangePolicy(policy_of(till).version, needs_approval=True, approval_hours="3"))
    done = book_online(visitor(till, shop), shop)
    assert status_of(till, done) == S.PENDING_APPROVAL
    approve(till, Answer(done.booking_id, done.version))
    booking = booking_of(till.session, done.booking_id)
    assert (booking.status, booking.expires_at) == (S.PENDING_PAYMENT, till.now + timedelta(hours=3))
    order_for(worker(till, shop), done.token)
    hear(worker(till, shop), captured())
    assert status_of(till, done) == S.BOOKED


def test_the_desk_may_do_without(till: UnitOfWork, shop: Shop) -> None:
    """Paid at the desk; when the online payment comes all the same, it is the visit's deposit."""
    done = waiting(till, shop)
    step(till, Step(done.booking_id, S.BOOKED.value))
    hear(worker(till, shop), captured())
    assert (status_of(till, done), money_of(till, done.booking_id)) == (S.BOOKED, (DEPOSIT, 0, 0))
    assert open_concerns(till) == []


def test_three_near_times_for_who_has_lost_theirs(till: UnitOfWork, shop: Shop) -> None:
    done = waiting(till, shop)
    expire(till, shop)
    book(till, wish(shop, "10:00"))
    near = times_instead(visitor(till, shop), done.token)
    assert len(near) == 3
    first = till.session.execute(select(Booking.starts_at).where(Booking.id == done.booking_id)).scalar_one()
    assert first not in [one.start for one in near]


def deposit_bill(uow: UnitOfWork, done: BookingDone) -> Issued:
    draft = bill_of_visit(uow, done.booking_id)
    return issue(uow, draft, document_of(uow.session, draft).version)


def test_the_deposit_pays_the_bill_of_its_visit_and_no_other(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    booking = booking_of(till.session, done.booking_id)
    other = issued(till, shop, cut("500"), customer_id=booking.customer_id)
    assert customer_money(till, booking.customer_id, done.booking_id).deposit == DEPOSIT
    assert customer_money(till, booking.customer_id).advance == 0
    with pytest.raises(Invalid, match="no advance left"):
        use_advance(till, other.document_id)
    step(till, Step(done.booking_id, S.FINISHED.value))
    bill = document_of(till.session, deposit_bill(till, done).document_id)
    assert (bill.state, bill.total_paise, bill.paid_paise) == ("part_paid", 60_000, DEPOSIT)
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, 0)
    assert cash_of(till, shop)["razorpay"] == DEPOSIT and "advances" not in cash_of(till, shop)


def test_what_is_kept_of_it_is_billed_as_a_charge(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    desk = at_hours_before(till, done, 20)
    cancel(desk, Cancel(done.booking_id, booking_of(till.session, done.booking_id).version, "late"))
    bill = document_of(till.session, deposit_bill(till, done).document_id)
    assert (bill.state, bill.total_paise, bill.paid_paise) == ("paid", 15_000, 15_000)
    [line] = till.session.scalars(select(DocumentLine).where(DocumentLine.document_id == bill.id))
    assert line.description == "Cancellation charge: Plain haircut"
    assert money_of(till, done.booking_id) == (DEPOSIT, 0, 5_000)


def test_a_visit_that_is_off_and_cost_nothing_has_no_bill(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    cancel(till, Cancel(done.booking_id, booking_of(till.session, done.booking_id).version, "business"))
    with pytest.raises(Conflict, match="nothing to bill"):
        bill_of_visit(till, done.booking_id)


def test_a_deposit_has_a_receipt_voucher_and_what_goes_back_a_refund_voucher(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    papers = select(Document.kind, Document.total_paise).where(Document.kind.in_(VOUCHERS)).order_by(Document.id)
    assert till.session.execute(papers).all() == [("receipt_voucher", DEPOSIT)]
    hear(
        worker(till, shop),
        webhook("refund.processed", refund=refund("processed", 5_000), payment=paid(amount_refunded=5_000)),
    )
    assert till.session.execute(papers).all() == [("receipt_voucher", DEPOSIT), ("refund_voucher", 5_000)]
    hear(
        worker(till, shop),
        webhook("payment.dispute.lost", payment=paid(), dispute=dispute("lost") | {"amount": 15_000}),
    )
    assert till.session.execute(papers).all()[-1] == ("refund_voucher", 15_000)
    assert balances(till.session, shop.business_id) == {}
    assert done.booking_id
