"""The days of a bill that recurs: in order, never twice, and the end of a month stays the end of a month."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.billing_cycle import Unit, due_day, period_from, rhythm_words

DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
STEPS = st.integers(1, 52)
UNITS = st.sampled_from(Unit)


def test_the_last_day_of_a_month_comes_back() -> None:
    first = date(2027, 1, 31)
    assert [due_day(first, Unit.MONTH, 1, n) for n in range(4)] == [
        first, date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30),
    ]  # fmt: skip
    assert due_day(date(2024, 2, 29), Unit.MONTH, 12, 1) == date(2025, 2, 28)
    assert due_day(first, Unit.WEEK, 2, 3) == date(2027, 3, 14)


def test_words() -> None:
    assert rhythm_words(Unit.MONTH, 1) == "every month"
    assert rhythm_words(Unit.WEEK, 2) == "every 2 weeks"


def test_the_calendar_ends() -> None:
    with pytest.raises(OverflowError):
        due_day(date(9999, 12, 1), Unit.MONTH, 1, 1)


@given(DAYS, UNITS, STEPS, st.integers(0, 200))
def test_each_period_comes_after_the_one_before(first: date, unit: Unit, step: int, period: int) -> None:
    assert due_day(first, unit, step, period) < due_day(first, unit, step, period + 1)


@given(DAYS, UNITS, STEPS, DAYS)
def test_the_first_period_from_a_day_on(first: date, unit: Unit, step: int, day: date) -> None:
    period = period_from(first, unit, step, day)
    assert due_day(first, unit, step, period) >= min(day, first) and (day <= first) == (period == 0 and day <= first)
    assert due_day(first, unit, step, period) >= day
    assert period == 0 or due_day(first, unit, step, period - 1) < day
