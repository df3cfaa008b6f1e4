"""Messages to customers, and what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    identity,
    instant,
    json_object,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)


class Message(SQLModel, table=True):
    """One step of one subject by one channel; that this is unique makes doubles impossible. ``subject``: "booking:5", "offer:7",
    "campaign:3:12".
    ``subject_version``: of the booking, when the step was planned. ``about_at``: the start of the visit that a reminder speaks of.
    ``details``: ``offer_id``, or ``booking_ids`` of one message about several visits.

    ``due_at``: when it is to leave, or to be tried again. ``expires_at``: from then on it is of no use. ``called_at``: when a worker
    took it. ``look_at``: when somebody has to look what became of it; of one that is being sent, the end of the worker's lease.
    ``text``: as it left, with the secret of its link left out."""

    __tablename__ = "messages"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int | None = reference(nullable=True)
    booking_id: int | None = reference(nullable=True)
    campaign_id: int | None = reference(nullable=True)
    subject: str
    subject_version: int = defaulted(1)
    step: str
    channel: str
    language: str = defaulted("")
    about_at: datetime | None = maybe_instant()
    details: dict[str, Any] = json_object()
    state: str = defaulted("planned")
    reason: str = defaulted("")
    created_at: datetime = instant()
    due_at: datetime = instant()
    expires_at: datetime | None = maybe_instant()
    called_at: datetime | None = maybe_instant()
    look_at: datetime | None = maybe_instant()
    looks: int = defaulted(0)
    attempts: int = defaulted(0)
    provider_id: str | None = None
    text: str = defaulted("")
    segments: int = defaulted(0)
    handed_at: datetime | None = maybe_instant()
    finished_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("booking_id", "bookings", ondelete="CASCADE"),
        within_business("campaign_id", "campaigns"),
        UniqueConstraint("business_id", "subject", "subject_version", "step", "channel", name="uq_messages_key"),
        CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name="channel"),
        CheckConstraint(
            "state in ('planned', 'sending', 'handed', 'sent', 'delivered', 'read', 'failed', 'suppressed', 'unknown', "
            "'withdrawn')",
            name="state",
        ),
        Index("ix_messages_due", "business_id", "channel", "due_at", "id", postgresql_where="state = 'planned'"),
        Index("ix_messages_look", "business_id", "look_at", postgresql_where="look_at is not null"),
        Index("ix_messages_trouble", "business_id", "id", postgresql_where="state in ('failed', 'unknown')"),
        Index("ix_messages_log", "business_id", "due_at", "id"),
        Index("ix_messages_booking", "business_id", "booking_id", "id"),
        Index("ix_messages_customer", "business_id", "customer_id", "due_at", "id"),
        Index("ix_messages_campaign", "business_id", "campaign_id", "id", postgresql_where="campaign_id is not null"),
        Index(
            "ix_messages_campaign_due",
            "business_id",
            "channel",
            "due_at",
            "id",
            postgresql_where="state = 'planned' and campaign_id is not null",
        ),
        Index("ix_messages_provider", "business_id", "provider_id", postgresql_where="provider_id is not null"),
    )


class MessageEvent(SQLModel, table=True):
    """The message's story; it only grows. Each decision of the gate is one row, with its reason. ``member_id``: who did it by
    hand."""

    __tablename__ = "message_events"
    id: int | None = identity()
    business_id: int = tenant_key()
    message_id: int = reference()
    at: datetime = instant()
    what: str
    reason: str = defaulted("")
    member_id: int | None = reference(nullable=True)
    __table_args__ = (
        *belongs_to_business(),
        within_business("message_id", "messages", ondelete="CASCADE"),
        within_business("member_id", "members"),
        Index("ix_message_events_message", "business_id", "message_id", "id"),
    )


# Every lane of a business that can send at all, with something due: also of channels that are off, for another may take it.
LANES = """
CREATE FUNCTION message_lanes(at timestamptz) RETURNS TABLE (business_id bigint, zone text, channel text, is_live boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  WITH live AS (
    SELECT c.business_id, c.channel FROM message_channels c
    WHERE c.is_on AND c.broken = '' AND (c.channel = 'email' OR c.sender <> ''
      AND EXISTS (SELECT FROM messaging_accounts a WHERE a.business_id = c.business_id))
  )
  SELECT s.business_id, b.zone, k.channel, EXISTS (SELECT FROM live l WHERE (l.business_id, l.channel) = (s.business_id, k.channel))
  FROM (SELECT DISTINCT l.business_id FROM live l) s
  JOIN businesses b ON b.id = s.business_id
  CROSS JOIN (VALUES ('whatsapp'), ('sms'), ('email')) AS k (channel)
  CROSS JOIN LATERAL (
    SELECT m.due_at FROM messages m
    WHERE m.business_id = s.business_id AND m.channel = k.channel AND m.state = 'planned' AND m.due_at <= at
    ORDER BY m.due_at LIMIT 1
  ) due
  ORDER BY due.due_at
$$
"""
TO_LOOK_AT = """
CREATE FUNCTION messages_to_look_at(at timestamptz) RETURNS TABLE (business_id bigint, zone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT b.id, b.zone FROM businesses b
  WHERE EXISTS (SELECT FROM messages m WHERE m.business_id = b.id AND m.look_at <= at) ORDER BY b.id
$$
"""
FUNCTIONS = (LANES, TO_LOOK_AT)
FUNCTION_NAMES = ("message_lanes(timestamp with time zone)", "messages_to_look_at(timestamp with time zone)")
