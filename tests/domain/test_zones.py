"""Wall clocks and instants: +05:30, and two zones across their changes of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.zones import INDIA, day_bounds, known_zones, parse_zone, to_instant, to_wall, today_in, zone_of

ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Australia/Lord_Howe")
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("zone", "day", "minute", "instant"),
    [
        ("Asia/Kolkata", date(2026, 12, 5), 570, utc(2026, 12, 5, 4, 0)),
        ("Asia/Kolkata", date(2026, 12, 5), 0, utc(2026, 12, 4, 18, 30)),
        ("Asia/Kolkata", date(2026, 12, 5), 1440, utc(2026, 12, 5, 18, 30)),
        ("Europe/London", date(2026, 3, 29), 30, utc(2026, 3, 29, 0, 30)),
        ("Europe/London", date(2026, 3, 29), 90, utc(2026, 3, 29, 1, 30)),  # 1:30 is skipped: 2:30 summer time
        ("Europe/London", date(2026, 3, 29), 570, utc(2026, 3, 29, 8, 30)),
        ("Europe/London", date(2026, 10, 25), 90, utc(2026, 10, 25, 0, 30)),  # 1:30 comes twice: the first
        ("Europe/London", date(2026, 10, 25), 570, utc(2026, 10, 25, 9, 30)),
        ("America/New_York", date(2026, 3, 8), 150, utc(2026, 3, 8, 7, 30)),
        ("America/New_York", date(2026, 11, 1), 1440, utc(2026, 11, 2, 5, 0)),
    ],
)
def test_wall_clock_to_instant(zone: str, day: date, minute: int, instant: datetime) -> None:
    assert to_instant(day, minute, zone_of(zone)) == instant


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Kolkata", date(2026, 3, 29), 24),
        ("Europe/London", date(2026, 3, 29), 23),
        ("Europe/London", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
    ],
)
def test_days_are_as_long_as_they_are(zone: str, day: date, hours: int) -> None:
    start, end = day_bounds(day, zone_of(zone))
    assert end - start == timedelta(hours=hours)


@given(st.sampled_from(ZONES), DAYS)
def test_days_follow_without_hole_or_overlap(zone: str, day: date) -> None:
    assert day_bounds(day, zone_of(zone))[1] == day_bounds(day + timedelta(days=1), zone_of(zone))[0]


@given(st.sampled_from(ZONES), DAYS, st.integers(0, 1439))
def test_there_and_back(zone: str, day: date, minute: int) -> None:
    """The same wall time comes back, but for the minutes that the clocks skip: those move later by the jump."""
    back = to_wall(to_instant(day, minute, zone_of(zone)), zone_of(zone))
    jump = back[1] - minute
    assert back[0] == day
    start, end = day_bounds(day, zone_of(zone))
    assert jump == 0 or (0 < jump <= 60 and end - start < timedelta(hours=24))


@given(DAYS, st.integers(0, 1440))
def test_india_never_skips(day: date, minute: int) -> None:
    at = to_instant(day, minute, zone_of(INDIA))
    assert at == datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute - 330)


@pytest.mark.parametrize("minute", [-1, 1441])
def test_minutes_outside_the_day(minute: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.1440"):
        to_instant(date(2026, 1, 1), minute, zone_of(INDIA))


def test_today_depends_on_the_zone() -> None:
    now = utc(2026, 12, 4, 20, 0)
    assert today_in(zone_of(INDIA), now) == date(2026, 12, 5)
    assert today_in(zone_of("America/New_York"), now) == date(2026, 12, 4)


def test_zones_come_from_the_list() -> None:
    assert parse_zone("Europe/London") == "Europe/London"
    assert parse_zone("") == parse_zone(None) == INDIA
    assert {*ZONES, "Asia/Dubai"} <= known_zones()


@pytest.mark.parametrize(
    "raw", ["EST", "Etc/GMT+5", "../etc/passwd", "asia/kolkata", 5, ["Asia/Kolkata"], {}], ids=repr
)
def test_other_zones_are_refused(raw: Any) -> None:
    with pytest.raises(Invalid, match="from the list"):
        parse_zone(raw)
