"""Safety timers: from when and until when a service is safe, and which sentence says why not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.safety import READ_AFTER, PatchTest, SafetyRule, why_unsafe

DAY = date(2026, 3, 10)
COLOUR = SafetyRule(1, "Full colour", patch_test_days=180)
PEEL = SafetyRule(2, "Peel", rest_days=28)


def tried(days_ago: int, *, is_clear: bool = True) -> PatchTest:
    return PatchTest(DAY - timedelta(days=days_ago), is_clear)


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ((), "needs a patch test 48 hours before, and none is recorded."),
        ((tried(2),), ""),
        ((tried(180),), ""),
        ((tried(1),), "is safe from 11 Mar 2026 on"),
        ((tried(0),), "is safe from 12 Mar 2026 on"),
        ((tried(181),), "is older than 180 days"),
        ((tried(-1),), "none is recorded"),
        ((tried(10, is_clear=False),), "has no clear result"),
        ((tried(10, is_clear=False), tried(40)), "has no clear result"),
        ((tried(10), tried(40, is_clear=False)), ""),
        ((tried(1), tried(40)), ""),
        ((tried(1), tried(400)), "is safe from 11 Mar 2026 on"),
    ],
)
def test_a_patch_test(tests: tuple[PatchTest, ...], why: str) -> None:
    said = why_unsafe(COLOUR, DAY, tests, ())
    assert why in said and bool(said) == bool(why)
    assert why_unsafe(SafetyRule(1, "Full colour"), DAY, tests, ()) == ""


@pytest.mark.parametrize(
    ("days", "why"),
    [
        ((), ""),
        ((-28,), ""),
        ((28,), ""),
        ((-27,), "safe from 11 Mar 2026"),
        ((27,), "the next one is on 06 Apr 2026"),
        ((0,), "between"),
    ],
)
def test_rest(days: tuple[int, ...], why: str) -> None:
    said = why_unsafe(PEEL, DAY, (), [DAY + timedelta(days=one) for one in days])
    assert why in said and bool(said) == bool(why)


@given(st.lists(st.tuples(st.integers(-400, 400), st.booleans()), max_size=6), st.integers(3, 730))
def test_only_a_clear_test_that_was_read_makes_a_day_safe(tests: list[tuple[int, bool]], good_for: int) -> None:
    made = [PatchTest(DAY - timedelta(days=ago), is_clear) for ago, is_clear in tests]
    rule = SafetyRule(1, "Full colour", patch_test_days=good_for)
    if why_unsafe(rule, DAY, made, ()) == "":
        assert any(one.is_clear and READ_AFTER <= DAY - one.day <= timedelta(days=good_for) for one in made)
        latest = max(one.day for one in made if one.day <= DAY)
        assert all(one.is_clear for one in made if one.day == latest)
