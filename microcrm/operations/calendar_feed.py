"""A staff member's visits in their own calendar program, through a secret address: made, renewed, withdrawn, read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, select

from microcrm.domain.booking import LIVE, BookingStatus
from microcrm.domain.errors import NotFound
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.links import PublicLink
from microcrm.operations.links import behind, make_link, withdraw_links
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

BACK, AHEAD = timedelta(days=31), timedelta(days=366)
MOST = 2_000
_SHOWN = [status.value for status in LIVE - {BookingStatus.HOLD}]


@dataclass(frozen=True, slots=True)
class FeedStanding:
    """``made_at`` empty: there is none. ``used_at``: when a calendar program last looked, to the hour."""

    made_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeedItem:
    """``customer`` is a first name at most; there is no phone number."""

    booking_id: int
    item_id: int
    number: int
    version: int
    status: BookingStatus
    service: str
    customer: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    business_id: int
    shop: str
    member: str
    zone: str
    place: str
    items: tuple[FeedItem, ...]


def feed_standing(uow: UnitOfWork, member_id: Any = None) -> FeedStanding:
    """Whether there is a feed; ``member_id`` empty: one's own."""
    uow.require(Permission.CALENDAR_OWN)
    link = uow.session.execute(
        select(PublicLink.created_at, PublicLink.last_used_at)
        .where(
            PublicLink.business_id == uow.business_id,
            PublicLink.feed_member_id == _whose(uow, member_id).id,
            PublicLink.revoked_at.is_(None),
        )
        .order_by(PublicLink.id.desc())
    ).first()
    return FeedStanding() if link is None else FeedStanding(link.created_at, link.last_used_at)


def make_feed(uow: UnitOfWork, member_id: Any = None) -> str:
    """A new secret address; an older one stops working. The secret is said here once."""
    uow.require(Permission.CALENDAR_OWN)
    member = _whose(uow, member_id)
    withdraw_links(uow, feed_member_id=member.id or 0)
    uow.audit("add", "calendar_feed", member.id)
    return make_link(uow, feed_member_id=member.id)


def revoke_feed(uow: UnitOfWork, member_id: Any = None) -> None:
    """The address stops working; calendars that follow it stay as they were."""
    uow.require(Permission.CALENDAR_OWN)
    member = _whose(uow, member_id)
    withdraw_links(uow, feed_member_id=member.id or 0)
    uow.audit("revoke", "calendar_feed", member.id)


def feed(uow: UnitOfWork, token: Any) -> Feed:
    """What stands behind the address: a month back and a year ahead. Raises ``NotFound``, also once the member has left."""
    uow.require_public()
    found = behind(uow, token)
    member_id = found.feed_member_id
    if member_id is None:
        raise NotFound
    member = uow.session.scalars(
        select(Member).where(
            Member.business_id == uow.business_id, Member.id == member_id, Member.deactivated_at.is_(None)
        )
    ).one_or_none()
    if member is None:
        raise NotFound
    business = uow.session.get_one(Business, uow.business_id)
    rows = _rows(uow, member_id)
    place = ", ".join(part for part in (business.address, business.city) if part)
    return Feed(uow.business_id, business.name, member.name, business.zone, place, tuple(map(_item, rows)))


def _whose(uow: UnitOfWork, member_id: Any) -> Member:
    """One's own; those who manage the team may do it for others, and for everybody else those are not there."""
    if member_id in (None, "") or str(member_id) == str(uow.actor.member_id):
        return find(uow, Member, uow.actor.member_id)
    if not uow.may(Permission.MEMBERS_EDIT):
        raise NotFound
    return find(uow, Member, member_id)


def _rows(uow: UnitOfWork, member_id: int) -> list[Row[Any]]:
    query = (
        select(
            Booking.id, BookingItem.id.label("item_id"), Booking.number, Booking.version, Booking.status, Service.name,
            Booking.guest_name, Customer.name.label("customer"), BookingItem.starts_at, BookingItem.ends_at,
        )
        .join(BookingItem, and_(BookingItem.business_id == Booking.business_id, BookingItem.booking_id == Booking.id))
        .join(Service, and_(Service.business_id == Booking.business_id, Service.id == BookingItem.service_id))
        .outerjoin(Customer, and_(Customer.business_id == Booking.business_id, Customer.id == Booking.customer_id))
        .where(
            Booking.business_id == uow.business_id,
            BookingItem.member_id == member_id,
            BookingItem.starts_at >= uow.now - BACK,
            BookingItem.starts_at < uow.now + AHEAD,
            Booking.status.in_(_SHOWN),
        )
        .order_by(BookingItem.starts_at, BookingItem.id)
        .limit(MOST)
    )  # fmt: skip
    return list(uow.session.execute(query))


def _item(row: Row[Any]) -> FeedItem:
    words = (row.guest_name or row.customer or "").split()
    return FeedItem(
        booking_id=row.id,
        item_id=row.item_id,
        number=row.number or 0,
        version=row.version,
        status=BookingStatus(row.status),
        service=row.name,
        customer=words[0] if words else "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )
