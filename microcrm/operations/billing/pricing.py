"""From what was typed on a bill to what it comes to: lines read, rates looked up for the day, tax by head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcrm.domain.bill import QUANTITY_ONE, Bill, Line, work_out
from microcrm.domain.documents import DocumentKind, Registration, kind_of_sale
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.money import parse_rupees
from microcrm.domain.supply import Heads, Place, PlaceRule, place_of_supply
from microcrm.domain.taxbook import KINDS, TaxClass, TaxRate, rate_for

MOST_LINES = 100
DEAREST = 10**11  # paise a line
_RULES = {
    TaxClass.COACHING: PlaceRule.TRAINING,
    TaxClass.SCHOOL: PlaceRule.GENERAL,
    TaxClass.STANDARD: PlaceRule.GENERAL,
    TaxClass.GOODS: PlaceRule.COUNTER,
    TaxClass.DAILY_GOODS: PlaceRule.COUNTER,
}  # the rest is done on the customer's person: s.12(4)


def rule_for(tax_class: TaxClass) -> PlaceRule:
    return _RULES.get(tax_class, PlaceRule.PERFORMED)


@dataclass(frozen=True, slots=True)
class LineWish:
    """One line as typed. ``quantity`` like "1.5", ``discount`` like "10%" or "50"; ``tax_class`` decides the rate."""

    description: Any
    price: Any
    quantity: Any = "1"
    discount: Any = ""
    tax_class: Any = TaxClass.STANDARD
    sac: Any = ""
    is_with_tax: Any = True
    service_id: Any = None
    member_id: Any = None
    booking_item_id: Any = None
    product_id: Any = None


@dataclass(frozen=True, slots=True)
class ReadLine:
    """``unit``: of goods, from their product."""

    description: str
    sac: str
    tax_class: TaxClass
    quantity: int
    price_paise: int
    discount_bp: int
    discount_paise: int
    is_with_tax: bool
    service_id: int | None
    member_id: int | None
    booking_item_id: int | None
    product_id: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Priced:
    """``place`` is empty for those who may not collect tax."""

    kind: DocumentKind
    bill: Bill
    heads: Heads
    place: Place | None
    lines: tuple[Line, ...]


def read_lines(reader: Reader, raw: Any) -> tuple[ReadLine, ...]:
    """Errors are named lines.0.price and so on."""
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MOST_LINES:
        reader.refuse("lines", f"A bill has from 1 to {MOST_LINES} lines.")
        return ()
    return tuple(_line(reader, f"lines.{place}", wish) for place, wish in enumerate(raw))


def price(
    lines: Sequence[ReadLine],
    *,
    registration: Registration,
    seller_state: str,
    day: date,
    buyer_gstin: str = "",
    buyer_state: str = "",
    performed_in: str = "",
    discount_paise: int = 0,
    is_rounded: bool = True,
    own_rates: Sequence[TaxRate] = (),
) -> Priced:
    """What the bill comes to on that day. ``own_rates``: the shop's, which go before the book's. ``Invalid`` when its lines
    belong on two documents."""
    rates = [rate_for(own_rates, line.tax_class, line.sac, day) for line in lines]
    place, heads = None, Heads.NONE
    if registration is Registration.REGULAR:
        places = [
            place_of_supply(
                rule_for(line.tax_class),
                seller_state,
                buyer_gstin_state=buyer_gstin[:2],
                buyer_state=buyer_state,
                performed_in=performed_in,
            )
            for line in lines
        ]
        place = places[0]
        if {one.state_code for one in places} != {place.state_code}:
            raise Invalid(
                "These lines count in different States.", remedy="Put them on two bills, one for each place of supply."
            )
        heads = place.heads
    typed = tuple(
        Line(
            price_paise=line.price_paise,
            rate_bp=rate.rate_bp,
            quantity=line.quantity,
            discount_bp=line.discount_bp,
            discount_paise=line.discount_paise,
            is_with_tax=line.is_with_tax,
            is_exempt=rate.is_exempt,
        )
        for line, rate in zip(lines, rates, strict=True)
    )
    kind = kind_of_sale(registration, [line.is_exempt for line in typed], is_buyer_registered=bool(buyer_gstin))
    bill = work_out(typed, heads, discount_paise=discount_paise, is_rounded=is_rounded)
    return Priced(kind, bill, heads, place, typed)


def _line(reader: Reader, name: str, wish: LineWish) -> ReadLine:
    nothing: int | None = 0
    tax_class = reader.member(f"{name}.tax_class", wish.tax_class, "Tax class", TaxClass, TaxClass.STANDARD)
    bp, paise = _discount(reader, f"{name}.discount", wish.discount)
    return ReadLine(
        description=reader.text(f"{name}.description", wish.description, "Description", limit=200),
        sac=_sac(reader, f"{name}.sac", wish.sac, tax_class),
        tax_class=tax_class,
        quantity=_quantity(reader, f"{name}.quantity", wish.quantity),
        price_paise=reader.by(f"{name}.price", parse_rupees, wish.price, label="Price", most=DEAREST, instead=nothing)
        or 0,
        discount_bp=bp,
        discount_paise=paise,
        is_with_tax=reader.flag(f"{name}.is_with_tax", wish.is_with_tax, "Price with tax"),
        service_id=_maybe_id(reader, f"{name}.service_id", wish.service_id),
        member_id=_maybe_id(reader, f"{name}.member_id", wish.member_id),
        booking_item_id=_maybe_id(reader, f"{name}.booking_item_id", wish.booking_item_id),
        product_id=_maybe_id(reader, f"{name}.product_id", wish.product_id),
    )


def _sac(reader: Reader, name: str, raw: Any, tax_class: TaxClass) -> str:
    code = reader.text(name, raw, "SAC or HSN", limit=8, required=False)
    if code and not (code.isdecimal() and len(code) in (4, 6, 8)):
        reader.refuse(name, "A SAC or HSN code has 4, 6 or 8 digits.")
    return code or next(iter(KINDS[tax_class].sacs), "")


def _quantity(reader: Reader, name: str, raw: Any) -> int:
    """Thousandths: "1.5" is 1500."""
    text = (
        reader.text(name, str(raw) if isinstance(raw, int | float) else raw, "Quantity", limit=12, required=False)
        or "1"
    )
    whole, dot, rest = text.partition(".")
    if not (whole or "0").isdecimal() or (dot and not rest.isdecimal()) or len(rest) > 3:
        reader.refuse(name, "A quantity is a number such as 2 or 1.5.")
        return QUANTITY_ONE
    number = int(whole or "0") * QUANTITY_ONE + int((rest or "0").ljust(3, "0"))
    if not 0 < number <= 100_000 * QUANTITY_ONE:
        reader.refuse(name, "The quantity must be more than nothing, and at most 1,00,000.")
    return number


def _discount(reader: Reader, name: str, raw: Any) -> tuple[int, int]:
    """Basis points and paise: "10%" or "50"."""
    text = reader.text(name, str(raw) if isinstance(raw, int) else raw, "Discount", limit=20, required=False)
    if text.endswith("%"):
        number = text[:-1].strip()
        whole, dot, rest = number.partition(".")
        if not whole.isdecimal() or (dot and not rest.isdecimal()) or len(rest) > 2 or int(whole) > 100:
            reader.refuse(name, "A discount is like 10% or 50.")
            return 0, 0
        return min(10_000, int(whole) * 100 + int((rest or "0").ljust(2, "0"))), 0
    nothing: int | None = 0
    return 0, reader.by(name, parse_rupees, text, label="Discount", most=DEAREST, instead=nothing) or 0


def _maybe_id(reader: Reader, name: str, raw: Any) -> int | None:
    return None if raw in (None, "") else reader.id(name, raw, "Line")
