"""Rules of repetition, and days that stay where the wall clock shows them."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.recurrence import MOST, Every, Repeat, days_of, in_words, repeat_of, rule_of
from microcrm.domain.zones import to_instant, to_wall

MON = date(2026, 11, 30)
E = Every


@pytest.mark.parametrize(
    ("repeat", "first", "rule", "days"),
    [
        (Repeat(E.DAY, 2, count=3), MON, "FREQ=DAILY;INTERVAL=2;COUNT=3", ["11-30", "12-02", "12-04"]),
        (Repeat(E.WEEK, count=3), MON, "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;COUNT=3", ["11-30", "12-07", "12-14"]),
        (Repeat(E.WEEK, 2, (0, 3), count=4), MON, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=4",
         ["11-30", "12-03", "12-14", "12-17"]),
        (Repeat(E.WEEK, until=date(2026, 12, 14)), MON, "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;UNTIL=20261214",
         ["11-30", "12-07", "12-14"]),
        (Repeat(E.MONTH, count=3), date(2026, 10, 31), "FREQ=MONTHLY;INTERVAL=1;COUNT=3", ["10-31", "12-31", "01-31"]),
        (Repeat(E.MONTH_WEEKDAY, count=3), date(2026, 11, 10), "FREQ=MONTHLY;INTERVAL=1;BYDAY=2TU;COUNT=3",
         ["11-10", "12-08", "01-12"]),
        (Repeat(E.MONTH_WEEKDAY, count=2), date(2026, 11, 30), "FREQ=MONTHLY;INTERVAL=1;BYDAY=-1MO;COUNT=2",
         ["11-30", "12-28"]),
    ],
)  # fmt: skip
def test_what_comes_again(repeat: Repeat, first: date, rule: str, days: list[str]) -> None:
    assert rule_of(repeat_of(rule), first) == rule
    assert rule_of(repeat, first) == rule
    assert [f"{day:%m-%d}" for day in days_of(rule, first)] == days


@pytest.mark.parametrize(
    ("repeat", "words"),
    [
        (Repeat(E.WEEK, 2, (0, 2), count=10), "every 2 weeks on Monday and Wednesday, 10 times"),
        (Repeat(E.DAY, until=date(2026, 12, 5)), "every day, until 05 Dec 2026"),
        (Repeat(E.MONTH, count=3), "every month on day 30, 3 times"),
        (Repeat(E.MONTH_WEEKDAY, count=3), "every month on the last Monday, 3 times"),
    ],
)
def test_how_it_is_said(repeat: Repeat, words: str) -> None:
    assert in_words(repeat, MON) == words


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
def test_ten_stays_ten_when_the_clocks_change(zone: str) -> None:
    place = ZoneInfo(zone)
    for day in days_of(rule_of(Repeat(E.WEEK, count=60), MON), MON):
        assert to_wall(to_instant(day, 600, place), place) == (day, 600)


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.sampled_from(list(Every)),
    st.integers(1, 12),
    st.integers(2, MOST),
)
def test_as_many_as_asked_for_in_order_beginning_with_the_first(
    first: date, every: Every, interval: int, count: int
) -> None:
    days = days_of(rule_of(Repeat(every, interval, count=count), first), first)
    assert list(days) == sorted(set(days)) and days[0] == first
    assert len(days) == count or every is E.MONTH
    assert all(later - earlier >= timedelta(days=1) for earlier, later in itertools.pairwise(days))
