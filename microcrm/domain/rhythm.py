"""A customer's own rhythm: how far apart their visits usually are, and when the next one is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_low

from microcrm.domain.formatting import format_count

FEWEST = 4  # days with a visit; fewer say nothing about a habit
LATEST = 13  # habits change: older visits than these do not count
_WEEK, _MONTH = 7, 30.44
_IN_WEEKS, _IN_MONTHS = 14, 70  # from so many days on


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``every``: whole days between two visits, 1 or more. ``due_on``: so many days after the last one."""

    every: int
    due_on: date

    @property
    def words(self) -> str:
        """As in "5 weeks"."""
        if self.every < _IN_WEEKS:
            return format_count(self.every, "day")
        if self.every < _IN_MONTHS:
            return format_count(round(self.every / _WEEK), "week")
        return format_count(round(self.every / _MONTH), "month")


def rhythm_of(days: Iterable[date]) -> Rhythm | None:
    """From the days of visits that took place, in any order; several on one day are one. The middle gap of the latest ones, so
    that a holiday in between changes little. Nothing for fewer than four days, and nothing for visits without a habit: when the
    middle half of the gaps differs by more than the middle gap is long."""
    latest = sorted(set(days))[-LATEST:]
    if len(latest) < FEWEST:
        return None
    gaps = sorted((later - earlier).days for earlier, later in pairwise(latest))
    every = median_low(gaps)
    last = len(gaps) - 1
    if gaps[(3 * last + 2) // 4] - gaps[(last + 2) // 4] > every:
        return None
    return Rhythm(every, latest[-1] + timedelta(days=every))
