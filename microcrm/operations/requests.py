"""Visits that are not agreed yet: requests that wait for an answer, and times that are kept for a form or a payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from microcrm.domain.booking import TENTATIVE, BookingStatus
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import sees_own_only, visible_bookings
from microcrm.operations.parts.booking_rows import WALK_IN
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 50  # shown; more than that nobody answers one by one


@dataclass(frozen=True, slots=True)
class Kept:
    """One visit until ``expires_at``. ``services`` and ``members`` are names in the order of the visit; ``item_id`` is its
    first service. ``may_answer``: all of it is in columns that the actor may change."""

    booking_id: int
    version: int
    item_id: int
    status: BookingStatus
    customer: str
    is_new_customer: bool
    services: tuple[str, ...]
    members: tuple[str, ...]
    starts_at: datetime
    expires_at: datetime
    note: str
    may_answer: bool


@dataclass(frozen=True, slots=True)
class Requests:
    now: datetime
    today: date
    asked: tuple[Kept, ...]
    kept: tuple[Kept, ...]


def requests(uow: UnitOfWork) -> Requests:
    """The first to lapse first. Those who have only their own calendar get what is theirs."""
    uow.require(Permission.CALENDAR_OWN)
    found = [_kept(uow, row) for row in uow.session.execute(_statement(uow))]
    asked = tuple(one for one in found if one.status is BookingStatus.PENDING_APPROVAL)
    return Requests(
        now=uow.now,
        today=today_in(zone_of(uow.actor.zone), uow.now),
        asked=asked,
        kept=tuple(one for one in found if one not in asked),
    )


def count_requests(uow: UnitOfWork) -> int:
    """How many wait for an answer."""
    uow.require(Permission.CALENDAR_OWN)
    return uow.session.scalar(select(func.count()).select_from(Booking).where(*waits_for_answer(uow))) or 0


def waits_for_answer(uow: UnitOfWork) -> tuple[Any, ...]:
    """Conditions on ``bookings``."""
    return (*_still_kept(uow), Booking.status == BookingStatus.PENDING_APPROVAL)


def _still_kept(uow: UnitOfWork) -> tuple[Any, ...]:
    """Walks the btree of what expires, which is short: whatever was agreed or has lapsed is not in it."""
    return (
        Booking.business_id == uow.business_id,
        Booking.expires_at > uow.now,
        Booking.status.in_(list(TENTATIVE)),
        visible_bookings(uow.actor),
    )


def _statement(uow: UnitOfWork) -> Any:
    ours = Booking.business_id

    def in_order(column: Any) -> Any:
        return func.array_agg(aggregate_order_by(column, BookingItem.starts_at, BookingItem.id))

    return (
        select(
            Booking.id,
            Booking.version,
            Booking.status,
            Booking.guest_name,
            Booking.starts_at,
            Booking.expires_at,
            Booking.note,
            Customer.name.label("customer"),
            Customer.visit_count,
            in_order(BookingItem.id).label("items"),
            in_order(Service.name).label("services"),
            in_order(Member.name).label("members"),
            func.array_agg(Member.id).label("member_ids"),
        )
        .join(BookingItem, and_(BookingItem.business_id == ours, BookingItem.booking_id == Booking.id))
        .join(Service, and_(Service.business_id == ours, Service.id == BookingItem.service_id))
        .join(Member, and_(Member.business_id == ours, Member.id == BookingItem.member_id))
        .outerjoin(Customer, and_(Customer.business_id == ours, Customer.id == Booking.customer_id))
        .where(*_still_kept(uow))
        .group_by(Booking.id, Customer.id)
        .order_by(Booking.expires_at, Booking.id)
        .limit(MOST)
    )


def _kept(uow: UnitOfWork, row: Any) -> Kept:
    own_only = sees_own_only(uow.actor) or not uow.may(Permission.BOOKINGS_ALL)
    return Kept(
        booking_id=row.id,
        version=row.version,
        item_id=row.items[0],
        status=BookingStatus(row.status),
        customer=row.guest_name or row.customer or WALK_IN,
        is_new_customer=row.visit_count == 0,
        services=tuple(row.services),
        members=tuple(_once(row.members)),
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        note=row.note,
        may_answer=uow.may(Permission.BOOKINGS_OWN) and (not own_only or set(row.member_ids) == {uow.actor.member_id}),
    )


def _once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
