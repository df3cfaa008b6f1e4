"""How often somebody comes, from the days on which they came."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.rhythm import FEWEST, LATEST, Rhythm, rhythm_of

START = date(2026, 1, 5)
DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))


def days_at(*gaps: int) -> list[date]:
    days = [START]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return days


@pytest.mark.parametrize(
    ("gaps", "every"),
    [
        ((35, 35, 35), 35),
        ((30, 35, 40), 35),
        ((28, 28, 90, 28), 28),  # one holiday
        ((7, 7, 8, 6, 7), 7),
        ((1, 1, 1), 1),
    ],
)
def test_the_middle_gap_counts(gaps: tuple[int, ...], every: int) -> None:
    days = days_at(*gaps)
    assert rhythm_of(days) == Rhythm(every, days[-1] + timedelta(days=every))


@pytest.mark.parametrize("gaps", [(), (30,), (30, 30), (3, 200, 9, 400), (1, 60, 2)])
def test_too_few_visits_or_no_habit_say_nothing(gaps: tuple[int, ...]) -> None:
    assert rhythm_of(days_at(*gaps)) is None


def test_a_new_habit_replaces_an_old_one() -> None:
    assert (rhythm_of(days_at(*[90] * 20, *[14] * LATEST)) or Rhythm(0, START)).every == 14


@pytest.mark.parametrize(
    ("every", "words"),
    [
        (1, "1 day"),
        (13, "13 days"),
        (14, "2 weeks"),
        (34, "5 weeks"),
        (69, "10 weeks"),
        (70, "2 months"),
        (365, "12 months"),
    ],
)
def test_words(every: int, words: str) -> None:
    assert Rhythm(every, START).words == words


@given(st.lists(DAYS, max_size=40))
def test_it_lies_between_the_shortest_and_the_longest_gap_and_after_the_last_visit(days: list[date]) -> None:
    found = rhythm_of(days)
    ordered = sorted(set(days))
    if len(ordered) < FEWEST:
        assert found is None
    if found is None:
        return
    gaps = [(later - earlier).days for earlier, later in pairwise(ordered)]
    assert min(gaps) <= found.every <= max(gaps)
    assert found.due_on - ordered[-1] == timedelta(days=found.every) > timedelta(0)


@given(st.lists(DAYS, max_size=40), st.randoms(use_true_random=False))
def test_neither_order_nor_a_second_visit_on_one_day_matters(days: list[date], rng: object) -> None:
    shuffled = [*days, *days[:3]]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rhythm_of(shuffled) == rhythm_of(days)


@given(st.integers(1, 400), st.integers(FEWEST - 1, 30))
def test_whoever_comes_like_a_clock_has_that_rhythm(gap: int, times: int) -> None:
    assert (rhythm_of(days_at(*[gap] * times)) or Rhythm(0, START)).every == gap


@given(st.lists(DAYS, min_size=4, max_size=30), st.integers(-3_000, 3_000))
def test_the_same_habit_in_another_year_is_the_same_habit(days: list[date], shift: int) -> None:
    moved = rhythm_of(day + timedelta(days=shift) for day in days)
    found = rhythm_of(days)
    assert (moved and moved.every) == (found and found.every)
