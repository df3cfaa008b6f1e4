"""Debit notes and late credit notes in a return."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from microcrm.domain.gstr1 import Amounts
from microcrm.operations.billing.debits import DebitNote, debit
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.returns.behind import Behind, behind
from microcrm.operations.returns.einvoices import e_invoice
from microcrm.operations.returns.overview import view_return
from microcrm.operations.returns.registers import sheet
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import MONTH, SELLER, at_home, full_month, gstr1_of, part_back
from tests.support.shops import Shop
from tests.support.till import cut, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, SELLER)
        yield uow


def more(uow: UnitOfWork, document_id: int, amount: str) -> int:
    bill = view_document(uow, document_id)
    debit(uow, DebitNote(bill.id, bill.version, "Charged too little", {1: amount}))
    return bill.id


def amounts(uow: UnitOfWork) -> dict[str, tuple[int, Amounts]]:
    return {one.table.value: (one.count, one.amounts) for one in view_return(uow, MONTH).tables}


def test_debit_notes_stand_where_their_bills_stand(till: UnitOfWork, shop: Shop) -> None:
    ids = full_month(till, shop)
    for word, amount in (("b2b", "100"), ("large", "10"), ("small", "40"), ("exempt", "50")):
        more(till, ids[word], amount)
    file = gstr1_of(till)
    notes = {(note["ntty"], note["nt_num"]): note["val"] for entry in file["cdnr"] for note in entry["nt"]}
    assert notes == {("C", "CN/2627/0001"): 210.0, ("D", "DN/2627/0001"): 105.0}
    assert [(note["ntty"], note["typ"], note["pos"], note["val"]) for note in file["cdnur"]] == [
        ("D", "B2CL", "29", 10.5)
    ]
    assert [(row["rt"], row["txval"]) for row in file["b2cs"]] == [(5, 773.33), (18, 503.40)]
    assert file["nil"]["inv"][0]["expt_amt"] == 800.0
    assert [(kind["doc_num"], kind["docs"][0]["totnum"]) for kind in file["doc_issue"]["doc_det"]] == [
        (1, 1),
        (4, 4),
        (5, 2),
    ]


def test_debit_notes_foot(till: UnitOfWork, shop: Shop) -> None:
    ids = full_month(till, shop)
    before = view_return(till, MONTH).footing.documents
    for word, amount in (("b2b", "100"), ("large", "10"), ("small", "40"), ("exempt", "50")):
        more(till, ids[word], amount)
    view = view_return(till, MONTH)
    assert view.footing.holds
    assert view.footing.documents == before + Amounts(20_000, 50, 350, 350)
    for one in view.tables:
        page = behind(till, Behind(MONTH, table=one.table.value))
        assert (page.count, page.total) == (one.count, one.amounts), one.table
    assert amounts(till)["cdnr"] == (2, Amounts(10_000, 0, 250, 250)), "what is credited less what is debited"
    rows = [row for row in sheet(till, MONTH, "register").rows if row[2] == "Debit Note"]
    assert [(row[6], row[12]) for row in rows] == [
        (10_000, "INV/2627/0001"), (1_000, "INV/2627/0005"), (4_000, "INV/2627/0003"), (5_000, "BOS/2627/0001"),
    ]  # fmt: skip


def test_a_late_credit_note_is_no_part_of_the_return_and_is_counted(
    unit_of_work: Work, shop: Shop, at: Callable[..., Any]
) -> None:
    """After 30 November of the next financial year the tax stays as it was (s.34(2)); the number is issued all the same."""
    with unit_of_work(shop.actor(), clock=at(datetime(2026, 3, 10, 12, tzinfo=ZoneInfo("Asia/Kolkata")))) as uow:
        register(uow, shop, SELLER)
        bill = issued(uow, shop, cut("1000"), day="2026-03-10").document_id
    with unit_of_work(shop.actor(), clock=at(datetime(2026, 12, 5, 12, tzinfo=ZoneInfo("Asia/Kolkata")))) as uow:
        part_back(uow, bill, 500)
        file = gstr1_of(uow, "2026-12")
        assert not {"b2cs", "cdnr", "hsn"} & set(file)
        assert file["doc_issue"]["doc_det"][0]["doc_num"] == 5
        view = view_return(uow, "2026-12")
        assert view.footing.holds and view.documents == 0
        assert "1 document outside this return" in [one.title for one in view.warnings]


def test_a_debit_note_to_a_business_has_an_e_invoice_of_its_own(till: UnitOfWork, shop: Shop) -> None:
    at_home(till, shop)
    ids = full_month(till, shop)
    change_billing_terms(till, ChangeBillingTerms(0, has_e_invoices="on"))
    bill = view_document(till, ids["b2b"])
    note = debit(till, DebitNote(bill.id, bill.version, "Charged too little", {1: "100"}))
    form, number = e_invoice(till, note.document_id)
    assert (form["DocDtls"]["Typ"], number) == ("DBN", "DN/2627/0001")
    assert form["RefDtls"]["PrecDocDtls"][0]["InvNo"] == "INV/2627/0001"
