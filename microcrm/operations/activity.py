"""The audit log for people: who did what when, newest first, 50 events a page, with what can still be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from microcrm.domain.activity_tables import KINDS
from microcrm.domain.activity_words import sentence
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.business import Member
from microcrm.models.records import AuditEvent, Undo
from microcrm.operations.unit_of_work import UnitOfWork

PAGE_SIZE = 50
SOMEBODY_ELSE = "MicroCRM"  # events without a member: tasks and the command line


@dataclass(frozen=True, slots=True)
class ListActivity:
    """``kind`` is a key of ``KINDS``; ``member`` and ``before`` are ids. Unknown values are no filter: they come from
    the address."""

    kind: Any = ""
    member: Any = ""
    before: Any = ""


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """``what`` follows ``who``; ``about`` names the thing where an undo remembers it; ``undo`` is a token or empty."""

    id: str
    who: str
    what: str
    about: str
    day: str
    time: str
    undo: str


@dataclass(frozen=True, slots=True)
class ActivityPage:
    rows: tuple[ActivityRow, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Person:
    value: str
    label: str


def list_activity(uow: UnitOfWork, command: ListActivity) -> ActivityPage:
    uow.require(Permission.ACTIVITY_VIEW)
    query = select(AuditEvent).where(AuditEvent.business_id == uow.business_id)
    if isinstance(command.kind, str) and command.kind in KINDS:
        query = query.where(AuditEvent.subject.in_(KINDS[command.kind][1]))
    if member := _id(command.member):
        query = query.where(AuditEvent.member_id == member)
    if before := _id(command.before):
        query = query.where(AuditEvent.id < before)
    events = uow.session.exec(query.order_by(AuditEvent.id.desc()).limit(PAGE_SIZE + 1)).all()
    shown = events[:PAGE_SIZE]
    names = {person.value: person.label for person in people(uow)}
    undos, labels = _undos(uow, [event.id or 0 for event in shown]), _taken_back(uow, shown)
    rows = tuple(_row(uow, event, names, undos.get(event.id or 0), labels.get(event.id or 0, "")) for event in shown)
    return ActivityPage(rows, has_more=len(events) > PAGE_SIZE)


def people(uow: UnitOfWork) -> tuple[Person, ...]:
    """Members for the filter, those who have left among them."""
    uow.require(Permission.ACTIVITY_VIEW)
    query = select(Member.id, Member.name).where(Member.business_id == uow.business_id)
    return tuple(Person(str(row[0]), row[1]) for row in uow.session.exec(query.order_by(Member.position, Member.id)))


def _id(raw: Any) -> int | None:
    try:
        number = parse_whole(raw)
    except Invalid:
        return None
    return number if number is not None and 0 < number <= BIGINT else None


def _undos(uow: UnitOfWork, event_ids: Sequence[int]) -> dict[int, Undo]:
    query = select(Undo).where(Undo.business_id == uow.business_id, Undo.audit_event_id.in_(event_ids))
    return {undo.audit_event_id or 0: undo for undo in uow.session.exec(query)}


def _taken_back(uow: UnitOfWork, events: Sequence[AuditEvent]) -> dict[int, str]:
    """What was taken back, by the event that says so. The log itself holds no names."""
    asked = {event.id or 0: undo for event in events if isinstance(undo := (event.facts or {}).get("undo"), int)}
    if not asked:
        return {}
    query = select(Undo.id, Undo.label).where(Undo.business_id == uow.business_id, Undo.id.in_(list(asked.values())))
    labels = {row[0]: row[1] for row in uow.session.exec(query)}
    return {event: labels.get(undo, "") for event, undo in asked.items()}


def _row(uow: UnitOfWork, event: AuditEvent, names: dict[str, str], undo: Undo | None, taken_back: str) -> ActivityRow:
    zone = zone_of(uow.actor.zone)
    today = to_wall(uow.now, zone)[0]
    can_undo = undo is not None and undo.undone_at is None and not uow.actor.is_viewing_as
    return ActivityRow(
        id=str(event.id),
        who=names.get(str(event.member_id), SOMEBODY_ELSE),
        what=sentence(event.action, event.subject, event.facts or {}),
        about=undo.label if undo is not None else taken_back,
        day=format_near_day(to_wall(event.at, zone)[0], today),
        time=format_time(event.at, zone),
        undo=str(undo.id) if undo is not None and can_undo else "",
    )
