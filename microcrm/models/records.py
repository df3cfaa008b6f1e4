"""What the system writes about its own doings: the audit log, settings that can be undone, and the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary
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


class AuditEvent(SQLModel, table=True):
    """Append-only (a trigger refuses UPDATE and DELETE; only the chain job may fill ``place``, ``previous`` and ``hash``,
    once). ``facts`` hold no personal values: ids, codes, field names, counts."""

    __tablename__ = "audit_events"
    id: int | None = identity()
    business_id: int = tenant_key()
    at: datetime = instant()
    user_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    member_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    is_viewing_as: bool = False
    action: str
    subject: str
    subject_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    facts: dict[str, Any] = Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))
    place: int | None = Field(default=None, sa_column=Column(BigInteger))
    previous: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    __table_args__ = (
        *belongs_to_business(),
        Index("uq_audit_events_place", "business_id", "place", unique=True),
        Index("ix_audit_events_business_id_desc", "business_id", "id"),
        Index("ix_audit_events_unchained", "business_id", "id", postgresql_where="place is null"),
        Index(
            "ix_audit_events_customer",
            "business_id",
            "subject_id",
            "at",
            "id",
            postgresql_where="subject = 'customer'",
        ),
    )


class Undo(SQLModel, table=True):
    """How to take one settings change back: the entity's columns as they were (``before`` empty: it did not exist), and
    the version it has now; a newer version makes the undo a conflict."""

    __tablename__ = "undos"
    id: int | None = identity()
    business_id: int = tenant_key()
    audit_event_id: int | None = reference(nullable=True)
    at: datetime = instant()
    member_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    label: str
    entity: str
    entity_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    after_version: int | None = None
    undone_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("audit_event_id", "audit_events", ondelete="SET NULL"),
        Index("ix_undos_business_at", "business_id", "at"),
    )


class OutboxMessage(SQLModel, table=True):
    """An effect to carry out after commit, once. ``key`` names the effect, so the same step cannot ask for it twice.
    Rows of account mail have no business."""

    __tablename__ = "outbox"
    id: int | None = identity()
    business_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("businesses.id", ondelete="CASCADE"))
    )
    kind: str
    key: str = Field(unique=True)
    payload: dict[str, Any] = Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))
    state: str = "queued"
    created_at: datetime = instant()
    due_at: datetime = instant()
    leased_until: datetime | None = maybe_instant()
    attempts: int = 0
    last_error: str = ""
    finished_at: datetime | None = maybe_instant()
    __table_args__ = (
        CheckConstraint("state in ('queued', 'sent', 'failed')", name="state"),
        Index("ix_outbox_due", "due_at", postgresql_where="state = 'queued'"),
        Index("ix_outbox_business", "business_id", "id"),
        Index("ix_outbox_failed", "finished_at", postgresql_where="state = 'failed'"),
    )


class MailboxMessage(SQLModel, table=True):
    """Development only: the mail that would have left if an SMTP server were configured."""

    __tablename__ = "mailbox"
    id: int | None = identity()
    key: str = Field(unique=True)
    at: datetime = instant()
    recipient: str
    subject: str
    text: str
    html: str = ""


class Heartbeat(SQLModel, table=True):
    """One row per process kind, so that a silent worker is noticed."""

    __tablename__ = "heartbeats"
    name: str = Field(primary_key=True)
    at: datetime = instant()
