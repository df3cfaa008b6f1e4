"""Excel workbooks (.xlsx) as rows of text, read by calamine (MIT, in Rust) after the archive was looked through: a workbook is a ZIP,
and what a few kilobytes unpack to is up to whoever made them.

Formulas are what they last came to; merged cells are all filled; days are written 2026-12-05.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from microcrm.domain.csv_file import FileFault
from microcrm.domain.customer_file.faults import LONGEST_CELL, MOST_COLUMNS, BadCustomerFile

_MOST_ENTRIES = 1_000
_MOST_UNPACKED = 250 * 1024 * 1024  # bytes of all entries together
_MOST_CELLS = 6_000_000  # of the room that a sheet spans, which is what it costs in memory
_MOST_MERGED = 5_000  # ranges
_CHUNK = 1 << 18
_REF = re.compile(rb'<(?:\w+:)?c [^<>]{0,40}?r="([A-Z]{1,4})(\d{1,8})"')
_LOCAL = 30  # bytes of an entry's own head, before its name


def read_workbook(data: bytes) -> Iterator[list[str]]:
    """Of the first sheet with anything in it, from its first row on. Raises: BadCustomerFile."""
    _check_archive(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height and sheet.width:
                return _rows(sheet)
    except (CalamineError, OSError, ValueError) as error:
        raise BadCustomerFile(FileFault.DAMAGED) from error
    raise BadCustomerFile(FileFault.NOTHING)


def _rows(sheet: Any) -> Iterator[list[str]]:
    """With the empty rows and columns before the first cell (calamine leaves the columns out): numbers are those of the sheet."""
    left, merged = sheet.start[1], _merged(sheet)
    values: dict[tuple[int, int], str] = {}
    for number, row in enumerate(sheet.iter_rows()):
        cells = [""] * left + [_text(cell) for cell in row]
        for at, first in merged.get(number, {}).items():
            if at >= len(cells):
                continue
            if first == (number, at):
                values[first] = cells[at]
            else:
                cells[at] = cells[at] or values.get(first, "")
        yield cells


def _merged(sheet: Any) -> dict[int, dict[int, tuple[int, int]]]:
    """By row and column, of which cell a merged one has its value. Those that go over several columns are headlines: only the first
    column of them is one person's."""
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for (top, left), (bottom, _) in (sheet.merged_cell_ranges or [])[:_MOST_MERGED]:
        for number in range(top, min(bottom, top + 500) + 1):
            found.setdefault(number, {})[left] = (top, left)
    return found


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()[: LONGEST_CELL + 1]
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _check_archive(data: bytes) -> None:
    """That it is a workbook, whole, not encrypted, and small when it is unpacked: by unpacking, because what an archive says of itself
    may be a lie. Raises: BadCustomerFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError) as error:
        raise BadCustomerFile(FileFault.DAMAGED) from error
    names = {entry.filename for entry in entries}
    if not any(name.lower() == "xl/workbook.xml" for name in names):
        raise BadCustomerFile(FileFault.ARCHIVE)
    if any(entry.flag_bits & 1 for entry in entries):
        raise BadCustomerFile(FileFault.OLD_EXCEL)
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise BadCustomerFile(FileFault.SWOLLEN)
    left = _MOST_UNPACKED
    for entry in entries:
        rows, columns = 0, 0
        is_sheet = entry.filename.lower().startswith("xl/worksheets/")
        tail = b""
        for chunk in _unpacked(data, entry):
            left -= len(chunk)
            if left < 0:
                raise BadCustomerFile(FileFault.SWOLLEN)
            if is_sheet:
                rows, columns = _span(tail + chunk, rows, columns)
                tail = chunk[-80:]
        if columns > MOST_COLUMNS or rows * columns > _MOST_CELLS:
            raise BadCustomerFile(FileFault.WIDE)


def _unpacked(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Piece by piece. Raises: BadCustomerFile, for what is damaged."""
    head = data[entry.header_offset : entry.header_offset + _LOCAL]
    if len(head) < _LOCAL or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadCustomerFile(FileFault.DAMAGED)
    start = entry.header_offset + _LOCAL + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    packed = memoryview(data)[start : start + entry.compress_size]
    if len(packed) < entry.compress_size:
        raise BadCustomerFile(FileFault.DAMAGED)
    if entry.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    unpack = zlib.decompressobj(-15)
    try:
        rest: bytes | memoryview = packed
        while rest and not unpack.eof:
            yield unpack.decompress(rest, _CHUNK)
            rest = unpack.unconsumed_tail
    except zlib.error as error:
        raise BadCustomerFile(FileFault.DAMAGED) from error


def _span(text: bytes, rows: int, columns: int) -> tuple[int, int]:
    """The furthest row and column that these cells say they stand in."""
    found = _REF.findall(text)
    if not found:
        return rows, columns
    names, numbers = {name for name, _ in found}, {int(row) for _, row in found}
    return max(rows, *numbers), max(columns, *(_number(name) for name in names))


def _number(name: bytes) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number
