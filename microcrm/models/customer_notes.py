"""What the team writes down about a customer: notes, and tasks with a day and somebody who does them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
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


class CustomerNote(SQLModel, table=True):
    """``member_id``: who wrote it; nobody, for what was there before notes had authors. A removed note stays for the undo."""

    __tablename__ = "customer_notes"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    words: str
    is_pinned: bool = defaulted(False)
    at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    edited_at: datetime | None = maybe_instant()
    removed_at: datetime | None = maybe_instant()
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("member_id", "members"),
        CheckConstraint("words <> ''", name="words"),
        Index("ix_customer_notes_customer", "business_id", "customer_id", "at", "id"),
        Index(
            "ix_customer_notes_pinned",
            "business_id",
            "customer_id",
            "at",
            postgresql_where="is_pinned and removed_at is null",
        ),
    )


class CustomerTask(SQLModel, table=True):
    """Something to do for a customer by ``due_on``. ``member_id`` does it."""

    __tablename__ = "customer_tasks"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    title: str
    due_on: date
    member_id: int = reference()
    created_at: datetime = instant()
    created_by_member_id: int | None = reference(nullable=True)
    done_at: datetime | None = maybe_instant()
    done_by_member_id: int | None = reference(nullable=True)
    removed_at: datetime | None = maybe_instant()
    version: int = Field(default=1)
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("member_id", "members"),
        within_business("created_by_member_id", "members"),
        within_business("done_by_member_id", "members"),
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("done_at is not null or done_by_member_id is null", name="done"),
        Index("ix_customer_tasks_customer", "business_id", "customer_id", "created_at", "id"),
        Index(
            "ix_customer_tasks_open",
            "business_id",
            "customer_id",
            "due_on",
            "id",
            postgresql_where="done_at is null and removed_at is null",
        ),
        Index(
            "ix_customer_tasks_due",
            "business_id",
            "due_on",
            "member_id",
            postgresql_where="done_at is null and removed_at is null",
        ),
    )


# Open screens hear "business kind customer" after the commit, see ``doors``.
TELL_CUSTOMER = """
CREATE FUNCTION tell_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('microcrm_changes', concat_ws(' ', coalesce(NEW.business_id, OLD.business_id), TG_ARGV[0],
                                                  coalesce(NEW.customer_id, OLD.customer_id)));
  RETURN NULL;
END $$
"""
TOLD = {"customer_notes": "note", "customer_tasks": "task"}


def tell() -> list[str]:
    """Every statement, in order."""
    return [
        TELL_CUSTOMER,
        *(
            f"CREATE TRIGGER tell_customer AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION tell_customer('{kind}')"
            for table, kind in TOLD.items()
        ),
    ]
