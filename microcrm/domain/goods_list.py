"""A list of products as CSV: which columns it has, and its rows as somebody would type them into the form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from microcrm.domain.csv_file import BadFile, FaultWords, FileFault, rows_of, text_of
from microcrm.domain.taxbook import GOODS, KINDS, TaxClass

LARGEST = 512 * 1024  # bytes
MOST_ROWS = 500
_SEARCHED = 20  # rows in which the headings must stand
# What a column may be called, the plainest first; the first is what our own files say.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "product", "product name", "item", "item name", "description"),
    "barcode": ("sku", "barcode", "ean", "upc", "code", "item code", "product code"),
    "price": ("price", "selling price", "sale price", "mrp", "rate"),
    "tax_class": ("tax class", "tax", "gst", "gst rate", "tax rate"),
    "stock": ("stock", "opening stock", "in stock", "quantity", "qty", "on hand"),
    "hsn": ("hsn", "hsn code", "hsn sac"),
    "unit": ("unit", "uqc", "uom"),
    "low": ("low from", "low stock", "low", "reorder level", "minimum stock"),
    "cost": ("cost", "cost price", "purchase price", "buying price"),
}
_RATES = {"18": TaxClass.GOODS, "5": TaxClass.DAILY_GOODS}


FAULTS: FaultWords = {
    FileFault.EMPTY: ("No file was chosen, or it is empty.", "Choose a CSV file with your products."),
    FileFault.LARGE: ("The file is larger than 512 KB.", "Take fewer products at a time."),
    FileFault.LONG: (f"The file has more than {MOST_ROWS} products.", "Take fewer at a time, in several files."),
    FileFault.EXCEL: ("This is an Excel file.", "Open it and save it as CSV."),
    FileFault.PDF: ("This is a PDF.", "Take the same list as CSV."),
    FileFault.NOT_TEXT: ("The file is not text.", "Save the list as CSV."),
    FileFault.HEADINGS: ("No row of headings was found.", "The first row needs the headings Name and Price at least."),
    FileFault.NOTHING: ("There is no product in this file.", "Each row below the headings is one product."),
}


class BadList(BadFile):
    code = "bad_list"
    message = "This file cannot be read as a list of products."
    remedy = "Choose a CSV file with the headings Name and Price."

    words = FAULTS


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """One row. ``cells``: by the name of the column, only of columns that the file has."""

    row: int
    cells: Mapping[str, str] = field(default_factory=dict)


def read_list(data: bytes) -> tuple[ListedProduct, ...]:
    """Raises: BadList."""
    text = text_of(data, LARGEST, BadList)
    for delimiter in ",;\t":
        rows = rows_of(text, delimiter)
        if (found := _headings(rows)) is not None:
            return _read(rows, *found)
    raise BadList(FileFault.HEADINGS)


def tax_class_of(raw: str) -> str:
    """The kind of goods for GST of "goods", its words, or "18 %"; what it could not be is left for the form to refuse."""
    plain = " ".join(raw.lower().replace("%", " ").replace("gst", " ").split())
    rate = plain.removesuffix(".00").removesuffix(".0")
    if not plain:
        return TaxClass.GOODS.value
    if rate in _RATES:
        return _RATES[rate].value
    return next((kind.value for kind in GOODS if plain in (kind.value, KINDS[kind].label.lower())), raw)


def _headings(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]] | None:
    for place, row in enumerate(rows[:_SEARCHED]):
        names = [" ".join(re.sub(r"[^a-z]+", " ", cell.lower()).split()) for cell in row]
        columns = {
            kind: names.index(name)
            for kind, known in COLUMNS.items()
            if (name := next((one for one in known if one in names), None)) is not None
        }
        if "name" in columns and "price" in columns:
            return place, columns
    return None


def _read(rows: Sequence[Sequence[str]], place: int, columns: Mapping[str, int]) -> tuple[ListedProduct, ...]:
    found = [
        ListedProduct(number, {kind: _cell(row, at) for kind, at in columns.items()})
        for number, row in enumerate(rows[place + 1 :], start=place + 2)
        if any(row)
    ]
    if not found:
        raise BadList(FileFault.NOTHING)
    if len(found) > MOST_ROWS:
        raise BadList(FileFault.LONG)
    return tuple(found)


def _cell(row: Sequence[str], at: int) -> str:
    """Without the apostrophe that spreadsheets need before what could run as a formula, and the rupee sign of a price."""
    raw = row[at][:200] if at < len(row) else ""
    return raw.removeprefix("'").replace("₹", "").strip()
