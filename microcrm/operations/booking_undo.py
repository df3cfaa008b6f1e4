"""Taking back what was just done to a booking, while it still matters at the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from microcrm.domain.booking import BookingStatus, can_undo
from microcrm.domain.errors import Conflict, SlotTaken
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.records import Undo
from microcrm.operations.move import put_items_back
from microcrm.operations.notices import notify, withdraw_notices
from microcrm.operations.online.returning import deposit_follows_fee
from microcrm.operations.parts.booking_life import GIVES_TIME_BACK, bring_back, set_status
from microcrm.operations.parts.booking_rows import check_columns, note_story, open_booking
from microcrm.operations.unit_of_work import UnitOfWork

WINDOW = timedelta(minutes=15)
BOOKED_BY_MISTAKE = "Booked by mistake"
# What a customer who knows of the change is told when it is taken back.
_TOLD = {"booking_moved": NoticeStep.MOVED, "booking_made": NoticeStep.CANCELLED}


def put_booking_back(uow: UnitOfWork, undo: Undo) -> None:
    """``Conflict`` when the booking has changed since or it is too long ago; ``SlotTaken`` when its old time is gone."""
    uow.require(Permission.BOOKINGS_OWN)
    if uow.now - undo.at > WINDOW:
        raise Conflict("That is too long ago to take back.", remedy="Change the booking by hand.")
    booking, items = open_booking(uow, undo.entity_id, undo.after_version)
    check_columns(uow, {item.member_id for item in items})
    before = undo.before or {}
    was_told = withdraw_notices(uow, undo.entity_id, undo.after_version)
    if undo.entity == "booking_moved":
        put_items_back(uow, booking, items, before["items"])
        booking.is_moved_from_series = before["was_alone"]
        note_story(uow, booking.id or 0, "undone", old=booking.status, new=booking.status)
    elif undo.entity == "booking_fee":
        booking.fee_waiver, booking.version = before["fee_waiver"], booking.version + 1
        deposit_follows_fee(uow, booking)
        note_story(uow, booking.id or 0, "undone", old=booking.status, new=booking.status)
    elif undo.entity == "booking_made":
        booking.cancel_reason = BOOKED_BY_MISTAKE
        _status_back(uow, booking, items, BookingStatus.CANCELLED_BY_BUSINESS)
    else:
        _step_back(uow, booking, items, before)
    notify(uow, booking, _TOLD.get(undo.entity, NoticeStep.BOOKED), tell=was_told)


def _step_back(uow: UnitOfWork, booking: Booking, items: list[BookingItem], before: dict[str, Any]) -> None:
    old = BookingStatus(before["status"])
    if not can_undo(BookingStatus(booking.status), old):
        raise Conflict("That step cannot be taken back.", remedy="Make a new booking.")
    booking.cancel_reason = ""
    booking.cancel_fee_paise, booking.fee_waiver = before.get("cancel_fee_paise", 0), before.get("fee_waiver", "")
    deadline = before.get("expires_at")
    _status_back(uow, booking, items, old, deadline and datetime.fromisoformat(deadline))


def _status_back(
    uow: UnitOfWork,
    booking: Booking,
    items: list[BookingItem],
    status: BookingStatus,
    expires_at: datetime | None = None,
) -> None:
    current = BookingStatus(booking.status)
    if current in GIVES_TIME_BACK and status not in GIVES_TIME_BACK and not bring_back(uow, items, expires_at):
        raise SlotTaken("Its time has been given to somebody else.", remedy="Book the customer again at another time.")
    set_status(uow, booking, items, status, expires_at)
    note_story(uow, booking.id or 0, "undone", old=current, new=status)
