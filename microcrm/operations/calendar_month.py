"""A month of the calendar: how much is booked and how much is free each day. The days are counted by the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Date, and_, cast, func, select

from microcrm.domain.booking import OFF, BookingStatus
from microcrm.domain.calendar_ask import CalendarAsk, read_ask
from microcrm.domain.hours import minutes_of
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.operations.calendar_range import MOST_MEMBERS, Person, load_of
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.parts.working_time import read_working_time
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MonthDay:
    """``waiting``: of the bookings, those that are held or to be approved or paid. ``load``: booked minutes in a hundred
    working minutes, ``None`` when nobody works."""

    day: date
    bookings: int
    waiting: int
    load: int | None
    is_closed: bool


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    ask: CalendarAsk
    today: date
    people: tuple[Person, ...]
    days: tuple[MonthDay, ...]


def calendar_month(uow: UnitOfWork, query: Mapping[str, Any]) -> CalendarMonth:
    """Whole weeks, from the Monday before the first to the Sunday after the last. Three statements."""
    uow.require(Permission.CALENDAR_OWN)
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    ask = read_ask(query, today)
    people = _people(uow)
    known = [person.id for person in people]
    ask = replace(ask, staff=tuple(one for one in ask.staff if one in known))
    who = list(ask.staff) or known
    counts = _counts(uow, ask, who if ask.staff or sees_own_only(uow.actor) else None)
    working = read_working_time(uow, ask.first, ask.last, who)
    days = []
    for day in ask.days:
        bookings, waiting, minutes = counts.get(day, (0, 0, 0))
        capacity = sum(minutes_of(working.member(one, day).working) for one in who)
        days.append(MonthDay(day, bookings, waiting, load_of(minutes, capacity), not working.shop(day)))
    return CalendarMonth(ask, today, people, tuple(days))


def _people(uow: UnitOfWork) -> tuple[Person, ...]:
    own = [Member.id == uow.actor.member_id] if sees_own_only(uow.actor) else []
    rows = uow.session.connection().execute(
        select(Member.id, Member.name)
        .where(Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.is_bookable, *own)
        .order_by(Member.position, Member.id)
        .limit(MOST_MEMBERS)
    )
    return tuple(Person(*row) for row in rows)


def _counts(uow: UnitOfWork, ask: CalendarAsk, members: list[int] | None) -> dict[date, tuple[int, int, int]]:
    """Day -> bookings, those among them that wait, and minutes booked."""
    zone = zone_of(uow.actor.zone)
    start, end = day_bounds(ask.first, zone)[0], day_bounds(ask.last, zone)[1]
    status, item = Booking.status, BookingItem
    kept = list(ask.statuses) if ask.statuses is not None else None
    waits = status.in_([BookingStatus.HOLD, BookingStatus.PENDING_APPROVAL, BookingStatus.PENDING_PAYMENT])
    day = cast(func.timezone(uow.actor.zone, item.starts_at), Date)
    bookings = func.count(func.distinct(item.booking_id))
    minutes = func.coalesce(func.sum(item.duration_min).filter(item.is_live), 0)
    rows = uow.session.connection().execute(
        select(day, bookings, bookings.filter(waits), minutes)
        .join(Booking, and_(Booking.business_id == item.business_id, Booking.id == item.booking_id))
        .where(
            item.business_id == uow.business_id,
            item.starts_at >= start,
            item.starts_at < end,
            status.in_(kept) if kept is not None else status.not_in([*OFF, BookingStatus.NO_SHOW]),
            *([item.member_id.in_(members)] if members is not None else []),
            *([item.service_id == ask.service] if ask.service else []),
        )
        .group_by(day)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}
