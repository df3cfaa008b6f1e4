"""Days in five orders: 31/12/1990, 12/31/1990, 1990-12-31, 1990-31-12 and 31 Dec 1990. A whole column says which it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

_NUMBERS = re.compile(r"(\d{1,4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,4})", re.ASCII)
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_NAMED = (
    re.compile(
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s\-/.,]*(?P<month>[a-z]{3,9})[\s\-/.,']*(?P<year>\d{2,4})?", re.ASCII
    ),
    re.compile(r"(?P<month>[a-z]{3,9})[\s\-/.,]*(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s\-/.,']*(?P<year>\d{4})?", re.ASCII),
)
_TIME = re.compile(r"[ T]\d{1,2}:\d{2}.*$")
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august", "sep sept september",
         "oct october", "nov november", "dec december"), start=1,
    )
    for name in names.split()
}  # fmt: skip
_SERIAL = re.compile(r"(\d{4,5})(?:\.0+)?", re.ASCII)
_FIRST_SERIAL = date(1899, 12, 30)
_SERIALS = range(3_654, 73_051)  # 1910 to 2099
_LOOKS = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", re.ASCII)


class Order(StrEnum):
    """How days written in numbers are meant. ``UNSURE``: nothing in the column says so."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    UNSURE = "unsure"
    NONE = ""


class Doubt(StrEnum):
    AMBIGUOUS = "ambiguous"
    NO_YEAR = "no_year"
    NO_DAY = "no_day"
    FUTURE = "future"


@dataclass(slots=True)
class Evidence:
    """What the days of one column say: how many can only be read day first, how many only month first, how many either way; the
    same for those that begin with their year."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    year_day: int = 0
    year_month: int = 0

    def note(self, cell: str) -> None:
        """Cheap for what is no day in numbers."""
        if not cell[:1].isdecimal() or not 6 <= len(cell) <= 24 or _LOOKS.match(cell) is None:
            return
        found = _NUMBERS.fullmatch(_TIME.sub("", cell) if ":" in cell else cell)
        if found is None:
            return
        first, second, third = (int(part) for part in found.groups())
        if len(found[1]) == 4:
            self.year_day += 12 < second <= 31
            self.year_month += third > 12 >= second
        else:
            self.day_first += first > 12 >= second
            self.month_first += second > 12 >= first
            self.either += first <= 12 and second <= 12 and first != second

    @property
    def order(self) -> Order:
        """Of a column that says both, single days that can be read in one way only still are."""
        if self.day_first and not self.month_first:
            return Order.DAY_FIRST
        if self.month_first and not self.day_first:
            return Order.MONTH_FIRST
        return Order.UNSURE if self.either or self.day_first else Order.NONE

    def as_facts(self) -> list[int]:
        return [self.day_first, self.month_first, self.either, self.year_day, self.year_month]


@dataclass(frozen=True, slots=True)
class ReadDay:
    """``doubt``: why there is none."""

    day: date | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class DayRule:
    """How a column is read. ``is_year_day``: 1990-31-12."""

    order: Order = Order.UNSURE
    is_year_day: bool = False
    today: date = field(default=date(2100, 12, 31))


def rule_for(facts: Iterable[int], chosen: str, today: date) -> DayRule:
    """``chosen``: what a person said, before what the column says."""
    evidence = Evidence(*facts)
    order = Order(chosen) if chosen in (Order.DAY_FIRST, Order.MONTH_FIRST) else evidence.order
    return DayRule(order, evidence.year_day > 0 and not evidence.year_month, today)


def read_day(cell: str, rule: DayRule) -> ReadDay:
    """A day that has been; 31/12/90 is of 1990, 31/12/15 of 2015."""
    text = cell.strip().lower()
    if ":" in text:
        text = _TIME.sub("", text)
    if len(text) > 40:
        return ReadDay(doubt=Doubt.NO_DAY)
    if found := _NUMBERS.fullmatch(text):
        return _numbers(found, rule)
    if (found := _PACKED.fullmatch(text)) and 1900 <= int(found[1]) <= 2100:
        return _dated(int(found[1]), int(found[2]), int(found[3]), rule)
    if (found := _SERIAL.fullmatch(text)) and int(found[1]) in _SERIALS:
        return _in_time(_FIRST_SERIAL + timedelta(days=int(found[1])), rule)
    for pattern in _NAMED:
        if (found := pattern.fullmatch(text)) and found["month"] in _MONTHS:
            if not found["year"]:
                return ReadDay(doubt=Doubt.NO_YEAR)
            return _dated(_year(found["year"], rule), _MONTHS[found["month"]], int(found["day"]), rule)
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}|--\d{2}-?\d{2}", text, re.ASCII):
        return ReadDay(doubt=Doubt.NO_YEAR)
    return ReadDay(doubt=Doubt.NO_DAY)


def _numbers(found: re.Match[str], rule: DayRule) -> ReadDay:
    first, second = int(found[1]), int(found[2])
    if len(found[1]) == 4:
        third = int(found[3])
        is_day_second = rule.is_year_day if second <= 12 and third <= 12 else second > 12
        return _dated(first, third if is_day_second else second, second if is_day_second else third, rule)
    if len(found[1]) == 3 or len(found[3]) not in (2, 4):
        return ReadDay(doubt=Doubt.NO_DAY)
    year = _year(found[3], rule)
    if first > 12 >= second or first == second:
        return _dated(year, second, first, rule)
    if second > 12 >= first:
        return _dated(year, first, second, rule)
    if rule.order is Order.DAY_FIRST:
        return _dated(year, second, first, rule)
    if rule.order is Order.MONTH_FIRST:
        return _dated(year, first, second, rule)
    return ReadDay(doubt=Doubt.AMBIGUOUS if first <= 12 and second <= 12 else Doubt.NO_DAY)


def _year(text: str, rule: DayRule) -> int:
    year = int(text)
    if len(text) == 2:
        year += 2000 if 2000 + year <= rule.today.year else 1900
    return year


def _dated(year: int, month: int, day: int, rule: DayRule) -> ReadDay:
    try:
        return _in_time(date(year, month, day), rule)
    except ValueError:
        return ReadDay(doubt=Doubt.NO_DAY)


def _in_time(day: date, rule: DayRule) -> ReadDay:
    if day > rule.today:
        return ReadDay(doubt=Doubt.FUTURE)
    return ReadDay(day) if day.year >= 1900 else ReadDay(doubt=Doubt.NO_DAY)


DOUBTS: Mapping[Doubt, str] = {
    Doubt.AMBIGUOUS: "The birthday can be read day first or month first; it is left out. Under “Change the columns” one can say which.",
    Doubt.NO_YEAR: "The birthday has no year; it is kept in the notes.",
    Doubt.NO_DAY: "The birthday is no day of the calendar; it is left out.",
    Doubt.FUTURE: "The birthday has not been yet; it is left out.",
}
