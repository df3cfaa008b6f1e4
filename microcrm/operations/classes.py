"""Group classes: scheduling them, joining them and changing their seats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count, format_near_day, format_time
from microcrm.domain.occupancy import LONGEST_SERVICE
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, to_wall, today_in, zone_of
from microcrm.models.classes import ClassSession
from microcrm.operations.book import AHEAD, BACK
from microcrm.operations.hold import ConfirmHold, Hold, confirm_hold, hold
from microcrm.operations.parts.booking_plan import WantedItem, plan_items
from microcrm.operations.parts.booking_rows import BookingDone, check_columns
from microcrm.operations.parts.booking_times import check_hours
from microcrm.operations.parts.class_time import (
    class_service,
    open_class,
)
from microcrm.operations.parts.freed_time import tell_seats_freed
from microcrm.operations.parts.lapse import let_go_of_lapsed_seats
from microcrm.operations.parts.refusal import slot_taken
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

_PERSON = ("who", "customer_id", "name", "phone", "is_family", "note", "tell", "safety_reason")


@dataclass(frozen=True, slots=True)
class ScheduleClass:
    """``seats`` and ``minutes`` empty: as the service says. ``reason`` goes past working hours, for those who may."""

    service_id: Any
    member_id: Any
    day: Any
    time: Any
    seats: Any = None
    minutes: Any = None
    note: Any = ""
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class JoinClass:
    """Whose places, and ``safety_reason``: as in ``ConfirmHold``."""

    session_id: Any
    seats: Any = 1
    who: Any = "known"
    customer_id: Any = None
    name: Any = ""
    phone: Any = ""
    is_family: Any = False
    note: Any = ""
    tell: Any = False
    safety_reason: Any = ""


@dataclass(frozen=True, slots=True)
class ChangeClass:
    session_id: Any
    version: Any
    seats: Any
    note: Any = ""


@dataclass(frozen=True, slots=True)
class ClassDone:
    """``visits``: how many bookings it touched."""

    session_id: int
    version: int
    label: str
    undo: str
    visits: int = 0


def schedule(uow: UnitOfWork, command: ScheduleClass) -> ClassDone:
    """One class on one day. Raises as ``book`` does."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    plan_ids = (
        reader.id("service_id", command.service_id, "Service"),
        reader.id("member_id", command.member_id, "Staff member"),
    )
    minutes = reader.optional_number("minutes", command.minutes, "Length", low=5, high=LONGEST_SERVICE)
    seats = reader.optional_number("seats", command.seats, "Seats", low=1, high=500)
    note = reader.note("note", command.note, "Note", limit=500)
    reason = reader.text("reason", command.reason, "Reason", limit=120, required=False)
    start = _read_start(uow, reader, command)
    reader.done()
    [plan] = plan_items(uow, (WantedItem(*plan_ids, minutes),), start)
    service = class_service(uow, plan)
    check_columns(uow, {plan.member_id})
    check_hours(uow, [plan], zone_of(uow.actor.zone), reason)
    session = open_class(uow, plan, seats or service.seats, note)
    if not isinstance(session, ClassSession):
        raise slot_taken(uow, [plan], session)
    event = uow.audit("class.scheduled", "class_session", session.id, starts_at=start.isoformat())
    label = f"{service.name}: {when_in_words(uow, start)}, {session.seats} seats"
    undo = uow.undoable(
        f"the class on {when_in_words(uow, start)}", "class_made", session.id or 0,
        before=None, after_version=1, audit_event_id=event,
    )  # fmt: skip
    return ClassDone(session.id or 0, 1, label, str(undo))


def join(uow: UnitOfWork, command: JoinClass) -> BookingDone:
    """Places in a class. ``SlotTaken`` when fewer are left, ``NotSafe`` as ``book`` raises it. To leave, cancel the booking."""
    uow.require(Permission.BOOKINGS_OWN)
    held = hold(uow, Hold(session_id=command.session_id, seats=command.seats))
    person = {name: getattr(command, name) for name in _PERSON}
    return confirm_hold(uow, ConfirmHold(held.booking_id, held.version, **person))


def change_class(uow: UnitOfWork, command: ChangeClass) -> ClassDone:
    """Its seats and its note. ``Invalid`` for fewer seats than are taken; seats that are added are offered to whoever
    waits."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    session_id = reader.id("session_id", command.session_id, "Class")
    seats = reader.whole_number("seats", command.seats, "Seats", low=1, high=500)
    note = reader.note("note", command.note, "Note", limit=500)
    reader.done()
    if seats < find(uow, ClassSession, session_id, is_locked=False).taken:
        let_go_of_lapsed_seats(uow, session_id)
    session = own_class(uow, session_id, command.version)
    if seats < session.taken:
        taken = "1 seat is taken" if session.taken == 1 else f"{session.taken} seats are taken"
        raise Invalid(fields={"seats": f"{taken} already. Keep at least so many, or cancel places first."})
    before, more = {"seats": session.seats, "note": session.note}, seats - session.seats
    session.seats, session.note, session.version = seats, note, session.version + 1
    uow.session.flush()
    tell_seats_freed(uow, session, more)
    return replace(_written(uow, session, "changed", before, 0), label=f"Class changed: {format_count(seats, 'seat')}")


def own_class(uow: UnitOfWork, session_id: int, version: Any) -> ClassSession:
    """The class, locked. ``Conflict`` when it has changed since ``version`` or is off."""
    session = find(uow, ClassSession, session_id)
    uow.session.refresh(session)
    same_version(version, session.version)
    check_columns(uow, {session.member_id})
    if not session.is_live:
        raise Conflict("This class does not take place.", remedy="Schedule another one.")
    return session


def _written(uow: UnitOfWork, session: ClassSession, what: str, before: dict[str, Any], visits: int) -> ClassDone:
    event = uow.audit(f"class.{what}", "class_session", session.id, visits=visits)
    undo = uow.undoable(
        f"the class on {when_in_words(uow, session.starts_at)}", f"class_{what}", session.id or 0,
        before=before, after_version=session.version, audit_event_id=event,
    )  # fmt: skip
    label = f"Class {what}: {when_in_words(uow, session.starts_at)}"
    return ClassDone(session.id or 0, session.version, label, str(undo), visits)


def _read_start(uow: UnitOfWork, reader: Reader, command: ScheduleClass) -> datetime:
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    day = reader.day("day", command.day, "Day", earliest=today - BACK, latest=today + AHEAD)
    return to_instant(day, min(reader.clock("time", command.time, "Time"), 24 * 60 - 1), zone)


def when_in_words(uow: UnitOfWork, start: datetime) -> str:
    zone = zone_of(uow.actor.zone)
    return f"{format_near_day(to_wall(start, zone)[0], today_in(zone, uow.now))}, {format_time(start, zone)}"
