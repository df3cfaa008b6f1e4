"""When the shop is open and when its people work. Minutes count from midnight in the business's zone."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlmodel import SQLModel

from microcrm.models.base import belongs_to_business, identity, reference, tenant_key, within_business


class WeeklyHours(SQLModel, table=True):
    """One open window on one weekday (0 = Monday). ``member_id`` empty: the shop; set: that member, and no rows at all
    for a member means the shop's hours. A break is the space between two windows."""

    __tablename__ = "weekly_hours"
    id: int | None = identity()
    business_id: int = tenant_key()
    member_id: int | None = reference(nullable=True)
    weekday: int
    start_min: int
    end_min: int
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members", ondelete="CASCADE"),
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint("start_min >= 0 and start_min < end_min and end_min <= 1440", name="window"),
        Index("ix_weekly_hours_business_member", "business_id", "member_id"),
    )


class DatedHours(SQLModel, table=True):
    """An exception for one day: other hours (one row a window), or closed (``start_min`` empty)."""

    __tablename__ = "dated_hours"
    id: int | None = identity()
    business_id: int = tenant_key()
    member_id: int | None = reference(nullable=True)
    day: date
    start_min: int | None = None
    end_min: int | None = None
    reason: str = ""
    is_holiday: bool = False
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members", ondelete="CASCADE"),
        CheckConstraint(
            "(start_min is null and end_min is null) or (start_min >= 0 and start_min < end_min and end_min <= 1440)",
            name="window",
        ),
        Index("ix_dated_hours_business_day", "business_id", "day"),
    )


class Leave(SQLModel, table=True):
    """A member is away from ``starts_on`` to ``ends_on``, both included; whole days, or part of one day by minutes."""

    __tablename__ = "leaves"
    id: int | None = identity()
    business_id: int = tenant_key()
    member_id: int = reference()
    starts_on: date
    ends_on: date
    start_min: int | None = None
    end_min: int | None = None
    reason: str = ""
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members", ondelete="CASCADE"),
        CheckConstraint("starts_on <= ends_on", name="days"),
        Index("ix_leaves_business_days", "business_id", "ends_on", "starts_on"),
    )
