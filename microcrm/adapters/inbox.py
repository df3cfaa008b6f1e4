"""The inbox's rows: stored when a provider tells us something, claimed and finished by the worker. As with the outbox, a claim is
a lease, and two workers never hold the same row. The transaction must be of the realm ``worker``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, text, tuple_, update
from sqlmodel import Session, select

from microcrm.adapters.outbox import LEASE, MOST_ATTEMPTS, pause
from microcrm.models.gateway import InboxEvent

KEPT_FOR = timedelta(days=30)  # bodies hold customers' contacts: longer than Razorpay could ask about them, no longer

_BEHIND = timedelta(seconds=10)  # that an event has waited

_STORE = text("""
INSERT INTO inbox (business_id, key, body, state, received_at, due_at, attempts, last_error)
SELECT b, k, t, 'new', :now, :now, 0, ''
FROM unnest(CAST(:businesses AS bigint[]), CAST(:keys AS text[]), CAST(:bodies AS text[])) AS arrived (b, k, t)
ON CONFLICT (business_id, key) DO NOTHING RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Arrival:
    """``key``: the provider's id of the event. ``body`` as it came."""

    business_id: int
    key: str
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    business_id: int
    body: str = field(repr=False)
    attempts: int


def store(session: Session, arrivals: Sequence[Arrival], now: datetime) -> int:
    """How many were new. The same event again changes nothing."""
    rows = {(one.business_id, one.key): one for one in arrivals}.values()
    values = {
        "businesses": [one.business_id for one in rows], "keys": [one.key for one in rows],
        "bodies": [one.body for one in rows], "now": now,
    }  # fmt: skip
    return len(session.connection().execute(_STORE, values).all())


def claim(session: Session, now: datetime, most: int) -> list[Event]:
    due = (
        select(InboxEvent.id)
        .where(InboxEvent.state == "new", InboxEvent.due_at <= now)
        .where(or_(InboxEvent.leased_until.is_(None), InboxEvent.leased_until < now))
        .order_by(InboxEvent.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    claimed = session.connection().execute(
        update(InboxEvent)
        .where(InboxEvent.id.in_(due))
        .values(leased_until=now + LEASE, attempts=InboxEvent.attempts + 1)
        .returning(InboxEvent.id, InboxEvent.business_id, InboxEvent.body, InboxEvent.attempts)
    )
    return [Event(*row) for row in claimed]


def is_behind(session: Session, now: datetime) -> bool:
    """Whether there is more to read than the worker keeps up with."""
    waiting = select(InboxEvent.id).where(InboxEvent.state == "new", InboxEvent.due_at < now - _BEHIND)
    return session.connection().execute(waiting.limit(1)).first() is not None


def finish(session: Session, events: Sequence[Event], now: datetime, *, is_used: bool) -> None:
    """All at once. A worker that was too slow with one has lost its say."""
    mine = tuple_(InboxEvent.id, InboxEvent.attempts).in_([(event.id, event.attempts) for event in events])
    session.connection().execute(
        update(InboxEvent)
        .where(mine, InboxEvent.state == "new")
        .values(state="done" if is_used else "unused", finished_at=now, last_error="", leased_until=None)
    )


def postpone(session: Session, event: Event, now: datetime, reason: str) -> None:
    """Try again later; after the last attempt it has failed and stays to be looked at."""
    if event.attempts >= MOST_ATTEMPTS:
        _write(session, event, state="failed", finished_at=now, last_error=reason)
    else:
        _write(session, event, due_at=now + pause(event.attempts), last_error=reason)


def forget_old(session: Session, now: datetime) -> int:
    """Rows that were worked off long ago."""
    gone = delete(InboxEvent).where(InboxEvent.state.in_(("done", "unused")), InboxEvent.finished_at < now - KEPT_FOR)
    return int(session.connection().execute(gone).rowcount)


def _write(session: Session, event: Event, **values: object) -> None:
    mine = (InboxEvent.id == event.id, InboxEvent.attempts == event.attempts, InboxEvent.state == "new")
    session.connection().execute(update(InboxEvent).where(*mine).values(leased_until=None, **values))
