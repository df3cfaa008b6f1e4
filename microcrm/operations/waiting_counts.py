"""How many wait, for whoever runs the day: for an answer, on the waiting list, and in the walk-in queue today."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from microcrm.domain.permissions import Permission
from microcrm.domain.queue import IN_LINE
from microcrm.models.bookings import Booking
from microcrm.models.policy import BookingPolicy
from microcrm.models.waiting import QueueTicket, WaitlistEntry
from microcrm.operations.parts.queue_floor import queue_day
from microcrm.operations.requests import waits_for_answer
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist_view import still_open


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """``listed`` is 0 for those who may not see the waiting list."""

    requests: int
    listed: int
    queued: int
    is_queue_on: bool


def waiting_counts(uow: UnitOfWork) -> WaitingCounts:
    """One statement: it is asked whenever the calendar is opened."""
    uow.require(Permission.CALENDAR_OWN)
    listed = select(func.count()).select_from(WaitlistEntry).where(*still_open(uow))
    queued = select(func.count()).where(
        QueueTicket.business_id == uow.business_id, QueueTicket.day == queue_day(uow), QueueTicket.state.in_(IN_LINE)
    )
    is_on = select(BookingPolicy.is_queue_on).where(BookingPolicy.business_id == uow.business_id)
    asked = select(func.count()).select_from(Booking).where(*waits_for_answer(uow))
    counts = (asked, listed, queued, is_on)
    row = uow.session.execute(select(*(one.scalar_subquery() for one in counts))).one()
    return WaitingCounts(row[0], row[1] if uow.may(Permission.CALENDAR_ALL) else 0, row[2], bool(row[3]))
