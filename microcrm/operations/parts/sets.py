"""Small sets of rows that are saved and taken back as a whole: a week's windows, who does a service, what it needs."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlmodel import SQLModel, select

from microcrm.models.catalogue import ServiceMember, ServiceResource
from microcrm.models.schedule import WeeklyHours
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class RowSet:
    """The rows of ``table`` whose ``owner`` column holds one id (or nothing), as tuples of ``columns``."""

    table: type[SQLModel]
    owner: str
    columns: tuple[str, ...]

    def _of(self, uow: UnitOfWork, owner_id: int | None) -> tuple[Any, Any]:
        owner = getattr(self.table, self.owner)
        return self.table.business_id == uow.business_id, owner.is_(None) if owner_id is None else owner == owner_id

    def read(self, uow: UnitOfWork, owner_id: int | None) -> list[tuple[Any, ...]]:
        columns = [getattr(self.table, name) for name in self.columns]
        rows = uow.session.exec(select(*columns).where(*self._of(uow, owner_id))).all()
        return sorted((tuple(row) for row in rows), key=repr)

    def replace(self, uow: UnitOfWork, owner_id: int | None, rows: Iterable[tuple[Any, ...]]) -> None:
        uow.session.connection().execute(delete(self.table).where(*self._of(uow, owner_id)))
        for row in rows:
            values = dict(zip(self.columns, row, strict=True))
            uow.session.add(self.table(business_id=uow.business_id, **{self.owner: owner_id}, **values))
        uow.session.flush()


_WINDOW = ("weekday", "start_min", "end_min")
_OWN = ("price_paise", "duration_min")
SETS: Mapping[str, RowSet] = {
    "shop_hours": RowSet(WeeklyHours, "member_id", _WINDOW),  # its owner is nobody: the shop itself
    "member_hours": RowSet(WeeklyHours, "member_id", _WINDOW),
    "service_members": RowSet(ServiceMember, "service_id", ("member_id", *_OWN)),
    "member_services": RowSet(ServiceMember, "member_id", ("service_id", *_OWN)),
    "service_resources": RowSet(ServiceResource, "service_id", ("resource_id", "choice")),
}


def stamp(rows: Iterable[tuple[Any, ...]]) -> int:
    """A number that differs when the set differs: the version of something that has no version column."""
    return zlib.crc32(repr(sorted(rows, key=repr)).encode()) >> 1


def save_set(uow: UnitOfWork, name: str, owner_id: int | None, rows: Iterable[tuple[Any, ...]], label: str) -> str:
    """Replace a set that stands by itself. Returns the undo token, or "" when nothing was different."""
    new, old = sorted(rows, key=repr), SETS[name].read(uow, owner_id)
    if new == old:
        return ""
    SETS[name].replace(uow, owner_id, new)
    subject_id = owner_id if owner_id is not None else uow.business_id
    event = uow.audit("change", name, subject_id, rows=len(new))
    before = {"rows": [list(row) for row in old]}
    return str(uow.undoable(label, name, subject_id, before=before, after_version=stamp(new), audit_event_id=event))
