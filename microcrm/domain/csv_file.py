"""The text of a CSV file that somebody uploads, whatever wrote it; and its cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import ClassVar

from microcrm.domain.errors import Invalid


class FileFault(StrEnum):
    """What may be wrong with a file as a whole."""

    EMPTY = "empty"
    LARGE = "large"
    LONG = "long"
    EXCEL = "excel"
    PDF = "pdf"
    NOT_TEXT = "not_text"
    HEADINGS = "headings"
    NOTHING = "nothing"
    ENCODING = "encoding"
    OLD_EXCEL = "old_excel"
    ARCHIVE = "archive"
    PICTURE = "picture"
    DAMAGED = "damaged"
    SWOLLEN = "swollen"
    WIDE = "wide"
    QUOTE = "quote"


FaultWords = Mapping[FileFault, tuple[str, str]]  # what is wrong, and what to do


class BadFile(Invalid):
    """The file as a whole cannot be used. Each kind of file has its own words for it."""

    code = "bad_file"
    message = "This file cannot be read."
    remedy = "Choose a CSV file."
    words: ClassVar[FaultWords] = {}

    def __init__(self, fault: FileFault) -> None:
        message, remedy = self.words[fault]
        super().__init__(message, remedy=remedy)
        self.fault = fault


def text_of(data: bytes, largest: int, bad: type[BadFile]) -> str:
    """Raises: ``bad``."""
    if not data.strip():
        raise bad(FileFault.EMPTY)
    if len(data) > largest:
        raise bad(FileFault.LARGE)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise bad(FileFault.EXCEL)
    if data.startswith(b"%PDF"):
        raise bad(FileFault.PDF)
    encoding = encoding_of(data)
    if encoding is None:
        raise bad(FileFault.NOT_TEXT)
    return data.decode(encoding)


def encoding_of(data: bytes) -> str | None:
    """UTF-16 with its mark, UTF-8, or else what Windows writes in the West; ``None`` for what is no text in any of them."""
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return encoding
    return None


def rows_of(text: str, delimiter: str) -> list[list[str]]:
    """Cells without the space around them; nothing for what is no CSV."""
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        return []


def streamed(data: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of a large file one after the other, cells as they stand. Bytes that are none of the encoding become U+FFFD. Raises:
    csv.Error."""
    return csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace", newline=""), delimiter=delimiter)
