"""Taking back what was just done to a series: all of its visits, or none."""

from __future__ import annotations

from datetime import timedelta

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, SlotTaken
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.classes import Series
from microcrm.models.records import Undo
from microcrm.operations.booking_undo import BOOKED_BY_MISTAKE
from microcrm.operations.move import put_items_back
from microcrm.operations.notices import notify_all, withdraw_all
from microcrm.operations.parts.booking_life import bring_back, set_status
from microcrm.operations.parts.booking_rows import check_columns, note_story, open_booking
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

WINDOW = timedelta(minutes=15)
SERIES_STEPS = ("series_made", "series_moved", "series_cancelled")
_TOLD = {"series_made": NoticeStep.CANCELLED, "series_moved": NoticeStep.MOVED, "series_cancelled": NoticeStep.BOOKED}


def put_series_back(uow: UnitOfWork, undo: Undo) -> None:
    """``Conflict`` when one of the visits has changed since or it is too long ago; ``SlotTaken`` when a time has gone."""
    uow.require(Permission.BOOKINGS_OWN)
    if uow.now - undo.at > WINDOW:
        raise Conflict("That is too long ago to take back.", remedy="Change the visits by hand.")
    remembered = (undo.before or {})["bookings"]
    if undo.entity == "series_moved":
        # Whoever moved last goes back first: their new places were the others' old ones.
        remembered = remembered[::-1]
    found = [(*open_booking(uow, booking_id, version), how) for booking_id, version, *how in remembered]
    check_columns(uow, {item.member_id for _, items, _ in found for item in items})
    told = withdraw_all(uow, [booking for booking, _, _ in found])
    for booking, items, how in found:
        old = booking.status
        _put_back(uow, undo.entity, booking, items, how)
        note_story(uow, booking.id or 0, "undone", old=old, new=booking.status)
    notify_all(uow, told, _TOLD[undo.entity])
    series = find(uow, Series, undo.entity_id)
    if undo.entity == "series_cancelled":
        series.ended_on = None
    series.version += 1
    uow.session.flush()


def _put_back(uow: UnitOfWork, entity: str, booking: Booking, items: list[BookingItem], how: list[object]) -> None:
    if entity == "series_made":
        booking.cancel_reason = BOOKED_BY_MISTAKE
        set_status(uow, booking, items, BookingStatus.CANCELLED_BY_BUSINESS)
    elif entity == "series_moved":
        before, was_alone = how
        put_items_back(uow, booking, items, before)
        booking.is_moved_from_series = bool(was_alone)
    else:
        if not bring_back(uow, items):
            raise SlotTaken("The time of one of them has been given away.", remedy="Book that visit again.")
        booking.cancel_reason = ""
        set_status(uow, booking, items, BookingStatus(str(how[0])))
