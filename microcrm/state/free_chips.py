"""The free times of a day as buttons; of the next day that has some, when that day has none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from microcrm.domain.errors import DomainError
from microcrm.domain.formatting import format_weekday_short
from microcrm.operations.free_times import FreeTimesAsked, free_times
from microcrm.state.booking_card_view import time_choices
from microcrm.state.gate import current_seat

AHEAD = 14  # days


async def find_free(form: Any, asked: FreeTimesAsked, unsafe: Collection[date] = ()) -> date | None:
    """``form`` has ``free`` and ``free_words``; both are empty while what was asked makes no sense. ``asked.first`` is the
    day that is wanted; of ``unsafe`` days nothing is offered. Returns the day whose times are shown."""
    form.free, form.free_words = [], ""
    try:
        found = await form._look(free_times, replace(asked, last=asked.first + timedelta(days=AHEAD - 1)))
    except DomainError:
        return None
    day = next((one for one in found.days if one.starts and one.day not in unsafe), None)
    wanted = format_weekday_short(asked.first)
    if day is None:
        form.free_words = nothing_in_words(wanted, is_unsafe=bool(unsafe))
        return None
    form.free = time_choices([one.start for one in day.starts], current_seat().actor.zone)
    near = format_weekday_short(day.day)
    is_wanted = day.day == asked.first
    why = f"Not safe on {wanted}" if asked.first in unsafe else f"Nothing is free on {wanted}"
    form.free_words = f"Free on {wanted}" if is_wanted else f"{why}. Next, on {near}:"
    return day.day


def nothing_in_words(wanted: str, *, is_unsafe: bool) -> str:
    if is_unsafe:
        return f"Nothing is both safe and free on {wanted}, nor in the two weeks after."
    return f"Nothing is free on {wanted}, nor in the two weeks after."
