"""The order in which people put the rows of a list."""

from __future__ import annotations

from typing import Any

from sqlmodel import SQLModel, func, select

from microcrm.domain.errors import Invalid
from microcrm.models.business import Member
from microcrm.models.catalogue import Category, Resource, Service
from microcrm.models.forms import Form
from microcrm.operations.unit_of_work import UnitOfWork

# What is ordered, and the columns within whose values a row has its place.
ORDERED: dict[str, tuple[type[SQLModel], tuple[str, ...]]] = {
    "category": (Category, ()),
    "service": (Service, ("category_id", "is_active")),
    "resource": (Resource, ("is_active",)),
    "form": (Form, ("retired_at",)),
    "member": (Member, ("deactivated_at",)),
}


def next_position(uow: UnitOfWork, table: Any, *which: Any) -> int:
    last = select(func.max(table.position)).where(table.business_id == uow.business_id, *which)
    return (uow.session.exec(last).one() or 0) + 1


def move_row(uow: UnitOfWork, entity: str, row: Any, direction: str) -> str:
    """Change places with the row above or below. Returns the undo token, or "" at the end of the list."""
    if direction not in ("up", "down"):
        raise Invalid("Rows move up or down.")
    table, within = ORDERED[entity]
    siblings = list(
        uow.session.exec(
            select(table)
            .where(table.business_id == uow.business_id, *[_same(table, name, getattr(row, name)) for name in within])
            .order_by(table.position, table.id)
            .with_for_update()
        )
    )
    place = siblings.index(row)
    other = place + (1 if direction == "down" else -1)
    if not 0 <= other < len(siblings):
        return ""
    before = {str(sibling.id): sibling.position for sibling in siblings}
    siblings[place], siblings[other] = siblings[other], siblings[place]
    for position, sibling in enumerate(siblings, start=1):
        sibling.position = position
        uow.session.add(sibling)
    uow.session.flush()
    event = uow.audit("move", entity, row.id, direction=direction)
    return str(uow.undoable("the order", f"{entity}_order", row.id, before=before, audit_event_id=event))


def put_order_back(uow: UnitOfWork, entity: str, before: dict[str, int]) -> None:
    """For undo. Rows that have gone since are passed over."""
    table, _ = ORDERED[entity]
    wanted = [int(row_id) for row_id in before]
    rows = uow.session.exec(select(table).where(table.business_id == uow.business_id, table.id.in_(wanted)))
    for row in rows:
        row.position = before[str(row.id)]
        uow.session.add(row)


def _same(table: Any, name: str, value: Any) -> Any:
    column = getattr(table, name)
    return column.is_(None) if value is None else column == value
