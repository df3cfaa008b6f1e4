"""One row of the business: finding it, changing it, and remembering how it was so that the change can be taken back."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Date, DateTime, LargeBinary
from sqlmodel import SQLModel, select

from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.operations.parts.sets import SETS
from microcrm.operations.unit_of_work import UnitOfWork

Row = TypeVar("Row", bound=SQLModel)


def find(uow: UnitOfWork, table: type[Row], raw_id: Any, *, is_locked: bool = True) -> Row:
    """The row of this business, locked until the transaction ends. ``NotFound`` for anything else, however odd."""
    try:
        wanted = parse_whole(raw_id)
    except Invalid:
        raise NotFound from None
    if wanted is None or not 1 <= wanted <= BIGINT:
        raise NotFound
    query = select(table).where(table.business_id == uow.business_id, table.id == wanted)
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = uow.session.exec(query).first()
    if row is None:
        raise NotFound
    return row


def same_version(seen: Any, version: int) -> None:
    """``Conflict`` when the form was filled from another version than the one that is stored now."""
    try:
        number = parse_whole(seen)
    except Invalid:
        raise Conflict from None
    if number != version:
        raise Conflict


def amend(
    uow: UnitOfWork,
    entity: str,
    row: Any,
    values: Mapping[str, Any],
    label: str,
    *,
    sets: Mapping[str, Sequence[tuple[Any, ...]]] | None = None,
    action: str = "change",
) -> str:
    """Give ``row`` the new values and sets. Returns the undo token, or "" when nothing was different."""
    before = {name: plain(getattr(row, name)) for name, value in values.items() if getattr(row, name) != value}
    for name, rows in (sets or {}).items():
        old = SETS[name].read(uow, row.id)
        if old != sorted(rows, key=repr):
            before[name] = [list(part) for part in old]
            SETS[name].replace(uow, row.id, rows)
    if not before:
        return ""
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
    event = uow.audit(action, entity, row.id, fields=sorted(before))
    return str(uow.undoable(label, entity, row.id, before=before, after_version=row.version, audit_event_id=event))


def create(
    uow: UnitOfWork,
    entity: str,
    row: Any,
    label: str,
    *,
    sets: Mapping[str, Sequence[tuple[Any, ...]]] | None = None,
) -> str:
    """Store a new row and its sets. Returns the undo token."""
    uow.session.add(row)
    uow.session.flush()
    for name, rows in (sets or {}).items():
        SETS[name].replace(uow, row.id, rows)
    event = uow.audit("add", entity, row.id)
    return str(
        uow.undoable(
            label, entity, row.id, before=None, after_version=getattr(row, "version", None), audit_event_id=event
        )
    )


def remove(uow: UnitOfWork, entity: str, row: Any, label: str) -> str:
    """Delete a row that nothing points at. Returns the undo token; the row comes back under another id."""
    before = {name: plain(getattr(row, name)) for name in row.__table__.columns.keys() if name != "id"}  # noqa: SIM118
    uow.session.delete(row)
    uow.session.flush()
    event = uow.audit("remove", entity, row.id)
    return str(uow.undoable(label, entity, row.id, before=before, audit_event_id=event))


def plain(value: Any) -> Any:
    """A column's value as JSON can hold it; ``typed`` is the way back."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.isoformat() if isinstance(value, date | datetime) else value


def typed(table: type[SQLModel], column: str, value: Any) -> Any:
    """A value of ``plain`` as the column wants it."""
    kind = table.__table__.columns[column].type
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return b64decode(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
