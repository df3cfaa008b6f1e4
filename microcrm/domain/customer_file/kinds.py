"""What kind of file it is, by its first bytes and never by its name."""

from __future__ import annotations

import re
from enum import StrEnum

from microcrm.domain.csv_file import FileFault
from microcrm.domain.customer_file.faults import LARGEST, BadCustomerFile

ZIP = b"PK\x03\x04"
_FAULTS = {
    b"%PDF": FileFault.PDF,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": FileFault.OLD_EXCEL,
    b"PK\x05\x06": FileFault.NOTHING,  # an empty archive
    b"\x1f\x8b": FileFault.ARCHIVE,
    b"Rar!": FileFault.ARCHIVE,
    b"7z\xbc\xaf": FileFault.ARCHIVE,
    b"\x89PNG": FileFault.PICTURE,
    b"\xff\xd8\xff": FileFault.PICTURE,
    b"GIF8": FileFault.PICTURE,
    b"{\\rtf": FileFault.NOT_TEXT,
    b"\x7fELF": FileFault.NOT_TEXT,
    b"MZ\x90\x00": FileFault.NOT_TEXT,
}
_MARKUP = re.compile(r"^\s*(?:<\?xml|<!doctype|<html|<workbook|<table)", re.IGNORECASE)
_CARD = re.compile(r"^\s*BEGIN:VCARD\s", re.IGNORECASE)
# Longer runs of letters above ASCII than any language writes in Windows-1252: ISCII, TSCII, or a font of its own.
_RUN = re.compile(rb"[\x80-\xff]{4,}")


class Kind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    VCARD = "vcard"


def kind_of(data: bytes) -> Kind:
    """Raises: BadCustomerFile."""
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise BadCustomerFile(FileFault.EMPTY)
    if len(data) > LARGEST:
        raise BadCustomerFile(FileFault.LARGE)
    if data.startswith(ZIP):
        return Kind.XLSX
    for start, fault in _FAULTS.items():
        if data.startswith(start):
            raise BadCustomerFile(fault)
    head = data[:4096].decode(encoding_for(data), errors="replace")
    if _MARKUP.match(head.removeprefix("\ufeff")):
        raise BadCustomerFile(FileFault.NOT_TEXT)
    return Kind.VCARD if _CARD.match(head.removeprefix("\ufeff")) else Kind.CSV


def encoding_for(data: bytes) -> str:
    """UTF-8 and UTF-16, with and without their marks, and Windows-1252. A file that was cut off in the middle of a letter is still
    UTF-8. Raises: BadCustomerFile, for old Indian encodings and for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if wide := _wide(data[:4096]):
        return wide
    if b"\x00" in data:
        raise BadCustomerFile(FileFault.NOT_TEXT)
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 4 or not error.start:
            return _western(data)
    return "utf-8-sig"


def _wide(head: bytes) -> str:
    """UTF-16 without its mark: every other byte of Latin letters, digits and commas is empty."""
    half = len(head) // 2
    if half < 4:
        return ""
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > half * 0.4:
            text = head[: half * 2].decode(encoding, errors="replace")
            return encoding if all(one.isprintable() or one in "\t\r\n" for one in text) else ""
    return ""


def _western(data: bytes) -> str:
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        raise BadCustomerFile(FileFault.ENCODING) from None
    runs = sum(len(run) for run in _RUN.findall(data))
    if runs > 8:
        raise BadCustomerFile(FileFault.ENCODING)
    controls = sum(data.count(byte) for byte in range(1, 9))
    if controls > len(data) * 0.01:
        raise BadCustomerFile(FileFault.NOT_TEXT)
    return "cp1252"
