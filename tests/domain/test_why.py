"""The steps from price to tax are those that the bill took."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.bill import Line, work_out
from microcrm.domain.money import format_rupees
from microcrm.domain.supply import Heads
from microcrm.domain.why import WhyLine, steps

LINE = WhyLine(2_000, 50_000, 5_000, True, False, 500, 90_476, 0, 2_262, 2_262)


def test_a_price_with_tax() -> None:
    assert steps(LINE) == [
        "2 × ₹500.00 = ₹1,000.00",
        "less ₹50.00 discount = ₹950.00",
        "without the 5 % in it: ₹904.76 taxable",
        "CGST 2.5 % of it: ₹22.62, SGST or UTGST the same: ₹22.62",
    ]


def test_a_price_without_tax_to_another_state() -> None:
    line = replace(LINE, is_with_tax=False, reduction=0, rate_bp=1800, taxable=100_000, igst=18_000, cgst=0, sgst=0)
    assert steps(line) == ["2 × ₹500.00 = ₹1,000.00", "₹1,000.00 taxable", "IGST 18 % of it: ₹180.00"]


def test_exempt_and_untaxed() -> None:
    plain = replace(LINE, reduction=0, taxable=100_000, cgst=0, sgst=0)
    assert steps(replace(plain, is_exempt=True))[1:] == ["₹1,000.00 taxable", "exempt, so no tax"]
    assert steps(replace(plain, rate_bp=0))[1:] == ["₹1,000.00 taxable", "no tax"]


def test_a_part_of_a_line_that_a_note_gives_back() -> None:
    part = replace(LINE, quantity=333, taxable=15_064, cgst=377, sgst=377)
    assert steps(part)[0] == "0.333 of the bill’s line, in proportion: ₹150.64 taxable"


@given(
    st.builds(
        Line,
        price_paise=st.integers(1, 10**7),
        rate_bp=st.sampled_from([0, 25, 500, 1800]),
        quantity=st.integers(1, 5_000),
        discount_bp=st.integers(0, 10_000),
        is_with_tax=st.booleans(),
        is_exempt=st.booleans(),
    ),
    st.sampled_from([Heads.CGST_SGST, Heads.IGST, Heads.NONE]),
)
def test_any_line_of_a_bill_is_explained_from_its_price(line: Line, heads: Heads) -> None:
    worked = work_out([line], heads).lines[0]
    words = steps(
        WhyLine(line.quantity, line.price_paise, worked.discount, line.is_with_tax, line.is_exempt, line.rate_bp,
                worked.taxable, worked.igst, worked.cgst, worked.sgst)
    )  # fmt: skip
    assert words[0].endswith(f"= {format_rupees(worked.gross)}"), "never as a part of another bill’s line"
    assert f"{format_rupees(worked.taxable)} taxable" in words[-2]
    for tax in (worked.igst, worked.cgst):
        assert not tax or format_rupees(tax) in words[-1]
