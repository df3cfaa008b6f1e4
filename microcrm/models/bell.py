"""What happened, for one member of a business each, until they have read it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

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
from microcrm.models.doors import CHANNEL

# Open screens hear "business bell member": whose bell it is, not what happened.
FUNCTION = f"""
CREATE FUNCTION tell_bell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{CHANNEL}', concat_ws(' ', NEW.business_id, 'bell', NEW.member_id));
  RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER tell_bell AFTER INSERT OR UPDATE OF read_at ON bell_notices FOR EACH ROW EXECUTE FUNCTION tell_bell()
"""


class BellNotice(SQLModel, table=True):
    """One happening for one member. ``kind``: a `BellKind` (`domain/bell.py`), which makes words of ``facts``: ids, amounts and codes,
    never a customer's name. ``key``: what it is about, so that the same told twice is one row. ``who_id``: the member it speaks of."""

    __tablename__ = "bell_notices"
    id: int | None = identity()
    business_id: int = tenant_key()
    member_id: int = reference()
    kind: str
    key: str
    who_id: int | None = reference(nullable=True)
    facts: dict[str, Any] = json_object()
    at: datetime = instant()
    read_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members", ondelete="CASCADE"),
        within_business("who_id", "members", ondelete="CASCADE"),
        UniqueConstraint("business_id", "member_id", "kind", "key", name="uq_bell_notices_key"),
        CheckConstraint("key <> ''", name="key"),
        Index("ix_bell_notices_list", "business_id", "member_id", "id"),
        Index("ix_bell_notices_unread", "business_id", "member_id", postgresql_where="read_at is null"),
        Index("ix_bell_notices_read", "business_id", "read_at", postgresql_where="read_at is not null"),
    )
