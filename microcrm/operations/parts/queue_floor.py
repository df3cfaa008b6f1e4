"""What the queue's estimate is made from: who can serve whom today, what keeps them busy, and who is in line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, text

from microcrm.domain.booking import BookingStatus
from microcrm.domain.hours import Window, Windows, merge
from microcrm.domain.queue import IN_LINE, Chair, Turn
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.business import Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.models.waiting import QueueTicket
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.parts.working_time import read_working_time, spans_of
from microcrm.operations.unit_of_work import UnitOfWork

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class Floor:
    """``skills``: service -> member -> minutes it keeps them. ``names`` by member, in the shop's order. ``load``: minutes
    each has had or will have today, to share the work fairly."""

    day: date
    names: Mapping[int, str]
    skills: Mapping[int, Mapping[int, int]]
    chairs: tuple[Chair, ...]
    load: Mapping[int, int]

    def minutes(self, service_id: int, member_id: int | None) -> dict[int, int]:
        """Who may serve that ticket, and for how long it keeps them."""
        able = self.skills.get(service_id, {})
        return {member: length for member, length in able.items() if member_id in (None, member)}

    def turn(self, ticket: QueueTicket) -> Turn:
        return Turn(ticket.id or 0, self.minutes(ticket.service_id, ticket.member_id))

    def chair(self, member_id: int) -> Chair:
        return next(chair for chair in self.chairs if chair.member_id == member_id)


def lock_queue(uow: UnitOfWork) -> None:
    """One desk at a time draws and calls, until its transaction ends."""
    uow.session.execute(_LOCK, {"name": f"queue {uow.business_id}"})


def queue_day(uow: UnitOfWork) -> date:
    return today_in(zone_of(uow.actor.zone), uow.now)


def in_line(uow: UnitOfWork, day: date) -> list[QueueTicket]:
    """Called and waiting, in the order of their numbers."""
    return list(
        uow.session.scalars(
            select(QueueTicket)
            .where(
                QueueTicket.business_id == uow.business_id,
                QueueTicket.day == day,
                QueueTicket.state.in_([state.value for state in IN_LINE]),
            )
            .order_by(QueueTicket.number)
        )
    )


def read_floor(uow: UnitOfWork) -> Floor:
    """Three statements."""
    zone, day = zone_of(uow.actor.zone), queue_day(uow)
    names, skills = _skills(uow)
    working = read_working_time(uow, day, day, set(names))
    busy = _busy(uow, *day_bounds(day, zone))
    chairs = []
    load: dict[int, int] = defaultdict(int)
    for member_id in names:
        works = tuple(_from_now(uow, *span) for span in spans_of(working.member(member_id, day).working, day, zone))
        rows = busy.get(member_id, [])
        chairs.append(_chair(uow, member_id, works, rows))
        load[member_id] = sum(int((row.until - row.since).total_seconds()) // 60 for row in rows)
    return Floor(day, names, skills, tuple(chairs), load)


def _skills(uow: UnitOfWork) -> tuple[dict[int, str], dict[int, dict[int, int]]]:
    rows = uow.session.execute(
        select(
            Member.id,
            Member.name,
            ServiceMember.service_id,
            func.coalesce(ServiceMember.duration_min, Service.duration_min) + Service.buffer_after_min,
        )
        .join(
            ServiceMember, and_(ServiceMember.business_id == Member.business_id, ServiceMember.member_id == Member.id)
        )
        .join(Service, and_(Service.business_id == Member.business_id, Service.id == ServiceMember.service_id))
        .where(
            Member.business_id == uow.business_id,
            Member.is_bookable,
            Member.deactivated_at.is_(None),
            Service.is_active,
            Service.seats == 1,
        )
        .order_by(Member.position, Member.id)
    )
    names: dict[int, str] = {}
    skills: dict[int, dict[int, int]] = defaultdict(dict)
    for member_id, name, service_id, minutes in rows:
        names[member_id] = name
        skills[service_id][member_id] = minutes
    return names, skills


def _busy(uow: UnitOfWork, start: datetime, end: datetime) -> dict[int, list[Any]]:
    """By member: since when and until when, and the status of the visit ("" for a class). What has lapsed is left out, and
    so is the rest of a visit that was over early."""
    reach = int(REACH.total_seconds()) // 60
    since, until = func.lower(Occupancy.span), func.upper(Occupancy.span)
    rows = uow.session.execute(
        select(
            Occupancy.member_id,
            since.label("since"),
            until.label("until"),
            func.coalesce(Booking.status, "").label("status"),
            func.coalesce(BookingItem.starts_at, since).label("began"),
        )
        .outerjoin(
            BookingItem,
            and_(BookingItem.business_id == Occupancy.business_id, BookingItem.id == Occupancy.booking_item_id),
        )
        .outerjoin(Booking, and_(Booking.business_id == Occupancy.business_id, Booking.id == BookingItem.booking_id))
        .where(
            Occupancy.business_id == uow.business_id,
            Occupancy.keeper_id > 0,
            Occupancy.is_live,
            Occupancy.from_min > _epoch_minutes(start) - reach,
            Occupancy.from_min < _epoch_minutes(end),
            or_(Occupancy.expires_at.is_(None), Occupancy.expires_at > uow.now),
            or_(Booking.status.is_(None), Booking.status != BookingStatus.FINISHED, BookingItem.ends_at <= uow.now),
        )
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.member_id].append(row)
    return found


def _chair(uow: UnitOfWork, member_id: int, works: Windows, rows: list[Any]) -> Chair:
    """The visit in the chair is the last that was begun; everything else that is not over yet is booked."""
    begun = [row for row in rows if row.status == BookingStatus.STARTED and row.began <= uow.now]
    current = max(begun, key=lambda row: (row.began, row.until), default=None)
    rest = [row for row in rows if row not in begun and row.until > uow.now]
    booked = merge(_from_now(uow, row.since, row.until) for row in rest)
    if current is None:
        return Chair(member_id, works, booked)
    elapsed, planned = uow.now - current.began, current.until - current.began
    return Chair(member_id, works, booked, int(elapsed.total_seconds()) // 60, _minutes(planned))


def _from_now(uow: UnitOfWork, start: datetime, end: datetime) -> Window:
    return Window(_minutes(start - uow.now), _minutes(end - uow.now))


def _minutes(length: timedelta) -> int:
    """Whole minutes, upwards: a chair that is taken for another half minute is taken for one."""
    return -(-int(length.total_seconds()) // 60)


def _epoch_minutes(instant: datetime) -> int:
    return int(instant.timestamp()) // 60
