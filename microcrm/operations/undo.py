"""Taking a change back, by the token that a notice or the activity page offers."""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.permissions import Permission
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Category, Resource, Service
from microcrm.models.customers import Customer
from microcrm.models.records import Undo
from microcrm.operations.customer_keys import write_keys
from microcrm.operations.unit_of_work import UnitOfWork

# Which table an undo writes to, and the permission that the change itself needed.
ENTITIES: dict[str, tuple[Any, Permission]] = {
    "business": (Business, Permission.BUSINESS_EDIT),
    "member": (Member, Permission.MEMBERS_EDIT),
    "category": (Category, Permission.CATALOGUE_EDIT),
    "service": (Service, Permission.CATALOGUE_EDIT),
    "resource": (Resource, Permission.CATALOGUE_EDIT),
    "customer": (Customer, Permission.CUSTOMERS_EDIT),
}


def take_back(uow: UnitOfWork, token: str) -> str:
    """Restore the row that the undo ``token`` (its number) remembers. Returns what was undone, in words.

    Raises ``Conflict`` when the row has changed again since, or the undo was used already.
    """
    uow.require(Permission.SHOP_VIEW)
    if not token.isdecimal() or len(token) > 18:
        raise NotFound
    undo = uow.session.exec(
        select(Undo).where(Undo.business_id == uow.business_id, Undo.id == int(token)).with_for_update()
    ).first()
    if undo is None or undo.entity not in ENTITIES:
        raise NotFound
    table, permission = ENTITIES[undo.entity]
    if not uow.may(permission):
        raise Forbidden
    if undo.undone_at is not None:
        raise Conflict("That was taken back already.", remedy="Refresh the page to see how it stands.")
    _restore(uow, table, undo)
    undo.undone_at = uow.now
    uow.session.add(undo)
    uow.audit("undo", undo.entity, undo.entity_id)
    return f"Undone: {undo.label}"


def _restore(uow: UnitOfWork, table: Any, undo: Undo) -> None:
    key = [table.id == undo.entity_id]
    if undo.entity != "business":
        key.append(table.business_id == uow.business_id)
    row = uow.session.exec(select(table).where(*key).with_for_update()).first()
    if row is None:
        raise NotFound
    if undo.after_version is not None and row.version != undo.after_version:
        raise Conflict(
            "It has changed again since.", remedy="Change it by hand; the activity page shows what happened."
        )
    for column, value in (undo.before or {}).items():
        setattr(row, column, value)
    row.version += 1
    uow.session.add(row)
    if isinstance(row, Customer):
        write_keys(uow.session, row)
