from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.permissions import Role
from microcrm.domain.reveals import MOST_A_DAY, QUICK_COUNT, QUICK_SPAN, USUAL_A_DAY, Heat, heat_of

NOW = datetime(2026, 12, 5, 9, 0, tzinfo=UTC)
AGO = st.lists(st.integers(0, 12 * 3600), max_size=40).map(lambda past: [NOW - timedelta(seconds=one) for one in past])


def minutes_ago(*past: float) -> list[datetime]:
    return [NOW - timedelta(minutes=one) for one in past]


def test_a_look_now_and_then_is_nothing() -> None:
    assert heat_of([], NOW, 10) is None
    assert heat_of(minutes_ago(240, 200, 160, 120, 80, 40), NOW, 10) is None


def test_many_within_minutes_and_all_of_the_day() -> None:
    quick = minutes_ago(*[1] * (QUICK_COUNT - 1))
    assert heat_of(quick, NOW, 10) is Heat.QUICK
    assert heat_of(quick[1:], NOW, 10) is None
    assert heat_of([NOW - QUICK_SPAN, *quick[1:]], NOW, 10) is None
    assert heat_of(minutes_ago(300, 200), NOW, 3) is Heat.SPENT
    assert heat_of(quick, NOW, QUICK_COUNT) is Heat.SPENT


@given(earlier=AGO, a_day=st.integers(1, MOST_A_DAY), seconds=st.integers(0, 3600))
def test_one_more_look_never_cools_and_time_never_heats(earlier: list[datetime], a_day: int, seconds: int) -> None:
    order = [None, Heat.QUICK, Heat.SPENT]
    now = order.index(heat_of(earlier, NOW, a_day))
    assert order.index(heat_of([*earlier, NOW], NOW, a_day)) >= now
    assert order.index(heat_of(earlier, NOW + timedelta(seconds=seconds), a_day)) <= now


@given(earlier=AGO, a_day=st.integers(1, MOST_A_DAY))
def test_the_last_look_of_a_day_is_always_noticed(earlier: list[datetime], a_day: int) -> None:
    assert (heat_of(earlier, NOW, a_day) is Heat.SPENT) == (len(earlier) + 1 >= a_day)


def test_every_role_has_a_usual_number() -> None:
    assert set(USUAL_A_DAY) == set(Role)
    assert all(0 < many <= MOST_A_DAY for many in USUAL_A_DAY.values())
