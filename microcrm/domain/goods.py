"""Goods over the counter: their codes and units, how stock is typed and written, which movements there are. Quantities are
thousandths, as on bills."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import parse_text
from microcrm.domain.money import MINUS, group_indian

ONE = 1_000
MOST = 1_00_000 * ONE  # of one movement or one line of a bill
_BARCODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./_-]{0,39}")
_SERVICES = "99"  # what a SAC begins with

# Codes of the portal's list of unique quantity codes (GSTR-1 table 12) that a counter needs.
UNITS: Mapping[str, str] = MappingProxyType({
    "NOS": "Numbers", "PCS": "Pieces", "BTL": "Bottles", "TUB": "Tubes", "PAC": "Packs", "BOX": "Boxes", "SET": "Sets",
    "PRS": "Pairs", "GMS": "Grams", "KGS": "Kilograms", "MLT": "Millilitres", "LTR": "Litres", "OTH": "Others",
})  # fmt: skip


class Move(StrEnum):
    """Why stock changed. ``OPENING``: what was there when the shop began to count. ``USED``: by the shop itself, in its work.
    ``UNDONE`` takes back what somebody noted by mistake."""

    OPENING = "opening"
    RECEIVED = "received"
    SOLD = "sold"
    RETURNED = "returned"
    COUNTED = "counted"
    USED = "used"
    DAMAGED = "damaged"
    UNDONE = "undone"


MOVE_WORDS: Mapping[Move, str] = MappingProxyType({
    Move.OPENING: "Opening stock", Move.RECEIVED: "Received", Move.SOLD: "Sold", Move.RETURNED: "Came back",
    Move.COUNTED: "Counted", Move.USED: "Own use", Move.DAMAGED: "Damaged or lost", Move.UNDONE: "Taken back",
})  # fmt: skip


def parse_hsn(raw: Any) -> str:
    """Digits of an HSN: chapter (01 to 98), heading and, in six or eight digits, tariff item. "" for nothing."""
    code = parse_text(raw, "HSN", limit=12).replace(" ", "").replace(".", "")
    if not code:
        return ""
    if not (code.isascii() and code.isdecimal() and len(code) in (4, 6, 8)):
        raise Invalid("An HSN has 4, 6 or 8 digits.")
    if code.startswith(_SERVICES):
        raise Invalid("Codes that begin with 99 are those of services. Goods have an HSN from 01 to 98.")
    if code.startswith("00"):
        raise Invalid("No HSN begins with 00.")
    return code


def parse_barcode(raw: Any) -> str:
    """What a scanner types, or a number of the shop's own; "" for nothing."""
    code = parse_text(raw, "Barcode", limit=40)
    if code and not _BARCODE.fullmatch(code):
        raise Invalid("A barcode has letters, digits and - . / _ only.")
    return code


def parse_quantity(raw: Any, label: str = "Quantity", *, least: int = 1) -> int | None:
    """Thousandths of "2" or "1.5"; None for nothing."""
    text = parse_text(str(raw) if isinstance(raw, int | float) else raw, label, limit=12).replace(",", "")
    if not text:
        return None
    whole, dot, rest = text.partition(".")
    is_number = (whole or "0").isdecimal() and text.isascii() and (not dot or rest.isdecimal()) and len(rest) <= 3
    if not is_number or text == ".":
        raise Invalid(f"{label} must be a number such as 2 or 1.5.")
    number = int(whole or "0") * ONE + int((rest or "0").ljust(3, "0"))
    if not least <= number <= MOST:
        words = "more than nothing" if least else "nothing or more"
        raise Invalid(f"{label} must be {words}, and at most {group_indian(MOST // ONE)}.")
    return number


def format_quantity(thousandths: int) -> str:
    """Like "12", "1.5" or "−1"."""
    whole, rest = divmod(abs(thousandths), ONE)
    more = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{MINUS if thousandths < 0 else ''}{group_indian(whole)}{more}"


def quantity_for_input(thousandths: int | None) -> str:
    """As ``parse_quantity`` reads it."""
    return "" if thousandths is None else format_quantity(thousandths).replace(",", "")


def is_low(stock: int, low_at: int | None) -> bool:
    """Somebody should buy more: at its line or below it, or sold without there being any."""
    return stock < 0 or (low_at is not None and stock <= low_at)


def worth(stock: int, cost_paise: int | None) -> int | None:
    """Paise of what lies there, at the last cost; None where that is not known. What is not there is worth nothing."""
    return None if cost_paise is None else max(0, stock) * cost_paise // ONE
