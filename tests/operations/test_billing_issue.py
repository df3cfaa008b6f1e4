"""Drafts and issued bills: what they come to, what is copied, what never changes again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from microcrm.domain.documents import DocumentKind
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document, DocumentLine
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.operations.billing.drafts import SaveDraft, bill_of_visit, discard_draft, save_draft, try_out
from microcrm.operations.billing.filing import file_period
from microcrm.operations.billing.issuing import cancel_unsent, issue
from microcrm.operations.billing.listing import ListDocuments, list_documents
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms, next_numbers
from microcrm.operations.book import book
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work, act_as
from tests.support.desk import MORNING, wish
from tests.support.shops import Shop, TwoShops
from tests.support.till import BUYER, balances, cut, document_of, draft, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    """The owner's unit of work in a shop that is registered in Karnataka."""
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def test_a_bill_is_numbered_dated_and_posted(till: UnitOfWork, shop: Shop) -> None:
    done = issued(till, shop, cut("500"))
    bill = document_of(till.session, done.document_id)
    assert (done.number, bill.kind, bill.state) == ("INV/2627/0001", DocumentKind.TAX_INVOICE, "issued")
    assert (bill.taxable_paise, bill.cgst_paise, bill.sgst_paise, bill.total_paise) == (50_000, 1_250, 1_250, 52_500)
    assert (bill.issued_on, bill.began, bill.keep_until) == (date(2026, 11, 24), 2026, date(2033, 12, 31))
    assert bill.seller["gstin"] == "29ABCFS1234K1Z3" and bill.buyer == {"name": "Plain Iyer", "gstin": ""}
    assert balances(till.session, shop.business_id) == {
        "receivable": 52_500,
        "sales": -50_000,
        "cgst": -1_250,
        "sgst": -1_250,
    }


def test_numbers_are_consecutive_and_each_kind_has_its_own(till: UnitOfWork, shop: Shop) -> None:
    numbers = [issued(till, shop, cut(str(price))).number for price in (100, 200)]
    exempt = issued(till, shop, cut("300", tax_class="health"))
    both = issued(till, shop, cut("300", tax_class="health"), cut())
    assert [*numbers, exempt.number, both.number] == [
        "INV/2627/0001",
        "INV/2627/0002",
        "BOS/2627/0001",
        "ICB/2627/0001",
    ]


def test_the_year_turns_in_april(till: UnitOfWork, shop: Shop) -> None:
    assert issued(till, shop, day="2026-03-31").number == "INV/2526/0001"
    assert issued(till, shop, day="2026-04-01").number == "INV/2627/0001"


def test_the_rate_is_the_day_s(till: UnitOfWork, shop: Shop) -> None:
    """Hairdressing went from 18 to 5 per cent on 22 September 2025."""
    totals = [draft(till, shop, cut("100"), day=day).priced.bill.total for day in ("2025-12-31", "2026-11-24")]
    assert totals == [10_500, 10_500]
    with pytest.raises(Invalid):
        draft(till, shop, cut("100"), day="2025-09-21")  # more than 400 days ago: nobody bills that by accident


def test_a_shop_without_gst_collects_none(till: UnitOfWork, shop: Shop) -> None:
    register(till, shop, "")
    done = issued(till, shop, cut("500", is_with_tax=True))
    bill = document_of(till.session, done.document_id)
    assert (done.number, bill.kind, bill.total_paise, bill.heads) == ("BILL/2627/0001", "plain_bill", 50_000, "none")


def test_a_composition_dealer_writes_bills_of_supply(till: UnitOfWork, shop: Shop) -> None:
    change_billing_terms(till, ChangeBillingTerms(version=0, registration="composition"))
    assert issued(till, shop).number == "BOS/2627/0001"


def test_work_in_another_state_carries_igst(till: UnitOfWork, shop: Shop) -> None:
    done = issued(till, shop, cut("1000"), performed_in="24")
    bill = document_of(till.session, done.document_id)
    assert (bill.heads, bill.igst_paise, bill.cgst_paise, bill.place_state) == ("igst", 5_000, 0, "24")
    assert "12(4)" in bill.reason


def test_a_visit_becomes_a_bill_in_one_step(till: UnitOfWork, shop: Shop) -> None:
    service = till.session.get(Service, shop.service_id)
    assert service
    service.tax_class, service.sac = "hair", "999721"
    booked = book(till, wish(shop, "10:00"))
    document_id = bill_of_visit(till, booked.booking_id)
    view = view_document(till, document_id)
    assert [(line.description, line.price, line.rate_bp, line.sac) for line in view.lines] == [
        ("Plain haircut, Plain manager", 60_000, 500, "999721")
    ]
    assert view.booking_id == booked.booking_id and view.customer == "Plain Iyer"


def test_a_visit_has_one_bill_and_what_was_typed_into_it_stays(till: UnitOfWork, shop: Shop) -> None:
    booked = book(till, wish(shop, "10:00"))
    document_id = bill_of_visit(till, booked.booking_id)
    version = view_document(till, document_id).version
    typed = draft(till, shop, cut("750"), document_id=document_id, version=version)
    assert bill_of_visit(till, booked.booking_id) == document_id
    assert view_document(till, document_id).lines[0].price == 75_000
    done = issue(till, document_id, typed.version)
    assert bill_of_visit(till, booked.booking_id) == document_id, "an issued bill is opened, not written again"
    cancel_unsent(till, document_id, done.version, "Wrong visit")
    assert bill_of_visit(till, booked.booking_id) != document_id


def test_a_draft_changes_until_it_is_issued(till: UnitOfWork, shop: Shop) -> None:
    saved = draft(till, shop)
    second = draft(till, shop, cut("800"), cut("200"), document_id=saved.document_id, version=saved.version)
    assert (second.document_id, second.priced.bill.taxable) == (saved.document_id, 100_000)
    with pytest.raises(Conflict):
        draft(till, shop, document_id=saved.document_id, version=saved.version)
    done = issue(till, second.document_id, second.version)
    with pytest.raises(Conflict, match="stays as it is"):
        draft(till, shop, document_id=saved.document_id, version=done.version)
    with pytest.raises(Conflict, match="stays as it is"):
        issue(till, second.document_id, done.version)
    with pytest.raises(Conflict, match="stays as it is"):
        discard_draft(till, saved.document_id, done.version)


def test_a_draft_can_be_thrown_away(till: UnitOfWork, shop: Shop) -> None:
    saved = draft(till, shop)
    discard_draft(till, saved.document_id, saved.version)
    with pytest.raises(NotFound):
        view_document(till, saved.document_id)
    assert issued(till, shop).number == "INV/2627/0001", "a draft takes no number"


def test_trying_out_stores_nothing(till: UnitOfWork, shop: Shop) -> None:
    priced = try_out(till, SaveDraft(lines=[cut("999", is_with_tax=True)]))
    assert priced.bill.total == 99_900
    assert list_documents(till, ListDocuments()).rows == ()


ANOTHER_LINE = """
INSERT INTO document_lines (business_id, document_id, place, description, sac, quantity, is_with_tax, discount_bp, tax_class,
                            rate_bp, is_exempt)
SELECT business_id, :id, 9, 'More', '', 1000, true, 0, '', 0, false FROM documents WHERE id = :id
"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE documents SET total_paise = total_paise + 100, taxable_paise = taxable_paise + 100 WHERE id = :id",
        "UPDATE documents SET number = 'INV/2627/0009' WHERE id = :id",
        "UPDATE documents SET buyer = '{}' WHERE id = :id",
        "UPDATE documents SET state = 'draft', number = NULL WHERE id = :id",
        "DELETE FROM documents WHERE id = :id",
        "UPDATE document_lines SET price_paise = 1 WHERE document_id = :id",
        "DELETE FROM document_lines WHERE document_id = :id",
        ANOTHER_LINE,
    ],
)
def test_the_database_itself_keeps_an_issued_bill(till: UnitOfWork, shop: Shop, statement: str) -> None:
    saved = draft(till, shop)
    with till.session.begin_nested() as kept:  # of a draft the same is allowed
        if "number" not in statement.split("SET")[-1].split("WHERE")[0]:
            till.session.execute(text(statement), {"id": saved.document_id})
        kept.rollback()
    issue(till, saved.document_id, saved.version)
    with pytest.raises(DBAPIError, match="issued"), till.session.begin_nested():
        till.session.execute(text(statement), {"id": saved.document_id})


def test_the_ledger_refuses_a_posting_that_does_not_balance(till: UnitOfWork, shop: Shop) -> None:
    insert = text(
        "INSERT INTO ledger_entries (business_id, posting, account, amount_paise, on_day) "
        "VALUES (:b, 77, 'cash', 100, '2026-11-24')"
    )
    with pytest.raises(DBAPIError, match="sum to zero"), till.session.begin_nested():
        till.session.execute(insert, {"b": shop.business_id})
        till.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def test_a_bill_nobody_has_can_be_called_off_and_keeps_its_number(till: UnitOfWork, shop: Shop) -> None:
    done = issued(till, shop)
    cancel_unsent(till, done.document_id, done.version, "Wrong customer")
    assert document_of(till.session, done.document_id).state == "cancelled"
    assert balances(till.session, shop.business_id) == {}
    assert issued(till, shop).number == "INV/2627/0002"


def test_name_and_address_stand_on_it_where_the_law_wants_them(till: UnitOfWork, shop: Shop) -> None:
    dear = draft(till, shop, cut("50000"))
    with pytest.raises(Invalid) as caught:
        issue(till, dear.document_id, dear.version)
    assert "customer_id" in caught.value.fields
    customer = till.session.get(Customer, shop.customer_id)
    assert customer
    customer.address = "4 Hill Road"
    till.session.flush()
    bill = document_of(till.session, issue(till, dear.document_id, dear.version).document_id)
    assert bill.buyer["address"] == "4 Hill Road"
    company = document_of(till.session, issued(till, shop, buyer_gstin=BUYER).document_id)
    assert (company.buyer["state"], company.heads) == ("Gujarat", "cgst_sgst"), "a haircut counts where it is done"


def test_a_filed_month_is_closed(till: UnitOfWork, shop: Shop) -> None:
    file_period(till, "2026-10")
    with pytest.raises(Invalid) as caught:
        issued(till, shop, day="2026-10-31")
    assert "day" in caught.value.fields
    assert issued(till, shop, day="2026-11-01").number


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": "all"}, "lines"),
        ({"lines": [cut("")]}, None),  # free is fine in a draft
        ({"lines": [cut("abc")]}, "lines.0.price"),
        ({"lines": [cut(description="")]}, "lines.0.description"),
        ({"lines": [cut(quantity="0")]}, "lines.0.quantity"),
        ({"lines": [cut(discount="101%")]}, "lines.0.discount"),
        ({"lines": [cut(sac="99")]}, "lines.0.sac"),
        ({"lines": [cut(tax_class="gold")]}, "lines.0.tax_class"),
        ({"discount": "9999"}, "discount"),
        ({"buyer_gstin": "29ABC"}, "buyer_gstin"),
        ({"performed_in": "99"}, "performed_in"),
        ({"day": "2027-01-01"}, "day"),
        ({"tip": "-5"}, "tip"),
    ],
)
def test_mistakes_are_told_at_their_field(
    till: UnitOfWork, shop: Shop, changes: dict[str, Any], field: str | None
) -> None:
    command = SaveDraft(**({"lines": [cut()], "customer_id": shop.customer_id} | changes))
    if field is None:
        assert save_draft(till, command).document_id
        return
    with pytest.raises(Invalid) as caught:
        save_draft(till, command)
    assert field in caught.value.fields
    assert till.session.scalars(select(DocumentLine.id)).all() == []


def test_nothing_of_a_neighbour_goes_on_a_bill(till: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    with pytest.raises(NotFound):
        draft(till, shop, customer_id=neighbour.customer_id)
    with pytest.raises(NotFound):
        bill_of_visit(till, neighbour.booking_id)
    with pytest.raises(DBAPIError, match="fk_document_lines"), till.session.begin_nested():
        draft(till, shop, cut(service_id=neighbour.service_id))


@pytest.mark.parametrize(("role", "may"), [(Role.FRONT_DESK, True), (Role.ACCOUNTANT, True), (Role.STAFF, False)])
def test_who_writes_bills(unit_of_work: Work, shop: Shop, role: Role, may: bool) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        if may:
            assert draft(uow, shop).document_id
        else:
            with pytest.raises(Forbidden):
                draft(uow, shop)


def test_patterns_have_a_preview_and_differ(till: UnitOfWork) -> None:
    assert next_numbers(till)["tax_invoice"] == "INV/2627/0001"
    change_billing_terms(
        till, ChangeBillingTerms(version=0, registration="regular", patterns={"tax_invoice": "SLN/{FY}/{NNNN}"})
    )
    assert next_numbers(till)["tax_invoice"] == "SLN/2627/0001"
    with pytest.raises(Invalid) as caught:
        change_billing_terms(
            till, ChangeBillingTerms(version=1, registration="regular", patterns={"debit_note": "SLN/{FY}/{NNNN}"})
        )
    assert "pattern_debit_note" in caught.value.fields


def test_issued_at_once_by_many_there_is_no_gap_and_no_double(fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    actor = shop.actor()

    def draft_one(uow: UnitOfWork) -> tuple[int, int]:
        saved = draft(uow, shop)
        return saved.document_id, saved.version

    act_as(actor, lambda uow: register(uow, shop))
    drafts = [act_as(actor, draft_one) for _ in range(24)]
    numbers: list[str] = []

    def run(mine: list[tuple[int, int]]) -> None:
        for document_id, version in mine:
            numbers.append(act_as(actor, issue, document_id, version).number)

    threads = [threading.Thread(target=run, args=(drafts[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [f"INV/2627/{n:04d}" for n in range(1, 25)]


def test_the_list_counts_each_tab(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop, cut("100"))
    draft(till, shop, cut("200"))
    page = list_documents(till, ListDocuments())
    assert [row.state for row in page.rows] == ["draft", "issued"]
    assert (page.tallies["all"].count, page.tallies["all"].paise) == (2, 10_500)
    assert (page.tallies["draft"].count, page.tallies["due"].paise) == (1, 10_500)
    assert [row.number for row in list_documents(till, ListDocuments(query="inv/26")).rows] == ["INV/2627/0001"]
    assert len(list_documents(till, ListDocuments(query="plain", tab="due")).rows) == 1
    assert list_documents(till, ListDocuments(query="CANARY")).rows == ()
    assert till.session.scalars(select(Document.business_id).distinct()).all() == [shop.business_id]
