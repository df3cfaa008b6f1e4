"""What the worker asks: which businesses have a list to work on, which list is next, and which ones' time is over."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, text

from microcrm.domain.permissions import Permission
from microcrm.models.imports import AT_WORK, CustomerImport, ImportPiece
from microcrm.operations.unit_of_work import UnitOfWork

_WITH_IMPORTS = text("SELECT businesses_with_imports(:now)")


@dataclass(frozen=True, slots=True)
class Job:
    import_id: int
    state: str


def businesses_with_imports(uow: UnitOfWork) -> list[int]:
    uow.require(Permission.CUSTOMERS_IMPORT)
    return list(uow.session.connection().execute(_WITH_IMPORTS, {"now": uow.now}).scalars())


def next_job(uow: UnitOfWork, after: int = 0) -> Job | None:
    """The oldest that is at work, after one of that number."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    query = select(CustomerImport.id, CustomerImport.state).where(
        CustomerImport.business_id == uow.business_id, CustomerImport.state.in_(AT_WORK), CustomerImport.id > after
    )
    row = uow.session.execute(query.order_by(CustomerImport.id).limit(1)).first()
    return Job(row.id, row.state) if row else None


def sweep_expired(uow: UnitOfWork) -> int:
    """Rows and keys of lists whose time is over go; that there was one stays. Returns how many."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    query = (
        select(CustomerImport)
        .where(
            CustomerImport.business_id == uow.business_id,
            CustomerImport.sealed_key.is_not(None),
            CustomerImport.expires_at < uow.now,
            CustomerImport.state.not_in(("committing", "undoing")),
        )
        .with_for_update(skip_locked=True)
    )
    rows = uow.session.scalars(query).all()
    for row in rows:
        mine = (ImportPiece.business_id == uow.business_id, ImportPiece.import_id == row.id)
        uow.session.execute(delete(ImportPiece).where(*mine))
        row.sealed_key, row.version = None, row.version + 1
        if row.state not in ("done", "undone"):
            row.state, row.fault = "failed", "expired"
    return len(rows)
