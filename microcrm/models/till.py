"""The cash till: each time it was counted and closed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    identity,
    instant,
    json_object,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)


def _paise() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False))


class TillClosing(SQLModel, table=True):
    """Never changed again (the role may only insert). It covers the time from ``since`` (the closing before it) to
    ``closed_at``. ``counts``: how many of which note or coin, rupees to number; ``taken``: what came in by way of paying,
    paise. ``kept_paise`` stays in the drawer for the next day."""

    __tablename__ = "till_closings"
    id: int | None = identity()
    business_id: int = tenant_key()
    number: int
    day: date
    since: datetime | None = maybe_instant()
    closed_at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    opening_paise: int = _paise()
    expected_paise: int = _paise()
    counted_paise: int = _paise()
    kept_paise: int = _paise()
    counts: dict[str, Any] = json_object()
    taken: dict[str, Any] = json_object()
    reason: str = ""
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "number"),
        CheckConstraint("opening_paise >= 0 and counted_paise >= 0", name="amounts"),
        CheckConstraint("kept_paise between 0 and counted_paise", name="kept"),
        CheckConstraint("counted_paise = expected_paise or reason <> ''", name="reason"),
        Index("ix_till_closings_day", "business_id", "day"),
    )
