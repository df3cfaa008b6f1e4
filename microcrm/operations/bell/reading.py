"""One's own bell: how much is new, what happened, and that it was read. Whoever looks as somebody else sees nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update

from microcrm.domain.bell import Happening, Told, words_of
from microcrm.domain.errors import Forbidden, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.bell import BellNotice
from microcrm.models.business import Member
from microcrm.operations.unit_of_work import UnitOfWork

PAGE = 12
MOST_SHOWN = 60  # of an open bell that is read again
COUNTED = 100  # more are "99+"
_N = BellNotice


@dataclass(frozen=True, slots=True)
class Rung:
    """One notice, in words."""

    id: int
    told: Told
    at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class BellPage:
    """Newest first. ``unread``: of all, at most a hundred."""

    rows: tuple[Rung, ...] = ()
    unread: int = 0
    has_more: bool = False


def count_unread(uow: UnitOfWork) -> int:
    """At most a hundred. One statement."""
    uow.require(Permission.ACCOUNT)
    return _unread(uow) if _has_bell(uow) else 0


def read_bell(uow: UnitOfWork, before: Any = "", most: int = PAGE) -> BellPage:
    """Those before the notice ``before``, or the newest. Two statements."""
    uow.require(Permission.ACCOUNT)
    if not _has_bell(uow):
        return BellPage()
    reader = Reader()
    end = reader.id("before", before, "Notice") if before else None
    reader.done()
    wanted = min(max(most, PAGE), MOST_SHOWN)
    query = (
        select(_N.id, _N.kind, _N.facts, _N.at, _N.read_at, _N.who_id, Member.name.label("who"))
        .outerjoin(Member, and_(Member.business_id == _N.business_id, Member.id == _N.who_id))
        .where(*_mine(uow), *([_N.id < end] if end is not None else []))
        .order_by(_N.id.desc())
        .limit(wanted + 1)
    )
    rows = uow.session.execute(query).all()
    return BellPage(tuple(_rung(uow, row) for row in rows[:wanted]), _unread(uow), len(rows) > wanted)


def mark_read(uow: UnitOfWork, notice_id: Any) -> None:
    """Raises: NotFound, also for somebody else's."""
    uow.require(Permission.ACCOUNT)
    _refuse_watching(uow)
    reader = Reader()
    wanted = reader.id("notice_id", notice_id, "Notice")
    found = None
    if not reader.errors:
        query = select(_N.id).where(*_mine(uow), _N.id == wanted)
        found = uow.session.scalars(query).first()
    if found is None:
        raise NotFound("We could not find that notice.")
    _read(uow, _N.id == wanted)


def mark_all_read(uow: UnitOfWork, upto: Any) -> None:
    """All up to the newest that was on the screen: what came in since stays new. Raises: Invalid."""
    uow.require(Permission.ACCOUNT)
    _refuse_watching(uow)
    reader = Reader()
    newest = reader.id("upto", upto, "Notice")
    reader.done()
    _read(uow, _N.id <= newest)


def _has_bell(uow: UnitOfWork) -> bool:
    return uow.actor.member_id is not None and uow.actor.business_id is not None and not uow.actor.is_viewing_as


def _refuse_watching(uow: UnitOfWork) -> None:
    if not _has_bell(uow):
        raise Forbidden


def _mine(uow: UnitOfWork) -> tuple[ColumnElement[bool], ...]:
    return (_N.business_id == uow.business_id, _N.member_id == uow.actor.member_id)


def _unread(uow: UnitOfWork) -> int:
    some = select(_N.id).where(*_mine(uow), _N.read_at.is_(None)).limit(COUNTED).subquery()
    return uow.session.scalars(select(func.count()).select_from(some)).one()


def _read(uow: UnitOfWork, which: ColumnElement[bool]) -> None:
    done = update(_N).where(*_mine(uow), _N.read_at.is_(None), which).values(read_at=uow.now)
    uow.session.execute(done, execution_options={"synchronize_session": False})


def _rung(uow: UnitOfWork, row: Any) -> Rung:
    is_me = row.who_id is not None and row.who_id == uow.actor.member_id
    told = words_of(Happening(row.kind, row.facts, row.who or "", is_me), uow.actor.zone, uow.now)
    return Rung(row.id, told, row.at, row.read_at is None)
