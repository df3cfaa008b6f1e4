"""How the calendar writes instants: as the zone's own reckoning does, on days on which the clocks change, too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.timeline import minute_of
from microcrm.domain.zones import zone_of
from microcrm.state.calendar_board import wall_writer

ZONES = (
    "Asia/Kolkata",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
)


@given(
    name=st.sampled_from(ZONES),
    first=st.dates(date(2011, 12, 20), date(2035, 12, 31)),
    length=st.integers(0, 41),
    minute=st.integers(-24 * 60, 43 * 24 * 60),
)
def test_it_writes_what_the_zone_says(name: str, first: date, length: int, minute: int) -> None:
    zone, last = zone_of(name), first + timedelta(days=length)
    start = datetime.combine(first, datetime.min.time(), tzinfo=zone).astimezone(UTC)
    instant = start + timedelta(minutes=min(minute, (length + 1) * 24 * 60))
    assert wall_writer(first, last, zone)(minute_of(instant)) == instant.astimezone(zone).isoformat()[:16]


@pytest.mark.parametrize(
    ("utc", "written"),
    [
        ("2026-10-25T00:30", "2026-10-25T02:30"),
        ("2026-10-25T01:30", "2026-10-25T02:30"),
        ("2026-03-29T01:00", "2026-03-29T03:00"),
    ],
)
def test_the_hour_that_comes_twice_and_the_one_that_is_left_out(utc: str, written: str) -> None:
    instant = datetime.fromisoformat(f"{utc}+00:00")
    assert wall_writer(instant.date(), instant.date(), zone_of("Europe/Berlin"))(minute_of(instant)) == written
