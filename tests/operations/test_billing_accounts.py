"""What a customer owes and has paid ahead: carried over to the next payment, used, and never another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Payment
from microcrm.operations.billing.accounts import customer_money, use_advance
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.payments import PaidPart, TakePayment, take_payment, void_payment
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.shops import CANARY, Shop
from tests.support.till import balances, cut, document_of, issued, paying, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def carrying(document_id: int, *parts: PaidPart, key: str = "carrying") -> TakePayment:
    return TakePayment(document_id, list(parts), key, carries=True)


def test_dues_and_advances_are_counted(till: UnitOfWork, shop: Shop) -> None:
    late = issued(till, shop, cut("100"), day="2026-11-01").document_id
    bill = issued(till, shop, cut("200")).document_id
    take_payment(till, paying(bill, PaidPart("upi", "310")))
    money = customer_money(till, shop.customer_id)
    assert (money.name, money.due, money.overdue, money.advance, money.billed) == (
        "Plain Iyer", 10_500, 10_500, 10_000, 31_500,
    )  # fmt: skip
    assert [(row.kind, row.id) for row in money.rows[1:]] == [("tax_invoice", bill), ("tax_invoice", late)]
    assert (money.rows[0].kind, money.rows[0].left) == ("receipt_voucher", 10_000)


def test_what_is_more_pays_the_oldest_first_and_the_rest_stays(till: UnitOfWork, shop: Shop) -> None:
    old, newer = (issued(till, shop, cut("100"), day=day).document_id for day in ("2026-10-01", "2026-11-01"))
    bill = issued(till, shop, cut("200")).document_id
    done = take_payment(till, carrying(bill, PaidPart("cash", "300", given="500"), PaidPart("upi", "70")))
    assert (done.state, done.due, done.earlier, done.advance, done.change) == ("paid", 0, 16_000, 0, 20_000)
    states = [document_of(till.session, one) for one in (old, newer, bill)]
    assert [(one.state, one.paid_paise) for one in states] == [
        ("paid", 10_500), ("part_paid", 5_500), ("paid", 21_000),
    ]  # fmt: skip
    assert balances(till.session, shop.business_id)["receivable"] == 5_000
    again = issued(till, shop, cut("10")).document_id
    assert take_payment(till, carrying(again, PaidPart("cash", "100"), key="the rest")).advance == 3_900


def test_without_the_tick_it_is_an_advance(till: UnitOfWork, shop: Shop) -> None:
    old = issued(till, shop, cut("100"), day="2026-10-01").document_id
    bill = issued(till, shop, cut("200")).document_id
    assert take_payment(till, paying(bill, PaidPart("cash", "300"))).advance == 9_000
    assert document_of(till.session, old).paid_paise == 0


def test_an_advance_is_used_oldest_first_and_comes_back_when_its_payment_is_void(till: UnitOfWork, shop: Shop) -> None:
    first = issued(till, shop, cut("100")).document_id
    take_payment(till, paying(first, PaidPart("cash", "205")))
    bill = issued(till, shop, cut("100")).document_id
    done = use_advance(till, bill)
    assert (done.used, done.due, document_of(till.session, bill).state) == (10_000, 500, "part_paid")
    with pytest.raises(Invalid):
        use_advance(till, bill)
    assert customer_money(till, shop.customer_id).advance == 0
    payment = till.session.scalars(select(Payment)).one()
    void_payment(till, payment.id, "Wrong customer")
    assert document_of(till.session, bill).state == "issued"
    assert {
        name: paise for name, paise in balances(till.session, shop.business_id).items() if name in ("cash", "advances")
    } == {}
    assert balances(till.session, shop.business_id)["receivable"] == 21_000


def test_nothing_is_taken_for_what_nobody_owes(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("100"))
    note = credit(till, CreditNote(bill.document_id, bill.version, "Not done")).note
    for ask in (
        lambda: take_payment(till, paying(note.document_id, PaidPart("cash", "10"))),
        lambda: use_advance(till, note.document_id),
        lambda: use_advance(till, bill.document_id),
    ):
        with pytest.raises(Conflict):
            ask()


def test_a_walk_in_carries_nothing(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop, cut("100"), customer_id=None)
    bill = issued(till, shop, cut("200"), customer_id=None).document_id
    with pytest.raises(Invalid):
        take_payment(till, carrying(bill, PaidPart("cash", "310")))
    with pytest.raises(Invalid):
        use_advance(till, bill)


def test_a_neighbour_s_customer_is_not_there(till: UnitOfWork, neighbour: Shop) -> None:
    for odd in (neighbour.customer_id, 0, "x", None, 10**30):
        with pytest.raises(NotFound) as caught:
            customer_money(till, odd)
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize(("role", "may"), [(Role.FRONT_DESK, True), (Role.ACCOUNTANT, True), (Role.STAFF, False)])
def test_who_sees_it(unit_of_work: Work, shop: Shop, role: Role, may: bool) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        if may:
            assert customer_money(uow, shop.customer_id).due == 0
        else:
            with pytest.raises(Forbidden):
                customer_money(uow, shop.customer_id)
