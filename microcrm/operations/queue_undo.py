"""Taking back what was just done to a number of the queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, SlotTaken
from microcrm.domain.permissions import Permission
from microcrm.domain.queue import Ticket
from microcrm.models.records import Undo
from microcrm.models.waiting import QueueTicket
from microcrm.operations.booking_undo import BOOKED_BY_MISTAKE
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import check_columns, note_story, open_booking
from microcrm.operations.parts.queue_floor import lock_queue
from microcrm.operations.parts.rows import find
from microcrm.operations.parts.walk_in import end_as_planned
from microcrm.operations.unit_of_work import UnitOfWork

WINDOW = timedelta(minutes=15)
STARTED_BY_MISTAKE = "Started by mistake"


def put_ticket_back(uow: UnitOfWork, undo: Undo) -> None:
    """``Conflict`` when it is too long ago or the number has gone on since; ``SlotTaken`` when the chair's time is gone."""
    uow.require(Permission.BOOKINGS_OWN)
    if uow.now - undo.at > WINDOW:
        raise Conflict("That is too long ago to take back.", remedy="Draw a new number.")
    lock_queue(uow)
    ticket = find(uow, QueueTicket, undo.entity_id)
    if ticket.version != undo.after_version:
        raise Conflict("That number has gone on since.", remedy="Look at the queue as it stands.")
    before = undo.before or {"state": Ticket.LEFT.value, "called_at": None}
    if ticket.state == Ticket.SERVING:
        _call_off(uow, ticket, BookingStatus.STARTED, STARTED_BY_MISTAKE)
    elif ticket.state == Ticket.DONE:
        _sit_down_again(uow, ticket, before)
    elif ticket.state == Ticket.LEFT and ticket.booking_id is not None:
        _call_off(uow, ticket, BookingStatus.BOOKED, BOOKED_BY_MISTAKE)
    ticket.state = before["state"]
    ticket.called_at = datetime.fromisoformat(before["called_at"]) if before["called_at"] else None
    ticket.finished_at = uow.now if ticket.state == Ticket.LEFT else None
    ticket.version += 1
    uow.session.add(ticket)
    uow.session.flush()


def _call_off(uow: UnitOfWork, ticket: QueueTicket, old: BookingStatus, why: str) -> None:
    """The visit that was made by mistake is off, and its time is free."""
    booking, items = open_booking(uow, ticket.booking_id)
    check_columns(uow, {item.member_id for item in items})
    if booking.status != old:
        raise Conflict("That visit has gone on since.", remedy="Change it in the calendar.")
    booking.cancel_reason = why
    set_status(uow, booking, items, BookingStatus.CANCELLED_BY_BUSINESS)
    note_story(uow, booking.id or 0, "undone", old=old, new=booking.status)
    ticket.booking_id, ticket.started_at = None, None


def _sit_down_again(uow: UnitOfWork, ticket: QueueTicket, before: dict[str, Any]) -> None:
    booking, items = open_booking(uow, ticket.booking_id)
    check_columns(uow, {item.member_id for item in items})
    if before["booking_status"] == booking.status:
        return
    if not end_as_planned(uow, booking, items[0], datetime.fromisoformat(before["ends_at"])):
        raise SlotTaken("Somebody else sits there by now.", remedy="Let it stand as done.")
    old = booking.status
    set_status(uow, booking, items, BookingStatus(before["booking_status"]))
    note_story(uow, booking.id or 0, "undone", old=old, new=booking.status)
