"""Secret links behind which a customer fills in one form themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    identity,
    instant,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)


class FormLink(SQLModel, table=True):
    """For one customer and one version of a form, until ``expires_at``. Only the SHA-256 of the token is stored. ``record_id``: what
    came of it; a link is filled in once. ``member_id`` asked for it."""

    __tablename__ = "form_links"
    id: int | None = identity()
    business_id: int = tenant_key()
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    customer_id: int = reference()
    form_version_id: int = reference()
    member_id: int | None = reference(nullable=True)
    record_id: int | None = reference(nullable=True)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    filled_at: datetime | None = maybe_instant()
    revoked_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("form_version_id", "form_versions"),
        within_business("member_id", "members"),
        within_business("record_id", "sealed_records", ondelete="CASCADE"),
        CheckConstraint("(record_id is null) = (filled_at is null)", name="filled"),
        Index("ix_form_links_customer", "business_id", "customer_id", "id"),
        Index("ix_form_links_record", "business_id", "record_id", postgresql_where="record_id is not null"),
    )


FORM_BEHIND = """
CREATE FUNCTION form_behind(wanted bytea, at timestamptz) RETURNS TABLE (business_id bigint, zone text, link_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT l.business_id, b.zone, l.id FROM form_links l JOIN businesses b ON b.id = l.business_id
  WHERE l.token_hash = wanted AND l.revoked_at IS NULL AND l.expires_at > at
$$
"""
FORM_BEHIND_NAME = "form_behind(bytea, timestamp with time zone)"
