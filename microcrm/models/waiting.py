"""Those who wait: for a time to become free (waiting list), or at the counter for their turn (queue)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

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


class WaitlistEntry(SQLModel, table=True):
    """Somebody who wants a service. ``booking_id`` is the visit that came of it; ``language``: how they are written to."""

    __tablename__ = "waitlist_entries"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int = reference()
    service_id: int = reference()
    state: str = "waiting"
    source: str = "staff"
    language: str = defaulted("")
    note: str = defaulted("")
    priority: int = defaulted(0)  # the higher is asked first; the same: who came first
    created_at: datetime = instant()
    closed_at: datetime | None = maybe_instant()
    booking_id: int | None = reference(nullable=True)
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("service_id", "services"),
        within_business("booking_id", "bookings"),
        CheckConstraint("state in ('waiting', 'offered', 'booked', 'withdrawn', 'expired')", name="state"),
        CheckConstraint("source in ('staff', 'online')", name="source"),
        Index("ix_waitlist_entries_state", "business_id", "state", "created_at"),
        Index("ix_waitlist_entries_customer", "business_id", "customer_id"),
    )


class WaitlistPreference(SQLModel, table=True):
    """One of at most five times that would suit: days (both included), minutes after midnight, perhaps one member.
    ``weekdays`` is a set of bits, Monday 1, Sunday 64."""

    __tablename__ = "waitlist_preferences"
    id: int | None = identity()
    business_id: int = tenant_key()
    entry_id: int = reference()
    place: int
    first_day: date
    last_day: date
    start_min: int = 0
    end_min: int = 1440
    weekdays: int = defaulted(127)
    member_id: int | None = reference(nullable=True)
    __table_args__ = (
        *belongs_to_business(),
        within_business("entry_id", "waitlist_entries", ondelete="CASCADE"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "entry_id", "place"),
        CheckConstraint("place between 1 and 5", name="place"),
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("start_min >= 0 and start_min < end_min and end_min <= 1440", name="window"),
        CheckConstraint("weekdays between 1 and 127", name="weekdays"),
    )


class WaitlistOffer(SQLModel, table=True):
    """A time that was offered to one entry. ``booking_id`` is the hold that keeps it; those of one band share it.
    ``freed_booking_id``: the visit whose time it was, or ``freed_session_id``: the class, so that nobody is asked twice for
    the same; both are empty when the desk chose the time."""

    __tablename__ = "waitlist_offers"
    id: int | None = identity()
    business_id: int = tenant_key()
    entry_id: int = reference()
    booking_id: int = reference()
    state: str = "open"
    offered_at: datetime = instant()
    expires_at: datetime = instant()
    answered_at: datetime | None = maybe_instant()
    freed_booking_id: int | None = reference(nullable=True)
    freed_session_id: int | None = reference(nullable=True)
    __table_args__ = (
        *belongs_to_business(),
        within_business("entry_id", "waitlist_entries", ondelete="CASCADE"),
        within_business("booking_id", "bookings"),
        within_business("freed_booking_id", "bookings"),
        within_business("freed_session_id", "class_sessions"),
        UniqueConstraint("business_id", "entry_id", "booking_id"),
        CheckConstraint("state in ('open', 'accepted', 'declined', 'expired', 'lost')", name="state"),
        Index("ix_waitlist_offers_open", "business_id", "expires_at", postgresql_where="state = 'open'"),
        Index("ix_waitlist_offers_booking", "business_id", "booking_id"),
        Index("ix_waitlist_offers_freed", "business_id", "freed_booking_id"),
        Index("ix_waitlist_offers_class", "business_id", "freed_session_id"),
    )


class QueueTicket(SQLModel, table=True):
    """A walk-in's turn. ``number`` starts at 1 each day; ``name`` is what the desk calls out and never on the board.
    Those who went without a word after they were called have ``missed`` it."""

    __tablename__ = "queue_tickets"
    id: int | None = identity()
    business_id: int = tenant_key()
    day: date
    number: int
    service_id: int = reference()
    member_id: int | None = reference(nullable=True)  # whom they want; empty: whoever is free first
    customer_id: int | None = reference(nullable=True)
    name: str = defaulted("")
    state: str = "waiting"
    promised_at: datetime | None = maybe_instant()  # the turn as estimated when the ticket was drawn
    created_at: datetime = instant()
    called_at: datetime | None = maybe_instant()
    started_at: datetime | None = maybe_instant()
    finished_at: datetime | None = maybe_instant()
    booking_id: int | None = reference(nullable=True)
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("service_id", "services"),
        within_business("member_id", "members"),
        within_business("customer_id", "customers"),
        within_business("booking_id", "bookings"),
        UniqueConstraint("business_id", "day", "number"),
        CheckConstraint("state in ('waiting', 'called', 'serving', 'done', 'left', 'missed')", name="state"),
        Index("ix_queue_tickets_state", "business_id", "day", "state"),
    )
