"""CSV and XLSX: cells keep their kind, and nothing that somebody typed runs in a spreadsheet."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcrm.adapters import sheets
from microcrm.adapters.sheets import write_csv, write_xlsx
from microcrm.domain.sheet import Cell, Holds, SheetColumn, harmless

COLUMNS = (
    SheetColumn("Name"), SheetColumn("Paid", Holds.MONEY), SheetColumn("Day", Holds.DAY), SheetColumn("Rate", Holds.RATE),
    SheetColumn("Many", Holds.QUANTITY), SheetColumn("Count", Holds.NUMBER),
)  # fmt: skip
ROW: tuple[Cell, ...] = ("Ravi, „Rao“ रवि", -123_405, date(2026, 10, 3), 1250, 1500, 7)
HOSTILE = ["=1+1", "+91 98450", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "=cmd|' /C calc'!A0", "\uff1d1+1"]


def csv_of(*rows: tuple[Cell, ...], columns: tuple[SheetColumn, ...] = COLUMNS) -> str:
    out = io.BytesIO()
    write_csv(out, columns, rows)
    return out.getvalue().decode("utf-8")


def xml_of(*rows: tuple[Cell, ...], columns: tuple[SheetColumn, ...] = COLUMNS) -> list[ElementTree.Element]:
    out = io.BytesIO()
    write_xlsx(out, "Sales register 2026-10", columns, rows)
    with zipfile.ZipFile(out) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        return [ElementTree.fromstring(book.read(name)) for name in names]


def cells(sheet: ElementTree.Element) -> list[tuple[str, str, str]]:
    """Place, kind and text of each."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [(c.get("r", ""), c.get("t", ""), "".join(c.itertext())) for c in sheet.iter(f"{space}c")]


def test_csv_says_it_is_utf_8_and_keeps_kinds() -> None:
    text = csv_of(ROW, (None, 5, None, 500, 1000, 0))
    assert text.startswith("\ufeffName,Paid,Day,Rate,Many,Count\r\n")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:] == [
        ["Ravi, „Rao“ रवि", "-1234.05", "2026-10-03", "12.5", "1.5", "7"], ["", "0.05", "", "5", "1", "0"],
    ]  # fmt: skip


def test_xlsx_keeps_kinds() -> None:
    (sheet,) = xml_of(ROW, (None, 5, None, 500, 1000, 0))
    assert cells(sheet)[6:] == [
        ("A2", "inlineStr", "Ravi, „Rao“ रवि"), ("B2", "", "-1234.05"), ("C2", "", "46298"), ("D2", "", "12.5"),
        ("E2", "", "1.5"), ("F2", "", "7"), ("B3", "", "0.05"), ("D3", "", "5"), ("E3", "", "1"), ("F3", "", "0"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_formulas_do_not_run(text: str) -> None:
    column = (SheetColumn("Name"),)
    written = csv_of((text,), columns=column)
    assert next(iter(csv.reader(io.StringIO(written.partition("\r\n")[2], newline=""))))[0] == f"'{text}"
    (sheet,) = xml_of((text,), columns=column)
    assert cells(sheet)[1][:2] == ("A2", "inlineStr")
    assert not list(sheet.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}f"))


def test_links_are_only_text() -> None:
    (sheet,) = xml_of(("https://evil.example",), columns=(SheetColumn("Name"),))
    assert not list(sheet.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}hyperlink"))


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_ROWS", 2)
    found = xml_of(*[(f"row {n}",) for n in range(5)], columns=(SheetColumn("Name"),))
    assert [len(cells(sheet)) for sheet in found] == [3, 3, 2]


@given(st.text(max_size=20))
@settings(deadline=None)
def test_any_text_comes_back_and_none_begins_a_formula(text: str) -> None:
    safe = harmless(text)
    assert safe in (text, f"'{text}")
    assert not safe.strip().startswith(("=", "+", "-", "@")) or safe == f"'{text}"
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.integers(-(10**14), 10**14))
def test_money_keeps_its_paise(paise: int) -> None:
    text = csv_of((paise,), columns=(SheetColumn("Paid", Holds.MONEY),)).splitlines()[1]
    whole, _, rest = text.partition(".")
    assert (len(rest) == 2 and int(whole + rest) == paise) or (whole == "-0" and -int(rest) == paise)
