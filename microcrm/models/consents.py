"""What customers agreed to, and what they were told before. Both tables only grow: they are what the shop proves it with (Digital
Personal Data Protection Act 2023 s.6(10))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    identity,
    instant,
    reference,
    tenant_key,
    within_business,
)


def _digest() -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False))


class ConsentNotice(SQLModel, table=True):
    """A text that was shown or read out, word for word. Of a purpose and language the latest version is the one in use.
    ``member_id``: who wrote it; none for a text of MicroCRM's own (`domain/consent.py`)."""

    __tablename__ = "consent_notices"
    id: int | None = identity()
    business_id: int = tenant_key()
    purpose: str
    language: str
    version: int
    text: str
    digest: bytes = _digest()
    member_id: int | None = reference(nullable=True)
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "purpose", "language", "version"),
    )


class Consent(SQLModel, table=True):
    """A customer said yes or no to one purpose. ``day``: when, in the shop's days; ``at``: when it was written down; ``until``: the
    last day of a yes that ends by itself. ``member_id``: who wrote it down; none when the customer did it themselves.
    ``evidence``: what proves it, in words. ``voids_id``: the record that this one takes back as a mistake. ``guardian_name``,
    ``guardian_bond`` and ``guardian_proof`` (domain/guardian.py): who spoke for a child, as they were then; ``guardian_id``: their own
    record, if they have one."""

    __tablename__ = "consents"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    purpose: str
    decision: str
    way: str
    day: date
    until: date | None = None
    notice_id: int | None = reference(nullable=True)
    member_id: int | None = reference(nullable=True)
    evidence: str = defaulted("")
    voids_id: int | None = reference(nullable=True)
    at: datetime = instant()
    guardian_id: int | None = reference(nullable=True)
    guardian_name: str = defaulted("")
    guardian_bond: str = defaulted("")
    guardian_proof: str = defaulted("")
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("guardian_id", "customers"),
        within_business("notice_id", "consent_notices"),
        within_business("member_id", "members"),
        within_business("voids_id", "consents"),
        UniqueConstraint("business_id", "voids_id"),
        CheckConstraint("decision in ('given', 'refused', 'withdrawn', 'void')", name="decision"),
        CheckConstraint("(decision = 'void') = (voids_id is not null)", name="void"),
        CheckConstraint("decision = 'given' or until is null", name="until"),
        CheckConstraint("decision <> 'given' or notice_id is not null", name="notice"),
        CheckConstraint("guardian_bond in ('', 'parent', 'guardian')", name="guardian_bond"),
        CheckConstraint("guardian_proof in ('', 'known', 'document', 'locker')", name="guardian_proof"),
        CheckConstraint(
            "(guardian_name = '') = (guardian_bond = '') and (guardian_name = '') = (guardian_proof = '')",
            name="guardian",
        ),
        CheckConstraint(
            "guardian_id is null or guardian_name <> '' and guardian_id <> customer_id", name="guardian_id"
        ),
        Index("ix_consents_customer", "business_id", "customer_id", "purpose", "day", "id"),
        Index("ix_consents_guardian", "business_id", "guardian_id", postgresql_where=text("guardian_id is not null")),
    )
