"""Who has looked at which customer's number, and how often a day they may."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import SQLModel

from microcrm.models.base import belongs_to_business, identity, instant, reference, tenant_key, within_business


class ContactReveal(SQLModel, table=True):
    """One masked number or address was shown to one member. Append-only. ``day`` is the shop's; ``heat`` as it was judged then
    (``domain/reveals.py``), or empty."""

    __tablename__ = "contact_reveals"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    member_id: int = reference()
    contact: str
    reason: str
    words: str = ""
    heat: str = ""
    day: date
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("member_id", "members"),
        CheckConstraint("contact in ('phone', 'email')", name="contact"),
        Index("ix_contact_reveals_budget", "business_id", "member_id", "day"),
        Index("ix_contact_reveals_customer", "business_id", "customer_id", "id"),
        Index("ix_contact_reveals_heat", "business_id", "day", postgresql_where="heat <> ''"),
    )


class RevealBudget(SQLModel, table=True):
    """How many a day: of everybody with a ``role``, or of one member. Without a row: ``domain/reveals.py``."""

    __tablename__ = "reveal_budgets"
    id: int | None = identity()
    business_id: int = tenant_key()
    role: str | None = None
    member_id: int | None = reference(nullable=True)
    a_day: int
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members", ondelete="CASCADE"),
        CheckConstraint("(role is null) <> (member_id is null)", name="whose"),
        CheckConstraint("a_day between 0 and 200", name="a_day"),
        Index("uq_reveal_budgets_role", "business_id", "role", unique=True),
        Index("uq_reveal_budgets_member", "business_id", "member_id", unique=True),
    )
