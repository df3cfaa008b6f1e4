"""INV-01 against the portal's schema, for any document we could issue; and the IRN against real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from microcrm.domain.bill import Line, work_out
from microcrm.domain.documents import DocumentKind, invoice_reference
from microcrm.domain.einvoice import EDocument, ELine, inv01, is_reported, missing, reference_number
from microcrm.domain.supply import Heads

SCHEMA = Path(__file__).parents[3] / "shared" / "data" / "inv01.schema.json"
SELLER = {
    "name": "Glow", "legal_name": "Glow Salons LLP", "address": "1 Main Road", "city": "Pune", "pin": "411001",
    "gstin": "27ABCFS1234K1Z7", "phone": "+91 98450 12345",
}  # fmt: skip
BUYER = {"name": "Aarav Traders", "gstin": "24AANFA2641L1ZF", "address": "4 Mill Lane, Ahmedabad 380001"}
LINE = ELine("Haircut", "999721", 2_000, 50_000, 5_000, 500, False, 95_000, 0, 2_375, 2_375)
BILL = EDocument(DocumentKind.TAX_INVOICE, "INV/2627/0001", date(2026, 10, 3), SELLER, BUYER, "27", 50, 99_800, [LINE])


@pytest.fixture(scope="session")
def valid() -> Draft7Validator:
    if not SCHEMA.exists():
        pytest.skip("no shared folder beside the repository")
    return Draft7Validator(json.loads(SCHEMA.read_text()))


def faults(validator: Draft7Validator, form: dict[str, Any]) -> list[str]:
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(form)]


def test_a_bill_fits_the_schema(valid: Draft7Validator) -> None:
    form = inv01(BILL)
    assert faults(valid, form) == []
    assert form["DocDtls"] == {"Typ": "INV", "No": "INV/2627/0001", "Dt": "03/10/2026"}
    assert form["BuyerDtls"]["Pin"] == 380001 and form["BuyerDtls"]["Loc"] == "Ahmedabad"
    assert (form["BuyerDtls"]["Stcd"], form["BuyerDtls"]["Pos"]) == ("24", "27")
    [item] = form["ItemList"]
    assert (item["UnitPrice"], item["TotAmt"], item["Discount"], item["AssAmt"], item["TotItemVal"]) == (
        500.0, 1000.0, 50.0, 950.0, 997.5,
    )  # fmt: skip
    assert form["ValDtls"]["TotInvVal"] == 998.0 and form["ValDtls"]["RndOffAmt"] == 0.5


def test_the_schema_would_see_a_fault(valid: Draft7Validator) -> None:
    form = inv01(BILL)
    assert faults(valid, {**form, "DocDtls": {**form["DocDtls"], "No": "/1"}})
    assert faults(valid, {name: part for name, part in form.items() if name != "SellerDtls"})


def test_a_credit_note_names_its_bill(valid: Draft7Validator) -> None:
    buyer = {**BUYER, "corrects": "INV/2627/0001", "corrects_on": "2026-10-03"}
    form = inv01(replace(BILL, kind=DocumentKind.CREDIT_NOTE, number="CN/2627/0001", buyer=buyer))
    assert faults(valid, form) == [] and form["DocDtls"]["Typ"] == "CRN"
    assert form["RefDtls"] == {"PrecDocDtls": [{"InvNo": "INV/2627/0001", "InvDt": "03/10/2026"}]}


def test_goods_have_their_unit(valid: Draft7Validator) -> None:
    form = inv01(replace(BILL, lines=[replace(LINE, sac="33051090", unit="BTL"), replace(LINE, sac="33051090"), LINE]))
    assert faults(valid, form) == []
    assert [(item["IsServc"], item["Unit"]) for item in form["ItemList"]] == [("N", "BTL"), ("N", "NOS"), ("Y", "OTH")]


def test_the_number_of_real_answers(vectors: dict[str, Any]) -> None:
    for case in vectors["irn"]:
        assert invoice_reference(case["gstin"], int(case["fy"][:4]), case["typ"], case["no"]) == case["irn"]


def test_the_number_follows_gstin_year_kind_and_number() -> None:
    other = [
        replace(BILL, number="INV/2627/0002"), replace(BILL, kind=DocumentKind.CREDIT_NOTE),
        replace(BILL, day=date(2026, 3, 31)), replace(BILL, seller={**SELLER, "gstin": "29ABCFS1234K1Z3"}),
    ]  # fmt: skip
    assert len({reference_number(one) for one in (BILL, *other)}) == 5
    assert reference_number(replace(BILL, total=1, buyer={})) == reference_number(BILL)
    assert len(reference_number(BILL)) == 64


@pytest.mark.parametrize(
    ("kind", "gstin", "wanted"),
    [
        (DocumentKind.TAX_INVOICE, "24AANFA2641L1ZF", True),
        (DocumentKind.CREDIT_NOTE, "24AANFA2641L1ZF", True),
        (DocumentKind.TAX_INVOICE, "", False),
        (DocumentKind.BILL_OF_SUPPLY, "24AANFA2641L1ZF", False),
        (DocumentKind.RECEIPT_VOUCHER, "24AANFA2641L1ZF", False),
    ],
)
def test_which_documents_are_reported(kind: DocumentKind, gstin: str, wanted: bool) -> None:
    assert is_reported(kind, gstin) is wanted


def test_what_is_missing_is_said() -> None:
    assert missing(BILL) == []
    bare = replace(
        BILL, seller={**SELLER, "pin": ""}, buyer={"name": "A", "gstin": BUYER["gstin"]}, lines=[replace(LINE, sac="")]
    )
    assert len(missing(bare)) == 4


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=3, max_size=250).filter(str.strip)


@given(
    st.lists(
        st.tuples(
            st.builds(
                Line,
                price_paise=st.integers(1, 10**7),
                rate_bp=st.sampled_from([25, 500, 1800]),
                quantity=st.integers(1, 5_000),
                discount_bp=st.integers(0, 5_000),
                is_with_tax=st.booleans(),
            ),
            WORDS,
            st.sampled_from(["999721", "33051090", "9983"]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([Heads.CGST_SGST, Heads.IGST]),
    WORDS,
)
def test_any_bill_fits_the_schema(
    valid: Draft7Validator, typed: list[tuple[Line, str, str]], heads: Heads, address: str
) -> None:
    bill = work_out([line for line, _, _ in typed], heads)
    lines = [
        ELine(
            words,
            sac,
            line.quantity,
            line.price_paise,
            w.discount,
            line.rate_bp,
            False,
            w.taxable,
            w.igst,
            w.cgst,
            w.sgst,
        )
        for (line, words, sac), w in zip(typed, bill.lines, strict=True)
    ]
    form = inv01(
        replace(BILL, lines=lines, buyer={**BUYER, "address": address}, round_off=bill.round_off, total=bill.total)
    )
    assert faults(valid, json.loads(json.dumps(form))) == []
    for item in form["ItemList"]:
        assert abs(item["UnitPrice"] * item["Qty"] - item["TotAmt"]) <= 1, "the portal allows a rupee"
        assert round(item["TotAmt"] - item["Discount"], 2) == item["AssAmt"]
    values = form["ValDtls"]
    assert round(sum(item["TotItemVal"] for item in form["ItemList"]) + values["RndOffAmt"], 2) == values["TotInvVal"]
