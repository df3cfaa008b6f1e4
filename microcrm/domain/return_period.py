"""The month or quarter that a return is for, and until when it is filed (CGST Rules 2017 r.59, r.61A; india.md 1.10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from microcrm.domain.documents import financial_year
from microcrm.domain.errors import Invalid

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReturnPeriod:
    """``first`` and ``last`` day. ``key``: in addresses and the log, "2026-10", or "2026-Q3" for October to December 2026,
    the third quarter of the financial year that began in 2026."""

    key: str
    first: date
    last: date

    @property
    def is_quarter(self) -> bool:
        return "Q" in self.key

    @property
    def fp(self) -> str:
        """As the portal writes it: month and year, for a quarter its last month."""
        return f"{self.last.month:02d}{self.last.year}"

    @property
    def words(self) -> str:
        end = f"{_NAMES[self.last.month - 1]} {self.last.year}"
        return f"{_NAMES[self.first.month - 1]} to {end}" if self.is_quarter else end

    @property
    def due_on(self) -> date:
        """The 11th of the next month, the 13th after a quarter."""
        return (self.last + timedelta(days=1)).replace(day=13 if self.is_quarter else 11)

    @property
    def months(self) -> tuple[ReturnPeriod, ...]:
        if not self.is_quarter:
            return (self,)
        return tuple(month_of(self.first.replace(month=self.first.month + n)) for n in range(3))


def month_of(day: date) -> ReturnPeriod:
    first = day.replace(day=1)
    return ReturnPeriod(f"{day:%Y-%m}", first, _next_month(first) - timedelta(days=1))


def quarter_of(day: date) -> ReturnPeriod:
    """Of the financial year: April to June is Q1."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    number = (first.month - 4) % 12 // 3 + 1
    last = _next_month(first.replace(month=first.month + 2)) - timedelta(days=1)
    return ReturnPeriod(f"{financial_year(first)}-Q{number}", first, last)


def parse_period(raw: Any) -> ReturnPeriod:
    """Of "2026-10" or "2026-Q3". Raises: Invalid."""
    text = raw if isinstance(raw, str) else ""
    year = text[:4]
    if (_MONTH.fullmatch(text) or _QUARTER.fullmatch(text)) and 2017 <= int(year) <= 2999:
        if "Q" not in text:
            return month_of(date(int(year), int(text[5:]), 1))
        quarter = int(text[6:])
        return quarter_of(date(int(year) + (quarter == 4), (quarter * 3) % 12 + 1, 1))
    raise Invalid("Choose a month from the list.")


def recent_periods(today: date, *, is_quarterly: bool, months: int = 18) -> tuple[ReturnPeriod, ...]:
    """The newest first, the running one included; with quarters, each before its months."""
    found: list[ReturnPeriod] = []
    day = today.replace(day=1)
    for _ in range(months):
        quarter = quarter_of(day)
        if is_quarterly and quarter not in found:
            found.append(quarter)
        found.append(month_of(day))
        day = (day - timedelta(days=1)).replace(day=1)
    return tuple(found)


def period_to_file(today: date, *, is_quarterly: bool) -> ReturnPeriod:
    """The last one that is over: what a page opens with."""
    running = (quarter_of if is_quarterly else month_of)(today)
    return (quarter_of if is_quarterly else month_of)(running.first - timedelta(days=1))


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)
