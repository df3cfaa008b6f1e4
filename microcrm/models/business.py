"""The tenant, its people, and the invitations that bring people in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    empty_dict,
    empty_list,
    identity,
    instant,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)


class Business(SQLModel, table=True):
    """The tenant. Its own policy compares ``id`` with the current business, so sign-up draws the id from the sequence,
    enters that business and only then inserts: the identity is *by default*, not *always*."""

    __tablename__ = "businesses"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    name: str
    legal_name: str = ""
    trade: str  # salon | clinic | gym | tutor
    slug: str = Field(unique=True)
    phone: str = ""
    email: str = ""
    address: str = ""
    city: str = ""
    state_code: str = ""  # GST State code, two digits
    pin: str = ""
    gstin: str = ""
    zone: str = "Asia/Kolkata"
    logo: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    logo_kind: str = ""  # image/png, image/jpeg or image/webp
    holiday_state: str = ""  # GST code of the State whose public holidays are offered
    onboarding: dict[str, Any] = Field(default_factory=empty_dict, sa_column=Column(JSONB, nullable=False))
    is_demo: bool = False
    version: int = 1
    created_at: datetime = instant()


class Member(SQLModel, table=True):
    """A person of the shop. ``user_id`` is empty for staff who never sign in."""

    __tablename__ = "members"
    id: int | None = identity()
    business_id: int = tenant_key()
    user_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    name: str
    role: str
    colour: str = "slate"
    granted: list[str] = Field(default_factory=empty_list, sa_column=Column(ARRAY(Text), nullable=False))
    withheld: list[str] = Field(default_factory=empty_list, sa_column=Column(ARRAY(Text), nullable=False))
    is_own_calendar_only: bool = False
    is_bookable: bool = True
    most_per_day: int | None = None  # bookings a day that customers may make; empty: as many as fit
    position: int = 0
    customer_columns: list[str] = Field(  # of the list of customers, as they chose them; empty: the usual ones
        default_factory=empty_list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    wants_morning_note: bool = defaulted(True)  # of owners: the mail at seven
    bell_choices: list[str] = Field(  # what they want told otherwise than usual (`domain/bell.py`)
        default_factory=empty_list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    joined_at: datetime = instant()
    deactivated_at: datetime | None = maybe_instant()
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        Index("uq_members_business_user", "business_id", "user_id", unique=True),
        Index("ix_members_user", "user_id"),
        CheckConstraint("role in ('owner', 'manager', 'front_desk', 'staff', 'accountant')", name="role"),
    )


class Invitation(SQLModel, table=True):
    """A mail link that lets somebody join, as a new member or as ``member_id`` who had no sign-in yet."""

    __tablename__ = "invitations"
    id: int | None = identity()
    business_id: int = tenant_key()
    member_id: int | None = reference(nullable=True)
    email: str
    name: str = ""
    role: str
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    invited_by_member_id: int = reference()
    created_at: datetime = instant()
    expires_at: datetime = instant()
    accepted_at: datetime | None = maybe_instant()
    revoked_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members", ondelete="CASCADE"),
        within_business("invited_by_member_id", "members", ondelete="CASCADE"),
    )
