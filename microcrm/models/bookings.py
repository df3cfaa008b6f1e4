"""Visits, what happens in them, and the time they occupy.

A booking is one visit of one customer and holds one or more items (a service by a member). What an item keeps busy is
written as occupancies: spans of a member's or a resource's time. The exclusion constraint on occupancies has the last
word about double booking, whatever code ran before it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Computed, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INT8RANGE, TSTZRANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    identity,
    instant,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)


def _computed(kind: Any, expression: str) -> Any:
    return Field(default=None, sa_column=Column(kind, Computed(expression, persisted=True)))


class Booking(SQLModel, table=True):
    """``expires_at``: until when a hold or a request keeps its time. ``guest_name``: the name typed on the public page
    when the phone belongs to a customer of another name. ``deposit_paise``: what had to be paid ahead when it was asked for.
    ``request_key``: the form post that made it, so that the same
    post again makes nothing. ``series_place`` counts from 0; a visit moved out of its series keeps its place."""

    __tablename__ = "bookings"
    id: int | None = identity()
    business_id: int = tenant_key()
    number: int | None = (
        None  # what people say on the phone; given last, when the time is won, so never empty after commit
    )
    customer_id: int | None = reference(nullable=True)
    status: str
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    source: str = "staff"
    note: str = ""
    cancel_reason: str = ""
    created_at: datetime = instant()
    created_by_member_id: int | None = reference(nullable=True)
    expires_at: datetime | None = maybe_instant()
    guest_name: str = defaulted("")
    language: str = defaulted("")
    request_key: str | None = None
    cancel_fee_paise: int = defaulted(0)
    fee_waiver: str = defaulted("")  # why no fee is asked for; empty: it stands
    deposit_paise: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    series_id: int | None = reference(nullable=True)
    series_place: int | None = None
    is_moved_from_series: bool = defaulted(False)
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("created_by_member_id", "members"),
        within_business("series_id", "series"),
        UniqueConstraint("business_id", "number"),
        UniqueConstraint("business_id", "request_key"),
        CheckConstraint("starts_at < ends_at", name="span"),
        CheckConstraint("source in ('staff', 'online', 'demo', 'waitlist', 'queue', 'series')", name="source"),
        CheckConstraint("cancel_fee_paise >= 0", name="cancel_fee"),
        CheckConstraint("deposit_paise >= 0", name="deposit"),
        Index("ix_bookings_expiry", "business_id", "expires_at", postgresql_where="expires_at is not null"),
        Index(
            "ix_bookings_series", "business_id", "series_id", "series_place", postgresql_where="series_id is not null"
        ),
        Index(
            "ix_bookings_fees",
            "business_id",
            "starts_at",
            postgresql_where="cancel_fee_paise > 0 and fee_waiver = ''",
        ),
        Index("ix_bookings_starts", "business_id", "starts_at"),
        Index("ix_bookings_customer", "business_id", "customer_id", "starts_at"),
    )


class BookingItem(SQLModel, table=True):
    """``duration_min`` and ``price_paise`` are copied when booked: a later price list does not change the visit.
    With ``session_id`` the item is ``seats`` places in a class, and the class holds the time."""

    __tablename__ = "booking_items"
    id: int | None = identity()
    business_id: int = tenant_key()
    booking_id: int = reference()
    service_id: int = reference()
    member_id: int = reference()
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    duration_min: int
    price_paise: int
    session_id: int | None = reference(nullable=True)
    seats: int = defaulted(1)
    is_live: bool = True
    __table_args__ = (
        *belongs_to_business(),
        within_business("booking_id", "bookings", ondelete="CASCADE"),
        within_business("service_id", "services"),
        within_business("member_id", "members"),
        within_business("session_id", "class_sessions"),
        CheckConstraint("starts_at < ends_at", name="span"),
        CheckConstraint("seats between 1 and 500", name="seats"),
        Index("ix_booking_items_session", "business_id", "session_id", postgresql_where="session_id is not null"),
        Index("ix_booking_items_starts", "business_id", "starts_at", "member_id"),
        Index("ix_booking_items_booking", "business_id", "booking_id"),
        Index("ix_booking_items_member", "business_id", "member_id", "starts_at"),
    )


class Occupancy(SQLModel, table=True):
    """Busy time, buffers included and processing gaps left out. Half-open, UTC.

    ``keeper`` is the member's id, or the resource's id made negative, as a one-number range: a range column lets the
    exclusion constraint use core GiST operators, with no extension. ``keeper_id``, ``from_min`` and ``until_min`` (minutes
    since 1970, UTC) say the same in plain integers: the search for free times reads them from one btree and nothing else,
    since ``&&`` is never an index condition under row-level security. ``expires_at`` is the hold's.
    """

    __tablename__ = "occupancies"
    id: int | None = identity()
    business_id: int = tenant_key()
    booking_item_id: int | None = reference(nullable=True)
    session_id: int | None = reference(nullable=True)
    member_id: int | None = reference(nullable=True)
    resource_id: int | None = reference(nullable=True)
    keeper: Any = Field(
        default=None,
        sa_column=Column(
            INT8RANGE,
            Computed(
                "int8range(coalesce(member_id, -resource_id), coalesce(member_id, -resource_id), '[]')", persisted=True
            ),
        ),
    )
    span: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    keeper_id: int | None = _computed(BigInteger, "coalesce(member_id, -resource_id)")
    from_min: int | None = _computed(Integer, "floor(extract(epoch from lower(span) at time zone 'UTC') / 60)::int")
    until_min: int | None = _computed(Integer, "ceil(extract(epoch from upper(span) at time zone 'UTC') / 60)::int")
    expires_at: datetime | None = maybe_instant()
    is_live: bool = True
    __table_args__ = (
        *belongs_to_business(),
        within_business("booking_item_id", "booking_items", ondelete="CASCADE"),
        within_business("session_id", "class_sessions", ondelete="CASCADE"),
        within_business("member_id", "members"),
        within_business("resource_id", "resources"),
        CheckConstraint("(member_id is null) <> (resource_id is null)", name="one_keeper"),
        CheckConstraint("(booking_item_id is null) <> (session_id is null)", name="one_cause"),
        CheckConstraint("not isempty(span) and not lower_inf(span) and not upper_inf(span)", name="span"),
        ExcludeConstraint(
            (text("keeper"), "&&"),
            (text("span"), "&&"),
            name="ex_occupancies_no_double_booking",
            using="gist",
            where=text("is_live"),
        ),
        Index("ix_occupancies_item", "business_id", "booking_item_id"),
        Index("ix_occupancies_session", "business_id", "session_id", postgresql_where="session_id is not null"),
        Index(
            "ix_occupancies_busy",
            "business_id",
            "keeper_id",
            "from_min",
            postgresql_include=["until_min", "expires_at"],
            postgresql_where="is_live",
        ),
    )


class BookingEvent(SQLModel, table=True):
    """The visit's story: who did what when. ``customer_id``: whose visit it was then, so that a customer's page reads the latest
    ones from one index."""

    __tablename__ = "booking_events"
    id: int | None = identity()
    business_id: int = tenant_key()
    booking_id: int = reference()
    customer_id: int | None = reference(nullable=True)
    at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    kind: str
    from_status: str = ""
    to_status: str = ""
    reason: str = ""
    __table_args__ = (
        *belongs_to_business(),
        within_business("booking_id", "bookings", ondelete="CASCADE"),
        within_business("customer_id", "customers"),
        within_business("member_id", "members"),
        Index("ix_booking_events_booking", "business_id", "booking_id", "id"),
        Index("ix_booking_events_customer", "business_id", "customer_id", "at", "id"),
    )


class Counter(SQLModel, table=True):
    """The last human number given out, per business and kind (``booking``)."""

    __tablename__ = "counters"
    id: int | None = identity()
    business_id: int = tenant_key()
    kind: str
    last: int = 0
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id", "kind"))
