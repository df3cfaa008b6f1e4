"""The GSTR-1 file for the portal: field names and shapes of its offline tool (india.md 1.10).

Money is a number of rupees with at most two decimals: paise divided by 100 is the nearest double, which every JSON writer
prints with the digits it came from. Dates are DD-MM-YYYY, States two digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcrm.domain.documents import DocumentKind
from microcrm.domain.gstr1 import Amounts, Group, Supply, Table, sign_of, signed, supply_of, table_of
from microcrm.domain.taxbook import GOODS, KINDS, TaxClass

Json = dict[str, Any]
QUANTITY_ONE = 1_000
HSN_SPLIT_ON = date(2025, 5, 1)  # since then table 12 has one part for registered and one for other customers
DESCRIPTION = 30  # characters that table 12 takes
_SERVICES = "99"  # what a SAC begins with; HSN codes of goods never do
# Table 13: number and name of the kind of document.
DOCUMENT_TYPES: dict[DocumentKind, tuple[int, str]] = {
    DocumentKind.TAX_INVOICE: (1, "Invoices for outward supply"),
    DocumentKind.BILL_OF_SUPPLY: (1, "Invoices for outward supply"),
    DocumentKind.INVOICE_CUM_BILL: (1, "Invoices for outward supply"),
    DocumentKind.DEBIT_NOTE: (4, "Debit Note"),
    DocumentKind.CREDIT_NOTE: (5, "Credit Note"),
    DocumentKind.RECEIPT_VOUCHER: (6, "Receipt Voucher"),
    DocumentKind.REFUND_VOUCHER: (8, "Refund Voucher"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A document that its table names, with its taxed lines by rate. ``value``: with tax and round-off, paise."""

    table: Table
    kind: DocumentKind
    gstin: str
    number: str
    day: date
    value: int
    place: str
    is_interstate: bool
    rates: Sequence[tuple[int, Amounts]]


@dataclass(frozen=True, slots=True)
class Moved:
    """What came in or was set off of advances, by State and rate."""

    table: Table
    place: str
    is_interstate: bool
    rate_bp: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive numbers of one series, all dated in the period (table 13). ``began``: the financial year; ``low`` and
    ``high``: their places in the series."""

    kind: DocumentKind
    first: str
    last: str
    count: int
    cancelled: int
    began: int = 0
    low: int = 0
    high: int = 0


def rupees(paise: int) -> int | float:
    return paise / 100


def percent(rate_bp: int) -> int | float:
    return rate_bp // 100 if rate_bp % 100 == 0 else rate_bp / 100


def hsn_words(tax_class: str, description: str) -> str:
    """What table 12 calls a line: the class's own words where it has codes, else what was sold, without who did it (the
    lines of a visit end in ", name")."""
    if tax_class in GOODS:
        return description
    kind = KINDS.get(TaxClass(tax_class)) if tax_class in set(TaxClass) else None
    if kind is not None and kind.sacs:
        return kind.label
    return description.rpartition(", ")[0] or description


def listed_entry(one: Listed) -> Json:
    """Tables 4A, 5 and 9B: one invoice or note."""
    items = [_item(rate_bp, amounts, is_interstate=one.is_interstate) for rate_bp, amounts in one.rates]
    day = f"{one.day.day:02d}-{one.day.month:02d}-{one.day.year}"
    value = rupees(one.value)
    note = "D" if one.kind is DocumentKind.DEBIT_NOTE else "C"
    if one.table is Table.B2B:
        return {
            "inum": one.number, "idt": day, "val": value, "pos": one.place, "rchrg": "N", "inv_typ": "R", "itms": items,
        }  # fmt: skip
    if one.table is Table.B2CL:
        return {"inum": one.number, "idt": day, "val": value, "itms": items}
    if one.table is Table.CDNR:
        return {
            "ntty": note, "nt_num": one.number, "nt_dt": day, "val": value, "pos": one.place, "rchrg": "N", "inv_typ": "R",
            "itms": items,
        }  # fmt: skip
    return {
        "typ": "B2CL", "ntty": note, "nt_num": one.number, "nt_dt": day, "val": value, "pos": one.place, "itms": items,
    }  # fmt: skip


def gathered_by(one: Listed) -> tuple[str, str, str]:
    """How entries of a table stand together: the field, its value, and the list's name. Table 9B for notes on large bills
    is one flat list."""
    if one.table is Table.B2B:
        return "ctin", one.gstin, "inv"
    if one.table is Table.CDNR:
        return "ctin", one.gstin, "nt"
    if one.table is Table.B2CL:
        return "pos", one.place, "inv"
    return "", "", ""


def b2cs_rows(groups: Iterable[Group]) -> list[Json]:
    """Table 7: by kind of supply, State and rate; a month of more notes than bills goes below zero."""
    sums: dict[tuple[str, str, int], Amounts] = {}
    for group in groups:
        if table_of(group.facts, supply_of(group.rate_bp, is_exempt=group.is_exempt)) is Table.B2CS:
            key = ("INTER" if group.facts.is_interstate else "INTRA", group.place, group.rate_bp)
            sums[key] = sums.get(key, Amounts()) + signed(group)
    return [
        {"sply_ty": supply, "pos": place, "typ": "OE", "rt": percent(rate_bp),
         **_taxes(amounts, is_interstate=supply == "INTER"), "csamt": 0}
        for (supply, place, rate_bp), amounts in sorted(sums.items())
        if amounts
    ]  # fmt: skip


def advance_rows(moves: Iterable[Moved], table: Table) -> list[Json]:
    """Tables 11A and 11B: by State and rate, without the tax that is in them."""
    places: dict[str, list[Moved]] = {}
    for one in moves:
        if one.table is table and one.amounts:
            places.setdefault(one.place, []).append(one)
    return [
        {
            "pos": place,
            "sply_ty": "INTER" if found[0].is_interstate else "INTRA",
            "itms": [_advance_item(one) for one in sorted(found, key=lambda one: one.rate_bp)],
        }
        for place, found in sorted(places.items())
    ]


def nil_rows(groups: Iterable[Group]) -> list[Json]:
    """Table 8: between and within States, to registered and other customers."""
    sums: dict[tuple[bool, bool], dict[Supply, int]] = {}
    for group in groups:
        supply = supply_of(group.rate_bp, is_exempt=group.is_exempt)
        if table_of(group.facts, supply) is Table.NIL:
            row = sums.setdefault((group.facts.is_registered, group.facts.is_interstate), {})
            row[supply] = row.get(supply, 0) + signed(group).taxable
    return [
        {
            "sply_ty": f"{'INTR' if is_interstate else 'INTRA'}{'B2B' if is_registered else 'B2C'}",
            "nil_amt": rupees(row.get(Supply.NIL_RATED, 0)),
            "expt_amt": rupees(row.get(Supply.EXEMPT, 0)),
            "ngsup_amt": 0,
        }
        for (is_registered, is_interstate), row in sorted(sums.items(), reverse=True)
        if any(row.values())
    ]


def hsn_part(groups: Iterable[Group], *, registered: bool | None = None) -> list[Json]:
    """Table 12: by code, unit and rate, notes taken off. ``registered``: to customers with a GSTIN, to others, or both."""
    sums: dict[tuple[str, str, int], tuple[int, Amounts, str]] = {}
    for group in groups:
        if registered not in (None, group.facts.is_registered) or _table(group) is None:
            continue
        rate_bp = 0 if group.is_exempt else group.rate_bp
        is_service = not group.unit and (not group.sac or group.sac.startswith(_SERVICES))
        key = (group.sac, "NA" if is_service else group.unit or "NOS", rate_bp)
        quantity, amounts, words = sums.get(key, (0, Amounts(), ""))
        # A debit note raises a price, of goods long gone.
        moves = not is_service and group.facts.kind is not DocumentKind.DEBIT_NOTE
        quantity += sign_of(group.facts.kind) * group.quantity if moves else 0
        words = min(words, group.description) if words else group.description
        sums[key] = (quantity, amounts + signed(group), words)
    kept = [(key, row) for key, row in sorted(sums.items()) if row[0] or row[1]]
    return [_hsn_row(place, key, row) for place, (key, row) in enumerate(kept, 1)]


def hsn(groups: Sequence[Group], last: date) -> Json:
    """The whole of table 12 for a period that ends on that day."""
    if last < HSN_SPLIT_ON:
        return {"data": rows} if (rows := hsn_part(groups)) else {}
    parts = {"hsn_b2b": hsn_part(groups, registered=True), "hsn_b2c": hsn_part(groups, registered=False)}
    return {name: rows for name, rows in parts.items() if rows}


def issued_documents(runs: Iterable[Run]) -> list[Json]:
    """Table 13: each run of numbers, in the order of the form."""
    kinds: dict[tuple[int, str], list[Run]] = {}
    for run in runs:
        kinds.setdefault(DOCUMENT_TYPES[run.kind], []).append(run)
    return [
        {
            "doc_num": number,
            "doc_typ": name,
            "docs": [
                {"num": place, "from": run.first, "to": run.last, "totnum": run.count, "cancel": run.cancelled,
                 "net_issue": run.count - run.cancelled}
                for place, run in enumerate(found, 1)
            ],
        }
        for (number, name), found in sorted(kinds.items())
    ]  # fmt: skip


def _item(rate_bp: int, amounts: Amounts, *, is_interstate: bool) -> Json:
    """``num``: as the offline tool numbers items, rate times 100 plus 1."""
    details = {"rt": percent(rate_bp), **_taxes(amounts, is_interstate=is_interstate), "csamt": 0}
    return {"num": rate_bp + 1, "itm_det": details}


def _advance_item(one: Moved) -> Json:
    taxes = _taxes(one.amounts, is_interstate=one.is_interstate)
    return {"rt": percent(one.rate_bp), "ad_amt": taxes.pop("txval"), **taxes, "csamt": 0}


def _taxes(amounts: Amounts, *, is_interstate: bool) -> Json:
    if is_interstate:
        return {"txval": rupees(amounts.taxable), "iamt": rupees(amounts.igst)}
    return {"txval": rupees(amounts.taxable), "camt": rupees(amounts.cgst), "samt": rupees(amounts.sgst)}


def _table(group: Group) -> Table | None:
    return table_of(group.facts, supply_of(group.rate_bp, is_exempt=group.is_exempt))


def _hsn_row(place: int, key: tuple[str, str, int], row: tuple[int, Amounts, str]) -> Json:
    (code, unit, rate_bp), (quantity, amounts, words) = key, row
    return {
        "num": place,
        "hsn_sc": code,
        "desc": words[:DESCRIPTION].rstrip(),
        "uqc": unit,
        "qty": quantity // QUANTITY_ONE if quantity % QUANTITY_ONE == 0 else quantity / QUANTITY_ONE,
        "rt": percent(rate_bp),
        "txval": rupees(amounts.taxable),
        "iamt": rupees(amounts.igst),
        "camt": rupees(amounts.cgst),
        "samt": rupees(amounts.sgst),
        "csamt": 0,
    }
