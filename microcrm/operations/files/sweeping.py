"""What the sweep of files asks and forgets: those that were thrown away some time ago, and those whose bytes never came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from microcrm.domain.permissions import Permission
from microcrm.models.person_files import PersonFile
from microcrm.operations.files.changing import KEPT
from microcrm.operations.files.keeping import STORING_ENDS, store_key
from microcrm.operations.unit_of_work import UnitOfWork

# Past what an undo or the end of a slow upload would still allow: neither meets the sweep.
_GRACE = timedelta(hours=1)


def files_to_forget(uow: UnitOfWork, limit: int = 100) -> dict[int, str]:
    """Ids of the business's files with their keys in the store; the small picture's is beside it."""
    uow.require(Permission.BUSINESS_EDIT)
    query = (
        select(PersonFile.id, PersonFile.token)
        .where(PersonFile.business_id == uow.business_id, _is_over(uow))
        .order_by(PersonFile.created_at)
        .limit(limit)
    )
    return {row.id: store_key(uow.business_id, row.token) for row in uow.session.execute(query)}


def forget_files(uow: UnitOfWork, ids: Iterable[int]) -> int:
    """Their bytes are gone from the store. Returns how many rows went."""
    uow.require(Permission.BUSINESS_EDIT)
    wanted = list(ids)
    mine = PersonFile.business_id == uow.business_id
    pairs = update(PersonFile).where(mine, PersonFile.before_id.in_(wanted)).values(before_id=None)
    uow.session.execute(pairs.execution_options(synchronize_session=False))
    gone = delete(PersonFile).where(mine, PersonFile.id.in_(wanted), _is_over(uow))
    return int(uow.session.execute(gone.execution_options(synchronize_session=False)).rowcount)


def unknown_keys(uow: UnitOfWork, keys: Iterable[str]) -> set[str]:
    """Of keys of this business those that belong to no file of it, kept or thrown away."""
    uow.require(Permission.BUSINESS_EDIT)
    tokens = {key: key.partition("/")[2].partition(".")[0] for key in keys}
    query = select(PersonFile.token).where(
        PersonFile.business_id == uow.business_id, PersonFile.token.in_(list(set(tokens.values())))
    )
    known = set(uow.session.scalars(query))
    return {key for key, token in tokens.items() if token not in known}


def _is_over(uow: UnitOfWork) -> ColumnElement[bool]:
    never_came = and_(PersonFile.stored_at.is_(None), PersonFile.created_at < uow.now - STORING_ENDS - _GRACE)
    return or_(never_came, PersonFile.removed_at < uow.now - KEPT - _GRACE)
