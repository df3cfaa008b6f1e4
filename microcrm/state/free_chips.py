"""The free times of a day as buttons; of the next day that has some, when that day has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from microcrm.domain.errors import DomainError
from microcrm.domain.formatting import format_weekday_short
from microcrm.operations.free_times import FreeTimesAsked, free_times
from microcrm.state.booking_card_view import time_choices
from microcrm.state.gate import current_seat

AHEAD = 14  # days


async def find_free(form: Any, asked: FreeTimesAsked) -> None:
    """``form`` has ``free`` and ``free_words``; both are empty while what was asked makes no sense. ``asked.first`` is the
    day that is wanted."""
    form.free, form.free_words = [], ""
    try:
        found = await form._look(free_times, replace(asked, last=asked.first + timedelta(days=AHEAD - 1)))
    except DomainError:
        return
    day = next((one for one in found.days if one.starts), None)
    wanted = format_weekday_short(asked.first)
    if day is None:
        form.free_words = f"Nothing is free on {wanted}, nor in the two weeks after."
        return
    form.free = time_choices([one.start for one in day.starts], current_seat().actor.zone)
    near = format_weekday_short(day.day)
    is_wanted = day.day == asked.first
    form.free_words = f"Free on {wanted}" if is_wanted else f"Nothing is free on {wanted}. Next, on {near}:"
