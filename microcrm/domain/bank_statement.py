"""Reading the statement that a bank or a UPI app gives out as CSV.

No two banks write it alike. What is known: a row of headings somewhere near the top, a day that is written day first, and
either a column of what came in and one of what went out, or one column of amounts. What cannot be read is said row by row
and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.csv_file import BadFile, FaultWords, FileFault, rows_of, text_of
from microcrm.domain.money import MOST_PAISE

LARGEST = 2 * 1024 * 1024  # bytes
MOST_ROWS = 20_000
_SEARCHED = 60  # rows in which the headings must stand
_WORDS = 300  # characters kept of what the bank wrote
_REFERENCE = 60
_BAD_AMOUNT = "The amount cannot be read."

_NAMES: Mapping[str, tuple[str, ...]] = {
    "day": (
        "date", "txn date", "transaction date", "tran date", "trans date", "posting date", "post date", "value date",
        "value dt", "date time", "transaction date time", "transaction time", "settlement date",
    ),
    "words": (
        "narration", "description", "particulars", "remarks", "transaction remarks", "transaction details", "details",
        "transaction particulars", "transaction description", "payer name", "from",
    ),
    "reference": (
        "utr", "utr no", "utr number", "rrn", "reference", "reference no", "reference number", "ref no", "ref no cheque no",
        "chq ref no", "chq ref number", "cheque ref no", "cheque no", "upi ref no", "upi transaction id", "transaction id",
        "bank reference no", "instrument id", "chq no",
    ),
    "credit": ("credit", "credits", "deposit", "deposits", "cr", "money in", "paid in"),
    "debit": ("debit", "debits", "withdrawal", "withdrawals", "dr", "money out", "paid out"),
    "amount": ("amount", "transaction amount", "txn amount"),
    "side": ("dr cr", "cr dr", "type", "transaction type", "debit credit", "credit debit"),
}  # fmt: skip
_IGNORED = frozenset({"inr", "rs", "amt", "in", "rupees", "₹"})


FAULT_WORDS: FaultWords = {
    FileFault.EMPTY: ("The file is empty.", "Choose the statement that the bank gave you as CSV."),
    FileFault.LARGE: ("The file is larger than 2 MB.", "Take the statement of fewer months at a time."),
    FileFault.LONG: (f"The file has more than {MOST_ROWS:,} rows.", "Take the statement of fewer months at a time."),
    FileFault.EXCEL: ("This is an Excel file.", "Open it and save it as CSV, or ask the bank for CSV."),
    FileFault.PDF: ("This is a PDF.", "Ask the bank for the same statement as CSV."),
    FileFault.NOT_TEXT: ("The file is not text.", "Choose the statement that the bank gave you as CSV."),
    FileFault.HEADINGS: (
        "No row of headings was found.",
        "The file needs a column with the date and one with the amount, or with what came in (credit, deposit).",
    ),
    FileFault.NOTHING: ("There is no entry in this file.", "Choose a statement of days on which something came in."),
}


class BadStatement(BadFile):
    code = "bad_statement"
    message = "This file cannot be read as a bank statement."
    remedy = "Choose the statement that the bank gave you as CSV."

    words = FAULT_WORDS


_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{2,3})*,\d{3}|\d+)(?:\.(\d{1,2})0*)?")
_MONTH = {name.lower(): number for number, name in enumerate(MONTHS, start=1)}
_DAY_FIRST = re.compile(r"(\d{1,2})[\s/.-]+(\d{1,2}|[A-Za-z]{3})[A-Za-z]*[\s/.,-]+(\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One row that could be read. ``paise``: what came in; less than nothing went out. ``words``: what the bank wrote."""

    row: int
    day: date
    paise: int
    reference: str
    words: str


@dataclass(frozen=True, slots=True)
class Unread:
    row: int
    why: str


@dataclass(frozen=True, slots=True)
class BankStatement:
    entries: tuple[BankEntry, ...]
    unread: tuple[Unread, ...]


def read_statement(data: bytes) -> BankStatement:
    """Raises: BadStatement, which says what is wrong with the file as a whole and what to do."""
    text = text_of(data, LARGEST, BadStatement)
    for delimiter in ",;\t|":
        rows = _rows(text, delimiter)
        found = _headings(rows)
        if found is not None:
            place, columns = found
            return _read_rows(rows[place + 1 :], columns, place + 2)
    raise BadStatement(FileFault.HEADINGS)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows = rows_of(text, delimiter)
    if len(rows) > MOST_ROWS + _SEARCHED:
        raise BadStatement(FileFault.LONG)
    return rows


def _headings(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]] | None:
    """Which row has them, and the place of each column."""
    for place, row in enumerate(rows[:_SEARCHED]):
        names = [_plain_heading(cell) for cell in row]
        columns = {
            kind: names.index(name)
            for kind, known in _NAMES.items()
            if (name := next((one for one in known if one in names), None)) is not None
        }
        if "day" in columns and ("credit" in columns or "amount" in columns):
            return place, columns
    return None


def _plain_heading(cell: str) -> str:
    words = re.sub(r"[^a-z₹]+", " ", cell.lower()).split()
    return " ".join(word for word in words if word not in _IGNORED) or ("amount" if words else "")


def _read_rows(rows: Sequence[Sequence[str]], columns: Mapping[str, int], first: int) -> BankStatement:
    entries: list[BankEntry] = []
    unread: list[Unread] = []
    for number, row in enumerate(rows, start=first):
        if len(entries) + len(unread) > MOST_ROWS:
            raise BadStatement(FileFault.LONG)
        found = _read_row(number, row, columns)
        if isinstance(found, BankEntry):
            entries.append(found)
        elif found is not None:
            unread.append(found)
    return BankStatement(tuple(entries), tuple(unread))


def _read_row(number: int, row: Sequence[str], columns: Mapping[str, int]) -> BankEntry | Unread | None:
    """``None`` for what is no entry: blank rows, totals, opening and closing balances."""

    def cell(name: str) -> str:
        place = columns.get(name, -1)
        return row[place] if 0 <= place < len(row) else ""

    amounts = cell("credit") + cell("debit") + cell("amount")
    if not cell("day") or not _has_digit(amounts):
        return None if not amounts.strip("*-= ") or not _has_digit(cell("day")) else Unread(number, _BAD_AMOUNT)
    day = parse_statement_day(cell("day"))
    if day is None:
        return Unread(number, "The date cannot be read.")
    paise = _came_in(cell("credit"), cell("debit"), cell("amount"), cell("side"))
    if paise is None:
        return Unread(number, _BAD_AMOUNT)
    if not paise:
        return None
    reference = _printable(cell("reference"))[:_REFERENCE]
    return BankEntry(
        number, day, paise, "" if not reference.strip("0-") else reference, _printable(cell("words"))[:_WORDS]
    )


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _came_in(credit: str, debit: str, amount: str, side: str) -> int | None:
    """Paise, less than nothing for what went out; ``None`` when it cannot be told."""
    if credit or debit:
        parts = [_paise(credit) if credit else 0, _paise(debit) if debit else 0]
        return None if None in parts else abs(parts[0] or 0) - abs(parts[1] or 0)
    paise = _paise(amount)
    if paise is None or not side:
        return paise
    word = side.strip().lower()
    if word.startswith("c") or word in ("in", "received"):
        return abs(paise)
    return -abs(paise) if word.startswith("d") or word in ("out", "paid") else None


def _paise(raw: str) -> int | None:
    """Of "1,23,456.50", "₹500", "750.00 Cr", "(200.00)" or "-200"; 0 for a dash."""
    text = raw.replace("₹", "").replace("\u2212", "-").strip().lower()
    text = re.sub(r"^(?:rs\.?|inr)\s*|\s*inr$", "", text).strip()
    if text in ("", "-", "--", "nil"):
        return 0
    sign = 1
    for mark, way in (("cr", 1), ("dr", -1)):
        if text.endswith(mark):
            text, sign = text.removesuffix(mark).strip(" ."), way
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1].strip(), -sign
    if text[:1] in "+-":
        sign = -sign if text[0] == "-" else sign
        text = text[1:].strip()
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    paise = int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))
    return sign * paise if paise <= MOST_PAISE else None


def parse_statement_day(raw: str) -> date | None:
    """Of "05/12/2026", "5-Dec-26", "05 Dec 2026 10:14" or "2026-12-05": day first, as everywhere in India."""
    if found := _YEAR_FIRST.match(raw.strip()):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.match(raw.strip()):
        named = _MONTH.get(found[2].lower(), 0) if found[2].isalpha() else int(found[2])
        year, month, day = int(found[3]) + (2000 if len(found[3]) == 2 else 0), named, int(found[1])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _printable(raw: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in raw).split())


def occurrences(entries: Sequence[BankEntry]) -> Iterator[tuple[BankEntry, int]]:
    """Each entry with how many just like it stood before it, so that two equal ones are two, and the same file read again
    brings nothing new."""
    seen: dict[tuple[date, int, str, str], int] = {}
    for entry in entries:
        key = (entry.day, entry.paise, entry.reference, entry.words)
        seen[key] = seen.get(key, -1) + 1
        yield entry, seen[key]
