"""Who serves when nobody was named: of those who are free then the one with the least to do that day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from microcrm.domain.errors import Invalid, SlotTaken
from microcrm.domain.formatting import format_time
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.operations.free_times import FreeTimesAsked, free_times, nearest_free
from microcrm.operations.parts.booking_plan import WantedItem, place
from microcrm.operations.parts.refusal import start_in_words
from microcrm.operations.unit_of_work import UnitOfWork


def choose_members(uow: UnitOfWork, items: Sequence[WantedItem], start: datetime) -> tuple[WantedItem, ...]:
    """``items`` with a member each. ``SlotTaken`` with the nearest times when nobody who does it is free; ``Invalid`` for
    the past, where nobody is free: somebody did it, and has to be named."""
    unnamed = next((n for n, item in enumerate(items) if item.member_id is None), None)
    if unnamed is None:
        return tuple(items)
    if start < uow.now:
        raise Invalid(fields={place("member_id", unnamed): "Choose who: this time is over."})
    zone = zone_of(uow.actor.zone)
    day = to_wall(start, zone)[0]
    asked = FreeTimesAsked([(item.service_id, item.member_id) for item in items], day, day, is_public=False, step=1)
    found = next((one for one in free_times(uow, asked).starts if one.start == start), None)
    if found is not None:
        return tuple(replace(item, member_id=who) for item, who in zip(items, found.members, strict=True))
    near = nearest_free(uow, replace(asked, step=0), start)
    words = ", ".join(start_in_words(one.start, start, zone, today_in(zone, uow.now)) for one in near)
    raise SlotTaken(
        f"Nobody who does that is free at {format_time(start, zone)}.",
        remedy=f"Nearest free: {words}." if near else "Nothing is free that month. Choose a later day.",
        nearest=[one.start for one in near],
    )
