"""The time of a class: scheduling it once, and giving it another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import insert, select

from microcrm.domain.booking import LIVE
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.occupancy import Span
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.catalogue import Service
from microcrm.models.classes import ClassSession
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.lapse import is_in_the_way, let_go_of_lapsed
from microcrm.operations.parts.occupy import (
    Claim,
    NoRoom,
    choose,
    claim,
    keepers_of,
    outer_span,
    read_busy,
    retake_class,
    without,
)
from microcrm.operations.parts.refusal import slot_taken
from microcrm.operations.parts.visits import TRIES
from microcrm.operations.unit_of_work import UnitOfWork


def class_service(uow: UnitOfWork, plan: PlannedItem) -> Service:
    """``Invalid`` for a service that is booked one by one."""
    service = uow.session.get_one(Service, plan.service_id)
    if service.seats < 2:
        raise Invalid(fields={"service_id": f"{service.name} has one seat. Give it more seats in Services first."})
    return service


def open_class(
    uow: UnitOfWork,
    plan: PlannedItem,
    seats: int,
    note: str,
    *,
    series_id: int | None = None,
    series_place: int | None = None,
) -> ClassSession | NoRoom | None:
    """Store the class with its time; ``NoRoom`` or ``None`` when the time is not to be had."""
    for _ in range(TRIES):
        busy = read_busy(uow, *outer_span([plan]), keepers_of([plan]))
        claims = choose([plan], busy.taken)
        if isinstance(claims, NoRoom):
            return claims
        savepoint = uow.session.begin_nested()
        if is_in_the_way(claims, busy.lapsed):
            let_go_of_lapsed(uow, claims)
        session_id = _store(uow, plan, seats, note, series_id, series_place)
        if claim(uow, claims, (), session_id=session_id):
            savepoint.commit()
            return uow.session.get_one(ClassSession, session_id)
        savepoint.rollback()
    return None


def give_class_time(uow: UnitOfWork, session: ClassSession, held: Sequence[Claim], plan: PlannedItem) -> None:
    """``SlotTaken`` when it cannot be had. What the class holds itself is in nobody's way."""
    found: list[Claim] | NoRoom | None = None
    for _ in range(TRIES):
        busy = read_busy(uow, *outer_span([plan]), keepers_of([plan]))
        found = choose([plan], without(busy.taken, held))
        if isinstance(found, NoRoom):
            break
        savepoint = uow.session.begin_nested()
        if is_in_the_way(found, busy.lapsed):
            let_go_of_lapsed(uow, found)
        if retake_class(uow, session.id or 0, held, found):
            savepoint.commit()
            return
        savepoint.rollback()
    raise slot_taken(uow, [plan], found if isinstance(found, NoRoom) else None, own=held)


def held_by_classes(uow: UnitOfWork, ids: Collection[int]) -> dict[int, list[Claim]]:
    """What each class holds now."""
    rows = uow.session.execute(
        select(Occupancy.session_id, Occupancy.keeper_id, Occupancy.span).where(
            Occupancy.business_id == uow.business_id, Occupancy.session_id.in_(list(ids)), Occupancy.is_live
        )
    )
    held: dict[int, list[Claim]] = defaultdict(list)
    for session_id, keeper, span in rows:
        held[session_id].append(Claim(keeper, Span(span.lower, span.upper), 0))
    return {session_id: sorted(held[session_id]) for session_id in ids}


Visits = list[tuple[Booking, list[BookingItem]]]


def lock_class_bookings(uow: UnitOfWork, session_id: int) -> Visits:
    """The live visits of one class, locked: see ``lock_bookings_of``."""
    return lock_bookings_of(uow, [session_id])[session_id]


def lock_bookings_of(uow: UnitOfWork, ids: Collection[int]) -> dict[int, Visits]:
    """The live visits of classes, locked in order. Their rows come before the classes' own: somebody who leaves locks them
    in that order too."""
    rows = uow.session.execute(
        select(Booking, BookingItem)
        .join(BookingItem, (BookingItem.business_id == Booking.business_id) & (BookingItem.booking_id == Booking.id))
        .where(
            Booking.business_id == uow.business_id,
            BookingItem.session_id.in_(list(ids)),
            Booking.status.in_(list(LIVE)),
        )
        .order_by(Booking.id, BookingItem.id)
        .with_for_update(of=Booking)
        .execution_options(populate_existing=True)
    ).all()
    found: dict[int, dict[int, tuple[Booking, list[BookingItem]]]] = {session_id: {} for session_id in ids}
    for booking, item in rows:
        found[item.session_id or 0].setdefault(booking.id or 0, (booking, []))[1].append(item)
    return {session_id: list(visits.values()) for session_id, visits in found.items()}


def check_nobody_came(uow: UnitOfWork, ids: Collection[int], known: Visits) -> None:
    """After the classes' rows are locked nobody can join; whoever did just before is not among those that were locked."""
    count = select(BookingItem.booking_id).where(
        BookingItem.business_id == uow.business_id, BookingItem.session_id.in_(list(ids)), BookingItem.is_live
    )
    if set(uow.session.scalars(count)) - {booking.id for booking, _ in known}:
        raise Conflict("Somebody joined this class just now.", remedy="Look at the list, then try again.")


def _store(
    uow: UnitOfWork, plan: PlannedItem, seats: int, note: str, series_id: int | None, series_place: int | None
) -> int:
    start: datetime = plan.start
    row = insert(ClassSession).values(
        business_id=uow.business_id,
        service_id=plan.service_id,
        member_id=plan.member_id,
        starts_at=start,
        ends_at=plan.end,
        seats=seats,
        taken=0,
        is_live=True,
        note=note,
        cancel_reason="",
        series_id=series_id,
        series_place=series_place,
        created_at=uow.now,
        version=1,
    )
    return int(uow.session.execute(row.returning(ClassSession.id)).scalar_one())
