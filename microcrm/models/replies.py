"""What customers write to the shop, and who wants no messages by which channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
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


class InboundMessage(SQLModel, table=True):
    """One message of a customer, as it came. ``provider_id`` is Twilio's id of it, so that the same message told twice is one row.
    ``customer_id``: whose number it is, where exactly one person has it. ``understood``: an `Intent`; ``outcome``: what was done about
    it, a code of `domain/replies.py`. Open until somebody of the shop, or the answer itself, has settled it."""

    __tablename__ = "inbound_messages"
    id: int | None = identity()
    business_id: int = tenant_key()
    channel: str
    provider_id: str
    sender: str
    customer_id: int | None = reference(nullable=True)
    booking_id: int | None = reference(nullable=True)
    text: str
    media_count: int = defaulted(0)
    understood: str
    outcome: str = ""
    at: datetime = instant()
    assigned_id: int | None = reference(nullable=True)
    settled_at: datetime | None = maybe_instant()
    settled_by_id: int | None = reference(nullable=True)
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("booking_id", "bookings", ondelete="CASCADE"),
        within_business("assigned_id", "members"),
        within_business("settled_by_id", "members"),
        UniqueConstraint("business_id", "provider_id"),
        CheckConstraint("channel in ('whatsapp', 'sms')", name="channel"),
        Index("ix_inbound_messages_open", "business_id", "at", "id", postgresql_where="settled_at is null"),
        Index("ix_inbound_messages_log", "business_id", "at", "id"),
        Index("ix_inbound_messages_sender", "business_id", "sender", "at", "id"),
        Index("ix_inbound_messages_customer", "business_id", "customer_id", "at", "id"),
        Index("ix_inbound_messages_booking", "business_id", "booking_id", postgresql_where="booking_id is not null"),
    )


class ChannelBlock(SQLModel, table=True):
    """Nothing goes to this address by this channel until ``ended_at``. It stands at the address, not at a customer: who has written
    STOP stays stopped when their record is deleted and typed in again. ``way``: word (they wrote it), link, staff or provider."""

    __tablename__ = "channel_blocks"
    id: int | None = identity()
    business_id: int = tenant_key()
    channel: str
    address: str
    way: str
    at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    ended_at: datetime | None = maybe_instant()
    ended_way: str = Field(default="", sa_column_kwargs={"server_default": ""})
    __table_args__ = (
        *belongs_to_business(),
        within_business("member_id", "members"),
        CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name="channel"),
        CheckConstraint("way in ('word', 'link', 'staff', 'provider')", name="way"),
        Index(
            "uq_channel_blocks_standing",
            "business_id",
            "channel",
            "address",
            unique=True,
            postgresql_where="ended_at is null",
        ),
    )
