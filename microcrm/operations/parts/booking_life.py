"""From one status of a visit to another, with everything that follows: time, seats, deadlines, counts of visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from microcrm.domain.booking import OFF, TENTATIVE, BookingStatus
from microcrm.domain.messages import EXPECTED
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.operations.messages.reminders import Visit, follow
from microcrm.operations.online.returning import keep_deposit_after_all, return_deposit
from microcrm.operations.parts.booking_rows import recount_visits
from microcrm.operations.parts.freed_time import spans_of, tell_freed
from microcrm.operations.parts.occupy import rest, wake
from microcrm.operations.parts.seats import give_seats_back, take_seats_again
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus
GIVES_TIME_BACK = OFF | {_S.NO_SHOW}


def set_status(
    uow: UnitOfWork,
    booking: Booking,
    items: Sequence[BookingItem],
    status: BookingStatus,
    expires_at: datetime | None = None,
) -> None:
    """Store the step. ``expires_at`` is for a status in which nothing is agreed yet; every other has none. A visit that goes
    off gives its deposit back but for the fee, which is noted on it before."""
    was_hold = booking.status == _S.HOLD
    was_finished, was_off = booking.status == _S.FINISHED, booking.status in GIVES_TIME_BACK
    was_expected = booking.status in EXPECTED
    deadline = expires_at if status in TENTATIVE else None
    booking.status, booking.version = status, booking.version + 1
    is_off = status in GIVES_TIME_BACK
    for item in items:
        item.is_live = not is_off
    has_new_deadline, booking.expires_at = booking.expires_at != deadline, deadline
    uow.session.flush()
    ids = [item.id or 0 for item in items]
    if is_off and not was_off:
        if not was_hold:
            tell_freed(uow, booking, spans_of(items))
        rest(uow, ids)
        give_seats_back(uow, items)
        return_deposit(uow, booking)
    elif has_new_deadline:
        keep_until(uow, ids, deadline)
    if was_off and not is_off:
        keep_deposit_after_all(uow, booking)
    if was_expected != (status in EXPECTED):
        services = [item.service_id for item in items]
        follow(uow, [Visit(booking.id or 0, booking.starts_at, booking.ends_at, services)], is_new=was_hold)
    if was_finished or status is _S.FINISHED:
        recount_visits(uow, booking.customer_id)


def bring_back(uow: UnitOfWork, items: Sequence[BookingItem], expires_at: datetime | None = None) -> bool:
    """Take time and seats again for a visit that was off; whether they could be had. The status comes after."""
    return wake(uow, [item.id or 0 for item in items], expires_at) and take_seats_again(uow, items)


def keep_until(uow: UnitOfWork, item_ids: Sequence[int], expires_at: datetime | None) -> None:
    """``None``: for good."""
    uow.session.execute(
        update(Occupancy)
        .where(
            Occupancy.business_id == uow.business_id, Occupancy.booking_item_id.in_(list(item_ids)), Occupancy.is_live
        )
        .values(expires_at=expires_at),
        execution_options={"synchronize_session": False},
    )
