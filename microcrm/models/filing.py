"""Months of which the return is filed: what is dated in them stays as it is."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import SQLModel

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


class FiledMonth(SQLModel, table=True):
    """``month``: its first day. Opened again it stays as a row with who did so and why; filed once more it is another row."""

    __tablename__ = "filed_months"
    id: int | None = identity()
    business_id: int = tenant_key()
    month: date
    filed_at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    opened_at: datetime | None = maybe_instant()
    opened_by_member_id: int | None = reference(nullable=True)
    reason: str = defaulted("")
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members"),
        within_business("opened_by_member_id", "members"),
        CheckConstraint("extract(day from month) = 1", name="month"),
        CheckConstraint("(opened_at is null) = (reason = '')", name="reason"),
        Index("uq_filed_months_month", "business_id", "month", unique=True, postgresql_where="opened_at is null"),
    )


# The last wall: whatever an operation forgets, nothing gets a number or is called off in a month that is filed.
FILED_STAYS = """
CREATE FUNCTION filed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.issued_on <= (SELECT locked_through FROM billing_profiles WHERE business_id = NEW.business_id) THEN
    RAISE EXCEPTION 'the return of that month is filed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""
GUARDS = [
    FILED_STAYS,
    """
CREATE TRIGGER filed_stays BEFORE UPDATE ON documents FOR EACH ROW
WHEN ((OLD.number IS NULL AND NEW.number IS NOT NULL) OR (OLD.state <> 'cancelled' AND NEW.state = 'cancelled'))
EXECUTE FUNCTION filed_stays()
""",
]
