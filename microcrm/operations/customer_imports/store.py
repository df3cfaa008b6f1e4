"""Where a list lies while it is worked on: the import, its pieces, and the key that seals what they hold."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select, text, update

from microcrm.domain.customer_file.columns import Holds
from microcrm.domain.customer_file.days import DayRule, rule_for
from microcrm.domain.customer_file.person import Layout
from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.imports import CustomerImport, ImportPiece
from microcrm.operations.capabilities import Seal, Sealer
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

_WITHOUT_WAITING = text("SET LOCAL synchronous_commit = off")
_PLANNED_ANEW = text("DISCARD PLANS")
PIECE = 2_000  # rows
FILE_PIECE = 1 << 20  # bytes
UNTIL_COMMITTED = timedelta(days=2)  # a list that is not taken over is forgotten
UNTIL_UNDONE = timedelta(days=30)  # one that was can be taken back so long
CHUNKS_OF = {"file": "file", "rows": "cells"}


@dataclass(frozen=True, slots=True)
class Batch:
    """An import that is at work, with its key."""

    id: int
    business_id: int
    layout: Layout
    seal: Seal = field(repr=False)

    def sealed(self, name: str, place: int, plain: bytes) -> bytes:
        return self.seal.seal(zlib.compress(plain, 1), self._about(name, place))

    def opened(self, name: str, place: int, sealed: bytes) -> bytes:
        """Raises: SealBroken."""
        return zlib.decompress(self.seal.open(sealed, self._about(name, place)))

    def sealed_json(self, name: str, place: int, value: Any) -> bytes:
        return self.sealed(name, place, orjson.dumps(value))

    def opened_json(self, name: str, place: int, sealed: bytes) -> Any:
        return orjson.loads(self.opened(name, place, sealed))

    def _about(self, name: str, place: int) -> str:
        return f"import:{self.business_id}:{self.id}:{name}:{place}"


def require_import(uow: UnitOfWork) -> None:
    """Whoever sees only a part of the customers cannot compare a list with all of them."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    if uow.actor.is_own_calendar_only:
        raise Forbidden


def about_key(business_id: int, import_id: int) -> str:
    return f"import-key:{business_id}:{import_id}"


def find_import(uow: UnitOfWork, raw_id: Any, *, is_locked: bool = False) -> CustomerImport:
    """Raises: NotFound."""
    return find(uow, CustomerImport, raw_id, is_locked=is_locked)


def lock_in_state(uow: UnitOfWork, import_id: int, state: str) -> CustomerImport:
    """For the worker. Raises: Conflict, when somebody else has brought it further meanwhile or is just at it."""
    query = (
        select(CustomerImport)
        .where(
            CustomerImport.business_id == uow.business_id, CustomerImport.id == import_id, CustomerImport.state == state
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = uow.session.scalars(query).first()
    if row is None:
        raise Conflict
    return row


def open_batch(uow: UnitOfWork, row: CustomerImport, sealer: Sealer) -> Batch:
    """Raises: NotFound when its data is over, SealBroken."""
    if row.sealed_key is None:
        raise NotFound("The rows of this list are not kept any more.", remedy="Bring the file in once more.")
    key = sealer.open(row.sealed_key, about_key(uow.business_id, row.id or 0))
    return Batch(row.id or 0, uow.business_id, layout_of(uow, row), sealer.keyed(key))


def layout_of(uow: UnitOfWork, row: CustomerImport) -> Layout:
    mapping = tuple(Holds(one) for one in row.mapping)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    rule = DayRule(today=today)
    if Holds.BIRTHDAY in mapping:
        rule = rule_for(row.days[mapping.index(Holds.BIRTHDAY)], row.day_order, today)
    return Layout(tuple(row.headings), mapping, rule)


def without_waiting(uow: UnitOfWork) -> None:
    """The transaction commits without waiting for the disk. What a piece has done and that it is done go together, so a machine that
    loses power loses both, and the next worker does it again; the end of a step waits, and with it all before."""
    uow.session.execute(_WITHOUT_WAITING)


def planned_anew(uow: UnitOfWork) -> None:
    """Foreign keys are looked up by plans that a connection keeps. What is planned while a table is empty takes any index that begins
    with the business, and reads the whole shop for each row once it is full."""
    uow.session.execute(_PLANNED_ANEW)


def pieces_of(uow: UnitOfWork, import_id: int, part: str = "rows") -> list[int]:
    """The places of all, in order."""
    query = select(ImportPiece.place).where(*_of(uow, import_id, part)).order_by(ImportPiece.place)
    return list(uow.session.scalars(query))


def piece_at(uow: UnitOfWork, import_id: int, place: int, part: str = "rows") -> ImportPiece:
    query = select(ImportPiece).where(*_of(uow, import_id, part), ImportPiece.place == place)
    row = uow.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound
    return row


def store_file(uow: UnitOfWork, batch: Batch, data: bytes) -> None:
    for place, start in enumerate(range(0, len(data), FILE_PIECE)):
        sealed = batch.sealed("file", place, data[start : start + FILE_PIECE])
        uow.session.add(
            ImportPiece(business_id=uow.business_id, import_id=batch.id, part="file", place=place, file=sealed)
        )
        uow.session.flush()
        uow.session.expunge_all()


def file_of(uow: UnitOfWork, batch: Batch) -> bytes:
    parts = []
    for place in pieces_of(uow, batch.id, "file"):
        row = piece_at(uow, batch.id, place, "file")
        parts.append(batch.opened("file", place, row.file or b""))
        uow.session.expunge(row)
    return b"".join(parts)


def store_rows(uow: UnitOfWork, batch: Batch, place: int, first_row: int, rows: Sequence[Sequence[str]]) -> None:
    row = ImportPiece(
        business_id=uow.business_id, import_id=batch.id, part="rows", place=place, first_row=first_row, row_count=len(rows),
        cells=batch.sealed_json("cells", place, rows),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    uow.session.expunge(row)


def forget_file(uow: UnitOfWork, import_id: int) -> None:
    uow.session.execute(delete(ImportPiece).where(*_of(uow, import_id, "file")))


def forget_rows(uow: UnitOfWork, import_id: int) -> None:
    uow.session.execute(delete(ImportPiece).where(*_of(uow, import_id, "rows")))


def note_progress(uow: UnitOfWork, import_id: int, done: int) -> None:
    """Open pages hear it."""
    mine = (CustomerImport.business_id == uow.business_id, CustomerImport.id == import_id)
    uow.session.execute(update(CustomerImport).where(*mine).values(done=done))


def added_up(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return total


def _of(uow: UnitOfWork, import_id: int, part: str) -> tuple[Any, ...]:
    return (ImportPiece.business_id == uow.business_id, ImportPiece.import_id == import_id, ImportPiece.part == part)
