"""Secret links for people without an account: a booking to manage, a calendar feed, an offer, a place in the queue,
a bill, an entry of the waiting list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
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


class PublicLink(SQLModel, table=True):
    """The token itself (128 random bits) is never stored, only its SHA-256. Exactly one subject is set."""

    __tablename__ = "public_links"
    id: int | None = identity()
    business_id: int = tenant_key()
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    booking_id: int | None = reference(nullable=True)
    feed_member_id: int | None = reference(nullable=True)
    offer_id: int | None = reference(nullable=True)
    ticket_id: int | None = reference(nullable=True)
    document_id: int | None = reference(nullable=True)
    entry_id: int | None = reference(nullable=True)
    created_at: datetime = instant()
    expires_at: datetime | None = maybe_instant()
    revoked_at: datetime | None = maybe_instant()
    last_used_at: datetime | None = maybe_instant()
    __table_args__ = (
        *belongs_to_business(),
        within_business("booking_id", "bookings", ondelete="CASCADE"),
        within_business("feed_member_id", "members", ondelete="CASCADE"),
        within_business("offer_id", "waitlist_offers", ondelete="CASCADE"),
        within_business("ticket_id", "queue_tickets", ondelete="CASCADE"),
        within_business("document_id", "documents", ondelete="CASCADE"),
        within_business("entry_id", "waitlist_entries", ondelete="CASCADE"),
        CheckConstraint(
            "num_nonnulls(booking_id, feed_member_id, offer_id, ticket_id, document_id, entry_id) = 1",
            name="one_subject",
        ),
        Index("ix_public_links_ends", "business_id", "expires_at", postgresql_where="expires_at is not null"),
        Index("ix_public_links_booking", "business_id", "booking_id", postgresql_where="booking_id is not null"),
        Index("ix_public_links_feed", "business_id", "feed_member_id", postgresql_where="feed_member_id is not null"),
        Index("ix_public_links_offer", "business_id", "offer_id", postgresql_where="offer_id is not null"),
        Index("ix_public_links_ticket", "business_id", "ticket_id", postgresql_where="ticket_id is not null"),
        Index("ix_public_links_document", "business_id", "document_id", postgresql_where="document_id is not null"),
        Index("ix_public_links_entry", "business_id", "entry_id", postgresql_where="entry_id is not null"),
    )
