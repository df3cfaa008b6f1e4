"""The e-invoice of a bill: off by default, for each GSTIN by itself, and only where one is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from microcrm.domain.activity_words import sentence
from microcrm.domain.documents import invoice_reference
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.terms import ChangeBillingTerms, billing_terms, change_billing_terms
from microcrm.operations.returns.einvoices import e_invoice
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import ELSEWHERE, SELLER, address, advice, at_home, part_back
from tests.support.shops import Shop
from tests.support.till import BUYER, cut, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, SELLER)
        address(uow, shop)
        at_home(uow, shop)
        yield uow


def switch(uow: UnitOfWork, value: Any = "on") -> None:
    version = billing_terms(uow).version
    change_billing_terms(uow, ChangeBillingTerms(version, has_e_invoices=value))


def test_it_is_off_until_it_is_switched_on(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, advice("1000"), buyer_gstin=BUYER).document_id
    assert not view_document(till, bill).needs_e_invoice
    with pytest.raises(Conflict, match="needs no e-invoice"):
        e_invoice(till, bill)
    switch(till)
    form, number = e_invoice(till, bill)
    assert number == "INV/2627/0001" and form["Irn"] == invoice_reference(SELLER, 2026, "INV", number)
    assert form["SellerDtls"]["Pin"] == 411004 and form["BuyerDtls"]["Loc"] == "Pune"
    assert form["ItemList"][0]["IgstAmt"] == 180.0 and form["ValDtls"]["TotInvVal"] == 1180.0
    switch(till, "")
    assert not view_document(till, bill).needs_e_invoice


def test_each_registration_has_its_own_switch(till: UnitOfWork, shop: Shop) -> None:
    switch(till)
    register(till, shop, ELSEWHERE)
    assert not billing_terms(till).has_e_invoices
    bill = issued(till, shop, cut("1000"), buyer_gstin=BUYER).document_id
    assert not view_document(till, bill).needs_e_invoice
    switch(till)
    assert view_document(till, bill).needs_e_invoice
    assert billing_terms(till).e_invoice_gstins == (SELLER, ELSEWHERE)
    switch(till, "")
    assert billing_terms(till).e_invoice_gstins == (SELLER,)


def test_only_bills_and_notes_to_businesses_need_one(till: UnitOfWork, shop: Shop) -> None:
    switch(till)
    taxed = issued(till, shop, cut("1000"), buyer_gstin=BUYER).document_id
    others = [
        issued(till, shop, cut("1000")).document_id,
        issued(till, shop, cut("1000", tax_class="health"), buyer_gstin=BUYER).document_id,
    ]
    assert [view_document(till, one).needs_e_invoice for one in (taxed, *others)] == [True, False, False]
    form, _ = e_invoice(till, part_back(till, taxed, 500))
    assert form["DocDtls"]["Typ"] == "CRN"
    assert form["RefDtls"]["PrecDocDtls"] == [{"InvNo": "INV/2627/0001", "InvDt": "24/11/2026"}]


def test_what_is_lacking_is_said_and_nothing_is_written(till: UnitOfWork, shop: Shop) -> None:
    switch(till)
    bill = issued(till, shop, advice("1000", sac=""), buyer_gstin=BUYER).document_id
    with pytest.raises(Invalid, match="HSN or SAC"):
        e_invoice(till, bill)


def test_no_switch_without_a_gstin(till: UnitOfWork, shop: Shop) -> None:
    register(till, shop, "")
    with pytest.raises(Invalid) as refusal:
        switch(till)
    assert set(refusal.value.fields) == {"has_e_invoices"}


def test_who_took_it_is_in_the_log(till: UnitOfWork, shop: Shop) -> None:
    switch(till)
    bill = issued(till, shop, cut("1000"), buyer_gstin=BUYER).document_id
    e_invoice(till, bill)
    row = till.session.execute(text("SELECT action, subject, facts FROM audit_events ORDER BY id DESC LIMIT 1")).one()
    assert sentence(*row) == "took the e-invoice INV/2627/0001"


def test_who_may_have_it(unit_of_work: Work, shop: Shop, neighbour: Shop, at: Callable[..., Any]) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, SELLER)
        address(uow, shop)
        switch(uow)
        bill = issued(uow, shop, cut("1000"), buyer_gstin=BUYER).document_id
    with unit_of_work(shop.actor(Role.FRONT_DESK)) as uow, pytest.raises(Forbidden):
        e_invoice(uow, bill)
    with unit_of_work(shop.actor(Role.STAFF)) as uow, pytest.raises(Forbidden):
        e_invoice(uow, bill)
    with unit_of_work(neighbour.actor()) as uow, pytest.raises(NotFound):
        e_invoice(uow, bill)
