"""Keep rules: each class has one, none lets go of anything before a year, and months are those of the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.retention import KEEP_RULES, DataClass, End, goes_before, rule_of

_DAY = date(2027, 5, 1)
RULE = next(one for one in KEEP_RULES if one.data_class is DataClass.MESSAGES)


def test_each_class_has_a_rule_with_its_source() -> None:
    assert {one.data_class for one in KEEP_RULES} == set(DataClass)
    for one in KEEP_RULES:
        assert rule_of(one.data_class, _DAY) == one
        assert "20" in one.law and one.words[0].isupper() and one.since.startswith("the day")
        assert (one.months is None) == (one.end is End.KEPT)


def test_nothing_goes_within_a_year() -> None:
    """DPDP Rules 2025, rule 8(3)."""
    assert all(one.months is None or one.months >= 12 for one in KEEP_RULES)


def test_words_go_before_what_they_were_said_in() -> None:
    words, message = (rule_of(one, _DAY) for one in (DataClass.MESSAGE_WORDS, DataClass.MESSAGES))
    assert words is not None and message is not None and (words.months or 0) < (message.months or 0)


def test_a_later_rule_takes_the_place_of_an_earlier_one_on_its_day() -> None:
    later = replace(RULE, months=36, holds_from=date(2028, 1, 1))
    rules = (later, RULE)
    assert rule_of(DataClass.MESSAGES, date(2025, 12, 31), rules) is None
    assert rule_of(DataClass.MESSAGES, date(2027, 12, 31), rules) == RULE
    assert rule_of(DataClass.MESSAGES, date(2028, 1, 1), rules) == later


@pytest.mark.parametrize(
    ("now", "months", "before"),
    [
        ("2027-11-30T20:30", 12, "2026-11-30T20:30"),
        ("2028-02-29T20:30", 12, "2027-02-28T20:30"),
        ("2027-03-31T00:00", 1, "2027-02-28T00:00"),
        ("2027-01-15T12:00", 13, "2025-12-15T12:00"),
    ],
)
def test_months_are_those_of_the_calendar(now: str, months: int, before: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert goes_before(replace(RULE, months=months), moment) == datetime.fromisoformat(before).replace(tzinfo=UTC)


@given(st.integers(0, 12_000), st.integers(0, 86_399), st.integers(1, 80))
def test_it_is_never_a_day_short_and_never_goes_back(days: int, seconds: int, months: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days, seconds=seconds)
    rule = replace(RULE, months=months)
    before, a_day_later = goes_before(rule, now), goes_before(rule, now + timedelta(days=1))
    assert before is not None and a_day_later is not None and before <= a_day_later
    assert now - before >= timedelta(days=365 * (months // 12) + 28 * (months % 12))
    assert goes_before(replace(RULE, months=None, end=End.KEPT), now) is None
