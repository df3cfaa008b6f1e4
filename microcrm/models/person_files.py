"""Photos and papers of customers: what may be known of them, and who has looked. What they show lies sealed in the file store."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, UniqueConstraint
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


def _sealed() -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False))


class PersonFile(SQLModel, table=True):
    """``token``: the name of its bytes in the store, sealed with a key of its own; ``sealed_key`` is that key, sealed with the
    customer's key ``generation``. ``stored_at``: none until the bytes are there. ``removed_at``: thrown away, and to be forgotten.
    ``before_id``: of an "after", the photo that it stands beside. ``size``: bytes, with the small picture."""

    __tablename__ = "person_files"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    shows: str
    title: str = defaulted("")
    day: date
    media_type: str
    width: int = defaulted(0)
    height: int = defaulted(0)
    size: int = Field(sa_column=Column(Integer, nullable=False))
    token: str
    generation: int
    sealed_key: bytes = _sealed()
    before_id: int | None = reference(nullable=True)
    booking_id: int | None = reference(nullable=True)
    member_id: int | None = reference(nullable=True)
    created_at: datetime = instant()
    stored_at: datetime | None = maybe_instant()
    removed_at: datetime | None = maybe_instant()
    version: int = defaulted(1)
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("before_id", "person_files"),
        within_business("booking_id", "bookings"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "token"),
        CheckConstraint("shows in ('photo', 'before', 'after', 'paper')", name="shows"),
        CheckConstraint("before_id is null or shows = 'after'", name="pair"),
        Index("ix_person_files_customer", "business_id", "customer_id", "day", "id"),
        Index("ix_person_files_size", "business_id", "size"),
        Index("ix_person_files_before", "business_id", "before_id", postgresql_where="before_id is not null"),
        Index(
            "ix_person_files_unfinished",
            "business_id",
            "created_at",
            postgresql_where="stored_at is null or removed_at is not null",
        ),
    )


class FileOpening(SQLModel, table=True):
    """Somebody has looked at a file; at a picture's small form as well. Append-only. ``file_id`` points nowhere: who looked is
    known after the file is gone, too."""

    __tablename__ = "file_openings"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    file_id: int = reference()
    shows: str
    is_small: bool
    member_id: int | None = reference(nullable=True)
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("member_id", "members"),
        Index("ix_file_openings_customer", "business_id", "customer_id", "at"),
        Index("ix_file_openings_file", "business_id", "file_id", "member_id", "at"),
    )
