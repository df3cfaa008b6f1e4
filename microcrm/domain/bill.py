"""What a bill comes to: lines, discounts, tax by head, round-off. Whole paise; rates in basis points; half up.

Tax is worked out line by line and summed (never on the total), each half on its own: CGST = SGST = half the rate of the
line's taxable value. CGST Rules 2017 r.46; CGST Act s.15(3)(a) for discounts on the face of the invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from microcrm.domain.errors import Invalid
from microcrm.domain.money import half_up, share, split
from microcrm.domain.supply import Heads

WHOLE = 10_000  # basis points
QUANTITY_ONE = 1_000  # quantities are thousandths: 1.5 is 1500
RUPEE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """As typed. ``price_paise`` is one unit's; ``discount_bp`` and ``discount_paise`` are both taken off the line."""

    price_paise: int
    rate_bp: int
    quantity: int = QUANTITY_ONE
    discount_bp: int = 0
    discount_paise: int = 0
    is_with_tax: bool = False  # whether the price includes the tax
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class Worked:
    """One line worked out. ``net`` is after all discounts, in the terms of the price (with tax or without)."""

    gross: int
    discount: int
    bill_discount: int
    net: int
    taxable: int
    cgst: int
    sgst: int  # or UTGST: returns carry it in the same field
    igst: int

    @property
    def tax(self) -> int:
        return self.cgst + self.sgst + self.igst

    @property
    def total(self) -> int:
        return self.taxable + self.tax


@dataclass(frozen=True, slots=True)
class Bill:
    """Sums of the lines. ``total`` is what is paid: taxable + tax + round-off."""

    lines: tuple[Worked, ...]
    taxable: int
    cgst: int
    sgst: int
    igst: int
    round_off: int

    @property
    def tax(self) -> int:
        return self.cgst + self.sgst + self.igst

    @property
    def before_round_off(self) -> int:
        return self.taxable + self.tax

    @property
    def total(self) -> int:
        return self.before_round_off + self.round_off


def work_out(lines: Sequence[Line], heads: Heads, *, discount_paise: int = 0, is_rounded: bool = True) -> Bill:
    """The whole bill. ``discount_paise`` is shared over the lines in proportion to what they come to.

    Paise that an inclusive price leaves over go into the round-off, so the customer pays the printed price; with
    ``is_rounded`` the total is a whole rupee. ``Invalid`` names the line ("lines.0.discount") or "discount".
    """
    if not lines:
        raise Invalid(fields={"lines": "Add at least one line."})
    firsts = [_first(line, place) for place, line in enumerate(lines)]
    whole = sum(net for _, _, net in firsts)
    if not 0 <= discount_paise <= whole:
        raise Invalid(fields={"discount": "The discount can be at most the sum of the lines."})
    shares = split(discount_paise, [net for _, _, net in firsts])
    worked = tuple(
        _finish(line, heads, gross, discount, net - part, part)
        for line, (gross, discount, net), part in zip(lines, firsts, shares, strict=True)
    )
    payable = sum(
        one.net if line.is_with_tax or heads is Heads.NONE else one.total
        for line, one in zip(lines, worked, strict=True)
    )
    if is_rounded:
        payable = half_up(payable, RUPEE) * RUPEE
    taxable, cgst, sgst, igst = (
        sum(column) for column in zip(*((w.taxable, w.cgst, w.sgst, w.igst) for w in worked), strict=True)
    )
    return Bill(worked, taxable, cgst, sgst, igst, payable - (taxable + cgst + sgst + igst))


def _first(line: Line, place: int) -> tuple[int, int, int]:
    """Gross, the line's own discount, and what is left."""
    gross = half_up(line.price_paise * line.quantity, QUANTITY_ONE)
    discount = share(gross, line.discount_bp) + line.discount_paise
    if line.quantity <= 0:
        raise Invalid(fields={f"lines.{place}.quantity": "The quantity must be more than nothing."})
    if not 0 <= discount <= gross:
        raise Invalid(fields={f"lines.{place}.discount": "The discount can be at most the line's price."})
    return gross, discount, gross - discount


def _finish(line: Line, heads: Heads, gross: int, discount: int, net: int, part: int) -> Worked:
    rate = 0 if heads is Heads.NONE or line.is_exempt else line.rate_bp
    taxable = half_up(net * WHOLE, WHOLE + rate) if line.is_with_tax else net
    half = half_up(taxable * rate, 2 * WHOLE) if heads in (Heads.CGST_SGST, Heads.CGST_UTGST) else 0
    whole = share(taxable, rate) if heads is Heads.IGST else 0
    return Worked(gross, discount, part, net, taxable, half, half, whole)
