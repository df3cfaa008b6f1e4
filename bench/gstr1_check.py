"""Every figure of the files of ``gstr1-100k`` once more, by SQL that shares nothing with the product: plain sums over documents
and lines, each table by its own conditions, in whole paise."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg

from bench.returns_month import HOME

_MONTH = (
    "d.business_id = %(shop)s AND d.state <> 'cancelled' AND d.issued_on >= '2026-10-01' AND d.issued_on < '2026-11-01'"
)
_SUMS = "sum(l.taxable_paise)::bigint, sum(l.igst_paise)::bigint, sum(l.cgst_paise)::bigint, sum(l.sgst_paise)::bigint"
_TURNED = ", ".join(
    f"sum(CASE d.kind WHEN 'credit_note' THEN -l.{name}_paise ELSE l.{name}_paise END)::bigint"
    for name in ("taxable", "igst", "cgst", "sgst")
)
_FROM = (
    "FROM documents d JOIN document_lines l ON l.document_id = d.id AND l.business_id = d.business_id "
    "LEFT JOIN documents o ON o.id = d.corrects_id AND o.business_id = d.business_id WHERE " + _MONTH
)
_BILL, _NOTE, _TAXED = "d.kind IN ('tax_invoice', 'invoice_cum_bill')", "d.kind = 'credit_note'", "l.rate_bp > 0"
_LARGE = "d.buyer_gstin = '' AND d.place_state <> %(home)s AND coalesce(o.total_paise, d.total_paise) > 10000000"
_NAMED = "d.number, to_char(d.issued_on, 'DD-MM-YYYY'), d.total_paise, d.place_state, l.rate_bp"
_STATEMENTS = {
    "b2b": f"SELECT d.buyer_gstin, {_NAMED}, {_SUMS} {_FROM} AND {_BILL} AND {_TAXED} AND d.buyer_gstin <> '' "
    f"GROUP BY d.buyer_gstin, {_NAMED}",
    "b2cl": f"SELECT '', {_NAMED}, {_SUMS} {_FROM} AND {_BILL} AND {_TAXED} AND {_LARGE} GROUP BY {_NAMED}",
    "cdnr": f"SELECT d.buyer_gstin, {_NAMED}, {_SUMS} {_FROM} AND {_NOTE} AND {_TAXED} AND d.buyer_gstin <> '' "
    f"GROUP BY d.buyer_gstin, {_NAMED}",
    "cdnur": f"SELECT '', {_NAMED}, {_SUMS} {_FROM} AND {_NOTE} AND {_TAXED} AND {_LARGE} GROUP BY {_NAMED}",
    "b2cs": f"SELECT d.place_state, l.rate_bp, {_TURNED} {_FROM} AND {_TAXED} AND d.buyer_gstin = '' AND NOT ({_LARGE}) "
    "GROUP BY d.place_state, l.rate_bp",
    "nil": f"SELECT d.buyer_gstin <> '', d.place_state <> %(home)s, {_TURNED} {_FROM} AND l.rate_bp = 0 GROUP BY 1, 2",
    "hsn": f"SELECT d.buyer_gstin <> '', l.sac, l.rate_bp, {_TURNED}, sum(CASE WHEN l.sac LIKE '99%%' THEN 0 WHEN d.kind = "
    f"'credit_note' THEN -l.quantity ELSE l.quantity END)::bigint {_FROM} GROUP BY 1, l.sac, l.rate_bp",
    "doc_issue": "SELECT CASE kind WHEN 'credit_note' THEN 5 ELSE 1 END, min(number), max(number), count(*), "
    "count(*) FILTER (WHERE state = 'cancelled') FROM documents WHERE business_id = %(shop)s AND issued_on >= '2026-10-01' "
    "AND issued_on < '2026-11-01' GROUP BY kind",
}  # fmt: skip
_REGISTER = (
    "SELECT count(*), sum(turn * taxable_paise)::bigint, sum(turn * igst_paise)::bigint, sum(turn * cgst_paise)::bigint, "
    "sum(turn * sgst_paise)::bigint, sum(turn * round_off_paise)::bigint, sum(turn * total_paise)::bigint FROM (SELECT *, CASE "
    "WHEN state = 'cancelled' THEN 0 WHEN kind = 'credit_note' THEN -1 ELSE 1 END AS turn FROM documents WHERE business_id = %s "
    "AND issued_on >= '2026-10-01' AND issued_on < '2026-11-01') d"
)

Rows = Counter[tuple[Any, ...]]


def differences(owner: psycopg.Connection, shop: int, path: Path) -> int:
    """Rows that only the file or only the SQL has, in any table of the JSON."""
    file = json.loads(path.read_bytes())
    said = {name: Counter(rows) for name, rows in _said(file).items()}
    odd = 0
    for name, statement in _STATEMENTS.items():
        wanted: Rows = Counter(owner.execute(statement, {"shop": shop, "home": HOME}).fetchall())
        odd += sum(((wanted - said[name]) + (said[name] - wanted)).values())
    return odd


def register_differences(owner: psycopg.Connection, shop: int, path: Path) -> int:
    """How many of the count and the six sums of the spreadsheet are not those of the documents."""
    wanted = owner.execute(_REGISTER, (shop,)).fetchone()
    assert wanted
    found = _columns(path)
    said = (found["rows"], *(found[column] for column in ("G", "H", "I", "J", "K", "L")))
    return sum(one != other for one, other in zip(said, wanted, strict=True))


def _columns(path: Path) -> Counter[str]:
    """Rows below the heads, and the sum of each column's numbers in paise, out of the sheet's XML."""
    sums: Counter[str] = Counter(rows=-1)
    with zipfile.ZipFile(path) as book, book.open("xl/worksheets/sheet1.xml") as sheet:
        for _, element in ElementTree.iterparse(sheet):
            name = element.tag.rpartition("}")[2]
            if name == "c" and element.get("t") is None:
                sums[element.get("r", "").rstrip("0123456789")] += _paise(float("".join(element.itertext())))
            if name == "row":
                sums["rows"] += 1
                element.clear()
    return sums


def _said(file: dict[str, Any]) -> dict[str, Iterable[tuple[Any, ...]]]:
    return {
        "b2b": [_named(one, entry["ctin"], one["pos"], item) for entry, one, item in _each(file, "b2b", "inv")],
        "b2cl": [_named(one, "", entry["pos"], item) for entry, one, item in _each(file, "b2cl", "inv")],
        "cdnr": [_named(one, entry["ctin"], one["pos"], item) for entry, one, item in _each(file, "cdnr", "nt")],
        "cdnur": [_named(one, "", one["pos"], item) for one in file.get("cdnur", []) for item in one["itms"]],
        "b2cs": [(row["pos"], _rate(row), *_money(row)) for row in file.get("b2cs", [])],
        "nil": [
            (row["sply_ty"].endswith("B2B"), row["sply_ty"].startswith("INTR") and not row["sply_ty"].startswith("INTRA"),
             _paise(row["nil_amt"] + row["expt_amt"]), 0, 0, 0)
            for row in file.get("nil", {"inv": []})["inv"]
        ],
        "hsn": [
            (side == "hsn_b2b", row["hsn_sc"], _rate(row), *_money(row), round(row["qty"] * 1000))
            for side, rows in file.get("hsn", {}).items() for row in rows
        ],
        "doc_issue": [
            (kind["doc_num"], row["from"], row["to"], row["totnum"], row["cancel"])
            for kind in file["doc_issue"]["doc_det"] for row in kind["docs"]
        ],
    }  # fmt: skip


def _each(file: dict[str, Any], table: str, name: str) -> Iterable[tuple[Any, Any, Any]]:
    return ((entry, one, item) for entry in file.get(table, []) for one in entry[name] for item in one["itms"])


def _named(one: dict[str, Any], gstin: str, place: str, item: dict[str, Any]) -> tuple[Any, ...]:
    details = item["itm_det"]
    number, day = (one["inum"], one["idt"]) if "inum" in one else (one["nt_num"], one["nt_dt"])
    return (gstin, number, day, _paise(one["val"]), place, _rate(details), *_money(details))


def _money(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(_paise(row.get(name, 0)) for name in ("txval", "iamt", "camt", "samt"))


def _rate(row: dict[str, Any]) -> int:
    return round(row["rt"] * 100)


def _paise(rupees: float) -> int:
    return round(rupees * 100)
