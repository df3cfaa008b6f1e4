"""Sealed records of customers (forms that were filled in), who opened them, and the keys.

Keys are in a PostgreSQL schema of their own, so that a backup of the data can leave them out (``pg_dump -N keys``) and a
backup of the keys can be short-lived. Nothing in ``public`` points into it, so each restores without the other.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint
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

KEYS = "keys"


def sealed_bytes(*, nullable: bool = False) -> Any:
    column = Column(LargeBinary, nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


class BusinessKey(SQLModel, table=True):
    """Seals the keys of a business's customers. ``sealed``: by a master key. Of several the latest ``generation`` is in
    use; an older one is there while customers' keys move on to it."""

    __tablename__ = "business_keys"
    id: int | None = identity()
    business_id: int = tenant_key()
    generation: int
    sealed: bytes = sealed_bytes()
    created_at: datetime = instant()
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id", "generation"), {"schema": KEYS})


class CustomerKey(SQLModel, table=True):
    """Seals one customer's records. ``sealed``: by the business's key. A destroyed key leaves its row without it."""

    __tablename__ = "customer_keys"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    generation: int
    business_key_id: int | None = reference(nullable=True)
    sealed: bytes | None = sealed_bytes(nullable=True)
    created_at: datetime = instant()
    destroyed_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers", ondelete="CASCADE"),
        within_business("business_key_id", f"{KEYS}.business_keys"),
        UniqueConstraint("business_id", "customer_id", "generation"),
        CheckConstraint(
            "(sealed is null) = (destroyed_at is not null) and (sealed is null) = (business_key_id is null)",
            name="destroyed",
        ),
        Index("ix_customer_keys_business_key", "business_id", "business_key_id", "id"),
        {"schema": KEYS},
    )


class SealedRecord(SQLModel, table=True):
    """A form that was filled in. What may be known without opening it: whose, of which form, of which day, how often corrected.
    ``kind`` is the form's code. ``is_clear``: a patch test that showed nothing; whatever else one showed stays sealed.
    ``fill_key``: of one press of Save, which is stored once however often it arrives."""

    __tablename__ = "sealed_records"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    form_id: int = reference()
    kind: str
    happened_on: date
    is_clear: bool = defaulted(False)
    member_id: int | None = reference(nullable=True)
    version: int = 1
    fill_key: str | None = None
    created_at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("form_id", "forms"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "fill_key"),
        CheckConstraint("not is_clear or kind = 'patch_test'", name="clear"),
        Index("ix_sealed_records_customer", "business_id", "customer_id", "happened_on", "id"),
        Index("ix_sealed_records_written", "business_id", "customer_id", "created_at", "id"),
        Index("ix_sealed_records_form", "business_id", "form_id"),
    )


class SealedVersion(SQLModel, table=True):
    """What was written, to the questions of one version of the form: sealed with the customer's key ``generation`` (neither, when
    nothing of it is sensitive), the rest in ``plain``. ``signed_at``: when it bears a signature. A correction is a new row; only a
    new sealing of the same text changes one, or the destruction of the key."""

    __tablename__ = "sealed_versions"
    id: int | None = identity()
    business_id: int = tenant_key()
    record_id: int = reference()
    version: int
    form_version_id: int = reference()
    generation: int | None = None
    sealed: bytes | None = sealed_bytes(nullable=True)
    plain: dict[str, Any] = json_object()
    signed_at: datetime | None = maybe_instant()
    member_id: int | None = reference(nullable=True)
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("record_id", "sealed_records", ondelete="CASCADE"),
        within_business("form_version_id", "form_versions"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "record_id", "version"),
        CheckConstraint("(sealed is null) = (generation is null)", name="sealed"),
    )


class RecordOpening(SQLModel, table=True):
    """Somebody has read a record. Append-only. ``words`` is what they wrote about why, where the list has no fitting
    purpose."""

    __tablename__ = "record_openings"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    record_id: int = reference()
    version: int
    member_id: int | None = reference(nullable=True)
    purpose: str
    words: str = ""
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("record_id", "sealed_records", ondelete="CASCADE"),
        within_business("member_id", "members"),
        Index("ix_record_openings_customer", "business_id", "customer_id", "at"),
    )
