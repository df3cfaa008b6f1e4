"""Codes by e-mail that customers type before a booking counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import belongs_to_business, identity, instant, maybe_instant, tenant_key


class BookingCode(SQLModel, table=True):
    """``subject_hash`` is of the form's secret link and the address, ``code_hash`` of these and the code. The link is kept
    nowhere, so whoever reads this table can't find the code by trying a million of them."""

    __tablename__ = "booking_codes"
    id: int | None = identity()
    business_id: int = tenant_key()
    subject_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    code_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    mails: int = 1
    tries: int = 0
    sent_at: datetime = instant()
    expires_at: datetime = instant()
    proven_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id", "subject_hash"),
        CheckConstraint("mails >= 1 and tries >= 0", name="counts"),
        Index("ix_booking_codes_expiry", "business_id", "expires_at"),
    )
