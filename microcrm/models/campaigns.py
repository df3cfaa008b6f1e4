"""Messages to many customers at once. What has become of each stands in ``messages``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    identity,
    instant,
    json_list,
    json_object,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)


class Campaign(SQLModel, table=True):
    """``segment_key``: a word of ``domain/segments.py`` or the id of a shop's own; ``rules``: what it said when the campaign was sent
    on its way. ``channels``: in the order in which they are tried. ``words``: by channel and language (``domain/campaigns.py``).
    ``pace``: messages a minute.

    ``begins_at``: none for at once. ``next_at``: when the next message may leave. ``reached_id``: the last customer who was looked
    at, ``examined``: how many were; ``left_out``: by reason, how many of them get nothing. ``is_planned``: all were looked at.
    ``member_id``: who sent it on its way."""

    __tablename__ = "campaigns"
    id: int | None = identity()
    business_id: int = tenant_key()
    name: str
    state: str = defaulted("draft")
    segment_key: str = defaulted("")
    segment_name: str = defaulted("")
    rules: dict[str, Any] = json_object()
    channels: list[Any] = json_list()
    words: dict[str, Any] = json_object()
    pace: int = defaulted(60)
    begins_at: datetime | None = maybe_instant()
    next_at: datetime | None = maybe_instant()
    reached_id: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    examined: int = defaulted(0)
    left_out: dict[str, Any] = json_object()
    is_planned: bool = defaulted(False)
    member_id: int | None = reference(nullable=True)
    created_at: datetime = instant()
    started_at: datetime | None = maybe_instant()
    finished_at: datetime | None = maybe_instant()
    version: int = defaulted(1)
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members"),
        CheckConstraint("state in ('draft', 'running', 'paused', 'stopped', 'done')", name="state"),
        CheckConstraint("pace between 1 and 600", name="pace"),
        CheckConstraint("state = 'draft' or started_at is not null", name="started"),
        Index("ix_campaigns_running", "business_id", "id", postgresql_where="state = 'running'"),
    )


# Of every business. There are few at any time, and they are in an index of their own.
CAMPAIGNS_DUE = """
CREATE FUNCTION campaigns_due(at timestamptz) RETURNS TABLE (business_id bigint, zone text, campaign_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT c.business_id, b.zone, c.id FROM campaigns c JOIN businesses b ON b.id = c.business_id
  WHERE c.state = 'running' AND c.next_at <= at ORDER BY c.next_at, c.id
$$
"""
CAMPAIGNS_DUE_NAME = "campaigns_due(timestamp with time zone)"
