"""Nearest free times: they lie in openings, never touch busy time, and nothing nearer was overlooked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.free_times import Need, Part, is_possible, nearest_starts
from microcrm.domain.occupancy import Span

DAY = datetime(2026, 12, 5, tzinfo=UTC)
MEERA, CHAIR_1, CHAIR_2 = 1, -1, -2


def at(minute: int) -> datetime:
    return DAY + timedelta(minutes=minute)


def span(start: int, end: int) -> Span:
    return Span(at(start), at(end))


def haircut(*openings: Span, minutes: int = 45) -> Part:
    return Part(0, minutes, openings or (span(540, 1080),), (Need((MEERA,), ((0, minutes),)),))


def minutes(starts: tuple[datetime, ...]) -> list[int]:
    return [int((start - DAY).total_seconds()) // 60 for start in starts]


def test_the_nearest_on_both_sides_in_order_of_time() -> None:
    busy = {MEERA: [span(600, 660)]}
    assert minutes(nearest_starts(at(615), [haircut()], busy, earliest=DAY)) == [555, 660, 675]


def test_nothing_before_the_earliest_and_nothing_when_all_is_taken() -> None:
    busy = {MEERA: [span(600, 660)]}
    assert minutes(nearest_starts(at(615), [haircut()], busy, earliest=at(616))) == [660, 675, 690]
    assert nearest_starts(at(615), [haircut()], {MEERA: [span(0, 1440)]}, earliest=DAY) == ()


def test_a_visit_does_not_cross_a_break() -> None:
    part = haircut(span(540, 600), span(660, 720))
    assert minutes(nearest_starts(at(600), [part], {}, earliest=DAY)) == [540, 555, 660]


def test_any_of_two_chairs_will_do_but_one_chair_serves_one_need() -> None:
    one_chair = Need((CHAIR_1, CHAIR_2), ((0, 45),))
    busy = {CHAIR_1: [span(540, 1080)]}
    assert is_possible(at(600), [Part(0, 45, (span(540, 1080),), (one_chair,))], busy)
    both = Part(0, 45, (span(540, 1080),), (one_chair, one_chair))
    assert not is_possible(at(600), [both], busy)
    assert is_possible(at(600), [both], {})


def test_a_gap_leaves_room_for_somebody_else() -> None:
    short = Part(0, 30, (span(540, 1080),), (Need((MEERA,), ((0, 30),)),))
    busy = {MEERA: [span(600, 630), span(660, 720)]}
    assert is_possible(at(630), [short], busy)


starts_and_lengths = st.lists(st.tuples(st.integers(500, 1100), st.integers(5, 120)), max_size=8)


@given(busy=starts_and_lengths, wanted=st.integers(500, 1100), length=st.integers(5, 120))
def test_offered_times_are_free_and_the_nearest(busy: list[tuple[int, int]], wanted: int, length: int) -> None:
    taken = {MEERA: [span(start, start + minutes) for start, minutes in busy]}
    part = haircut(minutes=length)
    found = nearest_starts(at(wanted), [part], taken, earliest=DAY)
    assert list(found) == sorted(found) and len(found) <= 3
    for start in found:
        end = start + timedelta(minutes=length)
        assert at(540) <= start and end <= at(1080)
        assert all(end <= other.start or other.end <= start for other in taken[MEERA])
    farthest = max((abs(start - at(wanted)) for start in found), default=timedelta.max)
    for minute in range(540, 1081 - length, 15):
        start = at(minute)
        if len(found) < 3 or abs(start - at(wanted)) < farthest:
            assert start in found or start == at(wanted) or not is_possible(start, [part], taken)
