"""Money in, money back: parts, change, advances, void payments, credit notes; the ledger sums to zero throughout."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Payment
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.payments import PaidPart, take_payment, void_payment
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.shops import Shop, TwoShops
from tests.support.till import balances, cut, document_of, draft, issued, paying, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def payments_of(uow: UnitOfWork) -> list[Payment]:
    return list(uow.session.scalars(select(Payment).order_by(Payment.id)))


def test_a_bill_is_paid_in_two_ways_with_change(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))  # 525
    done = take_payment(
        till, paying(bill.document_id, PaidPart("upi", "325", "UTR 1"), PaidPart("cash", "200", given="500"))
    )
    assert (done.state, done.due, done.change, done.advance) == ("paid", 0, 30_000, 0)
    assert balances(till.session, shop.business_id) == {
        "upi": 32_500, "cash": 20_000, "sales": -50_000, "cgst": -1_250, "sgst": -1_250,
    }  # fmt: skip


def test_a_part_is_paid_now_and_the_rest_later(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    first = take_payment(till, paying(bill.document_id, PaidPart("cash", "25")))
    assert (first.state, first.due) == ("part_paid", 50_000)
    second = take_payment(till, paying(bill.document_id, PaidPart("card", "500"), key="second press"))
    assert (second.state, second.due) == ("paid", 0)
    with pytest.raises(Conflict):
        take_payment(till, paying(bill.document_id, PaidPart("card", "1"), key="third press"))


def test_what_is_paid_beyond_the_bill_is_the_customer_s_advance(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    done = take_payment(till, paying(bill.document_id, PaidPart("upi", "600")))
    assert (done.state, done.advance) == ("paid", 7_500)
    assert balances(till.session, shop.business_id)["advances"] == -7_500
    walk_in = issued(till, shop, cut("500"), customer_id=None)
    with pytest.raises(Invalid) as caught:
        take_payment(till, paying(walk_in.document_id, PaidPart("cash", "600"), key="walk-in press"))
    assert "parts" in caught.value.fields
    assert len(payments_of(till)) == 1


def test_the_same_press_twice_takes_the_money_once(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    answers = [take_payment(till, paying(bill.document_id, PaidPart("cash", "525"))) for _ in range(2)]
    assert answers[0].state == answers[1].state == "paid"
    assert len(payments_of(till)) == 1


def test_a_tip_is_collected_and_no_part_of_the_supply(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"), tip="50")
    assert take_payment(till, paying(bill.document_id, PaidPart("cash", "575"))).state == "paid"
    ledger = balances(till.session, shop.business_id)
    assert (ledger["tips"], ledger["sales"]) == (-5_000, -50_000)


def test_a_void_payment_is_due_again(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    take_payment(till, paying(bill.document_id, PaidPart("cash", "525")))
    [payment] = payments_of(till)
    void_payment(till, payment.id, "Typed for the wrong customer")
    stored = document_of(till.session, bill.document_id)
    assert (stored.state, stored.paid_paise) == ("issued", 0)
    assert balances(till.session, shop.business_id)["receivable"] == 52_500
    with pytest.raises(Conflict, match="void already"):
        void_payment(till, payment.id, "Again")


def test_money_that_the_bank_confirms_is_not_void(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop)
    take_payment(till, paying(bill.document_id, PaidPart("upi", "525")))
    [payment] = payments_of(till)
    payment.evidence = "statement"
    till.session.flush()
    with pytest.raises(Conflict, match="arrived"):
        void_payment(till, payment.id, "No")


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([], "parts"),
        ([PaidPart("gold", "10")], "parts.0.mode"),
        ([PaidPart("razorpay", "10")], "parts.0.mode"),
        ([PaidPart("cash", "")], "parts.0.amount"),
        ([PaidPart("cash", "-10")], "parts.0.amount"),
        ([PaidPart("cash", "10", given="5")], "parts.0.given"),
        ([PaidPart("cash", "10")] * 7, "parts"),
    ],
)
def test_mistakes_are_told_at_their_field(till: UnitOfWork, shop: Shop, parts: list[PaidPart], field: str) -> None:
    bill = issued(till, shop)
    with pytest.raises(Invalid) as caught:
        take_payment(till, paying(bill.document_id, *parts))
    assert field in caught.value.fields
    assert payments_of(till) == []


def test_drafts_and_foreign_bills_take_no_money(till: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    saved = draft(till, shop)
    with pytest.raises(Conflict):
        take_payment(till, paying(saved.document_id, PaidPart("cash", "10")))
    with pytest.raises(NotFound):
        take_payment(till, paying(10**15, PaidPart("cash", "10")))


def test_who_takes_money_and_who_corrects(till: UnitOfWork, unit_of_work: Work, shop: Shop) -> None:
    bill = issued(till, shop)
    with unit_of_work(shop.actor(Role.FRONT_DESK)) as desk:
        assert take_payment(desk, paying(bill.document_id, PaidPart("cash", "525"))).state == "paid"
        with pytest.raises(Forbidden):
            credit(desk, CreditNote(bill.document_id, bill.version, "No"))
    with unit_of_work(shop.actor(Role.STAFF)) as staff, pytest.raises(Forbidden):
        take_payment(staff, paying(bill.document_id, PaidPart("cash", "525")))


def test_a_whole_credit_note_leaves_nothing(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("999", is_with_tax=True, tax_class="standard"))
    done = credit(till, CreditNote(bill.document_id, bill.version, "Not satisfied"))
    assert (done.note.number, done.note.total_paise, done.beyond) == ("CN/2627/0001", 99_900, 0)
    assert balances(till.session, shop.business_id) == {}
    assert document_of(till.session, bill.document_id).state == "paid"


def test_notes_line_by_line_never_credit_more_than_was_billed(till: UnitOfWork, shop: Shop) -> None:
    """Three of 10.05 at 18 %: tax 2.71 a head; what is credited in thirds sums to exactly that."""
    bill = issued(till, shop, cut("10.05", quantity="3", tax_class="standard"))
    version = bill.version
    heads = []
    for _ in range(3):
        done = credit(till, CreditNote(bill.document_id, version, "One given back", {1: 1000}))
        note = document_of(till.session, done.note.document_id)
        heads.append(note.cgst_paise)
        version = document_of(till.session, bill.document_id).version
    assert sum(heads) == 271
    with pytest.raises(Invalid) as caught:
        credit(till, CreditNote(bill.document_id, version, "Once more", {1: 1000}))
    assert "lines.1" in caught.value.fields


def test_what_was_paid_beyond_is_told(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"), cut("100"))  # 630
    take_payment(till, paying(bill.document_id, PaidPart("cash", "630")))
    version = document_of(till.session, bill.document_id).version
    done = credit(till, CreditNote(bill.document_id, version, "Second one not done", {2: 1000}))
    assert (done.note.total_paise, done.beyond) == (10_500, 10_500)


def test_two_desks_that_take_the_same_money_take_it_once(fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    actor = shop.actor()

    def ready(uow: UnitOfWork) -> int:
        register(uow, shop)
        return issued(uow, shop).document_id

    bill = act_as(actor, ready)
    answers: list[str] = []

    def pay(key: str) -> None:
        try:
            answers.append(act_as(actor, take_payment, paying(bill, PaidPart("cash", "525"), key=key)).state)
        except DomainError as refusal:
            answers.append(refusal.code)

    threads = [threading.Thread(target=pay, args=(f"desk number {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["conflict"] * 5 + ["paid"]
