"""Group classes: a scheduled session with seats, and the rule that a row of sessions or visits repeats by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    empty_dict,
    identity,
    instant,
    reference,
    tenant_key,
    within_business,
)


class Series(SQLModel, table=True):
    """``rule`` is an RRULE (RFC 5545) in the business's wall clock, without DTSTART: ``starts_on`` and ``start_min`` are
    that. ``plan`` says what is made each time: services, members, minutes; for a class also its seats."""

    __tablename__ = "series"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int | None = reference(nullable=True)
    rule: str
    starts_on: date
    start_min: int
    plan: dict[str, Any] = Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))
    created_at: datetime = instant()
    created_by_member_id: int | None = reference(nullable=True)
    ended_on: date | None = None
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("created_by_member_id", "members"),
        CheckConstraint("start_min between 0 and 1439", name="start"),
        Index("ix_series_customer", "business_id", "customer_id"),
    )


class ClassSession(SQLModel, table=True):
    """One class on one day. ``taken`` is raised and lowered by one UPDATE that looks at ``seats``, so the last seat is
    sold once; its time is held in occupancies like any visit's."""

    __tablename__ = "class_sessions"
    id: int | None = identity()
    business_id: int = tenant_key()
    service_id: int = reference()
    member_id: int = reference()
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    seats: int
    taken: int = defaulted(0)
    is_live: bool = True
    note: str = defaulted("")
    cancel_reason: str = defaulted("")
    series_id: int | None = reference(nullable=True)
    series_place: int | None = None
    is_moved_from_series: bool = defaulted(False)
    created_at: datetime = instant()
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("service_id", "services"),
        within_business("member_id", "members"),
        within_business("series_id", "series"),
        CheckConstraint("starts_at < ends_at", name="span"),
        CheckConstraint("seats between 1 and 500 and taken between 0 and seats", name="seats"),
        Index("ix_class_sessions_starts", "business_id", "starts_at"),
        Index("ix_class_sessions_service", "business_id", "service_id", "starts_at"),
    )
