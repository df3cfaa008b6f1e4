"""Kinds of documents, their numbers and dates, and amounts in words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.amount_words import in_words
from microcrm.domain.documents import (
    DocumentKind,
    Registration,
    check_pattern,
    financial_year,
    invoice_reference,
    is_number,
    keep_until,
    kind_of_sale,
    last_day_for_note,
    number_from,
    year_words,
)
from microcrm.domain.errors import Invalid
from microcrm.domain.money import parse_rupees

K, R = DocumentKind, Registration


def test_shared_vectors(vectors: dict[str, Any]) -> None:
    for case in vectors["amount_words"]:
        assert in_words(parse_rupees(case["amount"]) or 0) == case["words"]
    for case in vectors["financial_year"]:
        assert year_words(financial_year(datetime.fromisoformat(case["at"]))) == case["fy"]
    for case in vectors["credit_note_last_date"]:
        assert last_day_for_note(date.fromisoformat(case["supply"])) == date.fromisoformat(case["last"])
    for case in vectors["retention"]:
        assert keep_until(int(case["fy"][:4])) == date.fromisoformat(case["keep_until"])
    for case in vectors["invoice_number"]:
        assert is_number(case["number"]) is case["valid"], case["number"]
    for case in vectors["irn"]:
        assert invoice_reference(case["gstin"], int(case["fy"][:4]), case["typ"], case["no"]) == case["irn"]


@pytest.mark.parametrize(
    ("seller", "exempt", "registered", "kind"),
    [
        pytest.param(R.REGULAR, [False], False, K.TAX_INVOICE, id="taxed: s.31"),
        pytest.param(R.REGULAR, [True, True], True, K.BILL_OF_SUPPLY, id="exempt only: r.49"),
        pytest.param(R.REGULAR, [True, False], False, K.INVOICE_CUM_BILL, id="both, to a person: r.46A"),
        pytest.param(R.COMPOSITION, [False], True, K.BILL_OF_SUPPLY, id="composition: s.31(3)(c)"),
        pytest.param(R.NONE, [False], False, K.PLAIN_BILL, id="not registered"),
    ],
)
def test_kind(seller: Registration, exempt: list[bool], registered: bool, kind: DocumentKind) -> None:
    assert kind_of_sale(seller, exempt, is_buyer_registered=registered) is kind


def test_taxed_and_exempt_for_a_registered_buyer_are_two_documents() -> None:
    with pytest.raises(Invalid, match="two documents"):
        kind_of_sale(R.REGULAR, [True, False], is_buyer_registered=True)


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("sln/{FY}/{NNNN}", "SLN/2627/0042"),
        ("A{YY}-{FY}{NNN}", "A26-2627042"),
        ("{FY}{MM}{NNNNN}", "26271200042"),
    ],
)
def test_a_pattern_makes_a_number(pattern: str, number: str) -> None:
    assert number_from(check_pattern(pattern), date(2026, 12, 5), 42) == number


@pytest.mark.parametrize(
    "pattern",
    [
        "SLN/{FY}",
        "{NNNN}",
        "SLN/{FY}/{NNNN}{NN}",
        "LONGSALON/{FY}/{NNNNN}",
        "/{FY}/{NNN}",
        "S_{FY}{NNN}",
        "S{XX}{FY}{NN}",
        "",
        "स{FY}{NNN}",
    ],
)
def test_a_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_pattern(pattern)
    assert "pattern" in caught.value.fields


def test_a_series_that_has_outgrown_its_pattern_stops_before_issuing() -> None:
    pattern = check_pattern("SALON/{FY}/{NNNNN}")
    assert number_from(pattern, date(2026, 5, 1), 99_999) == "SALON/2627/99999"
    with pytest.raises(Invalid, match="longer than 16"):
        number_from(pattern, date(2026, 5, 1), 100_000)


@given(st.dates(date(2018, 1, 1), date(2090, 1, 1)), st.integers(1, 9_999))
def test_numbers_of_a_year_differ(day: date, running: int) -> None:
    number = number_from("SLN/{FY}/{NNNN}", day, running)
    assert is_number(number)
    assert number != number_from("SLN/{FY}/{NNNN}", day, running + 1)
    assert number != number_from("SLN/{FY}/{NNNN}", day.replace(year=day.year + 1, day=min(day.day, 28)), running)
