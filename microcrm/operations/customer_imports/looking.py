"""Imports as people see them: those of the shop, one with its rows and what is said of each, and as a file the rows
that did not get in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.customer_file.columns import Holds
from microcrm.domain.customer_file.days import Order, rule_for
from microcrm.domain.errors import NotFound
from microcrm.domain.permissions import Permission
from microcrm.domain.sheet import SheetColumn
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Member
from microcrm.models.customers import Customer
from microcrm.models.imports import AT_WORK, CustomerImport, ImportPiece
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.matching import Verdict
from microcrm.operations.customer_imports.receiving import may_seal_allergies
from microcrm.operations.customer_imports.store import Batch, find_import, open_batch, piece_at, require_import
from microcrm.operations.unit_of_work import UnitOfWork

MOST_LISTED = 30
PAGE = 25
_SAMPLES = 3
_SAMPLED = 40  # rows in which they are looked for
_MOST_KEPT = 50
# What a filter of the page shows, in letters of ``ImportPiece.verdicts``.
FILTERS = {
    "all": "nNjJsSdr", "new": "nN", "joins": "jJ", "same": "sS", "duplicate": "d", "warned": "NJS", "refused": "r",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportLine:
    id: int
    state: str
    file_name: str
    by: str
    at: datetime
    counts: dict[str, int]
    can_undo: bool


@dataclass(frozen=True, slots=True)
class ColumnView:
    """``days``: whether nothing says in which order its days are written."""

    heading: str
    holds: Holds
    samples: tuple[str, ...]
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class RowView:
    number: int
    name: str
    phone: str
    verdict: str
    words: str


@dataclass(frozen=True, slots=True)
class ImportView:
    """``rows`` of the page that was asked for, once it is rehearsed."""

    line: ImportLine
    version: int
    kind: str
    fault: str
    total: int
    done: int
    day_order: str
    columns: tuple[ColumnView, ...] = ()
    rows: tuple[RowView, ...] = ()
    shown: int = 0
    kept: tuple[tuple[int, str], ...] = ()
    may_seal: bool = False


@dataclass(frozen=True, slots=True)
class ErrorSheet:
    columns: tuple[SheetColumn, ...]
    rows: Iterator[tuple[str, ...]]
    name: str


def list_imports(uow: UnitOfWork) -> tuple[ImportLine, ...]:
    """The newest 30."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    query = _lines(uow).order_by(CustomerImport.created_at.desc(), CustomerImport.id.desc()).limit(MOST_LISTED)
    return tuple(_line(uow, row, by) for row, by in uow.session.execute(query))


def see_import(uow: UnitOfWork, import_id: Any, sealer: Sealer, show: str = "all", page: int = 1) -> ImportView:
    """Raises: NotFound."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    wanted = find_import(uow, import_id).id
    row, by = uow.session.execute(_lines(uow).where(CustomerImport.id == wanted)).one()
    shared: dict[str, Any] = {
        "line": _line(uow, row, by), "version": row.version, "kind": row.kind, "fault": row.fault, "total": row.total,
        "done": row.done, "day_order": row.day_order,
    }  # fmt: skip
    if row.sealed_key is None or row.state in AT_WORK:
        return ImportView(**shared)
    batch = open_batch(uow, row, sealer)
    shared |= {"columns": _columns(uow, row, batch), "may_seal": may_seal_allergies(uow)}
    if row.state == "mapping":
        return ImportView(**shared)
    rows, shown = _rows(uow, batch, FILTERS.get(show, FILTERS["all"]), max(1, page))
    return ImportView(**shared, rows=rows, shown=shown, kept=_kept(uow, row))


def rows_left_out(uow: UnitOfWork, import_id: Any, sealer: Sealer) -> ErrorSheet:
    """What was refused, or stood in the file twice, with the columns of the file and why: to be put right and brought in again."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    row = find_import(uow, import_id)
    if row.state not in ("rehearsed", "committing", "done", "undoing", "undone"):
        raise NotFound
    batch = open_batch(uow, row, sealer)
    uow.audit("export", "customer_import", row.id, count=row.counts.get("refused", 0) + row.counts.get("duplicate", 0))
    headings = [heading or f"Column {place}" for place, heading in enumerate(row.headings, start=1)]
    columns = tuple(SheetColumn(words) for words in (*headings, "Row", "Why"))
    return ErrorSheet(columns, _left_out(uow, batch, len(headings)), f"not-imported-{row.id}.csv")


def _left_out(uow: UnitOfWork, batch: Batch, width: int) -> Iterator[tuple[str, ...]]:
    wanted = {Verdict.REFUSED.value, Verdict.DUPLICATE.value}
    for place, letters in _letters(uow, batch):
        if not wanted & set(letters):
            continue
        piece = piece_at(uow, batch.id, place)
        cells = batch.opened_json("cells", place, piece.cells or b"")
        told = batch.opened_json("people", place, piece.people or b"")
        uow.session.expunge(piece)
        for at, letter in enumerate(letters):
            if letter in wanted:
                row = [*cells[at], *[""] * width][:width]
                yield (*row, str(piece.first_row + at), told[at][1])


def _lines(uow: UnitOfWork) -> Any:
    by = (Member.business_id == CustomerImport.business_id) & (Member.id == CustomerImport.member_id)
    return (
        select(CustomerImport, func.coalesce(Member.name, ""))
        .join(Member, by, isouter=True)
        .where(CustomerImport.business_id == uow.business_id)
    )


def _line(uow: UnitOfWork, row: CustomerImport, by: str) -> ImportLine:
    can_undo = row.state == "done" and row.sealed_key is not None and row.expires_at > uow.now
    return ImportLine(
        row.id or 0, row.state, row.file_name, by, row.committed_at or row.created_at, dict(row.counts), can_undo
    )


def _columns(uow: UnitOfWork, row: CustomerImport, batch: Batch) -> tuple[ColumnView, ...]:
    piece = piece_at(uow, batch.id, 0)
    rows: Sequence[Sequence[str]] = batch.opened_json("cells", 0, piece.cells or b"")[:_SAMPLED]
    today = today_in(zone_of(uow.actor.zone), uow.now)
    views = []
    for at, (heading, holds, facts) in enumerate(zip(row.headings, row.mapping, row.days, strict=True)):
        samples = tuple(dict.fromkeys(cells[at] for cells in rows if at < len(cells) and cells[at]))[:_SAMPLES]
        is_unsure = rule_for(facts, "", today).order is Order.UNSURE
        views.append(ColumnView(heading, Holds(holds), samples, is_unsure))
    return tuple(views)


def _letters(uow: UnitOfWork, batch: Batch) -> list[tuple[int, str]]:
    query = select(ImportPiece.place, ImportPiece.verdicts).where(
        ImportPiece.business_id == uow.business_id, ImportPiece.import_id == batch.id, ImportPiece.part == "rows"
    )
    return [(place, letters) for place, letters in uow.session.execute(query.order_by(ImportPiece.place))]


def _rows(uow: UnitOfWork, batch: Batch, wanted: str, page: int) -> tuple[tuple[RowView, ...], int]:
    """The rows of one page, and how many there are: only the pieces are opened whose rows are shown."""
    places = [
        (place, at) for place, letters in _letters(uow, batch) for at, letter in enumerate(letters) if letter in wanted
    ]
    views: list[RowView] = []
    opened: dict[int, tuple[ImportPiece, Any]] = {}
    for place, at in places[(page - 1) * PAGE : page * PAGE]:
        if place not in opened:
            piece = piece_at(uow, batch.id, place)
            opened[place] = piece, batch.opened_json("people", place, piece.people or b"")
        piece, told = opened[place]
        stored, words = told[at]
        letter = piece.verdicts[at]
        views.append(
            RowView(piece.first_row + at, stored[0] if stored else "", stored[1] if stored else "", letter, words)
        )
    return tuple(views), len(places)


def _kept(uow: UnitOfWork, row: CustomerImport) -> tuple[tuple[int, str], ...]:
    """Who stayed when it was taken back, the first 50."""
    if row.state != "undone":
        return ()
    pieces = select(ImportPiece.kept).where(ImportPiece.business_id == uow.business_id, ImportPiece.import_id == row.id)
    ids = [one for kept in uow.session.scalars(pieces) for one in kept][:_MOST_KEPT]
    query = select(Customer.id, Customer.name).where(Customer.business_id == uow.business_id, Customer.id.in_(ids))
    return tuple(
        (found.id, found.name) for found in uow.session.execute(query.order_by(Customer.name_key, Customer.id))
    )
