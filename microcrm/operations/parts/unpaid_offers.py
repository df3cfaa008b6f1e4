"""Whoever takes an offered time that costs a deposit is off the waiting list as soon as they say yes. When they do not pay in
time they wait on, and the next in line are asked; when their money comes late and the time can still be had, they have it."""

from __future__ import annotations

from sqlalchemy import select, update

from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.waiting import WaitlistEntry, WaitlistOffer
from microcrm.operations.parts.freed_time import spans_of, tell_freed
from microcrm.operations.unit_of_work import UnitOfWork

SOURCE = "waitlist"


def time_not_paid(uow: UnitOfWork, booking: Booking, items: list[BookingItem]) -> None:
    """The visit has lapsed: its time is told as freed by the visit or class that had it first, so that nobody is asked twice.
    A time that the desk had chosen goes to nobody by itself, as with a no."""
    offer = _accepted(uow, booking)
    if offer is None:
        tell_freed(uow, booking, spans_of(items))
        return
    uow.session.execute(
        update(WaitlistEntry)
        .where(
            WaitlistEntry.business_id == uow.business_id,
            WaitlistEntry.id == offer.entry_id,
            WaitlistEntry.state == "booked",
            WaitlistEntry.booking_id == booking.id,
        )
        .values(state="waiting", closed_at=None, booking_id=None, version=WaitlistEntry.version + 1),
        execution_options={"synchronize_session": False},
    )
    uow.audit("waitlist.unpaid", "waitlist_entry", offer.entry_id, offer_id=offer.id, booking_id=booking.id)
    if offer.freed_booking_id is not None or offer.freed_session_id is not None:
        tell_freed(uow, booking, spans_of(items), offered=offer)


def time_paid_after_all(uow: UnitOfWork, booking: Booking) -> None:
    """Who waits for nothing else by now is off the list again."""
    offer = _accepted(uow, booking) if booking.source == SOURCE else None
    if offer is None:
        return
    uow.session.execute(
        update(WaitlistEntry)
        .where(
            WaitlistEntry.business_id == uow.business_id,
            WaitlistEntry.id == offer.entry_id,
            WaitlistEntry.state == "waiting",
        )
        .values(state="booked", closed_at=uow.now, booking_id=booking.id, version=WaitlistEntry.version + 1),
        execution_options={"synchronize_session": False},
    )


def _accepted(uow: UnitOfWork, booking: Booking) -> WaitlistOffer | None:
    query = select(WaitlistOffer).where(
        WaitlistOffer.business_id == uow.business_id,
        WaitlistOffer.booking_id == booking.id,
        WaitlistOffer.state == "accepted",
    )
    return uow.session.scalars(query).first()
