"""Registers as tables of cells: what a column holds, and how a cell is written into a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

Cell = str | int | date | None


class Holds(StrEnum):
    TEXT = "text"
    MONEY = "money"  # paise
    NUMBER = "number"
    QUANTITY = "quantity"  # thousandths
    RATE = "rate"  # basis points
    DAY = "day"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    label: str
    holds: Holds = Holds.TEXT
    width: int = 14  # characters


# What spreadsheets take for the beginning of a formula, also behind a tab or line break (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(text: str) -> str:
    """The text for a cell that a spreadsheet guesses the kind of: an apostrophe before what could run as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def csv_cell(holds: Holds, value: Cell) -> str:
    """Money as rupees with two decimals, rates as per cent, days as 2026-10-03."""
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, date):
        return value.isoformat()
    if holds is Holds.MONEY:
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
    if holds is Holds.RATE:
        return f"{value / 100:g}"
    return f"{value / 1000:g}" if holds is Holds.QUANTITY else str(value)
