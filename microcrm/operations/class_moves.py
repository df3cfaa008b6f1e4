"""Moving classes: one of them, it and those that follow, or all that are still to come. Everybody goes with their class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from microcrm.domain.booking import MOVABLE, BookingStatus
from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count, format_duration
from microcrm.domain.notices import NoticeStep
from microcrm.domain.occupancy import LONGEST_SERVICE
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, to_wall, today_in, zone_of
from microcrm.models.bookings import Booking
from microcrm.models.classes import ClassSession, Series
from microcrm.operations.book import AHEAD, BACK
from microcrm.operations.classes import ClassDone, when_in_words
from microcrm.operations.messages.reminders import Visit, follow
from microcrm.operations.notices import notify_all
from microcrm.operations.parts.booking_plan import PlannedItem, WantedItem, plan_items
from microcrm.operations.parts.booking_rows import check_columns, note_story
from microcrm.operations.parts.booking_times import check_hours, is_override_allowed
from microcrm.operations.parts.class_time import (
    Visits,
    check_nobody_came,
    give_class_time,
    held_by_classes,
    lock_bookings_of,
)
from microcrm.operations.parts.freed_time import tell_class_time_freed, tell_seats_freed
from microcrm.operations.parts.occupy import Claim
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.parts.series_plan import judge, moved_to, refuse_clashes
from microcrm.operations.parts.waiting_offers import end_offers, lock_line
from microcrm.operations.series import SCOPES, SeriesPreview
from microcrm.operations.unit_of_work import UnitOfWork

_NOT_TOLD = (BookingStatus.HOLD, BookingStatus.EXPIRED)  # nobody has these visits, so nobody is told of them


@dataclass(frozen=True, slots=True)
class MoveClass:
    """Where this class goes, in wall clock. ``member_id`` and ``minutes`` empty: as they are. The others of its series that
    ``scope`` (this, following, all) covers go as many days further and to the same time of day.

    Classes that were moved by themselves before, or have begun, stay. ``skip``: classes that stay as well."""

    session_id: Any
    version: Any
    day: Any
    time: Any
    member_id: Any = None
    minutes: Any = None
    scope: Any = "this"
    skip: Sequence[Any] = ()
    reason: Any = ""
    tell: Any = True


class _Wish(NamedTuple):
    session_id: int
    start: datetime
    member_id: int | None
    minutes: int | None
    scope: str
    skip: tuple[int, ...]
    reason: str
    tell: bool


@dataclass(frozen=True, slots=True)
class ClassShift:
    """A locked class with those who come, what it holds, and where it goes."""

    session: ClassSession
    visits: Visits
    held: Sequence[Claim]
    plan: PlannedItem


def preview_class_move(uow: UnitOfWork, command: MoveClass) -> SeriesPreview:
    """What the move would run into, before it is made. ``place`` of a date is the class's id."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _read(uow, command)
    shifts = _shifts(uow, wish, command.version)
    count = format_count(len(shifts), "class", "classes")
    return SeriesPreview(f"{count} to move", _judged(uow, shifts, wish.reason), is_override_allowed(uow))


def move_class(uow: UnitOfWork, command: MoveClass) -> ClassDone:
    """Moves all that the scope covers, or none. ``SlotTaken`` names what clashes; ``Conflict`` when somebody has come
    already."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _read(uow, command)
    lock_line(uow)
    shifts = _shifts(uow, wish, command.version)
    if len(shifts) == 1:
        check_hours(uow, [shifts[0].plan], zone_of(uow.actor.zone), wish.reason)
    else:
        refuse_clashes(uow, _judged(uow, shifts, wish.reason))
    before: list[Any] = [[one.session.id, one.session.version + 1, as_it_was(one.session)] for one in shifts]
    # Those who move towards others first make room for whoever comes behind them.
    ahead = shifts[0].plan.start > shifts[0].session.starts_at
    for one in sorted(shifts, key=lambda each: each.session.starts_at, reverse=ahead):
        is_alone = one.session.is_moved_from_series or (wish.scope == "this" and one.session.series_id is not None)
        shift_class(uow, one, is_alone=is_alone, kind="moved", reason=wish.reason)
    guests = [booking for one in shifts for booking, _ in one.visits if booking.status not in _NOT_TOLD]
    if wish.tell:
        notify_all(uow, guests, NoticeStep.MOVED)
    if wish.scope == "this":
        return _one_moved(uow, shifts[0].session, before[0][2], len(guests))
    in_order = sorted(before, key=lambda each: each[2]["starts_at"], reverse=ahead)
    return _several_moved(uow, shifts, in_order, len(guests))


def shift_class(uow: UnitOfWork, shift: ClassShift, *, is_alone: bool, kind: str, reason: str = "") -> None:
    """Time first, then everybody's row. Seats that are on offer for the old time are offered anew."""
    session, plan = shift.session, shift.plan
    was = session.member_id, session.starts_at, session.ends_at
    give_class_time(uow, session, shift.held, plan)
    offered = end_offers(uow, shift.visits) if plan.start != session.starts_at else 0
    session.starts_at, session.ends_at, session.member_id = plan.start, plan.end, plan.member_id
    session.is_moved_from_series = is_alone
    session.version += 1
    for booking, items in shift.visits:
        if booking.status == BookingStatus.EXPIRED:
            continue
        for item in items:
            item.starts_at, item.ends_at, item.member_id = plan.start, plan.end, plan.member_id
            item.duration_min = plan.duration
        booking.starts_at, booking.ends_at, booking.version = plan.start, plan.end, booking.version + 1
        note_story(uow, booking.id or 0, kind, old=booking.status, new=booking.status, reason=reason)
    uow.session.flush()
    if plan.start != was[1]:
        follow(uow, [Visit(booking.id or 0, plan.start, plan.end, [plan.service_id]) for booking, _ in shift.visits])
    tell_class_time_freed(uow, session, *was)
    tell_seats_freed(uow, session, offered)


def as_it_was(session: ClassSession) -> dict[str, Any]:
    """For undo."""
    return {
        "member_id": session.member_id,
        "starts_at": session.starts_at.isoformat(),
        "minutes": minutes_of_class(session),
        "was_alone": session.is_moved_from_series,
    }


def minutes_of_class(session: ClassSession) -> int:
    return int((session.ends_at - session.starts_at).total_seconds()) // 60


def lock_classes(uow: UnitOfWork, ids: Sequence[int]) -> tuple[list[ClassSession], dict[int, Visits]]:
    """Who comes first, then the classes, both in order; nobody can join until this is over."""
    visits = lock_bookings_of(uow, ids)
    query = select(ClassSession).where(ClassSession.business_id == uow.business_id, ClassSession.id.in_(list(ids)))
    sessions = uow.session.scalars(
        query.order_by(ClassSession.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    check_nobody_came(uow, ids, [pair for of_class in visits.values() for pair in of_class])
    return list(sessions), visits


def _read(uow: UnitOfWork, command: MoveClass) -> _Wish:
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    reader = Reader()
    day = reader.day("day", command.day, "Day", earliest=today - BACK, latest=today + AHEAD)
    minute = min(reader.clock("time", command.time, "Time"), 24 * 60 - 1)
    wish = _Wish(
        session_id=reader.id("session_id", command.session_id, "Class"),
        start=to_instant(day, minute, zone),
        member_id=None
        if command.member_id in (None, "")
        else reader.id("member_id", command.member_id, "Staff member"),
        minutes=reader.optional_number("minutes", command.minutes, "Length", low=5, high=LONGEST_SERVICE),
        scope=reader.choice("scope", command.scope or "this", "Which classes", SCOPES),
        skip=tuple(reader.ids("skip", list(command.skip), "Left as they are", limit=200)),
        reason=reader.text("reason", command.reason, "Reason", limit=120, required=False),
        tell=reader.flag("tell", command.tell, "Tell the customers"),
    )
    reader.done()
    return wish


def _shifts(uow: UnitOfWork, wish: _Wish, version: Any) -> list[ClassShift]:
    """The class that was pointed at comes first."""
    known = find(uow, ClassSession, wish.session_id, is_locked=False)
    ids = covered_classes(uow, known, wish.scope, skip=wish.skip)
    sessions, visits = lock_classes(uow, ids)
    anchor = next(one for one in sessions if one.id == wish.session_id)
    same_version(version, anchor.version)
    if not anchor.is_live:
        raise Conflict("This class does not take place.", remedy="Schedule another one.")
    moving = [anchor, *(one for one in sessions if one is not anchor and one.is_live)]
    check_columns(uow, {one.member_id for one in moving} | ({wish.member_id} if wish.member_id else set()))
    _refuse_begun([booking for one in moving for booking, _ in visits[one.id or 0]])
    held = held_by_classes(uow, ids)
    plans = _plans(uow, anchor, moving, wish)
    return [
        ClassShift(one, visits[one.id or 0], held[one.id or 0], plan) for one, plan in zip(moving, plans, strict=True)
    ]


def covered_classes(
    uow: UnitOfWork, anchor: ClassSession, scope: str, *, skip: Sequence[int] = (), with_moved: bool = False
) -> list[int]:
    """Itself and those of its series that are still to come, without those that were moved by themselves unless
    ``with_moved``. The series is locked, so that two changes of it queue."""
    own, one = anchor.id or 0, ClassSession
    if scope == "this" or anchor.series_id is None:
        return [own]
    find(uow, Series, anchor.series_id)
    query = select(one.id).where(
        one.business_id == uow.business_id, one.series_id == anchor.series_id, one.is_live, one.id != own,
        one.starts_at > uow.now, one.id.not_in(skip),
    )  # fmt: skip
    if not with_moved:
        query = query.where(~one.is_moved_from_series)
    if scope == "following":
        query = query.where(one.series_place >= anchor.series_place)
    return sorted({own, *(found or 0 for found in uow.session.scalars(query))})


def _plans(uow: UnitOfWork, anchor: ClassSession, moving: Sequence[ClassSession], wish: _Wish) -> list[PlannedItem]:
    """Each (member, length) is planned once; the wall clock of each day says when."""
    zone = zone_of(uow.actor.zone)
    day, minute = to_wall(wish.start, zone)
    further = day - to_wall(anchor.starts_at, zone)[0]
    known: dict[tuple[int, int], tuple[PlannedItem, ...]] = {}
    plans = []
    for one in moving:
        how = wish.member_id or one.member_id, wish.minutes or minutes_of_class(one)
        if how not in known:
            known[how] = plan_items(uow, (WantedItem(one.service_id, *how),), wish.start)
        start = to_instant(to_wall(one.starts_at, zone)[0] + further, minute, zone)
        plans.append(moved_to(known[how], start)[0])
    return plans


def _refuse_begun(bookings: Sequence[Booking]) -> None:
    if any(BookingStatus(one.status) not in MOVABLE for one in bookings):
        raise Conflict("Somebody has come to this class already, so it stays.", remedy="Schedule another class.")


def _judged(uow: UnitOfWork, shifts: Sequence[ClassShift], reason: str) -> Any:
    own = [claim for one in shifts for claim in one.held]
    return judge(uow, [(one.session.id or 0, [one.plan]) for one in shifts], reason, own=own)


def _one_moved(uow: UnitOfWork, session: ClassSession, before: dict[str, Any], guests: int) -> ClassDone:
    event = uow.audit("class.moved", "class_session", session.id, visits=guests)
    undo = uow.undoable(
        f"the class on {when_in_words(uow, session.starts_at)}", "class_moved", session.id or 0,
        before=before, after_version=session.version, audit_event_id=event,
    )  # fmt: skip
    label = f"Class moved: {when_in_words(uow, session.starts_at)}"
    if before["starts_at"] == session.starts_at.isoformat() and before["minutes"] != minutes_of_class(session):
        label = f"Class takes {format_duration(minutes_of_class(session))} now"
    return ClassDone(session.id or 0, session.version, label, str(undo), guests)


def _several_moved(uow: UnitOfWork, shifts: Sequence[ClassShift], before: list[Any], guests: int) -> ClassDone:
    """``before`` in the order in which they were moved."""
    anchor = shifts[0].session
    count = format_count(len(shifts), "class", "classes")
    event = uow.audit(
        "class.moved", "class_session", anchor.id, classes=len(shifts), sessions=[one.session.id for one in shifts]
    )
    undo = uow.undoable(
        f"moving {count}", "classes_moved", anchor.id or 0, before={"classes": before}, audit_event_id=event
    )
    return ClassDone(anchor.id or 0, anchor.version, f"{count} moved", str(undo), guests)


def planned_back(uow: UnitOfWork, session: ClassSession, before: dict[str, Any]) -> PlannedItem:
    """Where it was, with today's buffers."""
    start, minutes = datetime.fromisoformat(before["starts_at"]), before.get("minutes") or minutes_of_class(session)
    return plan_items(uow, (WantedItem(session.service_id, before["member_id"], minutes),), start)[0]
