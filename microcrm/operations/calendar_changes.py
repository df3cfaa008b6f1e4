"""What a board of people has to draw anew after single bookings have changed. Seven statements, whatever they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select

from microcrm.domain.booking import CANCELLED, BookingStatus
from microcrm.domain.calendar_ask import read_ask
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.calendar_range import movable_of
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.parts.day_items import DayItem, Wanted, read_day_items
from microcrm.operations.requests import count_requests
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CalendarChanges:
    """``items`` of the bookings asked for that are on the board now; ``totals``: column -> bookings and minutes."""

    first: date
    last: date
    now: datetime
    zone: str
    items: tuple[DayItem, ...]
    movable: frozenset[int]
    totals: Mapping[int, tuple[int, int]]
    requests: int


def calendar_changes(
    uow: UnitOfWork, query: Mapping[str, Any], bookings: Collection[int], columns: Collection[int]
) -> CalendarChanges:
    """``query``: the address of the board; ``columns``: the members that have one on it."""
    uow.require(Permission.CALENDAR_OWN)
    zone = zone_of(uow.actor.zone)
    ask = read_ask(query, today_in(zone, uow.now))
    start, end = day_bounds(ask.first, zone)[0], day_bounds(ask.last, zone)[1]
    wanted = Wanted(columns, ask.service, ask.statuses, ask.shows_off, bookings, with_classes=False)
    items = tuple(read_day_items(uow, start, end, wanted))
    return CalendarChanges(
        first=ask.first,
        last=ask.last,
        now=uow.now,
        zone=uow.actor.zone,
        items=items,
        movable=movable_of(uow, items),
        totals=_totals(uow, start, end, columns),
        requests=count_requests(uow),
    )


def _totals(uow: UnitOfWork, start: datetime, end: datetime, columns: Collection[int]) -> dict[int, tuple[int, int]]:
    item = BookingItem
    own = [item.member_id == uow.actor.member_id] if sees_own_only(uow.actor) else []
    rows = uow.session.connection().execute(
        select(item.member_id, func.count(), func.sum(item.duration_min))
        .join(Booking, and_(Booking.business_id == item.business_id, Booking.id == item.booking_id))
        .where(
            item.business_id == uow.business_id,
            item.starts_at >= start,
            item.starts_at < end,
            item.member_id.in_(list(columns)),
            item.session_id.is_(None),
            Booking.status.not_in([*CANCELLED, BookingStatus.NO_SHOW]),
            *own,
        )
        .group_by(item.member_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}
