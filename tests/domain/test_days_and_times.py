"""Days and times: what people type is understood, what is shown follows ux.md 3.2, and the two agree."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain import formatting
from microcrm.domain.calendar_text import parse_clock, parse_day
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader

IST = ZoneInfo("Asia/Kolkata")
SATURDAY = date(2026, 12, 5)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-12-05",
        "05/12/2026",
        "5-12-2026",
        "5.12.2026",
        "05 Dec 2026",
        "5 december 2026",
        "Sat, 05 Dec 2026",
        SATURDAY,
    ],
)
def test_ways_to_type_a_day(typed: Any) -> None:
    assert parse_day(typed) == SATURDAY


@pytest.mark.parametrize(
    "typed",
    [
        "31/02/2026",
        "2026-13-01",
        "29 Feb 2027",
        "05 Abc 2026",
        "tomorrow",
        "5/12/26",
        "0000-01-01",
        20261205,
        ["2026-12-05"],
    ],
    ids=repr,
)
def test_what_is_no_day(typed: Any) -> None:
    with pytest.raises(Invalid):
        parse_day(typed)


def test_leap_day() -> None:
    assert parse_day("29/02/2028") == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("typed", "minute"),
    [
        ("9:30 am", 570),
        ("9:30am", 570),
        ("9.30 A.M.", 570),
        ("09:30", 570),
        ("9am", 540),
        ("12 am", 0),
        ("12:15 am", 15),
        ("12:00 pm", 720),
        ("11:59 pm", 1439),
        ("21:00", 1260),
        ("21:00:00", 1260),
        ("24:00", 1440),
        ("00:00", 0),
        ("", None),
        (None, None),
    ],
)
def test_ways_to_type_a_time(typed: str | None, minute: int | None) -> None:
    assert parse_clock(typed) == minute


@pytest.mark.parametrize(
    "typed", ["9", "25:00", "24:01", "9:60", "13 pm", "0 am", "noon", "9:3", 930, ["9:30"], "9" * 99], ids=repr
)
def test_what_is_no_time(typed: Any) -> None:
    with pytest.raises(Invalid, match=r"9:30 am"):
        parse_clock(typed)


def test_how_days_are_shown() -> None:
    assert formatting.format_day(SATURDAY) == "05 Dec 2026"
    assert formatting.format_weekday(SATURDAY) == "Sat, 05 Dec 2026"
    assert formatting.format_weekday_short(SATURDAY) == "Sat 05 Dec"


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 12, 5), "Today"),
        (date(2026, 12, 6), "Tomorrow"),
        (date(2026, 12, 4), "Yesterday"),
        (date(2026, 12, 7), "Mon 07 Dec"),
        (date(2027, 1, 1), "Fri, 01 Jan 2027"),
    ],
)
def test_near_days(day: date, shown: str) -> None:
    assert formatting.format_near_day(day, SATURDAY) == shown


@pytest.mark.parametrize(
    ("minute", "shown"),
    [(0, "12:00 am"), (5, "12:05 am"), (570, "9:30 am"), (720, "12:00 pm"), (1439, "11:59 pm"), (1440, "12:00 am")],
)
def test_how_times_are_shown(minute: int, shown: str) -> None:
    assert formatting.format_clock(minute) == shown


def test_ranges() -> None:
    assert formatting.format_clock_range(570, 615) == "9:30 am – 10:15 am"
    start, end = datetime(2026, 12, 5, 4, 0, tzinfo=UTC), datetime(2026, 12, 5, 4, 45, tzinfo=UTC)
    assert formatting.format_range(start, end, IST) == "9:30 am – 10:15 am"
    assert formatting.format_instant(start, IST) == "Sat, 05 Dec 2026, 9:30 am"


def test_a_range_past_midnight_names_its_days() -> None:
    evening = datetime(2026, 12, 5, 17, 30, tzinfo=UTC)  # 11:00 pm in India
    assert formatting.format_range(evening, datetime(2026, 12, 5, 18, 30, tzinfo=UTC), IST) == "11:00 pm – 12:00 am"
    assert formatting.format_range(evening, datetime(2026, 12, 5, 19, 0, tzinfo=UTC), IST) == (
        "Sat 05 Dec, 11:00 pm – Sun 06 Dec, 12:30 am"
    )


@pytest.mark.parametrize(
    ("minutes", "shown"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (75, "1 h 15 min"), (600, "10 h")]
)
def test_lengths(minutes: int, shown: str) -> None:
    assert formatting.format_duration(minutes) == shown


def test_counts_use_lakh_groups_and_the_singular() -> None:
    assert formatting.format_count(1, "booking") == "1 booking"
    assert formatting.format_count(0, "booking") == "0 bookings"
    assert formatting.format_count(123456, "person", "people") == "1,23,456 people"


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_shown_day_can_be_typed_back(day: date) -> None:
    assert parse_day(formatting.format_day(day)) == day
    assert parse_day(formatting.format_weekday(day)) == day
    assert parse_day(day.isoformat()) == day


@given(st.integers(0, 1439))
def test_a_shown_time_can_be_typed_back(minute: int) -> None:
    assert parse_clock(formatting.format_clock(minute)) == minute
    assert parse_clock(formatting.clock_for_input(minute)) == minute


@given(st.integers(1, 1440))
def test_a_closing_time_survives_its_own_form(minute: int) -> None:
    assert Reader().clock("closes", formatting.clock_for_input(minute), "Closing", closing=True) == minute
