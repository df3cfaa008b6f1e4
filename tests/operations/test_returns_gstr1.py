"""The GSTR-1 file, from issued bills to the portal's JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from microcrm.domain.activity_words import sentence
from microcrm.domain.errors import Conflict, Forbidden, Invalid
from microcrm.domain.permissions import Role
from microcrm.models.business import Business
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import ELSEWHERE, SELLER, advice, full_month, gstr1_of, part_back
from tests.support.shops import Shop
from tests.support.till import BUYER, cut, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, SELLER)
        yield uow


def test_a_full_month(till: UnitOfWork, shop: Shop) -> None:
    full_month(till, shop)
    file = gstr1_of(till)
    assert (file["gstin"], file["fp"], file["version"], file["hash"]) == (SELLER, "112026", "GST3.2.4", "hash")
    assert [(entry["ctin"], [one["inum"] for one in entry["inv"]]) for entry in file["b2b"]] == [
        (BUYER, ["INV/2627/0001"]),
        (ELSEWHERE, ["INV/2627/0002"]),
    ]
    assert file["b2b"][1]["inv"][0] == {
        "inum": "INV/2627/0002", "idt": "04-11-2026", "val": 1457.0, "pos": "29", "rchrg": "N", "inv_typ": "R",
        "itms": [{"num": 1801, "itm_det": {"rt": 18, "txval": 1234.56, "iamt": 222.22, "csamt": 0}}],
    }  # fmt: skip
    assert [(entry["pos"], entry["inv"][0]["val"]) for entry in file["b2cl"]] == [("29", 123_900.0)]
    assert [(row["rt"], row["txval"], row["camt"], row["samt"]) for row in file["b2cs"]] == [
        (5, 733.33, 18.33, 18.33),
        (18, 503.40, 45.31, 45.31),
    ]
    assert [one["nt"][0]["nt_num"] for one in file["cdnr"]] == ["CN/2627/0001"]
    assert "cdnur" not in file
    assert file["nil"]["inv"] == [{"sply_ty": "INTRAB2C", "nil_amt": 0, "expt_amt": 750.0, "ngsup_amt": 0}]
    assert [(row["hsn_sc"], row["uqc"], row["qty"], row["txval"]) for row in file["hsn"]["hsn_b2c"]] == [
        ("85163100", "NOS", 3, 503.40), ("999312", "NA", 0, 750.0), ("999721", "NA", 0, 733.33), ("999729", "NA", 0, 118_000.0),
    ]  # fmt: skip
    assert [
        (kind["doc_num"], row["from"], row["to"], row["totnum"], row["cancel"], row["net_issue"])
        for kind in file["doc_issue"]["doc_det"]
        for row in kind["docs"]
    ] == [
        (1, "BOS/2627/0001", "BOS/2627/0001", 1, 0, 1),
        (1, "INV/2627/0001", "INV/2627/0006", 6, 1, 5),
        (5, "CN/2627/0001", "CN/2627/0002", 2, 0, 2),
    ]


def test_a_customer_s_bills_and_notes_stand_together(till: UnitOfWork, shop: Shop) -> None:
    """Also when other customers, notes and places come between."""
    full_month(till, shop)
    ids = [
        issued(till, shop, cut("100"), buyer_gstin=gstin, day=f"2026-11-{day}", performed_in=place).document_id
        for day, gstin, place in [(15, BUYER, "24"), (15, ELSEWHERE, ""), (16, BUYER, ""), (17, "", "24")]
    ]
    part_back(till, ids[2], 500)
    file = gstr1_of(till)
    assert [(entry["ctin"], len(entry["inv"])) for entry in file["b2b"]] == [(BUYER, 3), (ELSEWHERE, 2)]
    assert [(entry["ctin"], len(entry["nt"])) for entry in file["cdnr"]] == [(BUYER, 2)]
    assert [(row["sply_ty"], row["pos"], row["rt"]) for row in file["b2cs"]] == [
        ("INTER", "24", 5), ("INTRA", "27", 5), ("INTRA", "27", 18),
    ]  # fmt: skip


def test_a_note_on_a_large_bill_is_listed_even_when_it_is_small(till: UnitOfWork, shop: Shop) -> None:
    ids = full_month(till, shop)
    part_back(till, ids["large"], 10)
    notes = gstr1_of(till)["cdnur"]
    assert [(note["typ"], note["pos"], note["val"]) for note in notes] == [("B2CL", "29", 1_239.0)]


def test_a_number_dated_in_another_month_ends_a_run(till: UnitOfWork, shop: Shop) -> None:
    for day in ("2026-10-30", "2026-11-02", "2026-10-31", "2026-11-03", "2026-11-04"):
        issued(till, shop, cut(), day=day)
    rows = [
        [
            (row["from"][-1], row["to"][-1], row["totnum"])
            for row in gstr1_of(till, month)["doc_issue"]["doc_det"][0]["docs"]
        ]
        for month in ("2026-10", "2026-11")
    ]  # fmt: skip
    assert rows == [[("1", "1", 1), ("3", "3", 1)], [("2", "2", 1), ("4", "5", 2)]]


def test_a_new_pattern_begins_a_new_row(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop, cut())
    change_billing_terms(till, ChangeBillingTerms(version=0, patterns={"tax_invoice": "GLW/{FY}/{NNNN}"}))
    issued(till, shop, cut())
    rows = gstr1_of(till)["doc_issue"]["doc_det"][0]["docs"]
    assert [(row["from"], row["to"]) for row in rows] == [("INV/2627/0001",) * 2, ("GLW/2627/0002",) * 2]


def test_a_quarter_has_its_three_months(till: UnitOfWork, shop: Shop) -> None:
    for day in ("2026-09-30", "2026-10-01", "2026-11-24"):
        issued(till, shop, cut("100"), day=day)
    file = gstr1_of(till, "2026-Q3")
    assert (file["fp"], file["b2cs"][0]["txval"]) == ("122026", 200.0)
    assert gstr1_of(till, "2026-Q2")["b2cs"][0]["txval"] == 100.0


def test_what_other_registrations_sold_is_in_other_returns(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop, cut("100"), day="2026-11-01")
    register(till, shop, ELSEWHERE)
    issued(till, shop, cut("200"), day="2026-11-02")
    assert [row["txval"] for row in gstr1_of(till)["b2cs"]] == [200.0]
    change_billing_terms(till, ChangeBillingTerms(version=0, registration="composition", registered_from="2026-11-03"))
    issued(till, shop, cut("400"), day="2026-11-04")
    assert "nil" not in gstr1_of(till), "a composition dealer's bills are no part of GSTR-1"


def test_an_empty_month_is_a_file_too(till: UnitOfWork) -> None:
    assert gstr1_of(till, "2026-02") == {"gstin": SELLER, "fp": "022026", "version": "GST3.2.4", "hash": "hash"}


@pytest.mark.parametrize("period", ["", "2026", "2026-13", None, "../2026-10"])
def test_no_file_for_no_month(till: UnitOfWork, period: Any) -> None:
    with pytest.raises(Invalid):
        gstr1_of(till, period)


def test_no_file_without_a_gstin(till: UnitOfWork, shop: Shop) -> None:
    business = till.session.get(Business, shop.business_id)
    assert business
    business.gstin = ""
    till.session.flush()
    with pytest.raises(Conflict, match="no GSTIN"):
        gstr1_of(till)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF])
def test_who_keeps_no_books_gets_none(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow, pytest.raises(Forbidden):
        gstr1_of(uow)


def test_the_neighbour_s_bills_are_not_in_it(
    unit_of_work: Work, shop: Shop, neighbour: Shop, at: Callable[..., Any]
) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        full_month(uow, shop)
    with unit_of_work(neighbour.actor(), clock=at(MORNING)) as uow:
        register(uow, neighbour, SELLER)
        assert set(gstr1_of(uow)) == {"gstin", "fp", "version", "hash"}


def test_who_took_it_is_in_the_log(till: UnitOfWork, shop: Shop) -> None:
    gstr1_of(till)
    row = till.session.execute(text("SELECT action, subject, facts FROM audit_events ORDER BY id DESC LIMIT 1")).one()
    assert tuple(row) == ("return.taken", "gst_return", {"period": "2026-11", "file": "gstr1"})
    assert sentence(*row) == "took the GSTR-1 file of November 2026"
    assert sentence("return.taken", "gst_return", {"file": "?"}) == "took a file of the GST return"


def test_statements_do_not_grow_with_the_month(till: UnitOfWork, shop: Shop) -> None:
    counts = []
    for _ in range(2):
        seen: list[str] = []
        connection = till.session.connection()

        def count(*args: Any, seen: list[str] = seen) -> None:
            seen.append(args[2])

        event.listen(connection, "before_cursor_execute", count)
        gstr1_of(till)
        event.remove(connection, "before_cursor_execute", count)
        counts.append(len(seen))
        full_month(till, shop)
    assert counts[0] == counts[1] <= 8


def test_a_whole_bill_given_back_takes_its_round_off_along(till: UnitOfWork, shop: Shop) -> None:
    document_id = issued(till, shop, advice("99.99"), buyer_gstin="", day="2026-11-24").document_id
    bill = view_document(till, document_id)
    credit(till, CreditNote(bill.id, bill.version, "Not done"))
    assert "b2cs" not in gstr1_of(till) and "hsn" not in gstr1_of(till)


def test_a_month_of_who_files_by_the_quarter_is_what_may_be_sent_early(till: UnitOfWork, shop: Shop) -> None:
    full_month(till, shop)
    whole = gstr1_of(till)
    change_billing_terms(till, ChangeBillingTerms(version=0, is_quarterly=True))
    early, quarter = gstr1_of(till), gstr1_of(till, "2026-Q3")
    assert set(early) == {"gstin", "fp", "version", "hash", "b2b", "cdnr"}
    assert (early["b2b"], early["cdnr"], early["fp"]) == (whole["b2b"], whole["cdnr"], "112026")
    assert quarter == {**whole, "fp": "122026"}
    row = till.session.execute(
        text("SELECT action, subject, facts FROM audit_events ORDER BY id DESC OFFSET 1 LIMIT 1")
    ).one()
    assert sentence(*row) == "took the IFF file of November 2026"
