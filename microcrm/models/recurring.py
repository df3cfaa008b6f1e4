"""Bills that come again: what stands on them, how often, and when the next one is due."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from microcrm.models.base import belongs_to_business, identity, instant, reference, tenant_key, within_business


class RecurringBill(SQLModel, table=True):
    """``plan``: the bill as it would be typed (``operations/billing/recurring.py``); ``total_paise``: what it came to last.
    Period ``base`` is due on ``starts_on``, each later one ``step`` units after the one before (``domain/billing_cycle.py``).
    ``next_period`` is the next to be billed, on ``next_on``; a document keeps its period for ever, so none is billed twice.
    ``trouble``: why the last one could not be issued or drafted, "" when it could."""

    __tablename__ = "recurring_bills"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    plan: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    total_paise: int = Field(sa_column=Column(BigInteger, nullable=False))
    unit: str
    step: int = 1
    starts_on: date
    base: int = 0
    ends_on: date | None = None
    next_period: int = 0
    next_on: date
    is_issuing: bool = False
    state: str = "active"
    trouble: str = ""
    created_at: datetime = instant()
    created_by_member_id: int | None = reference(nullable=True)
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("created_by_member_id", "members"),
        CheckConstraint("unit in ('week', 'month')", name="unit"),
        CheckConstraint("step between 1 and 52", name="step"),
        CheckConstraint("state in ('active', 'paused', 'ended')", name="state"),
        CheckConstraint("next_period >= base and base >= 0", name="periods"),
        Index("ix_recurring_bills_due", "business_id", "state", "next_on"),
        Index("ix_recurring_bills_customer", "business_id", "customer_id"),
    )


# Which businesses have bills to write, each by the day of its own zone.
BILLS_DUE = """
CREATE FUNCTION businesses_with_due_bills(at timestamptz) RETURNS TABLE (business_id bigint, zone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT DISTINCT b.id, b.zone FROM recurring_bills r JOIN businesses b ON b.id = r.business_id
  WHERE r.state = 'active' AND r.next_on <= (at AT TIME ZONE b.zone)::date
$$
"""
FUNCTION_NAMES = ("businesses_with_due_bills(timestamp with time zone)",)
