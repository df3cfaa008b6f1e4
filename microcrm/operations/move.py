"""Moving a visit, or one service of it: to another time, day or member; or making it longer or shorter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_duration, format_near_day, format_time
from microcrm.domain.notices import NoticeStep
from microcrm.domain.occupancy import LONGEST_SERVICE
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, to_wall, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.book import AHEAD, BACK
from microcrm.operations.notices import notify
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.booking_rows import (
    BookingDone,
    check_columns,
    note_event,
    open_booking,
    untold,
    who_comes,
)
from microcrm.operations.parts.booking_times import check_hours, may_override
from microcrm.operations.parts.moving import check_movable, held_by_items, plan_move, plan_of, relocate
from microcrm.operations.parts.safety import check_moved, with_safety
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Move:
    """Where one item (``item_id``) of the booking goes, in wall clock. ``member_id`` and ``minutes`` empty: as they are.
    ``reason`` goes past working hours and ``safety_reason`` past a safety timer, for those who may."""

    booking_id: Any
    version: Any
    item_id: Any
    day: Any
    time: Any
    member_id: Any = None
    minutes: Any = None
    reason: Any = ""
    safety_reason: Any = ""
    tell: Any = False


@dataclass(frozen=True, slots=True)
class MoveVisit:
    """Where the first service of the visit goes, in wall clock; the others keep their distance from it. Reasons as in ``Move``."""

    booking_id: Any
    version: Any
    day: Any
    time: Any
    reason: Any = ""
    safety_reason: Any = ""
    tell: Any = False


class _Wish(NamedTuple):
    start: datetime
    item_id: int
    member_id: int | None
    minutes: int | None
    reason: str
    safety_reason: str
    tell: bool


def move(uow: UnitOfWork, command: Move) -> BookingDone:
    """Raises as ``book`` does; ``Conflict`` also when the visit has begun or is off. Price and buffers stay as booked."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _read(uow, command)
    booking, items = open_booking(uow, command.booking_id, command.version)
    item = next((one for one in items if one.id == wish.item_id), None)
    if item is None:
        raise NotFound
    check_movable(booking, [item])
    check_columns(uow, {item.member_id, wish.member_id or item.member_id})
    held = held_by_items(uow, [item])
    [plan] = plan_move(uow, [item], held, [wish.start], [wish.member_id], [wish.minutes])
    check_hours(uow, [plan], zone_of(uow.actor.zone), wish.reason)
    past = check_moved(uow, booking, [item], [plan], zone_of(uow.actor.zone), wish.safety_reason)
    squeezing = may_override(uow, wish.reason)
    before = relocate(uow, booking, items, [item], held, [plan], is_squeezing=squeezing)
    who = who_comes(uow, booking.customer_id)
    why = with_safety(wish.reason, wish.safety_reason, past)
    done = written_down(uow, booking, before, _in_words(uow, who.name, plan, before[0]), why, tell=wish.tell)
    _note_unsafe(uow, booking, past)
    return replace(done, untold=untold(uow, who, NoticeStep.MOVED, booking.ends_at, tell=wish.tell))


def move_visit(uow: UnitOfWork, command: MoveVisit) -> BookingDone:
    """The whole visit, each service as far from the first as before. Raises as ``move`` does."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    start = _start(uow, reader, command)
    reason = reader.text("reason", command.reason, "Reason", limit=120, required=False)
    safety_reason = reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False)
    tell = reader.flag("tell", command.tell, "Tell the customer")
    reader.done()
    booking, items = open_booking(uow, command.booking_id, command.version)
    check_movable(booking, items)
    check_columns(uow, {item.member_id for item in items})
    before, past = shift(uow, booking, items, start, reason=reason, safety_reason=safety_reason)
    who = who_comes(uow, booking.customer_id)
    label = f"{who.name} moved to {_when(uow, booking.starts_at)}"
    done = written_down(uow, booking, before, label, with_safety(reason, safety_reason, past), tell=tell)
    _note_unsafe(uow, booking, past)
    return replace(done, untold=untold(uow, who, NoticeStep.MOVED, booking.ends_at, tell=tell))


def shift(
    uow: UnitOfWork,
    booking: Booking,
    items: Sequence[BookingItem],
    start: datetime,
    members: Sequence[int | None] | None = None,
    reason: str = "",
    safety_reason: str = "",
) -> tuple[list[dict[str, Any]], str]:
    """All services of a visit to a new start, in working hours and to a day that is safe, or with a reason. Returns how they
    were, and which timer the reason went past."""
    by = start - booking.starts_at
    held = held_by_items(uow, items)
    starts = [item.starts_at + by for item in items]
    plans = plan_move(uow, items, held, starts, members or [None] * len(items), [None] * len(items))
    check_hours(uow, plans, zone_of(uow.actor.zone), reason)
    past = check_moved(uow, booking, items, plans, zone_of(uow.actor.zone), safety_reason)
    return relocate(uow, booking, items, items, held, plans, is_squeezing=may_override(uow, reason)), past


def _note_unsafe(uow: UnitOfWork, booking: Booking, past: str) -> None:
    if past:
        uow.audit("booking.unsafe", "booking", booking.id, number=booking.number)


def written_down(
    uow: UnitOfWork,
    booking: Booking,
    before: list[dict[str, Any]],
    label: str,
    reason: str,
    *,
    tell: bool,
) -> BookingDone:
    """The story, the way back and the message of a move that has been made."""
    was_alone, booking.is_moved_from_series = booking.is_moved_from_series, booking.series_id is not None
    event = note_event(
        uow, booking.id or 0, "moved", old=booking.status, new=booking.status, reason=reason,
        before=before, starts_at=booking.starts_at.isoformat(),
    )  # fmt: skip
    undo = ""
    if uow.actor.kind == "member":
        undo = str(
            uow.undoable(
                f"moving booking {booking.number}", "booking_moved", booking.id or 0,
                before={"items": before, "was_alone": was_alone}, after_version=booking.version, audit_event_id=event,
            )
        )  # fmt: skip
    notify(uow, booking, NoticeStep.MOVED, tell=tell)
    ids = tuple(one["item_id"] for one in before)
    return BookingDone(booking.id or 0, ids, booking.number or 0, booking.version, booking.status, label, undo)


def put_items_back(
    uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem], before: Sequence[dict[str, Any]]
) -> None:
    """For undo: the services where they were, in the rooms they have now. ``SlotTaken`` when that is gone."""
    by_id = {item.id: item for item in items}
    moved = [by_id[one["item_id"]] for one in before]
    held = held_by_items(uow, moved)
    plans = [
        plan_of(
            item,
            held[item.id or 0],
            "That staff member",
            start=datetime.fromisoformat(one["starts_at"]),
            minutes=one["minutes"],
            member_id=one["member_id"],
            choices=tuple((-claim.keeper,) for claim in held[item.id or 0] if claim.keeper < 0),
        )
        for item, one in zip(moved, before, strict=True)
    ]
    relocate(uow, booking, items, moved, held, plans)


def _read(uow: UnitOfWork, command: Move) -> _Wish:
    reader = Reader()
    wish = _Wish(
        start=_start(uow, reader, command),
        item_id=reader.id("item_id", command.item_id, "Service"),
        member_id=None
        if command.member_id in (None, "")
        else reader.id("member_id", command.member_id, "Staff member"),
        minutes=reader.optional_number("minutes", command.minutes, "Length", low=5, high=LONGEST_SERVICE),
        reason=reader.text("reason", command.reason, "Reason", limit=120, required=False),
        safety_reason=reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False),
        tell=reader.flag("tell", command.tell, "Tell the customer"),
    )
    reader.done()
    return wish


def _start(uow: UnitOfWork, reader: Reader, command: Move | MoveVisit) -> datetime:
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    day = reader.day("day", command.day, "Day", earliest=today - BACK, latest=today + AHEAD)
    return to_instant(day, min(reader.clock("time", command.time, "Time"), 24 * 60 - 1), zone)


def _in_words(uow: UnitOfWork, who: str, plan: PlannedItem, before: dict[str, Any]) -> str:
    is_same_start = before["starts_at"] == plan.start.isoformat()
    if is_same_start and before["member_id"] == plan.member_id:
        return f"{who}: now {format_duration(plan.duration)}"
    return f"{who} moved to {_when(uow, plan.start)} with {plan.member_name}"


def _when(uow: UnitOfWork, start: datetime) -> str:
    zone = zone_of(uow.actor.zone)
    return f"{format_near_day(to_wall(start, zone)[0], today_in(zone, uow.now))}, {format_time(start, zone)}"
