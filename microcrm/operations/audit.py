"""The audit log's chain: short work behind the writers, so that they never queue on the last hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, text, update
from sqlmodel import select

from microcrm.domain import audit_chain
from microcrm.domain.permissions import Permission
from microcrm.models.records import AuditEvent
from microcrm.operations.unit_of_work import UnitOfWork

_BATCH = 1_000
_LOCK = 7_266_202  # with the business's id: one chain job per business


@dataclass(frozen=True, slots=True)
class ChainReport:
    """``broken_at``: the place (1 first) of the first event that does not fit; ``unchained``: not yet chained."""

    count: int
    head: str
    broken_at: int | None
    unchained: int


def businesses_behind(uow: UnitOfWork) -> list[int]:
    """Businesses with events that are not in the chain yet."""
    uow.require(Permission.ACTIVITY_VIEW)
    return [row[0] for row in uow.session.connection().execute(text("SELECT businesses_with_unchained_audit()"))]


def all_businesses(uow: UnitOfWork) -> list[int]:
    uow.require(Permission.ACTIVITY_VIEW)
    return [row[0] for row in uow.session.connection().execute(text("SELECT business_ids()"))]


def extend(uow: UnitOfWork) -> int:
    """Append unchained events to the business's chain, at most a thousand; says how many. Alone, or not at all."""
    uow.require(Permission.ACTIVITY_VIEW)
    locked = uow.session.connection().execute(
        text("SELECT pg_try_advisory_xact_lock(:key, :business)"),
        {"key": _LOCK, "business": uow.business_id % 2**31},
    )
    if not locked.scalar():
        return 0
    own = AuditEvent.business_id == uow.business_id
    last = uow.session.exec(
        select(AuditEvent.place, AuditEvent.hash).where(own, AuditEvent.place.is_not(None))
        .order_by(AuditEvent.place.desc()).limit(1)
    ).first()  # fmt: skip
    place, previous = (last[0], last[1].hex()) if last else (0, audit_chain.GENESIS)
    waiting = uow.session.exec(
        select(AuditEvent).where(own, AuditEvent.place.is_(None)).order_by(AuditEvent.id).limit(_BATCH)
    ).all()
    for event in waiting:
        place += 1
        current = audit_chain.link(previous, _facts_of(event, place))
        values = {"place": place, "previous": bytes.fromhex(previous), "hash": bytes.fromhex(current)}
        uow.session.connection().execute(update(AuditEvent).where(own, AuditEvent.id == event.id).values(**values))
        previous = current
    return len(waiting)


def verify(uow: UnitOfWork, head: str | None = None) -> ChainReport:
    """Walk the whole chain. ``head``: a hash that was noted down elsewhere and must still be the last one."""
    uow.require(Permission.ACTIVITY_VIEW)
    verdict = audit_chain.verify(_links(uow), head=head)
    waiting = uow.session.exec(
        select(func.count()).where(AuditEvent.business_id == uow.business_id, AuditEvent.place.is_(None))
    ).one()
    broken_at = None if verdict.broken_at is None else verdict.broken_at + 1
    return ChainReport(verdict.count, verdict.head, broken_at, waiting)


def _links(uow: UnitOfWork) -> Iterator[tuple[dict[str, Any], str]]:
    chained = (
        select(AuditEvent)
        .where(AuditEvent.business_id == uow.business_id, AuditEvent.place.is_not(None))
        .order_by(AuditEvent.place)
        .execution_options(yield_per=_BATCH)
    )
    for place, event in enumerate(uow.session.exec(chained), start=1):
        yield _facts_of(event, place), (event.hash or b"").hex()


def _facts_of(event: AuditEvent, place: int) -> dict[str, Any]:
    """What the hash covers; ``place`` as counted, so that an event taken out shows."""
    return {
        "place": place,
        "id": event.id,
        "business_id": event.business_id,
        "at": event.at,
        "user_id": event.user_id,
        "member_id": event.member_id,
        "is_viewing_as": event.is_viewing_as,
        "action": event.action,
        "subject": event.subject,
        "subject_id": event.subject_id,
        "facts": event.facts,
    }
