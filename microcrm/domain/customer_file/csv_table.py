"""A CSV file as rows of cells, whatever stands between them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence

from microcrm.domain.csv_file import FileFault, rows_of, streamed
from microcrm.domain.customer_file.faults import LONGEST_CELL, BadCustomerFile
from microcrm.domain.customer_file.kinds import encoding_for

DELIMITERS = ",;\t|"
_HEAD = 64 * 1024  # characters by which the delimiter is found
_MOST_BREAKS = 60  # of lines within one cell: more, and a quotation mark was never closed
_MARKED = {f"sep={one}": one for one in DELIMITERS}  # what Excel writes for itself


def read_csv(data: bytes) -> Iterator[list[str]]:
    """Every row, also empty ones, so that row numbers are those of a spreadsheet. Raises: BadCustomerFile."""
    encoding = encoding_for(data)
    head = data[: _HEAD * 4].decode(encoding, errors="replace")[:_HEAD]
    first = head.splitlines()[0].strip().lower() if head.splitlines() else ""
    delimiter = _MARKED.get(first) or delimiter_of(head)
    width = 0
    try:
        for number, row in enumerate(streamed(data, encoding, delimiter)):
            if number == 0 and first in _MARKED:
                yield []
                continue
            width = width or (len(row) if len(row) > 1 else 0)
            cells = [cell.strip() for cell in (_mended(row, width) if len(row) == 1 and width > 1 else row)]
            if len(max(cells, key=len, default="")) > _MOST_BREAKS:
                if any(cell.count("\n") > _MOST_BREAKS for cell in cells):
                    raise BadCustomerFile(FileFault.QUOTE)
                cells = [cell[:LONGEST_CELL] for cell in cells]
            yield cells
    except csv.Error:
        raise BadCustomerFile(FileFault.QUOTE) from None


def delimiter_of(head: str) -> str:
    """What divides most rows into the same number of cells; the comma when nothing does."""
    lines = head.split("\n")
    text = "\n".join(lines[:-1] if len(lines) > 1 else lines)
    return max(DELIMITERS, key=lambda one: _evenness(rows_of(text, one)))


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0, 0
    width, count = widths.most_common(1)[0]
    return count, width


def _mended(row: list[str], width: int) -> list[str]:
    """A line that somebody pasted in with another delimiter."""
    for other in DELIMITERS:
        parts = row[0].split(other)
        if len(parts) == width:
            return parts
    return row
