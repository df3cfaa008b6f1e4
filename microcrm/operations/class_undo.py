"""Taking back what was just done to a class."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, SlotTaken
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.models.classes import ClassSession
from microcrm.models.records import Undo
from microcrm.operations.class_moves import ClassShift, lock_classes, planned_back, shift_class
from microcrm.operations.notices import notify_all, withdraw_all
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import check_columns, note_story, open_booking
from microcrm.operations.parts.class_time import held_by_classes, lock_class_bookings
from microcrm.operations.parts.freed_time import tell_seats_freed
from microcrm.operations.parts.occupy import rest_class, wake_class
from microcrm.operations.parts.rows import find
from microcrm.operations.parts.seats import take_seats_again
from microcrm.operations.parts.waiting_offers import lock_line
from microcrm.operations.unit_of_work import UnitOfWork

WINDOW = timedelta(minutes=15)
_SEVERAL = ("class_moved", "classes_moved", "class_cancelled", "classes_cancelled")
CLASS_STEPS = ("class_made", "class_changed", *_SEVERAL)


def put_class_back(uow: UnitOfWork, undo: Undo) -> None:
    """``Conflict`` when it has changed since, has guests by now, or it is too long ago; ``SlotTaken`` when its time has
    gone."""
    uow.require(Permission.BOOKINGS_OWN)
    if uow.now - undo.at > WINDOW:
        raise Conflict("That is too long ago to take back.", remedy="Change the class by hand.")
    lock_line(uow)
    before = undo.before or {}
    if undo.entity in _SEVERAL:
        several = before.get("classes") or [[undo.entity_id, undo.after_version, before]]
        (_move_back if undo.entity.endswith("moved") else _bring_back)(uow, several)
        return
    visits = lock_class_bookings(uow, undo.entity_id)
    session = find(uow, ClassSession, undo.entity_id)
    uow.session.refresh(session)
    if session.version != undo.after_version:
        raise _changed_since()
    check_columns(uow, {session.member_id})
    if undo.entity == "class_made":
        if visits:
            raise Conflict("Somebody has joined this class by now.", remedy="Cancel the class instead.")
        session.is_live, session.version = False, session.version + 1
        rest_class(uow, session.id or 0)
    else:
        _change_back(session, before)
    uow.session.flush()


def _move_back(uow: UnitOfWork, remembered: list[list[Any]]) -> None:
    """Whoever moved last goes back first: the new places were the others' old ones."""
    ids = [one for one, _, _ in remembered]
    found, visits = lock_classes(uow, ids)
    sessions = {one.id: one for one in found}
    if any(sessions[one].version != version or not sessions[one].is_live for one, version, _ in remembered):
        raise _changed_since()
    check_columns(uow, {one.member_id for one in found} | {before["member_id"] for _, _, before in remembered})
    held = held_by_classes(uow, ids)
    told = withdraw_all(uow, [booking for of_class in visits.values() for booking, _ in of_class])
    for one, _, before in reversed(remembered):
        shift = ClassShift(sessions[one], visits[one], held[one], planned_back(uow, sessions[one], before))
        shift_class(uow, shift, is_alone=before.get("was_alone", False), kind="undone")
    notify_all(uow, told, NoticeStep.MOVED)


def _change_back(session: ClassSession, before: dict[str, Any]) -> None:
    if before["seats"] < session.taken:
        raise Conflict("More seats are taken by now.", remedy="Cancel places first, or leave it.")
    session.seats, session.note, session.version = before["seats"], before["note"], session.version + 1


def _changed_since() -> Conflict:
    return Conflict("The class has changed since.", remedy="Change it by hand.")


def _bring_back(uow: UnitOfWork, remembered: list[list[Any]]) -> None:
    """All of the classes with everybody who was in them; who has changed their visit since stays out."""
    visits = [visit for _, _, before in remembered for visit in before["visits"]]
    opened = [(*open_booking(uow, one["booking_id"]), one) for one in sorted(visits, key=itemgetter("booking_id"))]
    found, _ = lock_classes(uow, [session_id for session_id, _, _ in remembered])
    sessions = {one.id: one for one in found}
    if any(sessions[session_id].version != version for session_id, version, _ in remembered):
        raise _changed_since()
    check_columns(uow, {one.member_id for one in found})
    for session_id, _, before in remembered:
        _take_place_again(uow, sessions[session_id], before.get("offered", 0))
    back = [one for one in opened if one[0].version == one[2]["version"] and take_seats_again(uow, one[1])]
    told = withdraw_all(uow, [booking for booking, _, _ in back])
    for booking, items, one in back:
        old, booking.cancel_reason = booking.status, ""
        deadline = one["expires_at"]
        set_status(uow, booking, items, BookingStatus(one["status"]), deadline and datetime.fromisoformat(deadline))
        note_story(uow, booking.id or 0, "undone", old=old, new=booking.status)
    notify_all(uow, told, NoticeStep.BOOKED)


def _take_place_again(uow: UnitOfWork, session: ClassSession, offered: int) -> None:
    """``offered``: seats that were on offer when it was called off; whoever waits is asked again."""
    if not wake_class(uow, session.id or 0):
        raise SlotTaken("Its time has been given to somebody else.", remedy="Schedule the class at another time.")
    session.is_live, session.cancel_reason, session.version = True, "", session.version + 1
    uow.session.flush()
    tell_seats_freed(uow, session, offered)
