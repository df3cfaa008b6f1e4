from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.hours import (
    CLOSED,
    CLOSED_WEEK,
    Timetable,
    Window,
    Windows,
    check_week,
    check_windows,
    contains,
    intersect,
    merge,
    minutes_of,
    open_windows,
    subtract,
    working_windows,
)

MORNING, EVENING = Window(540, 780), Window(1020, 1230)
WEEKDAYS = Timetable(week=(*[(MORNING, EVENING)] * 5, (MORNING,), CLOSED))
MONDAY, SATURDAY, SUNDAY = date(2026, 12, 7), date(2026, 12, 5), date(2026, 12, 6)

WINDOW = st.tuples(st.integers(0, 1440), st.integers(0, 1440)).map(lambda pair: Window(min(pair), max(pair)))
WINDOWS = st.lists(WINDOW, max_size=8).map(merge)


def minutes(windows: Windows) -> set[int]:
    """The same thing said the slow way."""
    return {minute for window in windows for minute in range(window.start, window.end)}


@pytest.mark.parametrize(
    ("windows", "kept"),
    [
        ([], ()),
        ([(540, 780)], (Window(540, 780),)),
        ([(1020, 1230), (540, 780)], (MORNING, EVENING)),  # typed in any order
        ([(540, 780), (780, 900)], (Window(540, 900),)),  # no break between: one opening
        ([(0, 1440)], (Window(0, 1440),)),
    ],
)
def test_good_hours(windows: list[tuple[int, int]], kept: Windows) -> None:
    assert check_windows(windows) == kept


@pytest.mark.parametrize(
    ("windows", "why"),
    [
        ([(540, 540)], "closing must be later"),
        ([(780, 540)], "closing must be later"),
        ([(540, 1441)], "between midnight and midnight"),
        ([(-1, 540)], "between midnight and midnight"),
        ([(540, 780), (779, 900)], "9:00 am – 1:00 pm and 12:59 pm – 3:00 pm overlap"),
        ([(540, 900), (600, 660)], "overlap"),
        ([(n * 60, n * 60 + 30) for n in range(7)], "at most 6"),
    ],
)
def test_bad_hours(windows: list[tuple[int, int]], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        check_windows(windows)


def test_a_week_names_its_wrong_days() -> None:
    days: list[Any] = [[(540, 780)] for _ in range(7)]
    assert check_week(days) == ((MORNING,),) * 7
    days[1], days[6] = [(600, 500)], [(0, 2000)]
    with pytest.raises(Invalid) as refusal:
        check_week(days)
    assert set(refusal.value.fields) == {"tuesday", "sunday"}
    assert refusal.value.fields["tuesday"] == "Tuesday: closing must be later than opening."
    with pytest.raises(Invalid, match="seven days"):
        check_week(days[:6])


def test_weekday_hours() -> None:
    assert open_windows(MONDAY, WEEKDAYS) == (MORNING, EVENING)
    assert open_windows(SATURDAY, WEEKDAYS) == (MORNING,)
    assert open_windows(SUNDAY, WEEKDAYS) == CLOSED


def test_a_holiday_closes_and_an_exception_has_the_last_word() -> None:
    assert open_windows(MONDAY, WEEKDAYS, holidays={MONDAY}) == CLOSED
    special = Timetable(WEEKDAYS.week, {MONDAY: (MORNING,), SUNDAY: (EVENING,), SATURDAY: CLOSED})
    assert open_windows(MONDAY, special, holidays={MONDAY}) == (MORNING,)
    assert open_windows(SUNDAY, special) == (EVENING,)
    assert open_windows(SATURDAY, special) == CLOSED


def test_a_person_works_inside_the_shop_s_hours_less_leave() -> None:
    shop = open_windows(MONDAY, WEEKDAYS)
    long_day = Timetable(((Window(480, 1100),),) * 7)
    assert working_windows(MONDAY, shop, long_day) == (Window(540, 780), Window(1020, 1100))
    assert working_windows(MONDAY, shop, long_day, leave=[Window(600, 660)]) == (
        Window(540, 600),
        Window(660, 780),
        Window(1020, 1100),
    )
    assert working_windows(MONDAY, shop, long_day, leave=[Window(0, 1440)]) == CLOSED
    assert working_windows(MONDAY, CLOSED, long_day) == CLOSED
    assert working_windows(MONDAY, shop, Timetable(CLOSED_WEEK)) == CLOSED


def test_contains() -> None:
    assert contains((MORNING, EVENING), 540, 780)
    assert not contains((MORNING, EVENING), 539, 600)
    assert not contains((MORNING, EVENING), 700, 1100)  # over the break
    assert contains((Window(540, 600), Window(600, 700)), 560, 650)  # two that touch are one


@given(st.lists(WINDOW, max_size=8))
def test_windows_come_out_apart_and_in_order(windows: list[Window]) -> None:
    merged = merge(windows)
    assert all(earlier.end < later.start for earlier, later in pairwise(merged))
    assert all(window.start < window.end for window in merged)
    assert minutes(merged) == minutes(tuple(windows))
    assert minutes_of(merged) == len(minutes(merged))


@given(WINDOWS, WINDOWS)
def test_intersect_and_subtract_are_those_of_sets(one: Windows, other: Windows) -> None:
    assert minutes(intersect(one, other)) == minutes(one) & minutes(other)
    assert minutes(subtract(one, other)) == minutes(one) - minutes(other)


@given(WINDOWS, WINDOWS, WINDOWS, st.integers(0, 6))
def test_working_time_never_leaves_the_shop_s_and_never_meets_leave(
    shop: Windows, own: Windows, leave: Windows, weekday: int
) -> None:
    day = MONDAY + timedelta(days=weekday)
    found = working_windows(day, shop, Timetable((own,) * 7), leave)
    assert all(earlier.end < later.start for earlier, later in pairwise(found))
    assert minutes(found) == (minutes(shop) & minutes(own)) - minutes(leave)


@given(WINDOWS, st.integers(0, 1439), st.integers(1, 120))
def test_contains_is_that_of_sets(windows: Windows, start: int, length: int) -> None:
    assert contains(windows, start, start + length) == (set(range(start, start + length)) <= minutes(windows))
