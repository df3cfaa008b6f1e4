"""Tables of cells as CSV and XLSX, row by row, so that memory does not grow with them.

XLSX by XlsxWriter (BSD-2) in its constant-memory mode. Cells are typed: text is stored as text and never as a formula or a
link, whatever it begins with.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO, Any

import xlsxwriter

from microcrm.domain.sheet import Cell, Holds, SheetColumn, csv_cell

_FIRST_DAY = date(1899, 12, 30).toordinal()  # spreadsheets count days from here
_MOST_ROWS = 1_048_575  # of a sheet, below its heads
_FORMATS = {
    Holds.MONEY: "#,##,##0.00;[Red]-#,##,##0.00",
    Holds.DAY: "dd mmm yyyy",
    Holds.RATE: "0.##",
    Holds.QUANTITY: "0.###",
    Holds.NUMBER: "0",
}
_PARTS = {Holds.MONEY: 100, Holds.RATE: 100, Holds.QUANTITY: 1000, Holds.NUMBER: 1}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_csv(out: IO[bytes], columns: Sequence[SheetColumn], rows: Iterable[Sequence[Cell]]) -> None:
    """UTF-8 with a byte order mark, which Excel needs to see that it is UTF-8."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([column.label for column in columns])
    kinds = [column.holds for column in columns]
    writer.writerows([csv_cell(kind, cell) for kind, cell in zip(kinds, row, strict=True)] for row in rows)
    text.detach()


def write_xlsx(out: IO[bytes], title: str, columns: Sequence[SheetColumn], rows: Iterable[Sequence[Cell]]) -> None:
    """One sheet with its heads frozen; a new one wherever a sheet is full."""
    with tempfile.TemporaryDirectory(prefix="microcrm-sheet-") as folder:
        book = xlsxwriter.Workbook(out, {**_OPTIONS, "tmpdir": folder})
        formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in _FORMATS.items()}
        strong = book.add_format({"bold": True})
        sheet, place = _begin(book, title, columns, strong), 0
        for row in rows:
            if place == _MOST_ROWS:
                sheet, place = _begin(book, f"{title[:25]} {len(book.worksheets()) + 1}", columns, strong), 0
            place += 1
            _write_row(sheet, place, columns, row, formats)
        book.close()


def _begin(book: Any, title: str, columns: Sequence[SheetColumn], strong: Any) -> Any:
    sheet = book.add_worksheet(title[:31])
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column.label, strong)
    return sheet


def _write_row(sheet: Any, place: int, columns: Sequence[SheetColumn], row: Sequence[Cell], formats: Any) -> None:
    """Cells without anything in them are left out."""
    for at, cell in enumerate(row):
        if cell is None or cell == "":
            continue
        if isinstance(cell, str):
            sheet.write_string(place, at, cell)
        elif isinstance(cell, date):
            sheet.write_number(place, at, cell.toordinal() - _FIRST_DAY, formats[Holds.DAY])
        else:
            holds = columns[at].holds
            sheet.write_number(place, at, cell / _PARTS[holds], formats[holds])
