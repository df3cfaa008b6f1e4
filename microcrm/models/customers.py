"""The shop's customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    empty_list,
    identity,
    instant,
    maybe_instant,
    tenant_key,
    within_business,
)

# What the list sorts by: those who never came stand before everybody who did, and a keyset needs no case for NULL.
LAST_VISIT_KEY = text("coalesce(last_visit_at, '1970-01-01 00:00:00+00'::timestamptz)")


def _key() -> Column[Any]:
    """Collation C: only then do prefix comparisons stay leakproof and use the index under row-level security."""
    return Column(Text(collation="C"), nullable=False, server_default="")


class Customer(SQLModel, table=True):
    """``phone`` is E.164 and unique in the business, save for rows marked ``is_sharing_phone``: a family member who uses
    the phone of somebody else. ``name_key`` is the normalised name."""

    __tablename__ = "customers"
    id: int | None = identity()
    business_id: int = tenant_key()
    name: str
    name_key: str = Field(sa_column=_key())
    phone: str = Field(default="", sa_column=_key())
    phone_reversed: str = Field(default="", sa_column=_key())  # for a search by trailing digits
    is_sharing_phone: bool = False
    email: str = ""
    email_key: str = Field(default="", sa_column=_key())
    address: str = ""
    birthday: date | None = None
    tags: list[str] = Field(default_factory=empty_list, sa_column=Column(ARRAY(Text), nullable=False))
    notes: str = ""
    last_visit_at: datetime | None = maybe_instant()
    visit_count: int = 0
    archived_at: datetime | None = maybe_instant()
    created_at: datetime = instant()
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        Index(
            "uq_customers_phone",
            "business_id",
            "phone",
            unique=True,
            postgresql_where="phone <> '' and not is_sharing_phone",
        ),
        Index("ix_customers_name", "business_id", "name_key", "id"),
        Index("ix_customers_phone", "business_id", "phone"),
        Index("ix_customers_phone_reversed", "business_id", "phone_reversed"),
        Index("ix_customers_email", "business_id", "email_key"),
        Index("ix_customers_last_visit", "business_id", LAST_VISIT_KEY, "id"),
        Index("ix_customers_created", "business_id", "created_at", "id"),
    )


class CustomerWord(SQLModel, table=True):
    """One word of one customer's name, so that any word's beginning finds the customer through a plain btree."""

    __tablename__ = "customer_words"
    business_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    word: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    customer_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.id"], ondelete="CASCADE"),
        within_business("customer_id", "customers", ondelete="CASCADE"),
        Index("ix_customer_words_customer", "business_id", "customer_id"),
    )
