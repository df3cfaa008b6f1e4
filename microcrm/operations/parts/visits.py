"""Storing a new visit together with the time it takes, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert

from microcrm.domain.booking import BookingStatus
from microcrm.domain.messages import EXPECTED
from microcrm.domain.notices import NoticeStep
from microcrm.models.bookings import Booking
from microcrm.operations.messages.reminders import Visit, follow
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.lapse import is_in_the_way, let_go_of_lapsed
from microcrm.operations.parts.occupy import Busy, Claim, NoRoom, choose_or_squeeze, keepers_of, outer_span, read_busy
from microcrm.operations.parts.refusal import slot_taken
from microcrm.operations.parts.visit_sql import Story, store_visit
from microcrm.operations.unit_of_work import UnitOfWork

TRIES = 3  # a room can be lost to somebody else while another one is still free


@dataclass(frozen=True, slots=True)
class NewVisit:
    """What is known of a visit when its time is taken. ``expires_at`` only for holds and requests."""

    status: BookingStatus = BookingStatus.BOOKED
    source: str = "staff"
    customer_id: int | None = None
    note: str = ""
    guest_name: str = ""
    expires_at: datetime | None = None
    series_id: int | None = None
    series_place: int | None = None
    language: str = ""
    request_key: str | None = None
    deposit_paise: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """``number`` and ``undo`` when it was booked at once."""

    booking_id: int
    item_ids: tuple[int, ...]
    number: int = 0
    undo: int | None = None


def take(
    uow: UnitOfWork,
    items: Sequence[PlannedItem],
    visit: NewVisit,
    *,
    is_squeezing: bool = False,
    story: Story | None = None,
) -> Taken:
    """``SlotTaken`` with the nearest free times when somebody else has it. A hold that has run out is in nobody's way.
    ``is_squeezing``: without the time before and after, when that is all that is in the way. ``story``: it is booked."""
    found = try_to_take(uow, items, visit, is_squeezing=is_squeezing, story=story)
    if isinstance(found, Taken):
        return found
    raise slot_taken(uow, items, found)


def try_to_take(
    uow: UnitOfWork,
    items: Sequence[PlannedItem],
    visit: NewVisit,
    *,
    is_squeezing: bool = False,
    story: Story | None = None,
    news: NoticeStep | None = None,
) -> Taken | NoRoom | None:
    """``NoRoom`` or ``None`` (somebody was quicker) when the time is not to be had. ``news``: what the customer is told of a visit that
    is expected, along with its reminders."""
    for _ in range(TRIES):
        busy = read_busy(uow, *outer_span(items), keepers_of(items))
        claims = choose_or_squeeze(items, busy.taken, is_squeezing)
        if isinstance(claims, NoRoom):
            return claims
        if (taken := _claim(uow, items, visit, claims, busy, story)) is not None:
            if visit.status in EXPECTED and visit.customer_id is not None:
                start, end = min(item.start for item in items), max(item.end for item in items)
                made = Visit(taken.booking_id, start, end, [item.service_id for item in items])
                follow(uow, [made], is_new=True, news=news)
            return taken
    return None


def _claim(
    uow: UnitOfWork,
    items: Sequence[PlannedItem],
    visit: NewVisit,
    claims: Sequence[Claim],
    busy: Busy,
    story: Story | None,
) -> Taken | None:
    """One claim is had or not; of several some may be lost, and then the others are given up again."""
    is_lapsed = is_in_the_way(claims, busy.lapsed)
    savepoint = uow.session.begin_nested() if is_lapsed or len(claims) > 1 else None
    if is_lapsed:
        let_go_of_lapsed(uow, claims)
    stored = store_visit(uow, items, visit, claims, story)
    if savepoint is not None:
        savepoint.commit() if stored.is_whole else savepoint.rollback()
    return Taken(stored.booking_id, stored.item_ids, stored.number, stored.undo) if stored.is_whole else None


def store_booking(uow: UnitOfWork, start: datetime, end: datetime, visit: NewVisit) -> int:
    booking = insert(Booking).values(
        business_id=uow.business_id,
        customer_id=visit.customer_id,
        status=visit.status,
        starts_at=start,
        ends_at=end,
        source=visit.source,
        note=visit.note,
        guest_name=visit.guest_name,
        cancel_reason="",
        created_at=uow.now,
        created_by_member_id=uow.actor.member_id,
        expires_at=visit.expires_at,
        series_id=visit.series_id,
        series_place=visit.series_place,
        version=1,
    )
    return int(uow.session.execute(booking.returning(Booking.id)).scalar_one())
