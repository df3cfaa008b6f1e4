"""What a shop lets strangers book: the owner's terms, and where a service has its own, those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select, text

from microcrm.domain.booking import LIVE
from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import format_day
from microcrm.domain.zones import day_bounds, to_wall, today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.catalogue import Service
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.unit_of_work import UnitOfWork

# One at a time per shop and day, so that the last visit of a day is given once.
_LOCK_DAY = text("SELECT pg_advisory_xact_lock(7266204, hashint8(cast(:business AS bigint) * 4000000 + :day))")


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
    check_public_start(uow, terms, services_of(uow, items), min(item.start for item in items))


def check_public_class(uow: UnitOfWork, terms: PolicyTerms, service: Service, start: datetime) -> None:
    """The same for places in a class. The day's limit counts visits, and a class has its own limit: its seats."""
    check_public_start(uow, replace(terms, most_per_day=None), [service], start)


def check_public_start(
    uow: UnitOfWork,
    terms: PolicyTerms,
    services: Sequence[Service],
    start: datetime,
    except_booking: int | None = None,
) -> None:
    """As ``check_public``, for services that have been read already. ``except_booking`` does not fill its day: it moves."""
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
    _check_day(uow, terms, services, start, except_booking)


def _check_day(
    uow: UnitOfWork, terms: PolicyTerms, services: Sequence[Service], start: datetime, except_booking: int | None
) -> None:
    if terms.most_per_day is None and all(one.most_per_day is None for one in services):
        return
    zone = zone_of(uow.actor.zone)
    day = to_wall(start, zone)[0]
    uow.session.execute(_LOCK_DAY, {"business": uow.business_id, "day": day.toordinal()})
    visits, by_service = _count(uow, *day_bounds(day, zone), except_booking)
    full = terms.most_per_day is not None and visits >= terms.most_per_day
    if full or any(one.most_per_day is not None and by_service.get(one.id, 0) >= one.most_per_day for one in services):
        raise Invalid(fields={"time": f"{format_day(day)} is full. Choose another day, or call the shop."})


def _count(
    uow: UnitOfWork, start: datetime, end: datetime, except_booking: int | None
) -> tuple[int, dict[int | None, int]]:
    """What customers have booked themselves on a day: visits, and items of each service. Lapsed ones do not count."""
    rows = uow.session.execute(
        select(BookingItem.service_id, Booking.id, func.count())
        .join(Booking, and_(Booking.business_id == BookingItem.business_id, Booking.id == BookingItem.booking_id))
        .where(
            Booking.business_id == uow.business_id,
            Booking.starts_at >= start,
            Booking.starts_at < end,
            Booking.source == "online",
            Booking.status.in_(list(LIVE)),
            Booking.id.is_distinct_from(except_booking),
            func.coalesce(Booking.expires_at > uow.now, True),
        )
        .group_by(BookingItem.service_id, Booking.id)
    ).all()
    by_service: dict[int | None, int] = {}
    for service_id, _, count in rows:
        by_service[service_id] = by_service.get(service_id, 0) + count
    return len({booking_id for _, booking_id, _ in rows}), by_service
