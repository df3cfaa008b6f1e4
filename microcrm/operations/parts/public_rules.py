"""What a shop lets strangers book: the owner's terms, and where a service has its own, those."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import format_day
from microcrm.domain.timeline import Line
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.models.bookings import BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.day_lock import lock_day
from microcrm.operations.parts.taken_time import Limits, read_taken_time
from microcrm.operations.unit_of_work import UnitOfWork


def services_in(uow: UnitOfWork, items: Sequence[BookingItem]) -> list[Service]:
    """Of a visit that is stored, each once."""
    ids = {item.service_id for item in items}
    query = select(Service).where(Service.business_id == uow.business_id, Service.id.in_(ids))
    return list(uow.session.scalars(query))


def services_of(uow: UnitOfWork, items: Sequence[PlannedItem]) -> list[Service]:
    """Each once; they have been read when the visit was planned."""
    return [uow.session.get_one(Service, one) for one in dict.fromkeys(item.service_id for item in items)]


def needs_approval(terms: PolicyTerms, services: Sequence[Service]) -> bool:
    return any(terms.needs_approval if one.needs_approval is None else one.needs_approval for one in services)


def check_public(uow: UnitOfWork, terms: PolicyTerms, items: Sequence[PlannedItem]) -> None:
    """``Invalid`` at the field that is wrong: ``service_id``, or ``time``."""
    members, start = [item.member_id for item in items], min(item.start for item in items)
    check_public_start(uow, terms, services_of(uow, items), members, start)


def check_public_class(uow: UnitOfWork, terms: PolicyTerms, service: Service, start: datetime) -> None:
    """The same for places in a class. The limits of a day count visits; a class has its own limit: its seats."""
    _check_terms(uow, terms, [service], start)


def check_public_start(
    uow: UnitOfWork,
    terms: PolicyTerms,
    services: Sequence[Service],
    members: Collection[int],
    start: datetime,
    except_booking: int | None = None,
) -> None:
    """As ``check_public``, for services that have been read already. ``except_booking`` does not fill its day: it moves."""
    _check_terms(uow, terms, services, start)
    _check_day(uow, terms, services, members, start, except_booking)


def _check_terms(uow: UnitOfWork, terms: PolicyTerms, services: Sequence[Service], start: datetime) -> None:
    if not terms.is_online:
        raise Invalid("This shop takes no bookings online.", remedy="Call the shop to book.")
    hidden = next((one for one in services if not one.is_online or not one.is_active), None)
    if hidden is not None:
        raise Invalid(fields={"service_id": f"{hidden.name} is not booked online. Call the shop."})
    notice = max(terms.min_notice_min if one.min_notice_min is None else one.min_notice_min for one in services)
    if start < uow.now + timedelta(minutes=notice):
        raise Invalid(fields={"time": "That is too soon to book online. Choose a later time, or call the shop."})
    zone = zone_of(uow.actor.zone)
    ahead = min(terms.horizon_days if one.horizon_days is None else one.horizon_days for one in services)
    last = today_in(zone, uow.now) + timedelta(days=ahead)
    if to_wall(start, zone)[0] > last:
        raise Invalid(fields={"time": f"Bookings are open until {format_day(last)}. Choose an earlier day."})


def _check_day(
    uow: UnitOfWork,
    terms: PolicyTerms,
    services: Sequence[Service],
    members: Collection[int],
    start: datetime,
    except_booking: int | None,
) -> None:
    """As the search for free times counts, under a lock."""
    limits = Limits(
        terms.most_per_day,
        {one.id or 0: one.most_per_day for one in services},
        {one: member.most_per_day for one in members if (member := uow.session.get(Member, one))},
    )
    if limits.are_none:
        return
    day = to_wall(start, zone_of(uow.actor.zone))[0]
    lock_day(uow, day)
    line = Line(day, day, zone_of(uow.actor.zone))
    full = read_taken_time(uow, line, (), except_booking=except_booking or 0, is_counting=True).full_days(limits)
    if any(day in days for days in full.values()):
        raise Invalid(fields={"time": f"{format_day(day)} is full. Choose another day, or call the shop."})
