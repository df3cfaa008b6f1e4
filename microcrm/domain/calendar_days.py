"""Public holidays of an Indian State, from the ``holidays`` library; the shop chooses which of them it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays

from microcrm.domain.states import STATES

_NATIONAL = frozenset({(1, 26), (8, 15), (10, 2)})
_UNSURE = " (estimated)"


@dataclass(frozen=True, slots=True)
class Holiday:
    day: date
    name: str
    is_national: bool  # Republic Day, Independence Day, Gandhi Jayanti: kept in every State
    is_estimated: bool  # follows the moon and may move by a day


@lru_cache(maxsize=128)
def holidays_of(state_code: str, year: int) -> tuple[Holiday, ...]:
    """The public holidays of a State (GST code, "29") in a year, by day."""
    iso = STATES[state_code].iso  # none for Other Territory: the national list
    found = holidays.country_holidays("IN", subdiv=iso or None, years=year, language="en_IN")
    return tuple(
        Holiday(
            day=day,
            name=name.replace(_UNSURE, "").replace("; ", ", "),
            is_national=(day.month, day.day) in _NATIONAL,
            is_estimated=all(part.endswith(_UNSURE) for part in name.split("; ")),
        )
        for day, name in sorted(found.items())
    )
