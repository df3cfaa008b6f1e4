"""A bill to the paisa: the worked cases, and properties over random bills."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcrm.domain.bill import Line, work_out
from microcrm.domain.errors import Invalid
from microcrm.domain.money import parse_rupees
from microcrm.domain.supply import Heads

HEADS = {"INTRA": Heads.CGST_SGST, "INTRA_UT": Heads.CGST_UTGST, "INTER": Heads.IGST}
LOCAL = Heads.CGST_SGST


def paise(text: str) -> int:
    return parse_rupees(text, negative=True) or 0


def line_of(raw: dict[str, Any], *, is_with_tax: bool) -> Line:
    return Line(
        price_paise=paise(raw["unit_price"]),
        rate_bp=int(float(raw["rate"]) * 100),
        quantity=int(float(raw["qty"]) * 1000),
        discount_bp=int(float(raw["discount_pct"]) * 100),
        is_with_tax=is_with_tax,
    )


def test_shared_vectors(vectors: dict[str, Any]) -> None:
    assert len(vectors["invoices"]) >= 20
    for case in vectors["invoices"]:
        lines = [line_of(raw, is_with_tax=case["price_basis"] == "inclusive") for raw in case["lines"]]
        bill = work_out(
            lines,
            HEADS[case["supply"]],
            discount_paise=paise(case["invoice_discount"]),
            is_rounded=case["round_to_rupee"],
        )
        for worked, raw in zip(bill.lines, case["lines"], strict=True):
            for name in ("taxable", "cgst", "sgst", "igst"):
                assert getattr(worked, name) == paise(raw[name]), (case["id"], name)
        for name in ("taxable", "cgst", "sgst", "igst", "before_round_off", "round_off", "total"):
            assert getattr(bill, name) == paise(case[name]), (case["id"], name)


def test_each_line_is_rounded_by_itself() -> None:
    """Three times 10.05 at 18 % is 2.71 a head on one line, 2.70 on three (half of 1.809 three times)."""
    once = work_out([Line(1005, 1800, quantity=3000)], LOCAL)
    thrice = work_out([Line(1005, 1800)] * 3, LOCAL)
    assert (once.cgst, thrice.cgst) == (271, 270)


def test_who_may_not_collect_tax_takes_the_price_as_it_is() -> None:
    for is_with_tax in (True, False):
        bill = work_out([Line(49_950, 500, is_with_tax=is_with_tax)], Heads.NONE, is_rounded=False)
        assert (bill.taxable, bill.tax, bill.total) == (49_950, 0, 49_950)


def test_exempt_lines_carry_no_tax_among_taxed_ones() -> None:
    bill = work_out([Line(75_000, 1800, is_exempt=True), Line(25_000, 1800)], LOCAL)
    assert [one.tax for one in bill.lines] == [0, 4_500]


def test_bases_may_be_mixed_on_one_bill() -> None:
    """The inclusive line is paid as printed, the other with its tax on top."""
    bill = work_out([Line(99_900, 1800, is_with_tax=True), Line(10_000, 500)], LOCAL, is_rounded=False)
    assert bill.total == 99_900 + 10_500


@pytest.mark.parametrize(
    ("lines", "discount", "field"),
    [
        ([], 0, "lines"),
        ([Line(100, 500, quantity=0)], 0, "lines.0.quantity"),
        ([Line(100, 500), Line(100, 500, discount_bp=11_000)], 0, "lines.1.discount"),
        ([Line(100, 500, discount_paise=101)], 0, "lines.0.discount"),
        ([Line(100, 500)], 101, "discount"),
        ([Line(100, 500)], -1, "discount"),
    ],
)
def test_refused(lines: list[Line], discount: int, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        work_out(lines, LOCAL, discount_paise=discount)
    assert list(caught.value.fields) == [field]


LINES = st.builds(
    Line,
    price_paise=st.integers(0, 50_000_000),
    rate_bp=st.sampled_from((0, 25, 300, 500, 1200, 1800, 2800, 4000)),
    quantity=st.integers(1, 50_000),
    discount_bp=st.integers(0, 10_000),
    is_with_tax=st.booleans(),
    is_exempt=st.booleans(),
)


@given(st.lists(LINES, min_size=1, max_size=6), st.sampled_from(list(Heads)), st.booleans(), st.data())
@settings(max_examples=10_000)  # some twenty seconds, for what every bill hangs on
def test_random_bills_add_up(lines: list[Line], heads: Heads, is_rounded: bool, data: st.DataObject) -> None:
    whole = sum(one.net for one in work_out(lines, heads).lines)
    discount = data.draw(st.integers(0, whole))
    bill = work_out(lines, heads, discount_paise=discount, is_rounded=is_rounded)
    assert bill.taxable + bill.cgst + bill.sgst + bill.igst + bill.round_off == bill.total
    assert sum(one.bill_discount for one in bill.lines) == discount
    assert bill.cgst == bill.sgst
    assert not (bill.cgst and bill.igst)
    if is_rounded:
        assert bill.total % 100 == 0
    if all(line.is_with_tax for line in lines) and not is_rounded:
        assert bill.total == sum(one.net for one in bill.lines), "the printed price is what is paid"
    leftover = sum(line.is_with_tax for line in lines)  # at most one paisa a line, rounded halves and all
    assert abs(bill.round_off) <= (50 if is_rounded else 0) + leftover
