"""The worker reads a file: into rows under seal, with a first guess at what its columns hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from microcrm.domain.csv_file import FileFault
from microcrm.domain.customer_file.columns import Holds, find_headings, guess
from microcrm.domain.customer_file.csv_table import read_csv
from microcrm.domain.customer_file.days import Evidence
from microcrm.domain.customer_file.faults import MOST_COLUMNS, MOST_ROWS, BadCustomerFile
from microcrm.domain.customer_file.kinds import Kind
from microcrm.domain.customer_file.vcard import read_vcard
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import clean
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import RecordKind
from microcrm.models.imports import CustomerImport
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.store import (
    PIECE,
    Batch,
    file_of,
    forget_file,
    forget_rows,
    lock_in_state,
    open_batch,
    store_rows,
)
from microcrm.operations.parts.form_versions import form_called
from microcrm.operations.unit_of_work import UnitOfWork

Rows = Iterator[list[str]]
ReadWorkbook = Callable[[bytes], Rows]
_HEAD = 400  # rows by which the columns are guessed
_HEADING_LIMIT = 60


def read_file(uow: UnitOfWork, import_id: int, sealer: Sealer, read_workbook: ReadWorkbook) -> None:
    """One transaction: either all rows are there, or the import says what is wrong with the file. Raises: Conflict."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, import_id, "reading")
    batch = open_batch(uow, row, sealer)
    data = file_of(uow, batch)
    try:
        with uow.session.begin_nested():
            _read(uow, row, batch, _rows(row.kind, data, read_workbook))
    except BadCustomerFile as refusal:
        fail(uow, import_id, refusal.fault)
    forget_file(uow, import_id)


def fail(uow: UnitOfWork, import_id: int, fault: FileFault) -> None:
    """Nothing of a file that cannot be read is kept."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = uow.session.get_one(CustomerImport, import_id, populate_existing=True)
    forget_rows(uow, import_id)
    row.state, row.fault, row.sealed_key, row.version = "failed", fault.value, None, row.version + 1
    uow.session.flush()


def _rows(kind: str, data: bytes, read_workbook: ReadWorkbook) -> Rows:
    if kind == Kind.XLSX:
        return read_workbook(data)
    return read_vcard(data) if kind == Kind.VCARD else read_csv(data)


def _read(uow: UnitOfWork, row: CustomerImport, batch: Batch, rows: Rows) -> None:
    head = list(islice(rows, _HEAD))
    place = find_headings(head)
    below = head if place is None else head[place + 1 :]
    headings = _headings([] if place is None else head[place], below)
    mapping = [
        holds if holds is not Holds.ALLERGY or _has_allergies(uow) else Holds.SKIP for holds in guess(headings, below)
    ]
    first = 1 if place is None else place + 2  # as spreadsheets count
    evidence = [Evidence() for _ in headings]
    total = _store(uow, batch, chain(below, rows), first, evidence)
    if not total:
        raise BadCustomerFile(FileFault.NOTHING)
    row = uow.session.get_one(CustomerImport, batch.id)
    row.headings, row.mapping = headings, [holds.value for holds in mapping]
    row.days = [one.as_facts() for one in evidence]
    row.total, row.done, row.state, row.version = total, 0, "mapping", row.version + 1
    uow.session.flush()


def _headings(named: Sequence[str], below: Sequence[Sequence[str]]) -> list[str]:
    """A column without one has none: "" at its place. As many as the widest of the first rows has cells."""
    width = max([len(named), *(len(row) for row in below)], default=0)
    while width and all(len(row) < width or not row[width - 1] for row in (named, *below)):
        width -= 1
    if width > MOST_COLUMNS:
        raise BadCustomerFile(FileFault.WIDE)
    if not width:
        raise BadCustomerFile(FileFault.NOTHING)
    return [_heading(named[at]) if at < len(named) else "" for at in range(width)]


def _heading(raw: str) -> str:
    try:
        return clean(raw)[:_HEADING_LIMIT]
    except Invalid:
        return ""


def _store(uow: UnitOfWork, batch: Batch, rows: Any, first: int, evidence: Sequence[Evidence]) -> int:
    """Empty rows are kept as such, so that a row has its number in the spreadsheet. Returns how many are not empty."""
    total, place, width = 0, 0, len(evidence)
    piece: list[list[str]] = []
    for cells in rows:
        kept = cells[:width]
        if any(kept):
            total += 1
            for one, cell in zip(evidence, kept, strict=False):
                one.note(cell)
        else:
            kept = []
        piece.append(kept)
        if total > MOST_ROWS or place * PIECE > 5 * MOST_ROWS:
            raise BadCustomerFile(FileFault.LONG)
        if len(piece) == PIECE:
            store_rows(uow, batch, place, first + place * PIECE, piece)
            piece, place = [], place + 1
    if any(piece):
        store_rows(uow, batch, place, first + place * PIECE, piece)
    return total


def _has_allergies(uow: UnitOfWork) -> bool:
    """Whether the business keeps them under seal. Where not, they go nowhere by themselves."""
    return form_called(uow, RecordKind.ALLERGY) is not None
