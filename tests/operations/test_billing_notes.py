"""Notes about a bill: debit notes when it was too low, credit notes within and after their last day; each leads back to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document, Payment
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.debits import DebitNote, debit
from microcrm.operations.billing.dues import statement
from microcrm.operations.billing.giving_back import GiveBackCredited, give_back_credited
from microcrm.operations.billing.issuing import cancel_unsent
from microcrm.operations.billing.payments import PaidPart, take_payment, void_payment
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.till import till_now
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import gstr1_of
from tests.support.shops import Shop
from tests.support.till import balances, cut, document_of, draft, issued, paying, register

AFTER = MORNING + timedelta(days=7)  # in December: notes about the year that ended in March are late


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def more(bill: Any, amounts: Any, reason: Any = "Long hair") -> DebitNote:
    return DebitNote(bill.document_id, bill.version, reason, amounts)


def test_a_bill_that_was_too_low_gets_a_debit_note(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"), cut("100", tax_class="standard"))
    note = debit(till, more(bill, {1: "100", 2: ""}))
    assert (note.number, note.total_paise) == ("DN/2627/0001", 10_500)
    view = view_document(till, note.document_id)
    assert (view.kind, view.taxable, view.cgst, view.note) == ("debit_note", 10_000, 250, "Long hair")
    assert [(line.description, line.rate_bp, line.price) for line in view.lines] == [("Haircut", 500, 10_000)]
    assert (view.buyer["corrects"], view.heads, view.place_state) == ("INV/2627/0001", "cgst_sgst", "29")
    assert [(one.how, one.id) for one in view.related] == [("corrects", bill.document_id)]
    bill_now = view_document(till, bill.document_id)
    assert [(one.how, one.number) for one in bill_now.related] == [("corrected_by", "DN/2627/0001")]
    assert (bill_now.total, bill_now.due) == (bill.total_paise, bill.total_paise), "the bill itself stays as it is"


def test_it_is_owed_and_paid_like_a_bill(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    take_payment(till, paying(bill.document_id, PaidPart("cash", "525")))
    version = document_of(till.session, bill.document_id).version
    note = debit(till, DebitNote(bill.document_id, version, "Long hair", {1: "100"}))
    assert customer_money(till, shop.customer_id).due == 10_500
    assert take_payment(till, paying(note.document_id, PaidPart("upi", "105"), key="for the note")).state == "paid"
    assert balances(till.session, shop.business_id) == {
        "cash": 52_500, "upi": 10_500, "sales": -60_000, "cgst": -1_500, "sgst": -1_500,
    }  # fmt: skip


def test_an_inclusive_price_stays_inclusive(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("1180", tax_class="standard", is_with_tax=True))
    note = view_document(till, debit(till, more(bill, {1: "118"})).document_id)
    assert (note.total, note.taxable, note.cgst) == (11_800, 10_000, 900)


@pytest.mark.parametrize(
    ("amounts", "reason", "field"),
    [
        ({}, "Why", "more"),
        (None, "Why", "more"),
        ("all", "Why", "more"),
        ({1: ""}, "Why", "more"),
        ({7: "5"}, "Why", "more"),
        ({"1": "5"}, "Why", "more"),
        ({1: "five"}, "Why", "more_1"),
        ({1: "-5"}, "Why", "more_1"),
        ({1: "9" * 30}, "Why", "more_1"),
        ({1: "5"}, "", "reason"),
        ({1: "5"}, "x" * 300, "reason"),
    ],
)
def test_mistakes_are_told_at_their_field(till: UnitOfWork, shop: Shop, amounts: Any, reason: Any, field: str) -> None:
    bill = issued(till, shop)
    with pytest.raises(Invalid) as caught:
        debit(till, more(bill, amounts, reason))
    assert field in caught.value.fields
    assert till.session.scalar(select(func.count()).select_from(Document)) == 1


def test_only_an_issued_bill_has_one(till: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    saved = draft(till, shop)
    estimate = issued(till, shop, is_estimate=True)
    bill = issued(till, shop)
    note = debit(till, more(bill, {1: "10"}))
    for document_id, version in ((saved.document_id, saved.version), (estimate.document_id, estimate.version),
                                 (note.document_id, note.version), (bill.document_id, bill.version + 5)):  # fmt: skip
        with pytest.raises(Conflict):
            debit(till, DebitNote(document_id, version, "Why", {1: "10"}))
    with unit_of_work(neighbour.actor()) as uow:
        theirs = issued(uow, neighbour)
    with pytest.raises(NotFound):
        debit(till, more(theirs, {1: "10"}))
    with unit_of_work(shop.actor(Role.FRONT_DESK)) as desk, pytest.raises(Forbidden):
        debit(desk, more(bill, {1: "10"}))


def test_a_credit_note_after_its_last_day_leaves_the_tax(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, at: Callable[..., Any]
) -> None:
    """A bill of March 2026: until 30 November a note lowers the tax, from 1 December on only what is owed."""
    bill = issued(till, shop, cut("500"), cut("100"), day="2026-03-20")
    first = credit(till, CreditNote(bill.document_id, bill.version, "Not done", {2: 1000}))
    assert not first.is_late and document_of(till.session, first.note.document_id).cgst_paise == 250
    with unit_of_work(shop.actor(), clock=at(AFTER)) as uow:
        version = document_of(uow.session, bill.document_id).version
        late = credit(uow, CreditNote(bill.document_id, version, "Not done either", {1: 500}))
        note = document_of(uow.session, late.note.document_id)
        assert late.is_late
        assert (note.total_paise, note.taxable_paise, note.cgst_paise, note.heads) == (26_250, 26_250, 0, "none")
        assert "34(2)" in note.reason
        rest = credit(uow, CreditNote(bill.document_id, version + 1, "Nor the rest"))
        assert rest.note.total_paise == 26_250
        bill_now = view_document(uow, bill.document_id)
        assert (bill_now.due, bill_now.state) == (0, "paid")
        assert balances(uow.session, shop.business_id) == {"cgst": -1_250, "sgst": -1_250, "sales": 2_500}
        assert "b2cs" not in gstr1_of(uow, "2026-12"), "no part of the return"


def test_a_cancelled_credit_note_is_due_again(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500"))
    note = credit(till, CreditNote(bill.document_id, bill.version, "Wrong bill")).note
    cancel_unsent(till, note.document_id, note.version, "Wrong bill")
    stored = document_of(till.session, bill.document_id)
    assert (stored.paid_paise, stored.state) == (0, "issued")
    assert balances(till.session, shop.business_id)["receivable"] == 52_500
    again = credit(till, CreditNote(bill.document_id, stored.version, "Not done"))
    assert (again.note.number, again.note.total_paise) == ("CN/2627/0002", 52_500)


def credited(uow: UnitOfWork, shop: Shop) -> int:
    """A bill of 630, paid in cash, of which 105 was credited afterwards."""
    bill = issued(uow, shop, cut("500"), cut("100"))
    take_payment(uow, paying(bill.document_id, PaidPart("cash", "630")))
    version = document_of(uow.session, bill.document_id).version
    credit(uow, CreditNote(bill.document_id, version, "Second one not done", {2: 1000}))
    return bill.document_id


def giving(bill: int, amount: Any = "105", key: Any = "give back", **changes: Any) -> GiveBackCredited:
    return GiveBackCredited(bill, **({"amount": amount, "mode": "cash", "request_key": key} | changes))


def test_what_a_credit_note_freed_goes_back_once(till: UnitOfWork, shop: Shop) -> None:
    bill = credited(till, shop)
    assert view_document(till, bill).freed == 10_500
    first, again = give_back_credited(till, giving(bill, "100")), give_back_credited(till, giving(bill, "100"))
    assert (first.paise, first.left, again.paise, again.left) == (10_000, 500, 10_000, 500)
    with pytest.raises(Invalid) as caught:
        give_back_credited(till, giving(bill, "5.01", key="second press"))
    assert "amount" in caught.value.fields
    give_back_credited(till, giving(bill, "5", key="second press"))
    with pytest.raises(Conflict):
        give_back_credited(till, giving(bill, "1", key="third press"))
    view = view_document(till, bill)
    assert (view.state, view.due, view.freed) == ("paid", 0, 0)
    assert balances(till.session, shop.business_id) == {
        "cash": 52_500, "sales": -50_000, "cgst": -1_250, "sgst": -1_250,
    }  # fmt: skip
    assert till_now(till).taken["cash"] == 52_500
    assert statement(till, shop.customer_id).closing == 0


def test_a_void_payment_leaves_what_a_note_has_credited(till: UnitOfWork, shop: Shop) -> None:
    bill = credited(till, shop)
    [payment] = till.session.scalars(select(Payment))
    void_payment(till, payment.id, "Typed twice")
    view = view_document(till, bill)
    assert (view.due, view.freed, view.state) == (52_500, 0, "part_paid")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"mode": "razorpay"}, "mode"),
        ({"key": "short"}, "request_key"),
        ({"proof": "x" * 61}, "proof"),
    ],
)
def test_mistakes_of_giving_back(till: UnitOfWork, shop: Shop, changes: dict[str, Any], field: str) -> None:
    bill = credited(till, shop)
    with pytest.raises(Invalid) as caught:
        give_back_credited(till, giving(bill, **changes))
    assert field in caught.value.fields


def test_nothing_goes_back_of_what_is_not_credited(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    bill = issued(till, shop)
    take_payment(till, paying(bill.document_id, PaidPart("cash", "525")))
    with pytest.raises(Conflict):
        give_back_credited(till, giving(bill.document_id, "1"))
    with unit_of_work(neighbour.actor()) as uow:
        theirs = credited(uow, neighbour)
    with pytest.raises(NotFound):
        give_back_credited(till, giving(theirs, "1"))
    with unit_of_work(shop.actor(Role.FRONT_DESK)) as desk, pytest.raises(Forbidden):
        give_back_credited(desk, giving(bill.document_id, "1"))
