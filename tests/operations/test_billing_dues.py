"""Dues by the age of the bill, and the statement of one customer: it ends where the books stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from microcrm.domain.errors import Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.dues import dues, statement
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.shops import CANARY, Shop
from tests.support.till import balances, cut, draft, issued, paying, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:  # 24 November 2026
        register(uow, shop)
        yield uow


def test_each_bill_falls_into_the_band_of_its_age(till: UnitOfWork, shop: Shop) -> None:
    for day, rupees in (
        ("2026-11-24", "100"), ("2026-10-25", "200"), ("2026-10-24", "400"), ("2026-09-25", "800"),
        ("2026-08-26", "1600"), ("2026-08-25", "3200"),
    ):  # fmt: skip
        issued(till, shop, cut(rupees, tax_class="health"), day=day)
    issued(till, shop, cut("50", tax_class="health"), customer_id=None)
    draft(till, shop)
    found = dues(till)
    assert [(row.name, row.bands, row.oldest) for row in found.rows] == [
        ("Plain Iyer", (30_000, 120_000, 160_000, 320_000), date(2026, 8, 25)),
        ("Walk-ins", (5_000, 0, 0, 0), date(2026, 11, 24)),
    ]
    assert found.bands == (35_000, 120_000, 160_000, 320_000)


def test_what_is_paid_or_credited_is_not_due(till: UnitOfWork, shop: Shop) -> None:
    paid, noted, part = (issued(till, shop, cut("100")) for _ in range(3))
    take_payment(till, paying(paid.document_id, PaidPart("cash", "105")))
    credit(till, CreditNote(noted.document_id, noted.version, "Not done"))
    take_payment(till, paying(part.document_id, PaidPart("cash", "5"), key="a part of it"))
    assert dues(till).bands == (10_000, 0, 0, 0)


def test_a_statement_adds_up_to_what_the_books_say(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop, cut("100"), day="2026-10-01")
    bill = issued(till, shop, cut("200"), day="2026-11-02")
    noted = issued(till, shop, cut("40"), day="2026-11-03")
    credit(till, CreditNote(noted.document_id, noted.version, "Not done"))
    take_payment(till, paying(bill.document_id, PaidPart("upi", "300", "UTR 7")))
    found = statement(till, shop.customer_id, "2026-11-01", "2026-11-24")
    assert found.opening == 10_500
    assert [(line.words, line.debit, line.credit, line.balance) for line in found.lines] == [
        ("Tax Invoice", 21_000, 0, 31_500),
        ("Tax Invoice", 4_200, 0, 35_700),
        ("Credit Note", 0, 4_200, 31_500),
        ("Received, upi", 0, 30_000, 1_500),
    ]
    stands = balances(till.session, shop.business_id)
    assert found.closing == stands["receivable"] + stands["advances"] == 1_500
    whole = statement(till, shop.customer_id)
    assert (whole.first, whole.opening, whole.closing) == (date(2026, 4, 1), 0, 1_500)


def test_odd_days_and_foreign_customers(till: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    with pytest.raises(Invalid):
        statement(till, shop.customer_id, "2026-11-02", "2026-11-01")
    with pytest.raises(Invalid):
        statement(till, shop.customer_id, "soon", "")
    for odd in (neighbour.customer_id, "x", None, 0):
        with pytest.raises(NotFound):
            statement(till, odd)


def test_a_neighbour_s_dues_are_not_ours(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(neighbour.actor()) as uow:
        issued(uow, neighbour)
        assert CANARY in dues(uow).rows[0].name
    with unit_of_work(shop.actor()) as uow:
        assert dues(uow).rows == ()


@pytest.mark.parametrize(("role", "may"), [(Role.ACCOUNTANT, True), (Role.STAFF, False)])
def test_who_sees_them(unit_of_work: Work, shop: Shop, role: Role, may: bool) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        if may:
            assert dues(uow).rows == () and statement(uow, shop.customer_id).lines == ()
            return
        for ask in (lambda: dues(uow), lambda: statement(uow, shop.customer_id)):
            with pytest.raises(Forbidden):
                ask()
