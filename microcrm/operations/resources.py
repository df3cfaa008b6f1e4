"""Rooms, chairs and equipment that services need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlmodel import func, select

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.trades import ResourceKind
from microcrm.models.catalogue import Resource, ServiceResource
from microcrm.operations.parts.order import move_row, next_position
from microcrm.operations.parts.rows import amend, create, find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 50
# A service needs any one of its ticked resources of each kind (``ServiceResource.choice``).
CHOICE_OF_KIND = {"room": 1, "chair": 2, "equipment": 3}


@dataclass(frozen=True, slots=True)
class ResourceView:
    """``services``: how many services can use it."""

    id: int
    name: str
    kind: str
    services: int
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class SaveResource:
    """Empty ``resource_id``: a new one."""

    name: Any
    kind: Any
    resource_id: Any = None
    version: Any = None


def list_resources(uow: UnitOfWork, *, is_archived: bool = False) -> list[ResourceView]:
    uow.require(Permission.CATALOGUE_VIEW)
    uses = (
        select(func.count())
        .where(ServiceResource.business_id == uow.business_id, ServiceResource.resource_id == Resource.id)
        .scalar_subquery()
    )
    query = select(Resource, uses).where(
        Resource.business_id == uow.business_id, Resource.is_active == (not is_archived)
    )
    rows = uow.session.exec(query.order_by(Resource.position, Resource.id).limit(MOST)).all()
    return [ResourceView(int(r.id or 0), r.name, r.kind, count, r.is_active, r.version) for r, count in rows]


def save_resource(uow: UnitOfWork, command: SaveResource) -> tuple[int, str]:
    """A new room, chair or piece of equipment, or changes to one. Returns its id and the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    fields = Reader()
    name = fields.text("name", command.name, "Name", limit=60)
    kind = fields.member("kind", command.kind, "Kind", ResourceKind).value
    fields.done()
    row = None if command.resource_id in (None, "") else find(uow, Resource, command.resource_id)
    _refuse_twin(uow, name, int(row.id or 0) if row else 0)
    if row is not None:
        same_version(command.version, row.version)
        uses = (ServiceResource.business_id == uow.business_id, ServiceResource.resource_id == row.id)
        uow.session.connection().execute(update(ServiceResource).where(*uses).values(choice=CHOICE_OF_KIND[kind]))
        return int(row.id or 0), amend(uow, "resource", row, {"name": name, "kind": kind}, name)
    count = select(func.count()).where(Resource.business_id == uow.business_id, Resource.is_active)
    if uow.session.exec(count).one() >= MOST:
        raise Invalid(fields={"name": f"A shop can have {MOST} rooms, chairs and pieces of equipment."})
    row = Resource(business_id=uow.business_id, name=name, kind=kind, position=next_position(uow, Resource))
    token = create(uow, "resource", row, name)
    return int(row.id or 0), token


def archive_resource(uow: UnitOfWork, resource_id: Any) -> str:
    """Take it out of use; bookings that have it keep it. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    row = find(uow, Resource, resource_id)
    return amend(uow, "resource", row, {"is_active": False}, f"{row.name} out of use", action="archive")


def restore_resource(uow: UnitOfWork, resource_id: Any) -> str:
    uow.require(Permission.CATALOGUE_EDIT)
    row = find(uow, Resource, resource_id)
    return amend(uow, "resource", row, {"is_active": True}, f"{row.name} in use again", action="restore")


def move_resource(uow: UnitOfWork, resource_id: Any, direction: str) -> str:
    uow.require(Permission.CATALOGUE_EDIT)
    return move_row(uow, "resource", find(uow, Resource, resource_id), direction)


def _refuse_twin(uow: UnitOfWork, name: str, own_id: int) -> None:
    """Names are unique among archived ones too, so that a restored one never clashes."""
    twin = select(Resource.is_active).where(
        Resource.business_id == uow.business_id, Resource.name == name, Resource.id != own_id
    )
    found = uow.session.exec(twin).first()
    if found is not None:
        where = "already" if found else "among those out of use"
        raise Invalid(fields={"name": f"There is one with this name {where}."})
