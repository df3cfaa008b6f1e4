"""The groups in which services are listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlmodel import func, select

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.models.catalogue import Category, Service
from microcrm.operations.parts.order import move_row, next_position
from microcrm.operations.parts.rows import amend, create, find, remove, same_version
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 50


@dataclass(frozen=True, slots=True)
class CategoryView:
    """``services``: how many are on sale."""

    id: int
    name: str
    services: int
    version: int


@dataclass(frozen=True, slots=True)
class SaveCategory:
    """Empty ``category_id``: a new one."""

    name: Any
    category_id: Any = None
    version: Any = None


def list_categories(uow: UnitOfWork) -> list[CategoryView]:
    uow.require(Permission.CATALOGUE_VIEW)
    on_sale = (
        select(func.count())
        .where(Service.business_id == uow.business_id, Service.category_id == Category.id, Service.is_active)
        .scalar_subquery()
    )
    query = select(Category, on_sale).where(Category.business_id == uow.business_id)
    rows = uow.session.exec(query.order_by(Category.position, Category.id).limit(MOST)).all()
    return [CategoryView(int(row.id or 0), row.name, count, row.version) for row, count in rows]


def save_category(uow: UnitOfWork, command: SaveCategory) -> tuple[int, str]:
    """A new category, or another name for one. Returns its id and the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    fields = Reader()
    name = fields.text("name", command.name, "Name", limit=60)
    fields.done()
    row = find(uow, Category, command.category_id) if command.category_id not in (None, "") else None
    _refuse_twin(uow, name, row.id if row else None)
    if row is not None:
        same_version(command.version, row.version)
        return int(row.id or 0), amend(uow, "category", row, {"name": name}, f"category {name}")
    position = next_position(uow, Category)
    if position >= MOST:
        raise Invalid(fields={"name": f"A shop can have {MOST} categories. Rename one instead."})
    row = Category(business_id=uow.business_id, name=name, position=position)
    token = create(uow, "category", row, f"category {name}")
    return int(row.id or 0), token


def remove_category(uow: UnitOfWork, category_id: Any) -> str:
    """Remove a category whose services have been moved or archived. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    row = find(uow, Category, category_id)
    own = (Service.business_id == uow.business_id, Service.category_id == row.id)
    count = uow.session.exec(select(func.count()).where(*own, Service.is_active)).one()
    if count:
        raise Invalid(
            f"{row.name} still has {format_count(count, 'service')}.",
            remedy="Move them to another category or archive them first.",
        )
    uow.session.connection().execute(update(Service).where(*own).values(category_id=None))
    return remove(uow, "category", row, f"category {row.name}")


def move_category(uow: UnitOfWork, category_id: Any, direction: str) -> str:
    """One place ``up`` or ``down``. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    return move_row(uow, "category", find(uow, Category, category_id), direction)


def _refuse_twin(uow: UnitOfWork, name: str, own_id: int | None) -> None:
    twin = select(Category.id).where(
        Category.business_id == uow.business_id, func.lower(Category.name) == name.lower(), Category.id != (own_id or 0)
    )
    if uow.session.exec(twin).first() is not None:
        raise Invalid(fields={"name": "You have a category with this name already."})
