"""Why a line of a bill comes to what it comes to, step by step, with the numbers of that line (``domain/bill.py``)."""

from __future__ import annotations

from dataclasses import dataclass

from microcrm.domain.bill import QUANTITY_ONE, WHOLE
from microcrm.domain.bill_page import percent, quantity
from microcrm.domain.money import format_rupees, half_up


@dataclass(frozen=True, slots=True)
class WhyLine:
    """Paise, thousandths, basis points. ``reduction``: what the discounts of line and bill take off."""

    quantity: int
    price: int
    reduction: int
    is_with_tax: bool
    is_exempt: bool
    rate_bp: int
    taxable: int
    igst: int
    cgst: int
    sgst: int


def steps(line: WhyLine) -> list[str]:
    """Sentences from the price to the tax. What was cut out of a bill by a credit note is a share of the bill's line."""
    gross = half_up(line.price * line.quantity, QUANTITY_ONE)
    net = gross - line.reduction
    words = [f"{quantity(line.quantity)} × {format_rupees(line.price)} = {format_rupees(gross)}"]
    if line.reduction:
        words.append(f"less {format_rupees(line.reduction)} discount = {format_rupees(net)}")
    tax = line.igst + line.cgst + line.sgst
    is_taken_out = line.is_with_tax and tax and not line.is_exempt
    expected = half_up(net * WHOLE, WHOLE + line.rate_bp) if is_taken_out else net
    if expected != line.taxable:
        words = [f"{quantity(line.quantity)} of the bill’s line, in proportion: {format_rupees(line.taxable)} taxable"]
    elif is_taken_out:
        words.append(f"without the {percent(line.rate_bp)} in it: {format_rupees(line.taxable)} taxable")
    else:
        words.append(f"{format_rupees(line.taxable)} taxable")
    return [*words, _tax_words(line)]


def _tax_words(line: WhyLine) -> str:
    if line.is_exempt:
        return "exempt, so no tax"
    if line.igst:
        return f"IGST {percent(line.rate_bp)} of it: {format_rupees(line.igst)}"
    if line.cgst or line.sgst:
        half = percent(line.rate_bp // 2) if line.rate_bp % 2 == 0 else f"half of {percent(line.rate_bp)}"
        return f"CGST {half} of it: {format_rupees(line.cgst)}, SGST or UTGST the same: {format_rupees(line.sgst)}"
    return "no tax"
