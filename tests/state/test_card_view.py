"""Short words: of free times with the day, wherever it is not the one that was asked for; of what is left until a hold ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from microcrm.state.booking_card_view import time_choices
from microcrm.state.calendar_board import left_words

TEN = datetime(2026, 12, 7, 4, 30, tzinfo=UTC)  # ten o'clock in India, a Monday


def labels(days: list[int], wanted: datetime | None) -> list[str]:
    return [one.label for one in time_choices([TEN + timedelta(days=n) for n in days], "Asia/Kolkata", wanted)]


def test_a_day_is_named_unless_all_lie_on_the_one_that_was_wanted() -> None:
    assert labels([0, 0], TEN) == ["10:00 am"] * 2
    assert labels([2, 2], TEN) == ["Wed 09 Dec, 10:00 am"] * 2
    assert labels([0, 2], TEN) == ["Mon 07 Dec, 10:00 am", "Wed 09 Dec, 10:00 am"]
    assert labels([2, 2], None) == ["10:00 am"] * 2
    assert labels([], TEN) == []


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1, "1 min left"), (80, "1 h 20 min left"), (119, "1 h 59 min left"), (120, "2 h left"), (1403, "23 h left")],
)
def test_what_is_left_fits_on_a_block(minutes: int, said: str) -> None:
    assert left_words(minutes) == said
