"""The outbox's rows, as the worker sees them: claim some, then say how each went.

A claim is a lease: when the worker dies, the lease ends and another worker takes the row. Two workers never hold the
same row, because each skips what the other has locked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, select

from microcrm.models.records import OutboxMessage

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 10
_FIRST_PAUSE = timedelta(seconds=20)
_LONGEST_PAUSE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Message:
    """One effect to carry out. ``key`` goes along as the idempotency key where the other side knows such a thing."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    business_id: int | None
    attempts: int


def claim(session: Session, now: datetime, most: int, kinds: Collection[str]) -> list[Message]:
    """Lease rows of these kinds that are due, the oldest first. Kinds that nobody carries out yet wait untouched."""
    due = (
        select(OutboxMessage.id)
        .where(OutboxMessage.state == "queued", OutboxMessage.due_at <= now, OutboxMessage.kind.in_(list(kinds)))
        .where(or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until < now))
        .order_by(OutboxMessage.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    claimed = session.connection().execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(due))
        .values(leased_until=now + LEASE, attempts=OutboxMessage.attempts + 1)
        .returning(
            OutboxMessage.id, OutboxMessage.kind, OutboxMessage.key, OutboxMessage.payload,
            OutboxMessage.business_id, OutboxMessage.attempts,
        )
    )  # fmt: skip
    return [Message(*row) for row in claimed]


def mark_sent(session: Session, message: Message, now: datetime) -> None:
    _finish(session, message, state="sent", finished_at=now, last_error="", payload={})


def postpone(session: Session, message: Message, now: datetime, reason: str) -> None:
    """Try again later, each time twice as late; after the last attempt it has failed. ``reason``: no free text."""
    if message.attempts >= MOST_ATTEMPTS:
        _finish(session, message, state="failed", finished_at=now, last_error=reason)
    else:
        _finish(session, message, due_at=now + pause(message.attempts), last_error=reason)


def pause(attempts: int) -> timedelta:
    """How long to wait after this many attempts."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * int(2 ** (attempts - 1)))


def _finish(session: Session, message: Message, **values: Any) -> None:
    """Only while the lease is ours: a worker that was too slow has lost its say."""
    mine = (OutboxMessage.id == message.id, OutboxMessage.attempts == message.attempts, OutboxMessage.state == "queued")
    session.connection().execute(update(OutboxMessage).where(*mine).values(leased_until=None, **values))
