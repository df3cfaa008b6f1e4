"""Codes, quantities and stock of goods."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.goods import (
    MOST,
    MOVE_WORDS,
    UNITS,
    Move,
    format_quantity,
    is_low,
    parse_barcode,
    parse_hsn,
    parse_quantity,
    quantity_for_input,
    worth,
)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("33059090", "33059090"), ("3305 90 90", "33059090"), ("3305.90", "330590"), ("3305", "3305"), ("", "")],
)
def test_an_hsn_is_read(typed: str, code: str) -> None:
    assert parse_hsn(typed) == code


@pytest.mark.parametrize(
    "typed",
    ["33", "33059", "3305909", "330590901", "999721", "9997", "0012", "33O5", "३३०५", "3305'--", 3305.5, [], {}],
)
def test_what_is_no_hsn(typed: object) -> None:
    with pytest.raises(Invalid):
        parse_hsn(typed)


@pytest.mark.parametrize("typed", ["8901030865275", "SER-100", "a/b_c.1", "  X1  ", ""])
def test_a_barcode_is_read(typed: str) -> None:
    assert parse_barcode(typed) == typed.strip()


@pytest.mark.parametrize("typed", ["<b>", "x" * 41, "शैम्पू", "a\x00b", "a'b", 7.5, [1]])
def test_what_is_no_barcode(typed: object) -> None:
    with pytest.raises(Invalid):
        parse_barcode(typed)


@pytest.mark.parametrize(
    ("typed", "thousandths"),
    [("2", 2000), ("1.5", 1500), (".5", 500), ("0.001", 1), ("1,200", 1_200_000), (3, 3000), ("", None), (None, None)],
)
def test_a_quantity_is_read(typed: object, thousandths: int | None) -> None:
    assert parse_quantity(typed) == thousandths


@pytest.mark.parametrize("typed", ["0", "-1", "1.2345", "1e3", "100001", "nan", "1.", "²", "1.5.2", "two", "१", [], {}])
def test_what_is_no_quantity(typed: object) -> None:
    with pytest.raises(Invalid):
        if parse_quantity(typed) == 1000:  # "1." is a way to type one
            raise Invalid


def test_a_count_may_be_nothing() -> None:
    assert parse_quantity("0", least=0) == 0


@given(st.integers(1, MOST))
def test_what_is_written_is_read_again(thousandths: int) -> None:
    assert parse_quantity(quantity_for_input(thousandths)) == thousandths


@given(st.integers(-(10**10), 10**10))
def test_quantities_are_written_exactly(thousandths: int) -> None:
    words = format_quantity(thousandths).replace(",", "").replace("−", "-")
    assert round(float(words) * 1000) == thousandths


def test_below_zero_has_a_true_minus() -> None:
    assert format_quantity(-1000) == "−1"


@pytest.mark.parametrize(
    ("stock", "line", "low"),
    [(3000, 3000, True), (4000, 3000, False), (0, None, False), (-1, None, True), (0, 0, True), (5000, 0, False)],
)
def test_low_is_at_the_line_or_below_nothing(stock: int, line: int | None, low: bool) -> None:
    assert is_low(stock, line) is low


def test_what_is_not_there_is_worth_nothing() -> None:
    assert (worth(2500, 10_000), worth(-3000, 10_000), worth(2000, None)) == (25_000, 0, None)


def test_each_movement_has_words_and_units_are_codes_of_the_portal() -> None:
    assert set(MOVE_WORDS) == set(Move)
    assert all(len(code) == 3 and code.isupper() for code in UNITS)
