"""Estimates: numbered in a series of their own, owed by nobody, and the start of a bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.billing.drafts import bill_of_estimate, discard_draft
from microcrm.operations.billing.dues import dues
from microcrm.operations.billing.issuing import issue
from microcrm.operations.billing.listing import ListDocuments, list_documents
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.tax_rates import AddTaxRate, add_tax_rate
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.shops import Shop
from tests.support.till import balances, cut, issued, paying, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def test_nobody_owes_an_estimate(till: UnitOfWork, shop: Shop) -> None:
    estimate = issued(till, shop, cut("70000"), is_estimate=True)  # without the address that such a bill would need
    assert estimate.number == "EST/2627/0001" and balances(till.session, shop.business_id) == {}
    assert dues(till).rows == () and customer_money(till, shop.customer_id).billed == 0
    page = list_documents(till, ListDocuments())
    assert (page.tallies["all"].paise, page.tallies["due"].count, page.tallies["estimates"].count) == (0, 0, 1)
    assert [row.due for row in list_documents(till, ListDocuments(tab="estimates")).rows] == [0]
    with pytest.raises(Conflict):
        take_payment(till, paying(estimate.document_id, PaidPart("cash", "10")))


def test_it_becomes_a_bill_with_its_lines_at_today_s_rates(till: UnitOfWork, shop: Shop) -> None:
    lines = (cut("500", discount="10%", quantity="1.5"), cut("200", discount="20", tax_class="beauty"))
    estimate = issued(till, shop, *lines, is_estimate=True, discount="30", buyer_gstin="").document_id
    before = view_document(till, estimate)
    draft = view_document(till, bill_of_estimate(till, estimate))
    assert (draft.kind, draft.state, draft.note) == ("tax_invoice", "draft", "As estimated in EST/2627/0001")
    assert (draft.total, draft.discount, draft.customer_id) == (before.total, 3_000, shop.customer_id)
    assert [(one.description, one.quantity, one.reduction) for one in draft.lines] == [
        (one.description, one.quantity, one.reduction) for one in before.lines
    ]
    assert issue(till, draft.id, draft.version).number == "INV/2627/0001"


def test_its_bill_has_the_rates_of_today(till: UnitOfWork, shop: Shop) -> None:
    estimate = issued(till, shop, is_estimate=True)
    add_tax_rate(till, AddTaxRate("hair", "2026-11-24", "18", citation="Told so"))
    assert view_document(till, bill_of_estimate(till, estimate.document_id)).total > estimate.total_paise


def test_both_name_each_other_and_there_is_one_bill(till: UnitOfWork, shop: Shop) -> None:
    estimate = issued(till, shop, is_estimate=True).document_id
    assert view_document(till, estimate).became == ""
    draft = view_document(till, bill_of_estimate(till, estimate))
    assert bill_of_estimate(till, estimate) == draft.id
    assert [(one.how, one.id) for one in draft.related] == [("estimate", estimate)]
    assert view_document(till, estimate).became == "draft"
    number = issue(till, draft.id, draft.version).number
    assert view_document(till, estimate).became == number
    assert [row.became for row in list_documents(till, ListDocuments(tab="estimates")).rows] == [number]
    assert bill_of_estimate(till, estimate) == draft.id


def test_after_its_draft_is_thrown_away_it_can_be_billed_again(till: UnitOfWork, shop: Shop) -> None:
    estimate = issued(till, shop, is_estimate=True).document_id
    draft = view_document(till, bill_of_estimate(till, estimate))
    discard_draft(till, draft.id, draft.version)
    assert view_document(till, estimate).became == ""
    assert bill_of_estimate(till, estimate) > draft.id


def test_only_an_issued_estimate_becomes_one(till: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    with pytest.raises(Conflict):
        bill_of_estimate(till, issued(till, shop).document_id)
    for odd in (None, "x", 10**30):
        with pytest.raises(NotFound):
            bill_of_estimate(till, odd)


def test_a_neighbour_s_estimate_is_not_there(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(neighbour.actor()) as uow:
        theirs = issued(uow, neighbour, is_estimate=True).document_id
    with unit_of_work(shop.actor()) as uow, pytest.raises(NotFound):
        bill_of_estimate(uow, theirs)


@pytest.mark.parametrize(("role", "may"), [(Role.FRONT_DESK, True), (Role.STAFF, False)])
def test_who_bills_it(unit_of_work: Work, shop: Shop, role: Role, may: bool) -> None:
    with unit_of_work(shop.actor()) as uow:
        estimate = issued(uow, shop, is_estimate=True).document_id
    with unit_of_work(shop.actor(role)) as uow:
        if may:
            assert bill_of_estimate(uow, estimate)
        else:
            with pytest.raises(Forbidden):
                bill_of_estimate(uow, estimate)
