"""Calling classes off: one of them, it and those that follow, or all that are still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from microcrm.domain.booking import BookingStatus, can_follow
from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking
from microcrm.models.classes import ClassSession
from microcrm.operations.class_moves import covered_classes, lock_classes
from microcrm.operations.classes import ClassDone, when_in_words
from microcrm.operations.hold import drop_hold
from microcrm.operations.notices import notify_all
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_rows import check_columns, note_story
from microcrm.operations.parts.class_time import Visits
from microcrm.operations.parts.freed_time import tell_class_time_freed
from microcrm.operations.parts.occupy import rest_class
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.parts.waiting_offers import end_offers, lock_line
from microcrm.operations.series import SCOPES
from microcrm.operations.unit_of_work import UnitOfWork

_OFF = BookingStatus.CANCELLED_BY_BUSINESS


@dataclass(frozen=True, slots=True)
class CancelClass:
    """``scope``: this, following or all of its series that are still to come."""

    session_id: Any
    version: Any
    reason: Any = ""
    tell: Any = True
    scope: Any = "this"


@dataclass(frozen=True, slots=True)
class ClassesOff:
    """What would be called off: how many classes, and how many visits with them."""

    classes: int
    visits: int


class _Wish(NamedTuple):
    session_id: int
    scope: str
    reason: str
    tell: bool


def preview_class_cancel(uow: UnitOfWork, command: CancelClass) -> ClassesOff:
    """Raises as ``cancel_class`` does."""
    uow.require(Permission.BOOKINGS_OWN)
    off = _locked(uow, _read(command), command.version)
    return ClassesOff(len(off), sum(len(_sold(visits)) for _, visits in off))


def cancel_class(uow: UnitOfWork, command: CancelClass) -> ClassDone:
    """They do not take place: all their visits are cancelled by the shop, and their time is free. Also classes of the series
    that were moved by themselves go. ``Conflict`` when one of them has begun."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _read(command)
    lock_line(uow)
    off = _locked(uow, wish, command.version)
    before = [_call_off(uow, session, visits, wish.reason) for session, visits in off]
    guests = [booking for _, visits in off for booking, _ in visits if booking.status == _OFF]
    if wish.tell:
        notify_all(uow, guests, NoticeStep.CANCELLED)
    return _written(uow, off[0][0], before, len(guests))


def _read(command: CancelClass) -> _Wish:
    reader = Reader()
    wish = _Wish(
        session_id=reader.id("session_id", command.session_id, "Class"),
        scope=reader.choice("scope", command.scope or "this", "Which classes", SCOPES),
        reason=reader.text("reason", command.reason, "Reason", limit=200, required=False),
        tell=reader.flag("tell", command.tell, "Tell the customers"),
    )
    reader.done()
    return wish


def _locked(uow: UnitOfWork, wish: _Wish, version: Any) -> list[tuple[ClassSession, Visits]]:
    """The class that was pointed at comes first."""
    known = find(uow, ClassSession, wish.session_id, is_locked=False)
    ids = covered_classes(uow, known, wish.scope, with_moved=True)
    sessions, visits = lock_classes(uow, ids)
    anchor = next(one for one in sessions if one.id == wish.session_id)
    same_version(version, anchor.version)
    if not anchor.is_live:
        raise Conflict("This class does not take place.", remedy="Schedule another one.")
    off = [anchor, *(one for one in sessions if one is not anchor and one.is_live)]
    check_columns(uow, {one.member_id for one in off})
    if any(not can_follow(BookingStatus(one.status), _OFF) for each in off for one in _sold(visits[each.id or 0])):
        raise Conflict("A class that has begun is not cancelled.", remedy="Cancel those that are still to come.")
    return [(one, visits[one.id or 0]) for one in off]


def _sold(visits: Visits) -> list[Booking]:
    return [booking for booking, _ in visits if booking.status != BookingStatus.HOLD]


def _call_off(uow: UnitOfWork, session: ClassSession, visits: Visits, reason: str) -> list[Any]:
    """Everybody's place, then the class and its time. Returns how it was."""
    before = [_remembered(booking) for booking in _sold(visits)]
    offered = end_offers(uow, visits)
    for booking, items in visits:
        if booking.status in (BookingStatus.HOLD, BookingStatus.EXPIRED):
            drop_hold(uow, booking, items)
            continue
        old, booking.cancel_reason = booking.status, reason
        set_status(uow, booking, items, _OFF)
        note_story(uow, booking.id or 0, "cancelled", old=old, new=booking.status, reason=reason)
    uow.session.refresh(session)
    session.is_live, session.cancel_reason, session.version = False, reason, session.version + 1
    uow.session.flush()
    rest_class(uow, session.id or 0)
    tell_class_time_freed(uow, session, session.member_id, session.starts_at, session.ends_at)
    return [session.id, session.version, {"visits": before, "offered": offered}]


def _remembered(booking: Booking) -> dict[str, Any]:
    deadline = booking.expires_at
    return {
        "booking_id": booking.id,
        "status": booking.status,
        "expires_at": deadline and deadline.isoformat(),
        "version": booking.version + 1,
    }


def _written(uow: UnitOfWork, anchor: ClassSession, before: Sequence[list[Any]], guests: int) -> ClassDone:
    """One step back for all of them."""
    when = when_in_words(uow, anchor.starts_at)
    label, what, entity = f"Class cancelled: {when}", f"the class on {when}", "class_cancelled"
    facts: dict[str, Any] = {"visits": guests}
    if len(before) > 1:
        count = format_count(len(before), "class", "classes")
        label, what, entity = f"{count} cancelled", f"cancelling {count}", "classes_cancelled"
        facts = {"classes": len(before), "sessions": [one[0] for one in before]}
    event = uow.audit("class.cancelled", "class_session", anchor.id, **facts)
    undo = uow.undoable(what, entity, anchor.id or 0, before={"classes": list(before)}, audit_event_id=event)
    return ClassDone(anchor.id or 0, anchor.version, label, str(undo), guests)
