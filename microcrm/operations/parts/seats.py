"""Seats of a class. One UPDATE looks and takes, so the last seat is sold once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import update

from microcrm.models.bookings import BookingItem
from microcrm.models.classes import ClassSession
from microcrm.operations.unit_of_work import UnitOfWork

_UNTRACKED = {"synchronize_session": False}


def take_seats(uow: UnitOfWork, session_id: int, seats: int) -> bool:
    """Whether so many were still free, in a class that takes place."""
    taken = uow.session.execute(
        update(ClassSession)
        .where(
            ClassSession.business_id == uow.business_id,
            ClassSession.id == session_id,
            ClassSession.is_live,
            ClassSession.taken + seats <= ClassSession.seats,
        )
        .values(taken=ClassSession.taken + seats)
        .returning(ClassSession.id),
        execution_options=_UNTRACKED,
    )
    return taken.first() is not None


def give_seats_back(uow: UnitOfWork, items: Iterable[BookingItem]) -> None:
    """Of items whose visit is off. Classes in the order of their numbers, so that two who give back never wait for
    each other."""
    for session_id, seats in sorted(_seats_of(items).items()):
        uow.session.execute(
            update(ClassSession)
            .where(ClassSession.business_id == uow.business_id, ClassSession.id == session_id)
            .values(taken=ClassSession.taken - seats),
            execution_options=_UNTRACKED,
        )


def take_seats_again(uow: UnitOfWork, items: Iterable[BookingItem]) -> bool:
    """Of items whose visit is on again; whether all could be had."""
    return all(take_seats(uow, session_id, seats) for session_id, seats in sorted(_seats_of(items).items()))


def _seats_of(items: Iterable[BookingItem]) -> Counter[int]:
    seats: Counter[int] = Counter()
    for item in items:
        if item.session_id is not None:
            seats[item.session_id] += item.seats
    return seats
