"""Months and quarters of returns."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.return_period import month_of, parse_period, period_to_file, quarter_of, recent_periods

DAYS = st.dates(date(2018, 1, 1), date(2090, 12, 31))


@given(DAYS)
def test_a_day_lies_in_its_month_and_quarter(day: date) -> None:
    month, quarter = month_of(day), quarter_of(day)
    assert month.first <= day <= month.last and quarter.first <= month.first <= month.last <= quarter.last
    assert (month.last + timedelta(days=1)).day == 1 and month.first.day == 1
    assert parse_period(month.key) == month and parse_period(quarter.key) == quarter
    assert [one.last for one in quarter.months][-1] == quarter.last and month in quarter.months
    assert month.months == (month,)


@pytest.mark.parametrize(
    ("key", "first", "last", "fp", "due", "words"),
    [
        ("2026-10", "2026-10-01", "2026-10-31", "102026", "2026-11-11", "October 2026"),
        ("2026-12", "2026-12-01", "2026-12-31", "122026", "2027-01-11", "December 2026"),
        ("2026-Q1", "2026-04-01", "2026-06-30", "062026", "2026-07-13", "April to June 2026"),
        ("2026-Q3", "2026-10-01", "2026-12-31", "122026", "2027-01-13", "October to December 2026"),
        ("2026-Q4", "2027-01-01", "2027-03-31", "032027", "2027-04-13", "January to March 2027"),
    ],
)
def test_known_periods(key: str, first: str, last: str, fp: str, due: str, words: str) -> None:
    period = parse_period(key)
    assert (str(period.first), str(period.last), period.fp, str(period.due_on), period.words) == (
        first, last, fp, due, words,
    )  # fmt: skip


@pytest.mark.parametrize(
    "raw", ["", None, "2026", "2026-13", "2026-00", "2026-Q5", "2026-1", 202610, "1999-01", "2026-10-01", "२०२६-१०"]
)
def test_what_is_no_period(raw: object) -> None:
    with pytest.raises(Invalid):
        parse_period(raw)


def test_what_a_page_offers() -> None:
    today = date(2026, 11, 29)
    assert [one.key for one in recent_periods(today, is_quarterly=False, months=3)] == ["2026-11", "2026-10", "2026-09"]
    assert [one.key for one in recent_periods(today, is_quarterly=True, months=3)] == [
        "2026-Q3", "2026-11", "2026-10", "2026-Q2", "2026-09",
    ]  # fmt: skip
    assert period_to_file(today, is_quarterly=False).key == "2026-10"
    assert period_to_file(today, is_quarterly=True).key == "2026-Q2"
