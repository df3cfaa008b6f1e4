"""The visit that a queue ticket becomes: it begins now and keeps its chair until it should be over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select, update

from microcrm.domain.booking import BookingStatus
from microcrm.domain.occupancy import Span
from microcrm.domain.zones import zone_of
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.waiting import QueueTicket
from microcrm.operations.book import TRIES
from microcrm.operations.parts.booking_plan import PlannedItem, WantedItem, plan_items
from microcrm.operations.parts.booking_rows import give_number, note_event
from microcrm.operations.parts.booking_times import slot_taken
from microcrm.operations.parts.occupy import Claim, NoRoom, busy_times, choose, claim, claims_of, outer_span, retake
from microcrm.operations.unit_of_work import UnitOfWork


def minute_of(instant: datetime) -> datetime:
    """The minute that has begun: visits begin and end on whole ones."""
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def take_chair(uow: UnitOfWork, ticket: QueueTicket, member_id: int, minutes: int | None) -> int:
    """Store the visit with the time it takes. ``SlotTaken`` says from when the chair is free. Returns the booking's id."""
    wanted = (WantedItem(ticket.service_id, member_id, minutes),)
    # Whoever sits down needs no time before: that was while they waited.
    items = [replace(plan_items(uow, wanted, minute_of(uow.now))[0], before=0)]
    give_rest_back(uow, member_id)
    found: list[Claim] | NoRoom | None = None
    for _ in range(TRIES):
        found = choose(items, busy_times(uow, *outer_span(items)))
        if isinstance(found, NoRoom):
            break
        savepoint = uow.session.begin_nested()
        booking_id, item_ids = _store(uow, ticket, items[0])
        if claim(uow, found, item_ids):
            savepoint.commit()
            give_number(uow, booking_id)
            note_event(uow, booking_id, "started", new=BookingStatus.STARTED, ticket_id=ticket.id)
            return booking_id
        savepoint.rollback()
    raise slot_taken(uow, items, zone_of(uow.actor.zone), found if isinstance(found, NoRoom) else None)


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
    if not retake(uow, item.id or 0, held, new):
        return False
    item.ends_at = booking.ends_at = end
    item.duration_min = int((end - item.starts_at).total_seconds()) // 60
    uow.session.flush()
    return True


def _store(uow: UnitOfWork, ticket: QueueTicket, item: PlannedItem) -> tuple[int, Sequence[int]]:
    booking = insert(Booking).values(
        business_id=uow.business_id,
        customer_id=ticket.customer_id,
        status=BookingStatus.STARTED,
        starts_at=item.start,
        ends_at=item.end,
        source="queue",
        note="",
        cancel_reason="",
        guest_name="" if ticket.customer_id else ticket.name,
        created_at=uow.now,
        created_by_member_id=uow.actor.member_id,
        version=1,
    )
    booking_id = uow.session.execute(booking.returning(Booking.id)).scalar_one()
    row = insert(BookingItem).values(
        business_id=uow.business_id,
        booking_id=booking_id,
        service_id=item.service_id,
        member_id=item.member_id,
        starts_at=item.start,
        ends_at=item.end,
        duration_min=item.duration,
        price_paise=item.price_paise,
        is_live=True,
    )
    return booking_id, [uow.session.execute(row.returning(BookingItem.id)).scalar_one()]
