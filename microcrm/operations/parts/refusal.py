"""What is said when a time is lost: that it is, and the three nearest that are not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from microcrm.domain.availability import FreeStart, Question, Way, free_days, nearest
from microcrm.domain.errors import SlotTaken
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.operations.free_times import LOOK_AHEAD, NEAREST, FreeTimesAsked, nearest_free
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.occupy import Claim, NoRoom
from microcrm.operations.parts.taken_time import read_facts
from microcrm.operations.unit_of_work import UnitOfWork


def slot_taken(
    uow: UnitOfWork,
    items: Sequence[PlannedItem],
    why: NoRoom | None = None,
    *,
    own: Collection[Claim] = (),
    except_booking: int = 0,
) -> SlotTaken:
    """For the same services by the same members, as long as planned. A customer gets times that customers may have. What
    moves and holds itself (``own``; for a customer ``except_booking``) counts as free."""
    zone, wanted = zone_of(uow.actor.zone), items[0].start
    if uow.actor.kind == "visitor":
        services = tuple((item.service_id, item.member_id) for item in items)
        found = nearest_free(
            uow,
            FreeTimesAsked(services, date.max, date.max, is_public=True, except_booking=except_booking or None),
            wanted,
        )
    else:
        found = _nearest(uow, tuple((_way(item),) for item in items), wanted, zone, own)
    item = why.item if why else items[0]
    if why and not why.is_member_busy:
        message = f"No room or equipment for that is free at {format_time(item.start, zone)}."
    else:
        message = f"{item.member_name} is not free at {format_time(item.start, zone)}."
    return _refusal(uow, message, found, wanted, "Nothing is free that month. Choose somebody else or a later day.")


def class_full(uow: UnitOfWork, message: str, service_id: int, wanted: datetime, seats: int) -> SlotTaken:
    """With the nearest sessions of the same class that have so many seats."""
    is_public = uow.actor.kind == "visitor"
    asked = FreeTimesAsked(((service_id, None),), date.max, date.max, is_public=is_public, seats=seats)
    return _refusal(uow, message, nearest_free(uow, asked, wanted), wanted, "Choose another class.")


def _refusal(uow: UnitOfWork, message: str, found: Sequence[FreeStart], wanted: datetime, remedy: str) -> SlotTaken:
    if not found:
        return SlotTaken(message, remedy=remedy)
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    words = ", ".join(start_in_words(one.start, wanted, zone, today) for one in found)
    return SlotTaken(message, remedy=f"Nearest free: {words}.", nearest=[one.start for one in found], wanted=wanted)


def start_in_words(start: datetime, wanted: datetime, zone: ZoneInfo, today: date) -> str:
    """Like "11:30 am", with the day when it is another one than the one asked for."""
    day = to_wall(start, zone)[0]
    clock = format_time(start, zone)
    return clock if day == to_wall(wanted, zone)[0] else f"{format_near_day(day, today)}, {clock}"


def _nearest(
    uow: UnitOfWork, visit: tuple[tuple[Way, ...], ...], wanted: datetime, zone: ZoneInfo, own: Collection[Claim]
) -> tuple[FreeStart, ...]:
    found: tuple[FreeStart, ...] = ()
    first = to_wall(wanted, zone)[0]
    for days in LOOK_AHEAD:
        question = Question(visit, first, first + timedelta(days=days - 1), zone, earliest=uow.now)
        found = nearest(free_days(question, read_facts(uow, question, own=own)), wanted, NEAREST)
        if len(found) == NEAREST:
            break
    return found


def _way(item: PlannedItem) -> Way:
    choices = tuple(tuple(-resource for resource in choice) for choice in item.choices)
    return Way(item.member_id, item.duration, item.before, item.after, item.gap, choices)
