"""Statements of the shop's bank account that were read in, and what came in by them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
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


class BankStatementFile(SQLModel, table=True):
    """Never changed again. ``digest`` of the whole file; ``known``: entries that an earlier file had brought already."""

    __tablename__ = "bank_statements"
    id: int | None = identity()
    business_id: int = tenant_key()
    digest: str
    read_at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    new: int = 0
    known: int = 0
    went_out: int = 0
    unread: int = 0
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "digest"),
    )


class BankRow(SQLModel, table=True):
    """Money that the bank says came in. ``digest`` of what it says and of how many equal rows stood before it. ``payment_id``:
    what it proves; ``made_payment``: that payment was first noted by this row."""

    __tablename__ = "bank_rows"
    id: int | None = identity()
    business_id: int = tenant_key()
    statement_id: int = reference()
    digest: str
    day: date
    amount_paise: int = Field(sa_column=Column(BigInteger, nullable=False))
    bank_reference: str = ""
    words: str = ""
    state: str = "open"
    payment_id: int | None = reference(nullable=True)
    made_payment: bool = False
    is_sure: bool = False
    reason: str = ""
    member_id: int | None = reference(nullable=True)
    decided_at: datetime | None = maybe_instant()
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("statement_id", "bank_statements"),
        within_business("payment_id", "payments"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "digest"),
        UniqueConstraint("business_id", "payment_id"),
        CheckConstraint("amount_paise > 0", name="amount"),
        CheckConstraint("state in ('open', 'matched', 'aside')", name="state"),
        CheckConstraint("(state = 'matched') = (payment_id is not null)", name="matched"),
        CheckConstraint("state <> 'aside' or reason <> ''", name="reason"),
        Index("ix_bank_rows_state", "business_id", "state", "day", "id"),
    )
