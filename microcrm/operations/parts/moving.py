"""Giving services of a visit other times, members or lengths: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select

from microcrm.domain.booking import LABELS, MOVABLE, BookingStatus
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.occupancy import Gap, Span
from microcrm.domain.safety import SafetyRule
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.business import Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.operations.messages.reminders import Visit, follow
from microcrm.operations.parts.booking_plan import (
    Choices,
    Doing,
    PlannedItem,
    check_does,
    fitting_gap,
    resource_choices,
    safety_of,
)
from microcrm.operations.parts.freed_time import spans_of, tell_freed
from microcrm.operations.parts.lapse import is_in_the_way, let_go_of_lapsed
from microcrm.operations.parts.occupy import Claim, NoRoom, choose_or_squeeze, keepers_of, outer_span, read_busy, retake
from microcrm.operations.parts.refusal import slot_taken
from microcrm.operations.parts.visits import TRIES
from microcrm.operations.unit_of_work import UnitOfWork

Held = dict[int, list[Claim]]  # by item


def check_movable(booking: Booking, items: Sequence[BookingItem]) -> None:
    status = BookingStatus(booking.status)
    if status not in MOVABLE:
        raise Conflict(
            f"This booking is marked “{LABELS[status]}” and stays where it is.",
            remedy="Take that step back first, or make a new booking.",
        )
    if any(item.session_id is not None for item in items):
        raise Conflict("Places in a class move with the class.", remedy="Cancel them and choose another class.")


def held_by_items(uow: UnitOfWork, items: Sequence[BookingItem]) -> Held:
    """What each item holds now; the claim's place is the item's place in ``items``."""
    places = {item.id: place for place, item in enumerate(items)}
    held: Held = {item.id or 0: [] for item in items}
    rows = uow.session.execute(
        select(
            Occupancy.booking_item_id, func.coalesce(Occupancy.member_id, -Occupancy.resource_id), Occupancy.span
        ).where(
            Occupancy.business_id == uow.business_id,
            Occupancy.booking_item_id.in_([item.id for item in items]),
            Occupancy.is_live,
        )
    )
    for item_id, keeper, span in rows:
        held[item_id].append(Claim(keeper, Span(span.lower, span.upper), places[item_id]))
    return {item_id: sorted(claims) for item_id, claims in held.items()}


def relocate(
    uow: UnitOfWork,
    booking: Booking,
    all_items: Sequence[BookingItem],
    items: Sequence[BookingItem],
    held: Held,
    plans: Sequence[PlannedItem],
    *,
    is_squeezing: bool = False,
) -> list[dict[str, Any]]:
    """Put ``items`` (some or all of the visit's) where ``plans`` say. Returns how they were, for undo. ``SlotTaken``
    when it cannot be had. ``is_squeezing``: without the time before and after, when that is all that is in the way."""
    before, freed, was = [as_it_is(item) for item in items], spans_of(items), booking.starts_at
    _take(uow, booking, items, held, plans, is_squeezing)
    for item, plan in zip(items, plans, strict=True):
        item.member_id, item.duration_min = plan.member_id, plan.duration
        item.starts_at, item.ends_at = plan.start, plan.end
    booking.starts_at = min(one.starts_at for one in all_items)
    booking.ends_at = max(one.ends_at for one in all_items)
    booking.version += 1
    uow.session.flush()
    if booking.starts_at != was:
        services = [item.service_id for item in all_items]
        follow(uow, [Visit(booking.id or 0, booking.starts_at, booking.ends_at, services)])
    tell_freed(uow, booking, freed)
    return before


def as_it_is(item: BookingItem) -> dict[str, Any]:
    return {
        "item_id": item.id,
        "member_id": item.member_id,
        "starts_at": item.starts_at.isoformat(),
        "minutes": item.duration_min,
    }


def plan_of(
    item: BookingItem,
    held: Sequence[Claim],
    member_name: str,
    *,
    start: datetime,
    minutes: int | None,
    member_id: int,
    choices: Choices,
    safety: SafetyRule | None = None,
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
        safety=safety,
    )


def plan_move(
    uow: UnitOfWork,
    items: Sequence[BookingItem],
    held: Held,
    starts: Sequence[datetime],
    members: Sequence[int | None],
    minutes: Sequence[int | None],
) -> list[PlannedItem]:
    """Each item at its new start, by the given member (``None``: as before), the room it has now tried first."""
    targets = [member or item.member_id for item, member in zip(items, members, strict=True)]
    found = _targets(uow, {item.service_id for item in items}, set(targets))
    choices = resource_choices(uow, {item.service_id for item in items})
    plans = []
    for item, start, target, length in zip(items, starts, targets, minutes, strict=True):
        if (item.service_id, target) not in found:
            raise NotFound("That staff member is not there any more.")
        service, member, does = found[item.service_id, target]
        if target != item.member_id:
            bookable = member.deactivated_at is None and member.is_bookable
            check_does(Doing(service.name, service.is_active, member.name, bookable, does is not None))
        mine = held[item.id or 0]
        rooms = _current_first(choices.get(item.service_id, ()), mine)
        plans.append(
            plan_of(
                item, mine, member.name, start=start, minutes=length, member_id=target, choices=rooms,
                safety=safety_of(service.id or 0, service.name, service.patch_test_days, service.rest_days),
            )
        )  # fmt: skip
    return plans


def _targets(
    uow: UnitOfWork, services: set[int], members: set[int]
) -> dict[tuple[int, int], tuple[Service, Member, ServiceMember | None]]:
    rows = uow.session.execute(
        select(Service, Member, ServiceMember)
        .join(Member, and_(Member.business_id == Service.business_id, Member.id.in_(members)))
        .outerjoin(
            ServiceMember,
            and_(
                ServiceMember.business_id == Service.business_id,
                ServiceMember.service_id == Service.id,
                ServiceMember.member_id == Member.id,
            ),
        )
        .where(Service.business_id == uow.business_id, Service.id.in_(services))
    )
    return {(service.id or 0, member.id or 0): (service, member, does) for service, member, does in rows}


def _current_first(choices: Choices, held: Sequence[Claim]) -> Choices:
    """The room that the visit has now is tried before the others."""
    mine = {-one.keeper for one in held if one.keeper < 0}
    return tuple(tuple(sorted(choice, key=lambda resource: resource not in mine)) for choice in choices)


def _take(
    uow: UnitOfWork,
    booking: Booking,
    items: Sequence[BookingItem],
    held: Held,
    plans: Sequence[PlannedItem],
    is_squeezing: bool,
) -> None:
    ids = [item.id or 0 for item in items]
    old = [one for item_id in ids for one in held[item_id]]
    found: list[Claim] | NoRoom | None = None
    for _ in range(TRIES):
        busy = read_busy(uow, *outer_span(plans), keepers_of(plans), except_items=ids)
        found = choose_or_squeeze(plans, busy.taken, is_squeezing)
        if isinstance(found, NoRoom):
            break
        savepoint = uow.session.begin_nested()
        if is_in_the_way(found, busy.lapsed):
            let_go_of_lapsed(uow, found)
        if retake(uow, ids, old, found, booking.expires_at):
            savepoint.commit()
            return
        savepoint.rollback()
    why = found if isinstance(found, NoRoom) else None
    raise slot_taken(uow, plans, why, own=old, except_booking=booking.id or 0)


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60
