"""The tax book: which GST rate a class of services or goods has on a day, with the citation.

Software defaults, not tax advice. Rows are dated and never edited: a new notification closes the old row with
``valid_to`` and adds a new one. Rates are basis points of the full rate (CGST + SGST, or IGST). Source: india.md 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import parse_text
from microcrm.domain.money import half_up

GST_BEGAN = date(2017, 7, 1)
GST_2_0 = date(2025, 9, 22)
MOST_RATE = 4000  # basis points: the highest slab since GST 2.0


class TaxClass(StrEnum):
    HAIR = "hair"
    BEAUTY = "beauty"
    FITNESS = "fitness"
    HEALTH = "health"
    VET = "vet"
    COACHING = "coaching"
    SCHOOL = "school"
    STANDARD = "standard"
    GOODS = "goods"
    DAILY_GOODS = "daily_goods"


GOODS = frozenset({TaxClass.GOODS, TaxClass.DAILY_GOODS})  # have an HSN of their own; the rest are services


@dataclass(frozen=True, slots=True)
class TaxKind:
    label: str
    sacs: tuple[str, ...]  # six-digit codes of the class, the usual one first; () means the shop gives its own


KINDS: Mapping[TaxClass, TaxKind] = MappingProxyType(
    {
        TaxClass.HAIR: TaxKind("Hairdressing and barber", ("999721",)),
        TaxClass.BEAUTY: TaxKind("Beauty, manicure, spa", ("999729", "999722")),
        TaxClass.FITNESS: TaxKind("Gym, yoga, wellness", ("999723",)),
        TaxClass.HEALTH: TaxKind(
            "Health care by a doctor or clinic", ("999312", "999311", "999313", "999314", "999316", "999319")
        ),
        TaxClass.VET: TaxKind("Veterinary clinic", ("998351", "998352", "998359")),
        TaxClass.COACHING: TaxKind("Tutoring and coaching", ("999293", "999294")),
        TaxClass.SCHOOL: TaxKind("School education", ("999210", "999220")),
        TaxClass.STANDARD: TaxKind("Other services", ()),
        TaxClass.GOODS: TaxKind("Goods", ()),
        TaxClass.DAILY_GOODS: TaxKind("Shampoo, hair oil, soap, talc, toothpaste", ()),
    }
)


@dataclass(frozen=True, slots=True)
class TaxRate:
    tax_class: TaxClass
    rate_bp: int
    is_exempt: bool  # exempt is not the same as 0 %: a bill of supply, not a tax invoice
    has_credit: bool  # whether the shop may set off the tax on what it buys
    valid_from: date
    valid_to: date | None  # the last day, None while in force
    citation: str
    sac: str = ""  # only for this code, where a shop's own rate says so

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


_STANDARD = "Notification 11/2017-Central Tax (Rate), 28 Jun 2017"
_REDUCED = "Notification 15/2025-Central Tax (Rate), group 99972: 5 % without input tax credit, compulsory"
_EXEMPT = "Notification 12/2017-Central Tax (Rate), entry "
_BEFORE = date(2025, 9, 21)
_GOODS_BEFORE = "Notification 1/2017-Central Tax (Rate), Schedule III"
_GOODS = "Notification 9/2025-Central Tax (Rate), 17 Sep 2025, Schedule "


def _changed(tax_class: TaxClass) -> tuple[TaxRate, TaxRate]:
    return (
        TaxRate(tax_class, 1800, False, True, GST_BEGAN, _BEFORE, _STANDARD),
        TaxRate(tax_class, 500, False, False, GST_2_0, None, _REDUCED),
    )


def _exempt(tax_class: TaxClass, entry: str) -> TaxRate:
    return TaxRate(tax_class, 0, True, False, GST_BEGAN, None, _EXEMPT + entry)


RATES: tuple[TaxRate, ...] = (
    *_changed(TaxClass.HAIR),
    *_changed(TaxClass.BEAUTY),
    *_changed(TaxClass.FITNESS),
    _exempt(TaxClass.HEALTH, "74"),  # not hair transplant or cosmetic surgery unless reconstructive: use STANDARD
    _exempt(TaxClass.VET, "46"),
    TaxRate(TaxClass.COACHING, 1800, False, True, GST_BEGAN, None, _STANDARD),
    _exempt(TaxClass.SCHOOL, "66"),  # teaching to a school or board curriculum by the institution; not private coaching
    TaxRate(TaxClass.STANDARD, 1800, False, True, GST_BEGAN, None, _STANDARD),
    # The rate of goods goes by their HSN: these are the two that a counter needs most, the rest are rates of the shop's own.
    TaxRate(TaxClass.GOODS, 1800, False, True, GST_BEGAN, _BEFORE, _GOODS_BEFORE),
    TaxRate(TaxClass.GOODS, 1800, False, True, GST_2_0, None, _GOODS + "II"),
    TaxRate(TaxClass.DAILY_GOODS, 1800, False, True, GST_BEGAN, _BEFORE, _GOODS_BEFORE),
    TaxRate(TaxClass.DAILY_GOODS, 500, False, True, GST_2_0, None, _GOODS + "I: headings 3304 to 3307, 3401 in part"),
)


def rate_on(tax_class: TaxClass, day: date) -> TaxRate:
    """The row in force on ``day``, the time of supply (CGST Act s.13, s.14)."""
    for row in RATES:
        if row.tax_class is tax_class and row.is_in_force(day):
            return row
    raise Invalid(f"There is no GST rate on record for {KINDS[tax_class].label} on that day.")


def rate_for(own: Iterable[TaxRate], tax_class: TaxClass, sac: str, day: date) -> TaxRate:
    """The shop's own rate for the code or the longest beginning of it, else for the class, else the book's. Of several the
    one that began last."""
    mine = [row for row in own if row.tax_class is tax_class and sac.startswith(row.sac) and row.is_in_force(day)]
    return max(mine, key=lambda row: (len(row.sac), row.valid_from), default=None) or rate_on(tax_class, day)


def price_with_tax(paise: int, rate: TaxRate) -> int:
    """What a customer pays for something whose price is given without GST, in paise."""
    return paise + half_up(paise * rate.rate_bp, 10_000)


def parse_percent(raw: Any, *, label: str = "Rate") -> int | None:
    """Basis points of "18", "12.5" or "0.25 %"; ``None`` for nothing. No GST rate is above 40 %."""
    text = parse_text(raw, label, limit=12).removesuffix("%").strip()
    if not text:
        return None
    whole, dot, rest = text.partition(".")
    if not whole.isdecimal() or (dot and not rest.isdecimal()) or len(rest) > 2:
        raise Invalid(f"{label} must be a percentage such as 18 or 12.5.")
    rate = int(whole) * 100 + int((rest or "0").ljust(2, "0"))
    if rate > MOST_RATE:
        raise Invalid(f"{label} must be at most {MOST_RATE // 100} %.")
    return rate


def rate_words(row: TaxRate) -> str:
    """Like "5% GST", "Exempt from GST"."""
    if row.is_exempt:
        return "Exempt from GST"
    whole, rest = divmod(row.rate_bp, 100)
    return f"{whole}{f'.{rest:02d}'.rstrip('0') if rest else ''}% GST"
