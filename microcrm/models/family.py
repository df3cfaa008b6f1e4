"""Customers who belong together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Computed, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    identity,
    instant,
    reference,
    tenant_key,
    within_business,
)


def _end(rule: str) -> Any:
    column = Column(BigInteger, Computed(f"{rule}(customer_id, relative_id)", persisted=True), nullable=True)
    return Field(default=None, sa_column=column)


class FamilyTie(SQLModel, table=True):
    """``tie``: what the relative is to the customer. ``pays`` and ``told``: who of the two does it for the other. Of two people
    there is one row, whoever of them it begins with: ``low_id`` and ``high_id`` are both, in order."""

    __tablename__ = "family_ties"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    relative_id: int = reference()
    tie: str
    pays: str = defaulted("")
    told: str = defaulted("")
    low_id: int | None = _end("LEAST")
    high_id: int | None = _end("GREATEST")
    created_at: datetime = instant()
    version: int = defaulted(1)
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers", ondelete="CASCADE"),
        within_business("relative_id", "customers", ondelete="CASCADE"),
        UniqueConstraint("business_id", "low_id", "high_id"),
        CheckConstraint("customer_id <> relative_id", name="two"),
        CheckConstraint("tie in ('parent', 'child', 'guardian', 'ward', 'spouse', 'sibling', 'relative')", name="tie"),
        CheckConstraint("pays in ('', 'customer', 'relative') and told in ('', 'customer', 'relative')", name="duties"),
        Index("ix_family_ties_customer", "business_id", "customer_id"),
        Index("ix_family_ties_relative", "business_id", "relative_id"),
    )
