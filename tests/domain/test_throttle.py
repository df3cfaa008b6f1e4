from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.throttle import (
    ACCOUNT,
    ADDRESS,
    NONE,
    Failures,
    Rule,
    after_failure,
    is_alarming,
    wait,
    wait_words,
)

NOW = datetime(2026, 12, 5, 4, 30, tzinfo=UTC)


def fail(times: int, rule: Rule = ACCOUNT) -> tuple[Failures, datetime]:
    """So many failures in a row, each as soon as it is allowed."""
    failures, now = NONE, NOW
    for _ in range(times):
        now += wait(failures, now)
        failures = after_failure(failures, now, rule)
    return failures, now


@pytest.mark.parametrize(
    ("times", "minutes"),
    [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (10, 32), (11, 60), (12, 60), (500, 60)],
)
def test_an_account_waits_twice_as_long_each_time(times: int, minutes: int) -> None:
    failures, now = fail(times)
    assert wait(failures, now) == timedelta(minutes=minutes)


def test_an_address_has_more_tries_and_a_longer_end() -> None:
    assert wait(*fail(19, ADDRESS)) == timedelta(0)
    assert wait(*fail(20, ADDRESS)) == timedelta(seconds=30)
    assert wait(*fail(60, ADDRESS)) == timedelta(hours=6)


def test_the_wait_ends_to_the_moment() -> None:
    failures, now = fail(5)
    assert wait(failures, now + timedelta(seconds=59)) == timedelta(seconds=1)
    assert wait(failures, now + timedelta(seconds=60)) == timedelta(0)


def test_a_try_while_blocked_does_not_count() -> None:
    failures, now = fail(5)
    assert after_failure(failures, now + timedelta(seconds=30), ACCOUNT) == failures


def test_failures_are_forgotten_after_a_quiet_day() -> None:
    failures, now = fail(4)
    just_before = after_failure(failures, now + timedelta(hours=24, seconds=-1), ACCOUNT)
    assert just_before.count == 5
    assert after_failure(failures, now + timedelta(hours=24), ACCOUNT).count == 1


def test_the_quiet_day_begins_when_the_block_ends() -> None:
    failures, _ = fail(11)
    assert failures.blocked_until is not None
    assert after_failure(failures, failures.blocked_until + timedelta(hours=23), ACCOUNT).count == 12
    assert after_failure(failures, failures.blocked_until + timedelta(hours=24), ACCOUNT).count == 1


def test_the_owner_is_told_once() -> None:
    failures, now, mails = NONE, NOW, 0
    for _ in range(30):
        now += wait(failures, now)
        later = after_failure(failures, now, ACCOUNT)
        mails += is_alarming(failures, later, ACCOUNT)
        failures = later
    assert mails == 1
    ninth, now = fail(9)
    assert is_alarming(ninth, after_failure(ninth, now + wait(ninth, now), ACCOUNT), ACCOUNT)


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=120))
def test_nobody_gets_many_guesses_a_day(pauses: list[int]) -> None:
    """However the tries are spaced, an account is looked at fewer than 40 times in 24 hours."""
    failures, now, looked_at = NONE, NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if not wait(failures, now):
            failures = after_failure(failures, now, ACCOUNT)
            looked_at.append(now)
    for first in looked_at:
        assert sum(first <= at < first + timedelta(hours=24) for at in looked_at) < 40


@given(st.integers(1, 400))
def test_the_wait_never_shrinks_and_never_passes_its_limit(times: int) -> None:
    shorter, longer = wait(*fail(times)), wait(*fail(times + 1))
    assert shorter <= longer <= ACCOUNT.longest_delay


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (30, "30 seconds"), (60, "1 minute"), (61, "2 minutes"), (3600, "1 hour"), (3601, "2 hours")],
)
def test_waits_in_words_are_long_enough(seconds: float, words: str) -> None:
    assert wait_words(timedelta(seconds=seconds)) == words
