"""Money: whole paise, never a float. Rates are basis points (18 % = 1800). One rounding rule: half up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from microcrm.domain.errors import Invalid

MINUS = "\u2212"
MOST_PAISE = 10**12  # Rs 1,000 crore: far above any till, far below what the database can hold
_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}|\d+")
_MARKS = re.compile(r"^(?:₹|rs\.?|inr)\s*|\s*/-$", re.IGNORECASE)
_HINT = "must be an amount such as 1,499.50."


def half_up(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` to the nearest whole number; a half goes away from zero."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def parse_rupees(raw: Any, *, label: str = "Amount", most: int = MOST_PAISE, negative: bool = False) -> int | None:
    """Paise of "499", "₹1,23,456.50" or "Rs. 200/-"; ``None`` for nothing. At most ``most`` paise."""
    if raw is None:
        return None
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw) if abs(raw) <= most else "9" * 30
    if not isinstance(raw, str):
        raise Invalid(f"{label} {_HINT}")
    if len(raw) > 40:
        raise Invalid(f"{label} must be at most {format_rupees(most)}.")
    text = raw.strip()
    if not text:
        return None
    minus = text[:1] in ("-", MINUS)
    text = _MARKS.sub("", text.removeprefix("-").removeprefix(MINUS).strip() if minus else text).strip()
    whole, dot, fraction = text.partition(".")
    is_amount = _GROUPED.fullmatch(whole or "0") and (fraction.isdecimal() if dot else whole)
    if not is_amount or len(fraction) > 2:
        raise Invalid(f"{label} {_HINT}")
    paise = int((whole or "0").replace(",", "")) * 100 + int((fraction or "0").ljust(2, "0"))
    if minus and paise and not negative:
        raise Invalid(f"{label} cannot be less than zero.")
    if paise > most:
        raise Invalid(f"{label} must be at most {format_rupees(most)}.")
    return -paise if minus else paise


def group_indian(number: int) -> str:
    """Lakh and crore groups: 1234567 gives "12,34,567"."""
    digits = str(abs(number))
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return (MINUS if number < 0 else "") + ",".join([*pairs, tail])


def format_rupees(paise: int) -> str:
    """Like "₹1,23,456.00", "−₹500.00"."""
    whole, rest = divmod(abs(paise), 100)
    return f"{MINUS if paise < 0 else ''}₹{group_indian(whole)}.{rest:02d}"


def format_rupees_whole(paise: int) -> str:
    """Like "₹1,23,456": for headline figures only, rounded half up (ux.md 3.2)."""
    whole = half_up(paise, 100)
    return f"{MINUS if whole < 0 else ''}₹{group_indian(abs(whole))}"


def rupees_for_input(paise: int | None) -> str:
    """The same amount as somebody would type it: "1499.50", "499", "" for nothing."""
    if paise is None:
        return ""
    whole, rest = divmod(abs(paise), 100)
    return f"{'-' if paise < 0 else ''}{whole}{f'.{rest:02d}' if rest else ''}"


def share(paise: int, rate_bp: int) -> int:
    """``rate_bp`` basis points of an amount, half up."""
    return half_up(paise * rate_bp, 10_000)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in proportion to ``weights``, to the paisa: largest remainder first, ties to the earlier part.

    The parts always sum to ``total`` (india.md 1.6, rule 1). All weights 0 means equal parts.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("weights must be given and not negative")
    if not any(weights):
        weights = [1] * len(weights)
    whole, sign = sum(weights), -1 if total < 0 else 1
    parts = [abs(total) * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(abs(total) * weights[i] % whole), i))
    for i in order[: abs(total) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
