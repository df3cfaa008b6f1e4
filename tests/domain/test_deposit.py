"""What is paid ahead, and what comes back of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.booking_policy import FeeStep
from microcrm.domain.cancellation import fee_at
from microcrm.domain.deposit import NO_DEPOSIT, Back, DepositKind, DepositRule, Part, backs_of, deposit_of, kept_of

START = datetime(2026, 12, 5, 5, 30, tzinfo=UTC)
FIXED, SHARE, FULL = (
    DepositRule(DepositKind.FIXED, 20_000),
    DepositRule(DepositKind.PERCENT, 0, 30),
    DepositRule(DepositKind.FULL),
)
rules = st.one_of(
    st.builds(DepositRule, st.just("fixed"), st.integers(0, 10**8)),
    st.builds(DepositRule, st.just("percent"), st.just(0), st.integers(1, 99)),
    st.sampled_from([NO_DEPOSIT, FULL]),
)
parts = st.lists(st.builds(Part, st.integers(0, 10**9), st.none() | rules, st.integers(1, 20)), min_size=1, max_size=6)
ladders = st.lists(
    st.builds(FeeStep, st.integers(1, 43_200), st.integers(1, 100)), max_size=3, unique_by=lambda s: s[0]
)


@pytest.mark.parametrize(
    ("asked", "shop", "due"),
    [
        ([Part(60_000)], NO_DEPOSIT, 0),
        ([Part(60_000)], FIXED, 20_000),
        ([Part(15_000)], FIXED, 15_000),  # never more than the price
        ([Part(60_000), Part(40_000)], FIXED, 20_000),  # once a visit
        ([Part(60_000), Part(40_000)], SHARE, 30_000),
        ([Part(63_333)], SHARE, 19_000),  # whole rupees
        ([Part(60_000), Part(40_000)], FULL, 100_000),
        ([Part(60_000, FULL), Part(40_000)], NO_DEPOSIT, 60_000),
        ([Part(60_000, NO_DEPOSIT), Part(40_000)], FULL, 40_000),
        ([Part(60_000, FIXED, seats=2)], NO_DEPOSIT, 40_000),  # each seat
        ([Part(0)], FULL, 0),
        ([Part(99)], FULL, 0),  # below a rupee nobody can be asked
    ],
)
def test_what_is_due(asked: list[Part], shop: DepositRule, due: int) -> None:
    assert deposit_of(asked, shop) == due


@given(parts, rules)
def test_never_more_than_the_price_and_never_a_fraction_that_cannot_be_paid(
    asked: list[Part], shop: DepositRule
) -> None:
    due = deposit_of(asked, shop)
    assert 0 <= due <= sum(part.price_paise for part in asked)
    assert due == 0 or due >= 100


@given(ladders, st.integers(1, 10**8), st.integers(1, 10**8), st.integers(1, 60_000), st.integers(0, 60_000))
def test_what_is_said_before_is_what_is_kept_then(
    ladder: list[FeeStep], price: int, deposit: int, ahead: int, later: int
) -> None:
    """Whoever cancels at any minute until the start finds the step that holds then."""
    seen = START - timedelta(minutes=ahead)
    acts = min(seen + timedelta(minutes=later), START - timedelta(minutes=1))
    acts = max(acts, seen)
    rising = [FeeStep(within, percent) for within, percent in zip(
        sorted((s.within_min for s in ladder), reverse=True), sorted(s.percent for s in ladder), strict=True)]  # fmt: skip
    steps = backs_of(rising, price, deposit, START, seen)
    holds = [one for one in steps if one.since is None or one.since <= acts][-1]
    assert holds.kept == kept_of(deposit, fee_at(rising, price, START, acts).paise)
    assert all(one.kept + one.back == deposit for one in steps)
    assert [one.kept for one in steps] == sorted({one.kept for one in steps})


def test_the_steps_in_words() -> None:
    ladder = [FeeStep(240, 50), FeeStep(1440, 25)]
    now = START - timedelta(days=3)
    assert backs_of(ladder, 60_000, 20_000, START, now) == [
        Back(None, 0, 20_000),
        Back(START - timedelta(days=1), 15_000, 5_000),
        Back(START - timedelta(hours=4), 20_000, 0),
    ]
    assert backs_of(ladder, 60_000, 20_000, START, START - timedelta(hours=5)) == [
        Back(None, 15_000, 5_000),
        Back(START - timedelta(hours=4), 20_000, 0),
    ]
    assert backs_of((), 60_000, 20_000, START, now) == [Back(None, 0, 20_000)]
