"""An amount in words, the Indian way: lakh and crore."""

from __future__ import annotations

_ONES = (
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve", "Thirteen",
    "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
)  # fmt: skip
_TENS = ("", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety")
_GROUPS = ((10_000_000, "Crore"), (100_000, "Lakh"), (1_000, "Thousand"), (100, "Hundred"))


def in_words(paise: int) -> str:
    """Like "Rupees One Lakh Twenty-Three Thousand Only"; paise only when there are some."""
    rupees, rest = divmod(abs(paise), 100)
    words = f"Rupees {_number(rupees)}"
    if rest:
        words += f" and Paise {_number(rest)}"
    return f"{'Minus ' if paise < 0 else ''}{words} Only"


def _number(number: int) -> str:
    for size, name in _GROUPS:
        if number >= size:
            count, rest = divmod(number, size)
            return f"{_number(count)} {name}" + (f" {_number(rest)}" if rest else "")
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
