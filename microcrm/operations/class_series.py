"""Classes that come again: looked at first, scheduled all or none. Each is a class like any other afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from microcrm.domain.errors import Conflict, Invalid, SlotTaken
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.domain.recurrence import in_words
from microcrm.models.classes import ClassSession
from microcrm.models.records import Undo
from microcrm.operations.parts.booking_rows import check_columns
from microcrm.operations.parts.class_time import class_service, lock_class_bookings, open_class
from microcrm.operations.parts.occupy import rest_class
from microcrm.operations.parts.rows import find
from microcrm.operations.parts.series_plan import SeriesWish, dates_of, read_plan, refuse_clashes, store_series
from microcrm.operations.unit_of_work import UnitOfWork

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ScheduleClasses:
    """``wish`` names one service. ``seats`` empty: as the service says."""

    wish: SeriesWish
    seats: Any = None


@dataclass(frozen=True, slots=True)
class ClassesDone:
    series_id: int
    session_ids: tuple[int, ...]
    label: str
    undo: str


def schedule_all(uow: UnitOfWork, command: ScheduleClasses) -> ClassesDone:
    """``SlotTaken`` names the dates that clash; look at them with ``series.preview``, then leave them out (``skip``)."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    seats = reader.optional_number("seats", command.seats, "Seats", low=1, high=500)
    reader.done()
    plan = read_plan(uow, command.wish)
    if len(plan.visits[0]) != 1:
        raise Invalid(fields={"service_id": "A class is one service."})
    service = class_service(uow, plan.visits[0][0])
    refuse_clashes(uow, dates_of(uow, plan))
    if not plan.wanted:
        raise Invalid(fields={"skip": "Every date is left out. Keep at least one."})
    series = store_series(uow, plan, None, seats=seats or service.seats)
    made = []
    for place in plan.wanted:
        session = open_class(
            uow, plan.visits[place][0], seats or service.seats, plan.note, series_id=series.id, series_place=place
        )
        if not isinstance(session, ClassSession):
            raise SlotTaken("Somebody has just taken one of these times.", remedy="Look at the dates again.")
        made.append(session.id or 0)
    event = uow.audit("class.scheduled", "class_session", made[0], classes=len(made), rule=plan.rule, sessions=made)
    count = format_count(len(made), "class", "classes")
    undo = uow.undoable(
        f"{count} of {service.name}", "classes_made", series.id or 0,
        before={"classes": made}, after_version=1, audit_event_id=event,
    )  # fmt: skip
    return ClassesDone(series.id or 0, tuple(made), f"{service.name}: {in_words(plan.repeat, plan.first)}", str(undo))


def put_classes_back(uow: UnitOfWork, undo: Undo) -> None:
    """All of them, or none: ``Conflict`` when one has changed or has guests by now."""
    uow.require(Permission.BOOKINGS_OWN)
    if uow.now - undo.at > WINDOW:
        raise Conflict("That is too long ago to take back.", remedy="Cancel the classes by hand.")
    found = []
    for session_id in (undo.before or {})["classes"]:
        guests = lock_class_bookings(uow, session_id)
        session = find(uow, ClassSession, session_id)
        uow.session.refresh(session)
        check_columns(uow, {session.member_id})
        if guests or session.version != 1:
            raise Conflict("One of these classes has guests or was changed.", remedy="Cancel the others by hand.")
        found.append(session)
    for session in found:
        session.is_live, session.version = False, 2
        uow.session.flush()
        rest_class(uow, session.id or 0)
