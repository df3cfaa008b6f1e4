"""Payments through Razorpay: a shop's account there, what it asked customers to pay, and what Razorpay says came of it.

Ids of Razorpay's (``remote_id``) are theirs; money is paise. The ledger itself stays in ``models/billing.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, UniqueConstraint
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


def _sealed(*, nullable: bool = False) -> Any:
    column = Column(LargeBinary, nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def _amount(default: int | None = None) -> Any:
    if default is None:
        return Field(sa_column=Column(BigInteger, nullable=False))
    return Field(default=default, sa_column=Column(BigInteger, nullable=False, server_default=str(default)))


class GatewayAccount(SQLModel, table=True):
    """One row a business. Everything that is a secret is sealed. ``hook_hash`` finds the business behind the address that its
    webhooks come to; ``previous_secret`` signs what Razorpay repeats for a day after a change."""

    __tablename__ = "gateway_accounts"
    id: int | None = identity()
    business_id: int = tenant_key()
    key_id: str
    key_secret: bytes = _sealed()
    hook_secret: bytes = _sealed()
    previous_secret: bytes | None = _sealed(nullable=True)
    previous_until: datetime | None = maybe_instant()
    hook_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    hook_token: bytes = _sealed()
    is_sandbox: bool
    checked_at: datetime = instant()
    heard_at: datetime | None = maybe_instant()
    version: int = 1
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id"))


class PayRequest(SQLModel, table=True):
    """What a customer was asked to pay, for a bill or ahead for a visit: an order for the checkout, or a link. ``reference`` is
    ours, so that it can be looked up when nobody answered; ``remote_id`` is known once Razorpay has it."""

    __tablename__ = "pay_requests"
    id: int | None = identity()
    business_id: int = tenant_key()
    document_id: int | None = reference(nullable=True)
    booking_id: int | None = reference(nullable=True)
    kind: str
    reference: str
    amount_paise: int = _amount()
    state: str = "wanted"
    remote_id: str | None = None
    order_id: str | None = None  # of a link: known once somebody has paid
    url: str = ""
    member_id: int | None = reference(nullable=True)
    created_at: datetime = instant()
    ends_at: datetime = instant()
    looked_at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("document_id", "documents"),
        within_business("booking_id", "bookings"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "reference"),
        CheckConstraint("(document_id is null) <> (booking_id is null)", name="subject"),
        CheckConstraint("kind in ('order', 'link')", name="kind"),
        CheckConstraint("state in ('wanted', 'open', 'paid', 'ended')", name="state"),
        CheckConstraint("amount_paise > 0", name="amount"),
        Index("ix_pay_requests_remote", "business_id", "remote_id"),
        Index("ix_pay_requests_order", "business_id", "order_id"),
        Index("ix_pay_requests_document", "business_id", "document_id"),
        Index("ix_pay_requests_booking", "business_id", "booking_id", postgresql_where="booking_id is not null"),
        Index("ix_pay_requests_open", "business_id", "looked_at", postgresql_where="state in ('wanted', 'open')"),
    )


class GatewayPayment(SQLModel, table=True):
    """A payment at Razorpay, as far as it has come; it never goes back. ``payment_id`` is its row in the ledger, once there.
    ``concern``: why somebody has to look at it; "" when nobody has. Of one that only a dispute has named so far, the amount is 0."""

    __tablename__ = "gateway_payments"
    id: int | None = identity()
    business_id: int = tenant_key()
    remote_id: str
    pay_request_id: int | None = reference(nullable=True)
    status: str
    amount_paise: int = _amount()
    currency: str
    method: str = ""
    refunded_paise: int = _amount(0)
    fee_paise: int = _amount(0)
    error: str = ""
    is_late: bool = False
    payment_id: int | None = reference(nullable=True)
    concern: str = ""
    concern_closed_at: datetime | None = maybe_instant()
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("pay_request_id", "pay_requests"),
        within_business("payment_id", "payments"),
        UniqueConstraint("business_id", "remote_id"),
        CheckConstraint("status in ('created', 'failed', 'authorized', 'captured', 'refunded')", name="status"),
        CheckConstraint(
            "concern in ('', 'amount', 'currency', 'settled', 'cancelled', 'uncaptured', 'late', 'twice')",
            name="concern",
        ),
        Index("ix_gateway_payments_request", "business_id", "pay_request_id"),
        Index("ix_gateway_payments_concern", "business_id", "id", postgresql_where="concern <> ''"),
        Index("ix_gateway_payments_ledger", "business_id", "payment_id"),
    )


class GatewayRefund(SQLModel, table=True):
    """Money on its way back. ``key`` is the idempotency key of a refund that we asked for, empty for one made in Razorpay's
    dashboard; ``payment_id`` its (negative) row in the ledger, once it went through."""

    __tablename__ = "gateway_refunds"
    id: int | None = identity()
    business_id: int = tenant_key()
    gateway_payment_id: int = reference()
    key: str | None = None
    remote_id: str | None = None
    amount_paise: int = _amount()
    status: str = "wanted"
    reason: str = ""
    member_id: int | None = reference(nullable=True)
    payment_id: int | None = reference(nullable=True)
    at: datetime = instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("gateway_payment_id", "gateway_payments"),
        within_business("member_id", "members"),
        within_business("payment_id", "payments"),
        UniqueConstraint("business_id", "key"),
        UniqueConstraint("business_id", "remote_id"),
        CheckConstraint("status in ('wanted', 'pending', 'processed', 'failed')", name="status"),
        CheckConstraint("amount_paise > 0", name="amount"),
        Index("ix_gateway_refunds_payment", "business_id", "gateway_payment_id"),
        Index("ix_gateway_refunds_open", "business_id", "id", postgresql_where="status in ('wanted', 'pending')"),
        Index("ix_gateway_refunds_failed", "business_id", "id", postgresql_where="status = 'failed'"),
    )


class Dispute(SQLModel, table=True):
    """A customer's bank wants the money back. It is answered in Razorpay's dashboard; here it is shown and booked.
    ``said_at``: of the latest that was heard while it is open. ``payment_id``: the (negative) row in the ledger of one that was
    lost."""

    __tablename__ = "disputes"
    id: int | None = identity()
    business_id: int = tenant_key()
    remote_id: str
    gateway_payment_id: int = reference()
    amount_paise: int = _amount()
    status: str
    reason: str = ""
    respond_by: datetime | None = maybe_instant()
    said_at: datetime | None = maybe_instant()
    payment_id: int | None = reference(nullable=True)
    __table_args__ = (
        *belongs_to_business(),
        within_business("gateway_payment_id", "gateway_payments"),
        within_business("payment_id", "payments"),
        UniqueConstraint("business_id", "remote_id"),
        CheckConstraint(
            "status in ('open', 'under_review', 'action_required', 'closed', 'won', 'lost')", name="status"
        ),
        Index("ix_disputes_payment", "business_id", "gateway_payment_id"),
        Index(
            "ix_disputes_open",
            "business_id",
            "id",
            postgresql_where="status in ('open', 'under_review', 'action_required')",
        ),
    )


class InboxEvent(SQLModel, table=True):
    """What a provider told us, stored before anything is done with it. ``key`` is the provider's own id of the event, so the
    same one twice is one row. The worker reads it, in any order."""

    __tablename__ = "inbox"
    id: int | None = identity()
    business_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("businesses.id", ondelete="CASCADE"), nullable=False)
    )
    key: str
    body: str
    state: str = "new"
    received_at: datetime = instant()
    due_at: datetime = instant()
    leased_until: datetime | None = maybe_instant()
    attempts: int = 0
    last_error: str = ""
    finished_at: datetime | None = maybe_instant()
    __table_args__ = (
        UniqueConstraint("business_id", "key"),
        CheckConstraint("state in ('new', 'done', 'unused', 'failed')", name="state"),
        Index("ix_inbox_due", "due_at", postgresql_where="state = 'new'"),
        Index("ix_inbox_failed", "finished_at", postgresql_where="state = 'failed'"),
    )


HOOK_BEHIND = """
CREATE FUNCTION hook_behind(wanted bytea) RETURNS TABLE (
  business_id bigint, zone text, hook_secret bytea, previous_secret bytea, previous_until timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT a.business_id, b.zone, a.hook_secret, a.previous_secret, a.previous_until
  FROM gateway_accounts a JOIN businesses b ON b.id = a.business_id WHERE a.hook_hash = wanted
$$
"""
OPEN_REQUESTS = """
CREATE FUNCTION businesses_with_open_payments(before timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT DISTINCT r.business_id FROM pay_requests r JOIN gateway_accounts a ON a.business_id = r.business_id
  WHERE r.state IN ('wanted', 'open') AND r.looked_at < before
  UNION SELECT DISTINCT business_id FROM gateway_refunds WHERE status IN ('wanted', 'pending') AND at < before
$$
"""
# Another took its place: `SANDBOX_IS_WANTED`.
REAL_KEYS = """
CREATE FUNCTION real_keys_are_used() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT FROM gateway_accounts WHERE NOT is_sandbox)
$$
"""
FUNCTIONS = (HOOK_BEHIND, OPEN_REQUESTS, REAL_KEYS)
FUNCTION_NAMES = (
    "hook_behind(bytea)",
    "businesses_with_open_payments(timestamp with time zone)",
)
# The stand-ins are one program: some shop uses one of them, or nobody has connected anything real yet.
SANDBOX_IS_WANTED = """
CREATE FUNCTION sandbox_is_wanted() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT FROM gateway_accounts WHERE is_sandbox) OR EXISTS (SELECT FROM messaging_accounts WHERE is_sandbox)
    OR NOT EXISTS (SELECT FROM gateway_accounts) AND NOT EXISTS (SELECT FROM messaging_accounts)
$$
"""
SANDBOX_IS_WANTED_NAME = "sandbox_is_wanted()"
