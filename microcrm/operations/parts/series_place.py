"""Where a visit stands in its series, and how many a change of it would touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from microcrm.domain.booking import MOVABLE, OFF
from microcrm.domain.recurrence import repeat_of, rhythm
from microcrm.models.bookings import Booking
from microcrm.models.classes import Series
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """The ``place``-th of ``of`` visits that are on. How many a change would move or cancel: this one with those that follow,
    and all that are still to come. One that ``is_alone`` was moved by itself before."""

    place: int
    of: int
    rule: str
    is_alone: bool
    moves_following: int
    moves_all: int
    cancels_following: int
    cancels_all: int


def series_place(uow: UnitOfWork, booking: Booking) -> SeriesPlace | None:
    """Nothing for a single visit."""
    if booking.series_id is None or booking.series_place is None:
        return None
    ours = (Booking.business_id == uow.business_id, Booking.series_id == booking.series_id)
    rows = uow.session.execute(
        select(Booking.id, Booking.series_place, Booking.starts_at, Booking.status, Booking.is_moved_from_series).where(
            *ours, (Booking.status.not_in(list(OFF))) | (Booking.id == booking.id)
        )
    ).all()
    series = uow.session.get_one(Series, booking.series_id)
    coming = [row for row in rows if row.status in MOVABLE and (row.id == booking.id or row.starts_at > uow.now)]
    after = [row for row in coming if row.series_place >= booking.series_place]

    def moving(some: list[Any]) -> int:
        return sum(row.id == booking.id or not row.is_moved_from_series for row in some)

    return SeriesPlace(
        place=sum(row.series_place <= booking.series_place for row in rows),
        of=len(rows),
        rule=rhythm(repeat_of(series.rule), series.starts_on),
        is_alone=booking.is_moved_from_series,
        moves_following=moving(after),
        moves_all=moving(coming),
        cancels_following=len(after),
        cancels_all=len(coming),
    )
