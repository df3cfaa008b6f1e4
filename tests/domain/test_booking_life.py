from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from microcrm.domain.booking import (
    CANCELLED,
    LABELS,
    LEADS_TO,
    LIVE,
    MOVABLE,
    NEXT,
    OFF,
    Action,
    BookingStatus,
    can_follow,
    can_undo,
    next_actions,
)

S = BookingStatus
START = datetime(2026, 12, 5, 4, 30, tzinfo=UTC)
END = START + timedelta(hours=1)
FINAL = CANCELLED | {S.FINISHED, S.NO_SHOW, S.EXPIRED}


@pytest.mark.parametrize(
    "life",
    [
        (S.HOLD, S.BOOKED, S.CONFIRMED, S.ARRIVED, S.STARTED, S.FINISHED),
        (S.HOLD, S.PENDING_APPROVAL, S.PENDING_PAYMENT, S.BOOKED, S.ARRIVED, S.FINISHED),
        (S.HOLD, S.PENDING_PAYMENT, S.BOOKED, S.NO_SHOW),
        (S.PENDING_APPROVAL, S.CANCELLED_BY_BUSINESS),
        (S.HOLD, S.EXPIRED),
        (S.PENDING_APPROVAL, S.PENDING_PAYMENT, S.EXPIRED),
        (S.BOOKED, S.CANCELLED_BY_CUSTOMER),
        (S.CONFIRMED, S.LATE_CANCELLED),
        (S.ARRIVED, S.LATE_CANCELLED),
        (S.BOOKED, S.FINISHED),  # a busy desk ticks only "Done"
    ],
    ids=lambda life: life[-1].value,
)
def test_lives_that_happen(life: tuple[BookingStatus, ...]) -> None:
    assert all(can_follow(old, new) for old, new in pairwise(life))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.HOLD, S.CONFIRMED),
        (S.HOLD, S.NO_SHOW),
        (S.PENDING_PAYMENT, S.ARRIVED),
        (S.PENDING_PAYMENT, S.PENDING_APPROVAL),
        (S.CONFIRMED, S.BOOKED),
        (S.ARRIVED, S.NO_SHOW),
        (S.STARTED, S.CANCELLED_BY_CUSTOMER),
        (S.FINISHED, S.NO_SHOW),
        (S.CANCELLED_BY_CUSTOMER, S.BOOKED),
        (S.NO_SHOW, S.ARRIVED),
        (S.BOOKED, S.EXPIRED),
        (S.EXPIRED, S.BOOKED),
    ],
)
def test_steps_that_do_not_happen(old: BookingStatus, new: BookingStatus) -> None:
    assert not can_follow(old, new)


def test_the_table_is_complete_and_only_ends_where_it_should() -> None:
    assert set(NEXT) == set(LABELS) == set(S)
    assert {status for status, following in NEXT.items() if not following} == FINAL
    assert len(set(LABELS.values())) == len(S)


def test_every_status_can_be_reached_and_none_comes_round_again() -> None:
    def later(status: BookingStatus) -> set[BookingStatus]:
        return {new for step in NEXT[status] for new in {step, *later(step)}}

    assert later(S.HOLD) == set(S) - {S.HOLD}
    assert all(status not in later(status) for status in S)


def test_which_ones_occupy_time() -> None:
    assert set(S) - LIVE == CANCELLED | {S.NO_SHOW, S.EXPIRED}
    assert CANCELLED | {S.EXPIRED} == OFF
    assert MOVABLE < LIVE
    assert not MOVABLE & {S.ARRIVED, S.STARTED, S.FINISHED}


def test_steps_can_be_taken_back() -> None:
    assert can_undo(S.ARRIVED, S.CONFIRMED)
    assert can_undo(S.NO_SHOW, S.BOOKED)
    assert can_undo(S.CANCELLED_BY_BUSINESS, S.PENDING_APPROVAL)
    assert not can_undo(S.CONFIRMED, S.ARRIVED)  # that is a step, not one back
    assert not can_undo(S.BOOKED, S.HOLD)  # the hold's own time has run out


@pytest.mark.parametrize(
    ("status", "now", "first"),
    [
        (S.PENDING_APPROVAL, START - timedelta(days=2), Action.APPROVE),
        (S.PENDING_PAYMENT, START - timedelta(days=2), Action.TAKE_PAYMENT),
        (S.BOOKED, START - timedelta(hours=3), Action.CONFIRM),
        (S.CONFIRMED, START - timedelta(hours=3), None),
        (S.BOOKED, START - timedelta(hours=2), Action.ARRIVE),
        (S.CONFIRMED, START + timedelta(minutes=20), Action.ARRIVE),
        (S.BOOKED, END, Action.FINISH),
        (S.ARRIVED, START, Action.START),
        (S.STARTED, END + timedelta(hours=3), Action.FINISH),
        (S.FINISHED, END, None),
        (S.NO_SHOW, END, None),
        (S.LATE_CANCELLED, END, None),
        (S.HOLD, START, None),
    ],
)
def test_the_next_sensible_step(status: BookingStatus, now: datetime, first: Action | None) -> None:
    found = next_actions(status, START, END, now)
    assert (found[0] if found else None) is first


def test_no_show_is_offered_only_once_they_are_late() -> None:
    on_time = START + timedelta(minutes=14, seconds=59)
    assert Action.MISS not in next_actions(S.BOOKED, START, END, on_time)
    assert Action.MISS in next_actions(S.BOOKED, START, END, START + timedelta(minutes=15))


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("hours", [-48, -1, 0, 0.5, 2])
def test_every_offered_step_is_allowed(status: BookingStatus, hours: float) -> None:
    for action in next_actions(status, START, END, START + timedelta(hours=hours)):
        assert can_follow(status, LEADS_TO[action])
