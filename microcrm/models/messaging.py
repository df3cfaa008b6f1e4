"""How a shop's messages leave: its account at Twilio, and each channel's sender, switch and pace."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, LargeBinary, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import belongs_to_business, defaulted, identity, instant, maybe_instant, tenant_key


def _sealed(*, nullable: bool = False) -> Any:
    column = Column(LargeBinary, nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


class MessagingAccount(SQLModel, table=True):
    """One row a business. What is secret is sealed. ``hook_hash`` finds the business behind the address that Twilio calls;
    ``previous_token`` still signs for a day after the auth token was changed."""

    __tablename__ = "messaging_accounts"
    id: int | None = identity()
    business_id: int = tenant_key()
    account_sid: str
    auth_token: bytes = _sealed()
    previous_token: bytes | None = _sealed(nullable=True)
    previous_until: datetime | None = maybe_instant()
    hook_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    hook_token: bytes = _sealed()
    is_sandbox: bool
    checked_at: datetime = instant()
    heard_at: datetime | None = maybe_instant()
    version: int = defaulted(1)
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id"))


class MessageChannel(SQLModel, table=True):
    """``sender``: a number (E.164), a messaging service (MG…) or an SMS header; "" for mail, and while none is known. ``offer_sender``:
    the header that DLT has for offers.
    ``broken``: why sending stopped by itself: an error code of Twilio's, "" while nothing is wrong. ``tokens``: how many may
    leave at once, filled up by ``per_second`` since ``refilled_at``; only the claim of messages writes these two, and never
    ``version``."""

    __tablename__ = "message_channels"
    id: int | None = identity()
    business_id: int = tenant_key()
    channel: str
    sender: str = defaulted("")
    dlt_entity_id: str = defaulted("")
    offer_sender: str = defaulted("")
    is_on: bool = defaulted(False)
    broken: str = defaulted("")
    broken_at: datetime | None = maybe_instant()
    per_second: int
    tokens: Decimal = Field(default=Decimal(0), sa_column=Column(Numeric(12, 3), nullable=False, server_default="0"))
    refilled_at: datetime | None = maybe_instant()
    version: int = defaulted(1)
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id", "channel"),
        CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name="channel"),
        CheckConstraint("not is_on or channel = 'email' or sender <> ''", name="sender"),
        CheckConstraint("per_second between 1 and 1000", name="pace"),
    )


TWILIO_BEHIND = """
CREATE FUNCTION twilio_behind(wanted bytea) RETURNS TABLE (
  business_id bigint, zone text, account_sid text, auth_token bytea, previous_token bytea, previous_until timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT a.business_id, b.zone, a.account_sid, a.auth_token, a.previous_token, a.previous_until
  FROM messaging_accounts a JOIN businesses b ON b.id = a.business_id WHERE a.hook_hash = wanted
$$
"""
TWILIO_BEHIND_NAME = "twilio_behind(bytea)"
