"""Moving one service of a booking: to another time, another day, another member; or making it longer or shorter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, select

from microcrm.domain.booking import LABELS, MOVABLE, BookingStatus
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_duration, format_near_day, format_time
from microcrm.domain.occupancy import LONGEST_SERVICE, Gap
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, to_wall, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.operations.book import AHEAD, BACK
from microcrm.operations.parts.booking_plan import Choices, PlannedItem, check_does, fitting_gap, resource_choices
from microcrm.operations.parts.booking_rows import (
    BookingDone,
    check_columns,
    customer_name,
    note_event,
    open_booking,
)
from microcrm.operations.parts.booking_times import check_hours
from microcrm.operations.parts.freed_time import spans_of, tell_freed
from microcrm.operations.parts.lapse import is_in_the_way, let_go_of_lapsed
from microcrm.operations.parts.occupy import Claim, NoRoom, choose, claims_of, keepers_of, outer_span, read_busy, retake
from microcrm.operations.parts.refusal import slot_taken
from microcrm.operations.parts.visits import TRIES
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Move:
    """Where one item (``item_id``) of the booking goes, in wall clock. ``member_id`` and ``minutes`` empty: as they are."""

    booking_id: Any
    version: Any
    item_id: Any
    day: Any
    time: Any
    member_id: Any = None
    minutes: Any = None
    reason: Any = ""


class _Wish(NamedTuple):
    start: datetime
    item_id: int
    member_id: int | None
    minutes: int | None
    reason: str


def move(uow: UnitOfWork, command: Move) -> BookingDone:
    """Raises as ``book`` does; ``Conflict`` also when the visit has begun or is off. Price and buffers stay as booked."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _read(uow, command)
    booking, items = open_booking(uow, command.booking_id, command.version)
    item = next((one for one in items if one.id == wish.item_id), None)
    if item is None:
        raise NotFound
    _check_movable(booking)
    target = wish.member_id or item.member_id
    check_columns(uow, {item.member_id, target})
    held = claims_of(uow, wish.item_id)
    plan = _planned(uow, item, held, wish, target)
    check_hours(uow, [plan], zone_of(uow.actor.zone), wish.reason)
    return place(uow, booking, items, item, held, plan, wish.reason)


def place(
    uow: UnitOfWork,
    booking: Booking,
    items: list[BookingItem],
    item: BookingItem,
    held: list[Claim],
    plan: PlannedItem,
    reason: str,
) -> BookingDone:
    """Give the item the time of ``plan`` instead of what it holds, and write that down."""
    uow.require(Permission.BOOKINGS_OWN)
    before = {
        "item_id": item.id,
        "member_id": item.member_id,
        "starts_at": item.starts_at.isoformat(),
        "minutes": item.duration_min,
    }
    freed = spans_of([item])
    _take(uow, booking, item, held, plan)
    item.member_id, item.duration_min = plan.member_id, plan.duration
    item.starts_at, item.ends_at = plan.start, plan.end
    booking.starts_at, booking.ends_at = min(i.starts_at for i in items), max(i.ends_at for i in items)
    booking.version += 1
    uow.session.flush()
    tell_freed(uow, booking, freed)
    event = note_event(
        uow, booking.id or 0, "moved", old=booking.status, new=booking.status, reason=reason, before=before,
        member_id=plan.member_id, starts_at=plan.start.isoformat(), minutes=plan.duration,
    )  # fmt: skip
    who = customer_name(uow, booking.customer_id)
    undo = uow.undoable(
        f"moving booking {booking.number}", "booking_moved", booking.id or 0,
        before=before, after_version=booking.version, audit_event_id=event,
    )  # fmt: skip
    label = _in_words(uow, who, plan, before)
    return BookingDone(
        booking.id or 0, (item.id or 0,), booking.number or 0, booking.version, booking.status, label, str(undo)
    )


def _read(uow: UnitOfWork, command: Move) -> _Wish:
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    reader = Reader()
    day = reader.day("day", command.day, "Day", earliest=today - BACK, latest=today + AHEAD)
    minute = min(reader.clock("time", command.time, "Time"), 24 * 60 - 1)
    wish = _Wish(
        start=to_instant(day, minute, zone),
        item_id=reader.id("item_id", command.item_id, "Service"),
        member_id=None
        if command.member_id in (None, "")
        else reader.id("member_id", command.member_id, "Staff member"),
        minutes=reader.optional_number("minutes", command.minutes, "Length", low=5, high=LONGEST_SERVICE),
        reason=reader.text("reason", command.reason, "Reason", limit=120, required=False),
    )
    reader.done()
    return wish


def _check_movable(booking: Booking) -> None:
    status = BookingStatus(booking.status)
    if status not in MOVABLE:
        raise Conflict(
            f"This booking is marked “{LABELS[status]}” and stays where it is.",
            remedy="Take that step back first, or make a new booking.",
        )


def _planned(uow: UnitOfWork, item: BookingItem, held: list[Claim], wish: _Wish, target: int) -> PlannedItem:
    service, member, does = _target(uow, item.service_id, target)
    if target != item.member_id:
        check_does(service, member, does)
    choices = _current_first(resource_choices(uow, [item.service_id]).get(item.service_id, ()), held)
    return plan_of(item, held, member.name, start=wish.start, minutes=wish.minutes, member_id=target, choices=choices)


def plan_of(
    item: BookingItem,
    held: list[Claim],
    member_name: str,
    *,
    start: datetime,
    minutes: int | None,
    member_id: int,
    choices: Choices,
) -> PlannedItem:
    """The item at another place. Its buffers and gap are read from the time it holds, not from today's price list."""
    spans = sorted(one.span for one in held if one.keeper > 0)
    duration = minutes or item.duration_min
    gap = Gap(0, 0)
    if len(spans) == 2:
        gap = Gap(_minutes(spans[0].end - item.starts_at), _minutes(spans[1].start - spans[0].end))
    return PlannedItem(
        service_id=item.service_id,
        member_id=member_id,
        member_name=member_name,
        start=start,
        duration=duration,
        price_paise=item.price_paise,
        before=_minutes(item.starts_at - spans[0].start) if spans else 0,
        after=_minutes(spans[-1].end - item.ends_at) if spans else 0,
        gap=fitting_gap(gap.after, gap.minutes, duration),
        choices=choices,
    )


def _target(uow: UnitOfWork, service_id: int, member_id: int) -> tuple[Service, Member, ServiceMember | None]:
    row = uow.session.execute(
        select(Service, Member, ServiceMember)
        .join(Member, and_(Member.business_id == Service.business_id, Member.id == member_id))
        .outerjoin(
            ServiceMember,
            and_(
                ServiceMember.business_id == Service.business_id,
                ServiceMember.service_id == Service.id,
                ServiceMember.member_id == Member.id,
            ),
        )
        .where(Service.business_id == uow.business_id, Service.id == service_id)
    ).first()
    if row is None:
        raise NotFound("That staff member is not there any more.")
    return row[0], row[1], row[2]


def _current_first(choices: Choices, held: list[Claim]) -> Choices:
    """The room that the visit has now is tried before the others."""
    mine = {-one.keeper for one in held if one.keeper < 0}
    return tuple(tuple(sorted(choice, key=lambda resource: resource not in mine)) for choice in choices)


def _take(uow: UnitOfWork, booking: Booking, item: BookingItem, held: list[Claim], plan: PlannedItem) -> None:
    found: list[Claim] | NoRoom | None = None
    for _ in range(TRIES):
        busy = read_busy(uow, *outer_span([plan]), keepers_of([plan]), except_items=[item.id or 0])
        found = choose([plan], busy.taken)
        if isinstance(found, NoRoom):
            break
        savepoint = uow.session.begin_nested()
        if is_in_the_way(found, busy.lapsed):
            let_go_of_lapsed(uow, found)
        if retake(uow, [item.id or 0], held, found, booking.expires_at):
            savepoint.commit()
            return
        savepoint.rollback()
    why = found if isinstance(found, NoRoom) else None
    raise slot_taken(uow, [plan], why, except_item=item.id or 0)


def _in_words(uow: UnitOfWork, who: str, plan: PlannedItem, before: dict[str, Any]) -> str:
    zone = zone_of(uow.actor.zone)
    is_same_start = before["starts_at"] == plan.start.isoformat()
    if is_same_start and before["member_id"] == plan.member_id:
        return f"{who}: now {format_duration(plan.duration)}"
    day = format_near_day(to_wall(plan.start, zone)[0], today_in(zone, uow.now))
    return f"{who} moved to {day}, {format_time(plan.start, zone)} with {plan.member_name}"


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60
