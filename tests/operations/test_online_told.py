"""What Razorpay says, in any order and more than once: the bill, the ledger and the payment end up the same."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.documents import VOUCHERS
from microcrm.domain.errors import Conflict
from microcrm.domain.gateway import read_told
from microcrm.models.billing import Document, DocumentLine, Payment
from microcrm.models.gateway import GatewayPayment, GatewayRefund, PayRequest
from microcrm.models.records import OutboxMessage
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.giving_back import GiveBackCredited, give_back_credited
from microcrm.operations.billing.payments import PaidPart, take_payment, void_payment
from microcrm.operations.billing.reading import view_document
from microcrm.operations.online.asking import ask_by_link, note_made
from microcrm.operations.online.capturing import is_authorized, is_capture_wanted
from microcrm.operations.online.refunds import close_concern, online_payments, open_concerns
from microcrm.operations.online.told import take_told
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.online import asked, connect, link, order, payment, refund, webhook
from tests.support.shops import Shop, TwoShops
from tests.support.till import balances, cut, document_of, issued, paying, register

SOLD = {"sales": -50_000, "cgst": -1_250, "sgst": -1_250}


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        connect(uow)
        yield uow


def hear(uow: UnitOfWork, *events: dict[str, Any]) -> None:
    for event in events:
        take_told(uow, read_told(event))


def story(reference: str) -> list[dict[str, Any]]:
    """A payment that fails at first, comes late, is captured, and of which a part goes back."""
    paid = payment("captured", fee=1_239, tax=189)
    part = payment("captured", amount_refunded=20_000, fee=1_239, tax=189)
    return [
        webhook("payment.failed", payment=payment("failed", error_description="The bank did not answer.")),
        webhook("payment.authorized", payment=payment("authorized")),
        webhook("payment.captured", payment=paid),
        webhook("payment_link.paid", payment_link=link("paid", reference), order=order(), payment=paid),
        webhook("refund.processed", refund=refund("processed"), payment=part),
    ]


def state(uow: UnitOfWork, shop: Shop, bill: int) -> Any:
    """Everything that must not depend on the order."""
    document = document_of(uow.session, bill)
    [row] = uow.session.scalars(select(GatewayPayment))
    refunds = [(one.remote_id, one.status, one.amount_paise) for one in uow.session.scalars(select(GatewayRefund))]
    ledger = [(one.amount_paise, one.evidence, one.proof) for one in uow.session.scalars(select(Payment))]
    request = uow.session.scalars(select(PayRequest)).one()
    return (
        (document.state, document.paid_paise),
        (row.status, row.is_late, row.error, row.refunded_paise, row.fee_paise, row.concern, row.method),
        sorted(refunds),
        sorted(ledger),
        (request.state, request.order_id),
        balances(uow.session, shop.business_id),
    )


def test_every_order_of_a_payment_s_events_ends_in_the_same_state(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"), tip="").document_id  # 525
    wanted = asked(till, bill)
    ends = []
    for events in itertools.permutations(story(wanted.reference)):
        with till.session.begin_nested() as savepoint:
            hear(till, *events)
            ends.append(state(till, shop, bill))
            savepoint.rollback()
        till.session.expire_all()
    assert len(ends) == 120  # `microcrm bench hooks` walks through the 720 of six
    assert all(end == ends[0] for end in ends)
    assert ends[0] == (
        ("part_paid", 32_500),
        ("captured", True, "The bank did not answer.", 20_000, 1_239, "", "upi"),
        [("rfnd_A", "processed", 20_000)],
        [(-20_000, "webhook", "rfnd_A"), (52_500, "webhook", "pay_A")],
        ("paid", "order_A"),
        {"razorpay": 32_500, "receivable": 20_000} | SOLD,
    )


def test_the_same_events_again_change_nothing(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    events = story(asked(till, bill).reference)
    events.append(
        webhook("refund.created", refund=refund("pending"), payment=payment("captured", amount_refunded=20_000))
    )
    hear(till, *events)
    first = state(till, shop, bill)
    hear(till, *events, *reversed(events))
    assert state(till, shop, bill) == first


def test_an_authorised_payment_is_to_be_captured_once(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    asked(till, bill)
    request = till.session.scalars(select(PayRequest)).one()
    request.order_id = "order_A"
    hear(till, webhook("payment.authorized", payment=payment("authorized")))
    hear(till, webhook("payment.authorized", payment=payment("authorized")))
    [message] = till.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "razorpay_capture"))
    assert message.payload == {"payment": "pay_A", "amount": 52_500}
    at = till.session.scalars(select(GatewayPayment.at)).one()
    assert message.due_at == min(at, till.now) + timedelta(minutes=1)
    assert is_authorized(till, "pay_A")
    assert till.session.scalars(select(Payment)).all() == []
    assert is_capture_wanted(till, "pay_A")
    take_payment(till, paying(bill, PaidPart("cash", "525")))
    assert not is_capture_wanted(till, "pay_A")
    assert [one.why for one in open_concerns(till)] == ["uncaptured"]


def test_what_a_bank_lets_go_late_is_captured_at_once(till: UnitOfWork, shop: Shop) -> None:
    asked(till, issued(till, shop, cut("500")).document_id)
    till.session.scalars(select(PayRequest)).one().order_id = "order_A"
    hear(till, webhook("payment.failed", payment=payment("failed")))
    hear(till, webhook("payment.authorized", payment=payment("authorized")))
    [message] = till.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "razorpay_capture"))
    assert message.due_at == till.now
    hear(till, webhook("payment.captured", payment=payment("captured")))
    assert not is_authorized(till, "pay_A")


def test_money_that_differs_is_counted_and_put_before_the_owner(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    paid = payment("captured", amount=50_000)
    told = link("paid", asked(till, bill).reference)
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=paid))
    document = document_of(till.session, bill)
    assert (document.state, document.paid_paise) == ("part_paid", 50_000)
    [concern] = open_concerns(till)
    assert (concern.number, concern.why, concern.amount) == (document.number, "amount", 50_000)
    assert balances(till.session, shop.business_id) == {"razorpay": 50_000, "receivable": 2_500} | SOLD


def test_another_currency_settles_nothing(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    paid = payment("captured", currency="USD")
    told = link("paid", asked(till, bill).reference)
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=paid))
    assert document_of(till.session, bill).state == "issued"
    assert till.session.scalars(select(Payment)).all() == []
    [shown] = online_payments(till, bill)
    assert (shown.concern, shown.currency, shown.left) == ("currency", "USD", 0)


def test_a_bill_that_was_paid_meanwhile_is_not_paid_twice(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    told = link("paid", asked(till, bill).reference)
    take_payment(till, paying(bill, PaidPart("cash", "525")))
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=payment("captured")))
    document = document_of(till.session, bill)
    assert (document.state, document.paid_paise) == ("paid", 52_500)
    assert balances(till.session, shop.business_id) == {"cash": 52_500, "razorpay": 52_500, "advances": -52_500} | SOLD
    [shown] = online_payments(till, bill)
    assert (shown.concern, shown.left) == ("settled", 52_500)
    # Given back, it takes nothing from the bill.
    back = payment("refunded", amount_refunded=52_500)
    hear(till, webhook("refund.processed", refund=refund("processed", 52_500), payment=back))
    assert document_of(till.session, bill).paid_paise == 52_500
    assert balances(till.session, shop.business_id) == {"cash": 52_500} | SOLD


def test_what_is_left_so_is_an_advance_with_a_voucher_and_goes_back_with_one(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    told = link("paid", asked(till, bill).reference)
    take_payment(till, paying(bill, PaidPart("cash", "525")))
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=payment("captured")))
    close_concern(till, online_payments(till, bill)[0].id)
    [voucher] = till.session.scalars(select(Document).where(Document.kind == "receipt_voucher"))
    assert (voucher.number, voucher.total_paise, voucher.note) == (
        "RV/2627/0001",
        52_500,
        "Received through Razorpay, pay_A",
    )
    back = payment("captured", amount_refunded=20_000)
    hear(till, webhook("refund.processed", refund=refund("processed", 20_000), payment=back))
    [paper] = till.session.scalars(select(Document).where(Document.kind == "refund_voucher"))
    assert (paper.corrects_id, paper.total_paise) == (voucher.id, 20_000)
    assert customer_money(till, shop.customer_id).advance == 32_500
    hear(till, webhook("refund.processed", refund=refund("processed", 20_000), payment=back))
    assert customer_money(till, shop.customer_id).advance == 32_500
    assert document_of(till.session, bill).paid_paise == 52_500


def test_what_went_back_is_no_advance_any_more(till: UnitOfWork, shop: Shop) -> None:
    """Also when nobody looked at it: without a voucher, since nothing was ever paid ahead."""
    bill = issued(till, shop, cut("500")).document_id
    told = link("paid", asked(till, bill).reference)
    take_payment(till, paying(bill, PaidPart("cash", "525")))
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=payment("captured")))
    assert customer_money(till, shop.customer_id).advance == 52_500
    back = payment("refunded", amount_refunded=52_500)
    hear(till, webhook("refund.processed", refund=refund("processed", 52_500), payment=back))
    assert customer_money(till, shop.customer_id).advance == 0
    assert till.session.scalars(select(Document).where(Document.kind.in_(VOUCHERS))).all() == []


def test_what_a_credit_note_gave_back_leaves_the_bill_paid(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("300"), cut("200")).document_id
    told = link("paid", asked(till, bill).reference)
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=payment("captured")))
    version = document_of(till.session, bill).version
    note = credit(till, CreditNote(bill, version, "Second one not done", lines=[document_line(till, bill)]))
    assert note.beyond == note.note.total_paise == 21_000
    assert view_document(till, bill).freed == 0
    with pytest.raises(Conflict, match="at the desk"):
        give_back_credited(till, GiveBackCredited(bill, "210", "cash", "first press"))
    hear(till, webhook("refund.processed", refund=refund("processed", 21_000), payment=payment("captured")))
    document = document_of(till.session, bill)
    assert (document.state, document.paid_paise) == ("paid", 52_500)
    assert balances(till.session, shop.business_id).get("receivable", 0) == 0


def document_line(uow: UnitOfWork, bill: int) -> int:
    places = uow.session.scalars(select(DocumentLine.place).where(DocumentLine.document_id == bill))
    return max(places)


def test_a_payment_that_we_never_asked_for_touches_nothing(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    asked(till, bill)
    other = payment("captured", id="pay_Z", order_id="order_Z")
    assert not take_told(till, read_told(webhook("payment.captured", payment=other)))
    assert not take_told(till, read_told(webhook("settlement.processed", settlement={"id": "setl_1"})))
    assert document_of(till.session, bill).state == "issued"
    assert till.session.scalars(select(Payment)).all() == []


def test_a_neighbour_s_payment_is_nobody_s_here(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    """The same ids told to another shop find nothing there."""
    bill = issued(till, shop, cut("500")).document_id
    reference = asked(till, bill).reference
    event = webhook(
        "payment_link.paid", payment_link=link("paid", reference), order=order(), payment=payment("captured")
    )
    till.session.flush()
    with unit_of_work(system(neighbour.business_id)) as theirs:
        assert not take_told(theirs, read_told(event))
        assert theirs.session.scalars(select(Payment)).all() == []
        theirs.session.expunge_all()


def test_money_that_razorpay_confirms_is_not_void(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    told = link("paid", asked(till, bill).reference)
    hear(till, webhook("payment_link.paid", payment_link=told, order=order(), payment=payment("captured")))
    [paid] = till.session.scalars(select(Payment))
    with pytest.raises(Exception, match="arrived"):
        void_payment(till, paid.id, "No")


def test_two_presses_ask_once(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    first, second = ask_by_link(till, bill), ask_by_link(till, bill)
    assert first.id == second.id
    take_payment(till, paying(bill, PaidPart("cash", "25")))
    assert ask_by_link(till, bill).amount == 50_000


def test_workers_that_hear_the_same_at_once_post_once(fresh_database: TwoShops) -> None:
    shop = fresh_database.a

    def ready(uow: UnitOfWork) -> tuple[int, str]:
        register(uow, shop)
        connect(uow)
        bill = issued(uow, shop, cut("500")).document_id
        return bill, asked(uow, bill).reference

    bill, reference = act_as(shop.actor(), ready)
    told = read_told(
        webhook("payment_link.paid", payment_link=link("paid", reference), order=order(), payment=payment("captured"))
    )
    again = read_told(webhook("payment.captured", payment=payment("captured")))

    def work(n: int) -> None:
        act_as(system(shop.business_id), take_told, told if n % 2 else again)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    act_as(system(shop.business_id), take_told, told)

    def look(uow: UnitOfWork) -> Any:
        return document_of(uow.session, bill).paid_paise, len(uow.session.scalars(select(Payment)).all())

    assert act_as(shop.actor(), look) == (52_500, 1)


def test_two_presses_that_both_made_an_order_go_on_with_the_one_noted_first(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop)
    first, second = (ask_by_link(till, bill.document_id) for _ in range(2))
    assert (first.id, first.remote_id) == (second.id, second.remote_id) == (first.id, "")
    assert note_made(till, first.id, "plink_A", "https://rzp.example/A") == ("plink_A", "https://rzp.example/A")
    assert note_made(till, second.id, "plink_B", "https://rzp.example/B") == ("plink_A", "https://rzp.example/A")
    assert ask_by_link(till, bill.document_id).remote_id == "plink_A"
