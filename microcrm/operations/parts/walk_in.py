"""The visit that a queue ticket becomes: it begins now and keeps its chair until it should be over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.occupancy import Span
from microcrm.domain.zones import zone_of
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.waiting import QueueTicket
from microcrm.operations.parts.booking_plan import WantedItem, plan_items
from microcrm.operations.parts.booking_rows import give_number, note_event
from microcrm.operations.parts.occupy import claims_of, retake
from microcrm.operations.parts.safety import visit_of, why_not
from microcrm.operations.parts.starting import refuse_start
from microcrm.operations.parts.visits import NewVisit, take
from microcrm.operations.unit_of_work import UnitOfWork


def minute_of(instant: datetime) -> datetime:
    """The minute that has begun: visits begin and end on whole ones."""
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def take_chair(
    uow: UnitOfWork, ticket: QueueTicket, member_id: int, minutes: int | None, safety_reason: str = ""
) -> int:
    """Store the visit with the time it takes. ``SlotTaken`` says from when the chair is free; raises ``NotSafe`` and
    ``FormMissing``, too, unless somebody who may gives a reason. Returns the booking's id."""
    wanted = (WantedItem(ticket.service_id, member_id, minutes),)
    # Whoever sits down needs no time before: that was while they waited.
    items = [replace(plan_items(uow, wanted, minute_of(uow.now))[0], before=0)]
    zone = zone_of(uow.actor.zone)
    [unsafe] = why_not(uow, [visit_of(items, ticket.customer_id, zone)], zone)
    past = refuse_start(uow, unsafe, {ticket.service_id}, ticket.customer_id, safety_reason)
    give_rest_back(uow, member_id)
    guest = "" if ticket.customer_id else ticket.name
    visit = NewVisit(BookingStatus.STARTED, "queue", ticket.customer_id, guest_name=guest)
    booking_id = take(uow, items, visit).booking_id
    give_number(uow, booking_id)
    why = f"{safety_reason} ({past.words})" if past.words else ""
    note_event(uow, booking_id, "started", new=BookingStatus.STARTED, reason=why, ticket_id=ticket.id)
    past.note(uow, booking_id)
    return booking_id


def end_early(uow: UnitOfWork, booking: Booking, item: BookingItem) -> None:
    """The visit is over: what is left of its planned time is free, after the time for cleaning."""
    end = max(minute_of(uow.now), item.starts_at + timedelta(minutes=1))
    if end < item.ends_at:
        _end_at(uow, booking, item, end)


def end_as_planned(uow: UnitOfWork, booking: Booking, item: BookingItem, end: datetime) -> bool:
    """The way back: whether the time could still be had."""
    return item.ends_at == end or _end_at(uow, booking, item, end)


def give_rest_back(uow: UnitOfWork, member_id: int) -> None:
    """Of visits of the member that were marked as done before their time: nobody sits in that chair any more. The rooms
    and equipment they had are free with it."""
    over = (
        select(BookingItem.id)
        .join(Booking, (Booking.business_id == BookingItem.business_id) & (Booking.id == BookingItem.booking_id))
        .where(
            BookingItem.business_id == uow.business_id,
            BookingItem.member_id == member_id,
            BookingItem.starts_at < minute_of(uow.now),
            BookingItem.starts_at > uow.now - timedelta(days=1),
            BookingItem.ends_at > uow.now,
            Booking.status == BookingStatus.FINISHED,
        )
    )
    uow.session.execute(
        update(Occupancy)
        .where(
            Occupancy.business_id == uow.business_id,
            Occupancy.booking_item_id.in_(over),
            Occupancy.is_live,
            func.lower(Occupancy.span) < minute_of(uow.now),
            func.upper(Occupancy.span) > minute_of(uow.now),
        )
        .values(span=func.tstzrange(func.lower(Occupancy.span), minute_of(uow.now)))
        .execution_options(synchronize_session=False)
    )


def _end_at(uow: UnitOfWork, booking: Booking, item: BookingItem, end: datetime) -> bool:
    held = claims_of(uow, item.id or 0)
    shift = end - item.ends_at
    moved = [one._replace(span=Span(one.span.start, one.span.end + shift)) for one in held]
    new = [one for one in moved if one.span.start < one.span.end]
    if not retake(uow, [item.id or 0], held, new, None):
        return False
    item.ends_at = booking.ends_at = end
    item.duration_min = int((end - item.starts_at).total_seconds()) // 60
    uow.session.flush()
    return True
