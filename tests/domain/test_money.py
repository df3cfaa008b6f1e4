from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain import money
from microcrm.domain.errors import Invalid

PAISE = st.integers(-money.MOST_PAISE, money.MOST_PAISE)


@pytest.mark.parametrize(
    ("typed", "paise"),
    [
        ("499", 49_900),
        ("₹499", 49_900),
        ("Rs. 1,23,456.50", 12_345_650),
        ("123,456.5", 12_345_650),
        ("rs 200/-", 20_000),
        ("INR 10", 1_000),
        (".5", 50),
        ("0", 0),
        ("-0", 0),
        ("१२३", 12_300),
        (499, 49_900),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_ways_to_type_an_amount(typed: Any, paise: int | None) -> None:
    assert money.parse_rupees(typed) == paise


@pytest.mark.parametrize(
    "typed",
    [
        "1.234",
        "1,2",
        "12,34",
        "1.",
        "abc",
        "1e5",
        "1 000",
        "₹",
        "--5",
        "1,,000",
        "NaN",
        "inf",
        4.99,
        True,
        [],
        {},
        "9" * 99,
    ],
    ids=lambda typed: repr(typed)[:12],
)
def test_what_is_no_amount(typed: Any) -> None:
    with pytest.raises(Invalid, match=r"^Price "):
        money.parse_rupees(typed, label="Price")


def test_limits() -> None:
    assert money.parse_rupees("100", most=10_000) == 10_000
    with pytest.raises(Invalid, match=r"at most ₹100\.00"):
        money.parse_rupees("100.01", most=10_000)
    with pytest.raises(Invalid, match="less than zero"):
        money.parse_rupees("-5")
    assert money.parse_rupees("−5", negative=True) == -500


@pytest.mark.parametrize(
    ("paise", "shown", "whole"),
    [
        (0, "₹0.00", "₹0"),
        (5, "₹0.05", "₹0"),
        (99_999, "₹999.99", "₹1,000"),
        (100_000, "₹1,000.00", "₹1,000"),
        (12_345_600, "₹1,23,456.00", "₹1,23,456"),
        (123_456_789, "₹12,34,567.89", "₹12,34,568"),
        (1_00_00_000_00, "₹1,00,00,000.00", "₹1,00,00,000"),
        (-50_000, "−₹500.00", "−₹500"),
    ],
)
def test_how_amounts_are_shown(paise: int, shown: str, whole: str) -> None:
    assert money.format_rupees(paise) == shown
    assert money.format_rupees_whole(paise) == whole


def test_shared_grouping_vectors(vectors: dict[str, Any]) -> None:
    """india.md 1.6 rule 8: Indian grouping."""
    for case in vectors["amount_words"]:
        paise = money.parse_rupees(case["amount"])
        assert paise is not None
        assert money.format_rupees(paise) == f"₹{case['grouped']}"


@pytest.mark.parametrize(
    ("paise", "shown"), [(49_900, "499"), (149_950, "1499.50"), (-5, "-0.05"), (0, "0"), (None, "")]
)
def test_amounts_in_an_input(paise: int | None, shown: str) -> None:
    assert money.rupees_for_input(paise) == shown


@given(PAISE)
def test_a_shown_amount_can_be_typed_back(paise: int) -> None:
    assert money.parse_rupees(money.format_rupees(paise), negative=True) == paise
    assert money.parse_rupees(money.rupees_for_input(paise), negative=True) == paise


@pytest.mark.parametrize(
    ("top", "bottom", "rounded"), [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (5, 3, 2), (1, 2, 1), (0, 7, 0), (-1, 3, 0)]
)
def test_half_up(top: int, bottom: int, rounded: int) -> None:
    assert money.half_up(top, bottom) == rounded


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
def test_half_up_agrees_with_decimal(top: int, bottom: int) -> None:
    exact = (Decimal(top) / Decimal(bottom)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert money.half_up(top, bottom) == int(exact)


def test_a_share_is_rounded_per_line() -> None:
    """india.md 4.2: one line of 3 x 10.05 at 18 % gives 2.71 per head, three lines of one give 2.70."""
    assert money.share(3_015, 900) == 271
    assert 3 * money.share(1_005, 900) == 270


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),  # the tie goes to the earlier part
        (1000, [300, 200, 500], [300, 200, 500]),
        (1, [1, 1], [1, 0]),
        (0, [1, 2], [0, 0]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (101, [0, 0], [51, 50]),
        (7, [0, 5], [0, 7]),
    ],
)
def test_splits(total: int, weights: list[int], parts: list[int]) -> None:
    assert money.split(total, weights) == parts


@given(PAISE, st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_parts_sum_to_the_whole_and_stay_within_a_paisa(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    if any(weights):
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - total * weight) < sum(weights)


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_a_split_needs_sensible_weights(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.split(100, weights)
