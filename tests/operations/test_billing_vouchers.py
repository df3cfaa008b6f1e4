"""Advances and their papers: a receipt voucher with the tax in it, used for bills, given back with a refund voucher; once,
however often it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import AdvanceUse, Document, DocumentLine, Payment
from microcrm.models.catalogue import Service
from microcrm.operations.billing.accounts import customer_money, use_advance
from microcrm.operations.billing.advances import (
    Advance,
    AdvanceTaken,
    GiveBackAdvance,
    TakeAdvance,
    advance_taken,
    give_back_advance,
    take_advance,
)
from microcrm.operations.billing.drafts import bill_of_visit
from microcrm.operations.billing.dues import statement
from microcrm.operations.billing.issuing import cancel_unsent
from microcrm.operations.billing.listing import ListDocuments, list_documents
from microcrm.operations.billing.paper import bill_paper, mark_given
from microcrm.operations.billing.payments import PaidPart, take_payment, void_payment
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.till import BUYER, balances, cut, document_of, issued, paying, register

KEY = "first press"


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        hair_only(uow, shop)
        yield uow


def hair_only(uow: UnitOfWork, shop: Shop) -> None:
    """The price list has one service, at 5 %."""
    service = uow.session.get(Service, shop.service_id)
    assert service
    service.tax_class, service.sac, service.name = "hair", "999721", "Haircut"
    uow.session.flush()


def took(uow: UnitOfWork, shop: Shop, amount: str = "525", key: str = KEY, **changes: Any) -> AdvanceTaken:
    values = {"customer_id": shop.customer_id, "amount": amount, "mode": "upi", "service_id": shop.service_id} | changes
    return take_advance(uow, TakeAdvance(**values, request_key=key))


def back(voucher_id: int, amount: str, key: str = "give back", **changes: Any) -> GiveBackAdvance:
    values = {"mode": "cash", "reason": "Visit called off"} | changes
    return GiveBackAdvance(voucher_id, amount, request_key=key, **values)


def count(uow: UnitOfWork, table: Any) -> int:
    return int(uow.session.execute(select(func.count()).select_from(table)).scalar_one())


def test_an_advance_has_a_voucher_with_the_tax_in_it(till: UnitOfWork, shop: Shop) -> None:
    done = took(till, shop, proof="UTR 7")
    assert (done.number, done.paise, done.is_new) == ("RV/2627/0001", 52_500, True)
    view = view_document(till, done.voucher_id)
    assert (view.kind, view.title, view.total, view.taxable, view.cgst, view.sgst) == (
        "receipt_voucher", "Receipt Voucher", 52_500, 50_000, 1_250, 1_250,
    )  # fmt: skip
    [line] = view.lines
    assert (line.description, line.sac, line.rate_bp) == ("Advance for Haircut", "999721", 500)
    assert (view.place_state, view.heads, view.note) == ("29", "cgst_sgst", "Received by UPI, UTR 7")
    assert (view.buyer["name"], view.seller["gstin"]) == ("Plain Iyer", "29ABCFS1234K1Z3")
    assert balances(till.session, shop.business_id) == {
        "upi": 52_500, "advances": -52_500, "tax_on_advances": 2_500, "cgst": -1_250, "sgst": -1_250,
    }  # fmt: skip
    money = customer_money(till, shop.customer_id)
    assert (money.advance, money.due, money.billed) == (52_500, 0, 0)


def test_the_same_press_twice_is_one_advance(till: UnitOfWork, shop: Shop) -> None:
    first, again = took(till, shop), took(till, shop)
    assert (again.payment_id, again.number, again.is_new) == (first.payment_id, first.number, False)
    assert (count(till, Payment), count(till, Document)) == (1, 1)


def test_it_pays_a_bill_that_names_it(till: UnitOfWork, shop: Shop) -> None:
    """After that nothing of the advance's tax is left: the bill carries it."""
    voucher = took(till, shop).voucher_id
    bill = issued(till, shop, cut("500")).document_id
    assert use_advance(till, bill).due == 0
    assert balances(till.session, shop.business_id) == {
        "upi": 52_500, "sales": -50_000, "cgst": -1_250, "sgst": -1_250,
    }  # fmt: skip
    assert (document_of(till.session, voucher).state, customer_money(till, shop.customer_id).advance) == ("paid", 0)
    view = view_document(till, bill)
    assert [(one.voucher, one.voucher_id) for one in view.payments] == [("RV/2627/0001", voucher)]
    assert [(one.how, one.number) for one in view.related] == [("advance", "RV/2627/0001")]
    assert [(one.how, one.number) for one in view_document(till, voucher).related] == [("used_for", "INV/2627/0001")]
    assert [(number, paise) for number, _, paise in bill_paper(till, bill).advances] == [("RV/2627/0001", 52_500)]


def test_pieces_of_it_sum_to_its_tax_exactly(till: UnitOfWork, shop: Shop) -> None:
    voucher = took(till, shop, "100.01").voucher_id
    for _ in range(2):
        use_advance(till, issued(till, shop, cut("31.71")).document_id)
    use_advance(till, issued(till, shop, cut("500")).document_id)
    stored = document_of(till.session, voucher)
    used = till.session.execute(
        select(*(func.sum(getattr(AdvanceUse, one)) for one in ("taxable_paise", "cgst_paise", "sgst_paise")))
    ).one()
    assert tuple(map(int, used)) == (stored.taxable_paise, stored.cgst_paise, stored.sgst_paise)
    assert stored.state == "paid"
    assert balances(till.session, shop.business_id).get("tax_on_advances", 0) == 0


def test_what_is_overpaid_is_an_advance_of_what_the_shop_sells(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, cut("500")).document_id
    take_payment(till, paying(bill, PaidPart("upi", "630")))
    [row] = list_documents(till, ListDocuments(tab="vouchers")).rows
    view = view_document(till, row.id)
    assert (view.total, view.taxable, view.cgst, view.lines[0].rate_bp) == (10_500, 10_000, 250, 500)
    assert view_document(till, bill).payments[0].voucher == "", "that part of the payment was no advance"


def test_what_is_not_known_is_taxed_as_rule_50_says(till: UnitOfWork, shop: Shop) -> None:
    till.session.add(
        Service(business_id=shop.business_id, name="Course", duration_min=60, price_paise=1, tax_class="coaching",
                category_id=shop.category_id)
    )  # fmt: skip
    till.session.flush()
    view = view_document(till, took(till, shop, "118", service_id="").voucher_id)
    assert (view.lines[0].rate_bp, view.taxable, view.cgst, view.igst) == (1_800, 10_000, 900, 0)
    far = view_document(till, took(till, shop, "118", key="second press", service_id="", buyer_gstin=BUYER).voucher_id)
    assert (far.heads, far.place_state, far.igst, far.buyer["gstin"]) == ("igst", "24", 1_800, BUYER)


def test_a_visit_s_services_share_it_by_price(till: UnitOfWork, shop: Shop) -> None:
    done = advance_taken(till, Advance(shop.customer_id, 10_000, "razorpay", "razorpay:pay_1", "webhook", "pay_1",
                                       booking_id=shop.booking_id))  # fmt: skip
    view = view_document(till, done.voucher_id)
    assert (view.booking_id, [line.description for line in view.lines]) == (shop.booking_id, ["Advance for Haircut"])
    assert view_document(till, bill_of_visit(till, shop.booking_id)).kind != "receipt_voucher"


def test_a_worker_takes_it_without_a_person(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(system(shop.business_id)) as uow:
        advance = Advance(shop.customer_id, 10_000, "razorpay", "razorpay:pay_1", "webhook", "pay_1")
        first, again = advance_taken(uow, advance), advance_taken(uow, advance)
        assert first.number and again.payment_id == first.payment_id
        with pytest.raises(NotFound):
            advance_taken(uow, Advance(10**15, 10_000, "razorpay", "razorpay:pay_2"))
        for odd in (Advance(shop.customer_id, 0, "upi", "some long key"), Advance(shop.customer_id, 100, "upi", "")):
            with pytest.raises(ValueError):
                advance_taken(uow, odd)


def test_who_is_not_registered_gives_a_receipt_without_tax(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        register(uow, shop, "")
        view = view_document(uow, took(uow, shop).voucher_id)
        assert (view.title, view.total, view.taxable, view.cgst) == ("Receipt for an Advance", 52_500, 52_500, 0)
        assert "tax_on_advances" not in balances(uow.session, shop.business_id)


def test_a_composition_dealer_s_voucher_has_no_tax(till: UnitOfWork, shop: Shop) -> None:
    change_billing_terms(till, ChangeBillingTerms(0, registration="composition", registered_from="2026-04-01"))
    view = view_document(till, took(till, shop).voucher_id)
    assert (view.title, view.heads, view.cgst, view.total) == ("Receipt Voucher", "none", 0, 52_500)


def test_what_is_left_goes_back_with_a_refund_voucher(till: UnitOfWork, shop: Shop) -> None:
    voucher = took(till, shop).voucher_id
    use_advance(till, issued(till, shop, cut("100")).document_id)  # 105 of 525
    with pytest.raises(Invalid) as caught:
        give_back_advance(till, back(voucher, "420.01"))
    assert "amount" in caught.value.fields
    done = give_back_advance(till, back(voucher, "420", proof="Slip 4"))
    assert (done.number, done.paise, done.left) == ("RFV/2627/0001", 42_000, 0)
    paper = view_document(till, done.voucher_id)
    assert (paper.taxable, paper.cgst, paper.total) == (40_000, 1_000, 42_000)
    assert (paper.buyer["corrects"], paper.note) == ("RV/2627/0001", "Given back in cash, Slip 4. Visit called off")
    assert customer_money(till, shop.customer_id).advance == 0
    assert balances(till.session, shop.business_id) == {
        "upi": 52_500, "cash": -42_000, "sales": -10_000, "cgst": -250, "sgst": -250,
    }  # fmt: skip
    again = give_back_advance(till, back(voucher, "420"))
    assert again.number == done.number and count(till, Payment) == 2
    lines = statement(till, shop.customer_id).lines
    assert (lines[-1].words, lines[-1].number, lines[-1].balance) == ("Given back, cash", "RFV/2627/0001", 0)
    with pytest.raises(Invalid):
        give_back_advance(till, back(voucher, "1", key="once more"))


def test_money_from_razorpay_does_not_go_back_at_the_desk(till: UnitOfWork, shop: Shop) -> None:
    done = advance_taken(till, Advance(shop.customer_id, 10_000, "razorpay", "razorpay:pay_1", "webhook"))
    with pytest.raises(Conflict, match="Razorpay"):
        give_back_advance(till, back(done.voucher_id, "100"))


def test_a_void_payment_takes_its_voucher_along(till: UnitOfWork, shop: Shop) -> None:
    done = took(till, shop)
    use_advance(till, issued(till, shop, cut("100")).document_id)
    void_payment(till, done.payment_id, "Wrong customer")
    stored = document_of(till.session, done.voucher_id)
    assert (stored.state, stored.number, stored.cancel_reason) == ("cancelled", "RV/2627/0001", "Wrong customer")
    assert balances(till.session, shop.business_id) == {
        "receivable": 10_500, "sales": -10_000, "cgst": -250, "sgst": -250,
    }  # fmt: skip
    assert took(till, shop, key="second press").number == "RV/2627/0002", "a number is not used again"


def test_a_voucher_that_the_customer_has_stands(till: UnitOfWork, shop: Shop) -> None:
    done = took(till, shop)
    mark_given(till, done.voucher_id)
    with pytest.raises(Conflict, match="customer has it"):
        void_payment(till, done.payment_id, "Wrong customer")
    refund = give_back_advance(till, back(done.voucher_id, "525"))
    for payment in (done.payment_id, refund.payment_id):
        with pytest.raises(Conflict):
            void_payment(till, payment, "Wrong customer")
    stored = document_of(till.session, done.voucher_id)
    with pytest.raises(Conflict):
        cancel_unsent(till, done.voucher_id, stored.version, "No")


def test_a_voucher_is_called_off_only_with_its_payment(till: UnitOfWork, shop: Shop) -> None:
    done = took(till, shop)
    with pytest.raises(Conflict, match="payment"):
        cancel_unsent(till, done.voucher_id, document_of(till.session, done.voucher_id).version, "No")
    with pytest.raises(Conflict):
        take_payment(till, paying(done.voucher_id, PaidPart("cash", "10"), key="on a voucher"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "9" * 40}, "amount"),
        ({"mode": "razorpay"}, "mode"),
        ({"mode": None}, "mode"),
        ({"buyer_gstin": "29ABC"}, "buyer_gstin"),
        ({"key": ""}, "request_key"),
        ({"key": "short"}, "request_key"),
        ({"key": ["a", "list"]}, "request_key"),
        ({"service_id": "hair"}, "service_id"),
        ({"proof": "x" * 61}, "proof"),
    ],
)
def test_mistakes_are_told_at_their_field(till: UnitOfWork, shop: Shop, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        took(till, shop, **changes)
    assert field in caught.value.fields
    assert count(till, Payment) == 0


def test_a_neighbour_s_things_are_not_there(till: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    done = took(till, shop)
    for ask in (
        lambda: took(till, shop, key="another key", customer_id=neighbour.customer_id),
        lambda: took(till, shop, key="another key", service_id=10**12),
        lambda: give_back_advance(till, back(10**15, "1")),
        lambda: give_back_advance(till, back("x", "1")),  # type: ignore[arg-type]
    ):
        with pytest.raises(NotFound) as caught:
            ask()
        assert CANARY not in str(caught.value)
    bill = issued(till, shop).document_id
    with pytest.raises(Conflict):
        give_back_advance(till, back(bill, "1"))
    assert count(till, Payment) == 1 and done.number


def test_who_takes_it_and_who_gives_it_back(till: UnitOfWork, unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor(Role.FRONT_DESK)) as desk:
        done = took(desk, shop, key="at the desk")
        with pytest.raises(Forbidden):
            give_back_advance(desk, back(done.voucher_id, "1"))
    with unit_of_work(shop.actor(Role.STAFF)) as staff, pytest.raises(Forbidden):
        took(staff, shop)


def test_the_lines_of_a_voucher_do_not_change(till: UnitOfWork, shop: Shop) -> None:
    done = took(till, shop)
    line = till.session.scalars(select(DocumentLine).where(DocumentLine.document_id == done.voucher_id)).one()
    with pytest.raises(Exception, match="do not change"), till.session.begin_nested():
        line.taxable_paise += 1
        till.session.flush()


def test_six_who_press_at_once_take_one_advance_and_no_number_is_lost(fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    actor = shop.actor()
    act_as(actor, lambda uow: register(uow, shop))
    numbers: list[str] = []

    def press(key: str) -> None:
        try:
            numbers.append(act_as(actor, lambda uow: took(uow, shop, key=key)).number)
        except DomainError as refusal:
            numbers.append(refusal.code)

    threads = [threading.Thread(target=press, args=(f"desk number {n // 3}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == ["RV/2627/0001"] * 3 + ["RV/2627/0002"] * 3


def test_two_bills_at_once_do_not_use_more_than_there_is(fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    actor = shop.actor()

    def ready(uow: UnitOfWork) -> tuple[int, list[int]]:
        register(uow, shop)
        return took(uow, shop).voucher_id, [issued(uow, shop, cut("400")).document_id for _ in range(4)]

    voucher, bills = act_as(actor, ready)
    used: list[int] = []

    def use(bill: int) -> None:
        try:
            used.append(act_as(actor, use_advance, bill).used)
        except DomainError:
            used.append(0)

    threads = [threading.Thread(target=use, args=(bill,)) for bill in bills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(used) == 52_500
    assert act_as(actor, lambda uow: view_document(uow, voucher).due) == 0
