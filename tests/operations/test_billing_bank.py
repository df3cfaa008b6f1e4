"""A bank statement read in: what it proves, what it pays, and how that is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.bank_matching import Target
from microcrm.domain.bank_statement import BadStatement
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Payment
from microcrm.operations.billing.bank import MatchRow, match_row, match_sure, reopen_row, set_row_aside, take_statement
from microcrm.operations.billing.bank_view import BankLine, bank_view
from microcrm.operations.billing.issuing import Issued
from microcrm.operations.billing.payments import PaidPart, take_payment, void_payment
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.shops import Shop, TwoShops
from tests.support.till import balances, cut, document_of, issued, paying, register

RRN = "433412345678"


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:  # 24 November 2026
        register(uow, shop)
        yield uow


def csv(*rows: str) -> bytes:
    return "\n".join(["Date,Narration,Reference,Debit,Credit", *rows]).encode()


def noted(till: UnitOfWork, shop: Shop, proof: str = f"UTR {RRN}", mode: str = "upi") -> tuple[Issued, Payment]:
    """A bill of ₹525 that the desk says was paid."""
    bill = issued(till, shop, cut("500"))
    take_payment(till, paying(bill.document_id, PaidPart(mode, "525", proof), key=f"noted {bill.number}"))
    query = select(Payment).where(Payment.business_id == shop.business_id).order_by(Payment.id.desc()).limit(1)
    return bill, till.session.scalars(query).one()


def only(till: UnitOfWork, state: str = "open") -> BankLine:
    [row] = bank_view(till, state).rows
    return row


def test_a_noted_payment_is_proven_by_reference_and_amount(till: UnitOfWork, shop: Shop) -> None:
    bill, payment = noted(till, shop)
    before = balances(till.session, shop.business_id)
    taken = take_statement(till, csv(f"25/11/2026,UPI/CR/{RRN}/KAVYA,,,525.00", "25/11/2026,RENT,,12000,"))
    assert (taken.new, taken.known, taken.went_out) == (1, 0, 1)
    assert payment.evidence == "claimed"  # nothing happens by itself
    view = bank_view(till)
    assert (view.sure, view.sums["open"]) == (1, (1, 52_500))
    assert match_sure(till) == 1
    till.session.refresh(payment)
    assert payment.evidence == "statement"
    done = only(till, "matched")
    assert (done.document_id, done.number, done.is_sure) == (bill.document_id, bill.number, True)
    assert balances(till.session, shop.business_id) == before
    with pytest.raises(Conflict):
        void_payment(till, payment.id, "Typed by mistake")


def test_a_bill_that_nobody_noted_is_paid_by_its_number(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    number = bill.number.replace("/", "")
    take_statement(till, csv(f"25/11/2026,UPI-{RRN}-{number},{RRN},,525"))
    assert match_sure(till) == 1
    document = document_of(till.session, bill.document_id)
    assert (document.state, document.paid_paise) == ("paid", 52_500)
    payment = till.session.scalars(select(Payment).where(Payment.business_id == shop.business_id)).one()
    assert (payment.mode, payment.evidence, payment.proof) == ("upi", "statement", RRN)
    assert match_sure(till) == 0


def test_the_amount_alone_waits_for_a_person(till: UnitOfWork, shop: Shop) -> None:
    _, payment = noted(till, shop, proof="")
    take_statement(till, csv("24/11/2026,NEFT MEENA,,,525"))
    row = only(till)
    assert row.match is not None
    assert (row.match.target, row.match.is_sure, match_sure(till)) == (Target.PAYMENT, False, 0)
    match_row(till, MatchRow(row.id, row.version, row.match.target.value, row.match.id))
    till.session.refresh(payment)
    assert payment.evidence == "statement"
    with pytest.raises(Conflict):
        match_row(till, MatchRow(row.id, row.version, row.match.target.value, row.match.id))


def test_cash_is_proven_by_no_bank(till: UnitOfWork, shop: Shop) -> None:
    _, payment = noted(till, shop, mode="cash")
    take_statement(till, csv(f"24/11/2026,{RRN},,,525"))
    row = only(till)
    assert row.match is None
    with pytest.raises(Conflict):
        match_row(till, MatchRow(row.id, row.version, "payment", payment.id))


def test_the_same_file_and_overlapping_days_bring_nothing_twice(till: UnitOfWork) -> None:
    first = csv("24/11/2026,CASH DEP,,,100", "24/11/2026,CASH DEP,,,100")
    assert take_statement(till, first).new == 2
    again = take_statement(till, first)
    assert (again.new, again.known) == (0, 2)
    longer = take_statement(till, first + b"\n25/11/2026,CASH DEP,,,100\n24/11/2026,CASH DEP,,,100")
    assert (longer.new, longer.known) == (2, 2)
    assert bank_view(till).sums["open"] == (4, 40_000)


def test_a_match_is_taken_back(till: UnitOfWork, shop: Shop) -> None:
    _, payment = noted(till, shop)
    unpaid = issued(till, shop, cut("100"))
    number = unpaid.number.replace("/", "")
    take_statement(till, csv(f"24/11/2026,{RRN},,,525", f"24/11/2026,{number},,,105"))
    before = balances(till.session, shop.business_id)
    assert match_sure(till) == 2
    for row in bank_view(till, "matched").rows:
        reopen_row(till, row.id, row.version)
    till.session.refresh(payment)
    assert (payment.evidence, payment.voided_at) == ("claimed", None)
    document = document_of(till.session, unpaid.document_id)
    assert (document.state, document.paid_paise) == ("issued", 0)
    assert balances(till.session, shop.business_id) == before
    assert match_sure(till) == 2  # and once more


def test_a_person_names_the_bill(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    take_statement(till, csv("24/11/2026,UPI MEENA,,,200", "24/11/2026,UPI MEENA,,,600"))
    small, large = sorted(bank_view(till).rows, key=lambda row: row.paise)
    with pytest.raises(Invalid) as refused:
        match_row(till, MatchRow(small.id, small.version, number="INV/9999/1"))
    assert set(refused.value.fields) == {"number"}
    match_row(till, MatchRow(small.id, small.version, number=bill.number.lower()))
    assert document_of(till.session, bill.document_id).state == "part_paid"
    match_row(till, MatchRow(large.id, large.version, number=bill.number))  # the rest is the customer's advance
    assert document_of(till.session, bill.document_id).state == "paid"
    assert balances(till.session, shop.business_id)["advances"] == -27_500


def test_what_belongs_to_no_bill_is_set_aside_with_a_reason(till: UnitOfWork) -> None:
    take_statement(till, csv("24/11/2026,OWN MONEY,,,1000"))
    row = only(till)
    with pytest.raises(Invalid):
        set_row_aside(till, row.id, row.version, " ")
    set_row_aside(till, row.id, row.version, "Own money")
    aside = only(till, "aside")
    assert aside.reason == "Own money"
    reopen_row(till, aside.id, aside.version)
    assert only(till).state == "open"


def test_a_file_that_is_no_statement_leaves_nothing(till: UnitOfWork) -> None:
    for data in (b"", b"Name,Phone\n", b"Date,Credit\n", b"%PDF"):
        with pytest.raises(BadStatement):
            take_statement(till, data)
    assert bank_view(till).sums["open"] == (0, 0)


def test_only_those_who_keep_the_books_and_only_their_own(till: UnitOfWork, shop: Shop, unit_of_work: Work) -> None:
    take_statement(till, csv("24/11/2026,X,,,1000"))
    row = only(till)
    calls: list[Callable[[UnitOfWork], Any]] = [
        lambda uow: take_statement(uow, csv("24/11/2026,X,,,1000")),
        bank_view,
        match_sure,
        lambda uow: match_row(uow, MatchRow(row.id, row.version, "bill", 1)),
        lambda uow: set_row_aside(uow, row.id, row.version, "x"),
        lambda uow: reopen_row(uow, row.id, row.version),
    ]
    for role in (Role.FRONT_DESK, Role.STAFF):
        for call in calls:
            with unit_of_work(shop.actor(role)) as other, pytest.raises(Forbidden):
                call(other)
    for odd in (None, "x", 0, 10**30, []):
        with pytest.raises(NotFound):
            set_row_aside(till, odd, 1, "x")
    with pytest.raises(NotFound):
        match_row(till, MatchRow(row.id, row.version, "payment", 10**9))


def test_two_who_accept_at_once_take_the_money_once(fresh_database: TwoShops) -> None:
    shop = fresh_database.a

    def prepare(uow: UnitOfWork) -> None:
        register(uow, shop)
        number = issued(uow, shop, cut("500")).number.replace("/", "")
        take_statement(uow, csv(f"24/11/2026,UPI {number},,,525"))

    act_as(shop.actor(), prepare)
    with ThreadPoolExecutor(4) as pool:
        counts = [one.result() for one in [pool.submit(act_as, shop.actor(), match_sure) for _ in range(4)]]
    assert sum(counts) == 1
    paid = act_as(shop.actor(), lambda uow: uow.session.scalars(select(Payment.amount_paise)).all())
    assert list(paid) == [52_500]
