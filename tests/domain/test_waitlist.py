"""Does a freed time suit somebody, and who is asked first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.hours import Window
from microcrm.domain.waitlist import Freed, Match, Preference, Waiting, band, in_turn, match

SATURDAY = date(2026, 12, 5)
NOON = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
MEERA, RAVI = 1, 2
STEP = 15


def freed(start: int = 660, end: int = 720, free: tuple[int, int] | None = None, **changes: Any) -> Freed:
    values = {"member_id": MEERA, "day": SATURDAY, "freed": Window(start, end), "free": Window(*(free or (start, end)))}
    return Freed(**(values | changes))


def wants(place: int = 1, **changes: Any) -> Preference:
    return Preference(**({"place": place, "first_day": SATURDAY, "last_day": SATURDAY} | changes))


def waiting(*preferences: Preference, number: int = 1, **changes: Any) -> Waiting:
    values = {"entry_id": number, "service_id": 7, "priority": 0, "since": NOON, "minutes": 45, "before": 0, "after": 0}
    return Waiting(**(values | changes), preferences=preferences or (wants(),))


CASES: list[tuple[str, Preference, dict[str, Any], Freed, int | None]] = [
    ("the day itself", wants(), {}, freed(), 660),
    ("the day before", wants(last_day=SATURDAY + timedelta(days=9), first_day=SATURDAY + timedelta(days=1)), {}, freed(), None),
    ("the last day counts", wants(first_day=date(2026, 12, 1)), {}, freed(), 660),
    ("a weekday that is wanted", wants(weekdays=32), {}, freed(), 660),
    ("another weekday", wants(weekdays=127 - 32), {}, freed(), None),
    ("the member that is wanted", wants(member_id=MEERA), {}, freed(), 660),
    ("another member", wants(member_id=RAVI), {}, freed(), None),
    ("a window around it", wants(start_min=600, end_min=705), {}, freed(), 660),
    ("a window that ends a minute early", wants(start_min=600, end_min=704), {}, freed(), None),
    ("a window that begins inside", wants(start_min=670), {}, freed(), 675),
    ("no room after the window begins", wants(start_min=676), {}, freed(), None),
    ("as long as what is free", wants(), {"minutes": 60}, freed(), 660),
    ("longer than what is free", wants(), {"minutes": 61}, freed(), None),
    ("longer, but the time after was free", wants(), {"minutes": 90}, freed(free=(660, 750)), 660),
    ("longer, but the time before was free", wants(), {"minutes": 90}, freed(free=(600, 720)), 630),
    ("a buffer before that the visit has not room for", wants(), {"before": 30, "minutes": 45}, freed(), None),
    ("a buffer before that fits later", wants(), {"before": 10, "minutes": 30}, freed(), 675),
    ("too soon to be told", wants(), {"earliest": 661, "minutes": 30}, freed(), 675),
    ("just in time", wants(), {"earliest": 660}, freed(), 660),
    ("a buffer after", wants(), {"after": 16}, freed(), None),
]  # fmt: skip


@pytest.mark.parametrize(("preference", "service", "time", "start"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_whether_a_time_suits(preference: Preference, service: dict[str, Any], time: Freed, start: int | None) -> None:
    found = match(waiting(preference, **service), time, STEP)
    assert (found and found.start) == start


def test_the_first_preference_that_fits_counts() -> None:
    entry = waiting(wants(2, start_min=660), wants(1, member_id=RAVI), wants(3, start_min=675))
    found = match(entry, freed(), STEP)
    assert found == Match(entry, 660, 2)


def test_who_is_asked_first() -> None:
    early, late = NOON - timedelta(days=3), NOON
    entries = [
        waiting(number=1, since=late),
        waiting(number=2, since=early, priority=-1),
        waiting(wants(1, member_id=RAVI), wants(2), number=3, since=early),
        waiting(number=4, since=early),
        waiting(number=5, since=late, priority=2),
        waiting(wants(member_id=RAVI), number=6, since=early, priority=9),
    ]
    assert [one.entry.entry_id for one in in_turn(entries, freed(), STEP)] == [5, 4, 3, 1, 2]


def test_a_band_shares_one_visit() -> None:
    entries = [
        waiting(number=1),
        waiting(wants(start_min=675), number=2, since=NOON + timedelta(minutes=1)),
        waiting(number=3, since=NOON + timedelta(minutes=2), service_id=8),
        waiting(number=4, since=NOON + timedelta(minutes=3)),
        waiting(number=5, since=NOON + timedelta(minutes=4)),
    ]
    turn = in_turn(entries, freed(), STEP)
    assert [one.entry.entry_id for one in band(turn, 1)] == [1]
    assert [one.entry.entry_id for one in band(turn, 2)] == [1, 4]
    assert [one.entry.entry_id for one in band(turn, 9)] == [1, 4, 5]
    assert band([], 3) == ()


minutes = st.integers(0, 1440)
windows = st.tuples(minutes, minutes).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Window(*pair))
preferences = st.builds(
    lambda place, day, length, window, weekdays, member: Preference(
        place, day, day + timedelta(days=length), *window, weekdays, member
    ),
    st.integers(1, 5), st.dates(date(2026, 11, 28), date(2026, 12, 8)), st.integers(0, 9), windows, st.integers(1, 127),
    st.sampled_from([None, MEERA, RAVI]),
)  # fmt: skip
entries = st.builds(
    Waiting, st.integers(1, 99), st.integers(1, 3), st.integers(-1, 1),
    st.integers(0, 9).map(lambda n: NOON + timedelta(minutes=n)), st.integers(5, 240), st.integers(0, 30),
    st.integers(0, 30), st.lists(preferences, min_size=1, max_size=5).map(tuple),
)  # fmt: skip


@st.composite
def freed_times(draw: st.DrawFn) -> Freed:
    free = draw(windows)
    start = draw(st.integers(free.start, free.end - 1))
    return Freed(MEERA, SATURDAY, Window(start, draw(st.integers(start + 1, free.end))), free)


@given(st.lists(entries, max_size=12), freed_times(), st.sampled_from([5, 15, 30]), st.integers(1, 6))
def test_nobody_is_asked_for_what_they_did_not_want(found: list[Waiting], time: Freed, step: int, size: int) -> None:
    turn = in_turn(found, time, step)
    for one in turn:
        entry, end = one.entry, one.start + one.entry.minutes
        assert time.free.start <= one.start - entry.before and end + entry.after <= time.free.end
        assert one.start < time.freed.end and end > time.freed.start
        assert any(
            p.place == one.place and p.start_min <= one.start and end <= p.end_min and p.is_on(time.day)
            and p.member_id in (None, MEERA)
            for p in entry.preferences
        )  # fmt: skip
    assert [one.rank for one in turn] == sorted(one.rank for one in turn)
    asked = band(turn, size)
    assert len({(one.entry.service_id, one.start) for one in asked}) == min(1, len(turn))
    assert list(asked[:1]) == turn[:1] and len(asked) <= size


@given(entries, freed_times(), st.sampled_from([5, 15]))
def test_whoever_could_be_served_at_the_freed_start_is_found(entry: Waiting, time: Freed, step: int) -> None:
    start, end = time.freed.start, time.freed.start + entry.minutes
    could = start - entry.before >= time.free.start and end + entry.after <= time.free.end
    likes = any(
        p.is_on(SATURDAY) and p.member_id in (None, MEERA) and p.start_min <= start and end <= p.end_min
        for p in entry.preferences
    )
    if could and likes:
        assert match(entry, time, step) is not None
