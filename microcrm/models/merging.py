"""Customers who were two records of one person, and pairs of whom somebody said that they are two people.

A record that was merged away stays as it was, with ``merged_into_id`` and out of every list; what hangs on customers goes over to
the survivor. See docs/adr/0029-merge.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    empty_dict,
    identity,
    instant,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)


def _object() -> Any:
    return Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))


class CustomerMerge(SQLModel, table=True):
    """``changes`` of the survivor's columns: {column: {"before", "after"}}. ``before`` of the columns that the merge itself sets on
    the record that went. ``moved``: {table: ids} that went over."""

    __tablename__ = "customer_merges"
    id: int | None = identity()
    business_id: int = tenant_key()
    kept_id: int = reference()
    gone_id: int = reference()
    member_id: int | None = reference(nullable=True)
    at: datetime = instant()
    changes: dict[str, Any] = _object()
    before: dict[str, Any] = _object()
    moved: dict[str, Any] = _object()
    undone_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("kept_id", "customers"),
        within_business("gone_id", "customers"),
        within_business("member_id", "members"),
        Index("ix_customer_merges_kept", "business_id", "kept_id"),
        Index("ix_customer_merges_gone", "business_id", "gone_id"),
    )


class DistinctCustomers(SQLModel, table=True):
    """ "Not the same": ``low_id`` is the smaller id of the pair."""

    __tablename__ = "distinct_customers"
    id: int | None = identity()
    business_id: int = tenant_key()
    low_id: int = reference()
    high_id: int = reference()
    member_id: int | None = reference(nullable=True)
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("low_id", "customers"),
        within_business("high_id", "customers"),
        within_business("member_id", "members"),
        Index("uq_distinct_customers_pair", "business_id", "low_id", "high_id", unique=True),
        Index("ix_distinct_customers_high", "business_id", "high_id"),
    )


ROUTED = (
    "bookings", "booking_events", "contact_reveals", "consents", "customer_notes", "customer_tasks", "documents",
    "file_openings", "payments", "queue_tickets", "record_openings", "recurring_bills", "series", "waitlist_entries",
)  # fmt: skip
ROUTED_SINCE = ("form_links", "messages", "inbound_messages")  # by migrations after the one that made the trigger
LOGGED = (
    "contact_reveals",
    "file_openings",
    "record_openings",
)  # nothing of a log changes but whose record it stands at
SEALED = ("person_files", "sealed_records", "keys.customer_keys")
# Whoever writes about a record that has just been merged away writes about the survivor: old links, open forms and races all end
# where the merge has led. What is sealed for a customer opens for no other, so there the writer has to begin again.
ROUTE = [
    """
CREATE FUNCTION survivor_of(business bigint, customer bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(merged_into_id, id) FROM customers WHERE business_id = business AND id = customer FOR KEY SHARE
$$
""",
    """
CREATE FUNCTION route_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.customer_id := coalesce(survivor_of(NEW.business_id, NEW.customer_id), NEW.customer_id);
  RETURN NEW;
END $$
""",
    """
CREATE FUNCTION refuse_merged_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF survivor_of(NEW.business_id, NEW.customer_id) <> NEW.customer_id THEN
    RAISE EXCEPTION 'that customer was merged with another one' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE FUNCTION refuse_merged_relative() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF survivor_of(NEW.business_id, NEW.customer_id) <> NEW.customer_id
     OR survivor_of(NEW.business_id, NEW.relative_id) <> NEW.relative_id THEN
    RAISE EXCEPTION 'that customer was merged with another one' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE TRIGGER refuse_merged_relative BEFORE INSERT OR UPDATE OF customer_id, relative_id ON family_ties
FOR EACH ROW EXECUTE FUNCTION refuse_merged_relative()
""",
]


def route(table: str, *, is_sealed: bool = False) -> str:
    """The trigger of one table with a ``customer_id``."""
    function = "refuse_merged_customer" if is_sealed else "route_customer"
    return (
        f"CREATE TRIGGER {function} BEFORE INSERT OR UPDATE OF customer_id ON {table} FOR EACH ROW "
        f"WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION {function}()"
    )


# What is issued does not change: seller, buyer, lines and numbers are copies. Whose account it stands on is no part of the paper, and
# goes over with a merge and back again.
ISSUED_STAYS = """
CREATE OR REPLACE FUNCTION issued_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free text[] := ARRAY['state', 'paid_paise', 'cancel_reason', 'cancelled_at', 'sent_at', 'version', 'customer_id'];
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.number IS NULL OR NOT EXISTS (SELECT FROM businesses WHERE id = OLD.business_id) THEN
      RETURN OLD;
    END IF;
    RAISE EXCEPTION 'an issued document stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.number IS NOT NULL AND (to_jsonb(NEW) - free) <> (to_jsonb(OLD) - free) THEN
    RAISE EXCEPTION 'an issued document does not change' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.number IS NOT NULL AND NEW.customer_id IS DISTINCT FROM OLD.customer_id AND NOT EXISTS (
    SELECT FROM customer_merges m WHERE m.business_id = OLD.business_id AND m.undone_at IS NULL
    AND (m.kept_id, m.gone_id) IN ((NEW.customer_id, OLD.customer_id), (OLD.customer_id, NEW.customer_id))) THEN
    RAISE EXCEPTION 'an issued document does not change' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.number IS NOT NULL AND (NEW.state = 'draft' OR (OLD.state = 'cancelled' AND NEW.state <> 'cancelled')) THEN
    RAISE EXCEPTION 'an issued document does not go back' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""
