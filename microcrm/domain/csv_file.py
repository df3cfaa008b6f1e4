"""The text of a CSV file that somebody uploads, whatever wrote it; and its cells."""

from __future__ import annotations

import csv
import io


class Unreadable(Exception):
    """``fault``: empty, large, excel, pdf or not_text."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def text_of(data: bytes, largest: int) -> str:
    """Raises: Unreadable."""
    if not data.strip():
        raise Unreadable("empty")
    if len(data) > largest:
        raise Unreadable("large")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable("excel")
    if data.startswith(b"%PDF"):
        raise Unreadable("pdf")
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable("not_text")


def rows_of(text: str, delimiter: str) -> list[list[str]]:
    """Cells without the space around them; nothing for what is no CSV."""
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        return []
