"""The forms that a business keeps about its customers, and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

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


def _roles() -> Any:
    return Field(sa_column=Column(ARRAY(String), nullable=False))


class Form(SQLModel, table=True):
    """``code``: of the forms that the product knows (patch test, allergy …), each at most once; "own" for the owner's.
    ``issued``: the number of the latest version, 0 before the first. ``draft``: the next one, while it is being written.
    ``fields_made``: the highest number that ever named a field."""

    __tablename__ = "forms"
    id: int | None = identity()
    business_id: int = tenant_key()
    code: str
    name: str
    position: int = defaulted(0)
    readers: list[str] = _roles()
    writers: list[str] = _roles()
    issued: int = defaulted(0)
    draft: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    fields_made: int = defaulted(0)
    retired_at: datetime | None = maybe_instant()
    version: int = defaulted(1)
    created_at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        CheckConstraint("issued > 0 or draft is not null", name="text"),
        Index("uq_forms_code", "business_id", "code", unique=True, postgresql_where="code <> 'own'"),
    )


class FormVersion(SQLModel, table=True):
    """What a form asks from one moment on. Append-only. ``fingerprint``: SHA-256 of the text, in hex."""

    __tablename__ = "form_versions"
    id: int | None = identity()
    business_id: int = tenant_key()
    form_id: int = reference()
    number: int
    text: dict[str, Any] = json_object()
    fingerprint: str
    member_id: int | None = reference(nullable=True)
    issued_at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("form_id", "forms", ondelete="CASCADE"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "form_id", "number"),
    )
