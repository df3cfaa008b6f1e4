"""Registers of a period as rows, read through a cursor on the server: sales, the day-book, and each table of the return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import text

from microcrm.domain.documents import TITLES, VOUCHERS, DocumentKind
from microcrm.domain.gstr1 import ADVANCES, LISTED, Table, sign_of
from microcrm.domain.gstr1_json import DOCUMENT_TYPES, b2cs_rows, hsn_part, nil_rows
from microcrm.domain.permissions import Permission
from microcrm.domain.return_period import ReturnPeriod, parse_period
from microcrm.domain.sheet import Cell, Holds, SheetColumn
from microcrm.domain.states import STATES
from microcrm.operations.billing.ledger import ACCOUNTS
from microcrm.operations.returns.advances import read_moves
from microcrm.operations.returns.month import AT_ONCE, read_groups, read_runs, stream_listed
from microcrm.operations.returns.scope import gstin_for, make_room
from microcrm.operations.unit_of_work import UnitOfWork

Row = Sequence[Cell]
C = SheetColumn
_TAXES = (
    C("Taxable value", Holds.MONEY), C("IGST", Holds.MONEY), C("CGST", Holds.MONEY), C("SGST or UTGST", Holds.MONEY),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows`` read while they are written: inside the transaction that asked."""

    period: ReturnPeriod
    title: str
    columns: Sequence[SheetColumn]
    rows: Iterator[Row]


def sheet(uow: UnitOfWork, raw_period: Any, name: str, raw_gstin: Any = "") -> Sheet:
    """``name``: one of ``SHEETS``; those of the return are of the GSTIN that is asked for, the registers of the whole shop.
    Raises: Invalid, for no period; KeyError, for no such sheet."""
    uow.require(Permission.RETURNS_VIEW)
    period = parse_period(raw_period)
    title, columns, read = SHEETS[name]
    make_room(uow)
    uow.audit("return.taken", "gst_return", None, period=period.key, file=name)
    return Sheet(period, title, columns, read(uow, Asked(period, gstin_for(uow, period, raw_gstin))))


class Asked(NamedTuple):
    """What a sheet is about."""

    period: ReturnPeriod
    gstin: str


Reads = Callable[[UnitOfWork, Asked], Iterator[Row]]
_REGISTER = text("""
SELECT d.issued_on, d.number, d.kind, d.state, coalesce(d.buyer ->> 'name', ''), d.buyer_gstin, d.place_state,
       d.taxable_paise, d.igst_paise, d.cgst_paise, d.sgst_paise, d.round_off_paise, d.total_paise,
       coalesce(d.buyer ->> 'corrects', '')
FROM documents d
WHERE d.business_id = :business AND d.issued_on BETWEEN :first AND :last AND d.number IS NOT NULL
  AND d.kind <> ALL(:others)
ORDER BY d.issued_on, d.kind, d.running, d.id
""")
_DAY_BOOK = text("""
SELECT l.on_day, l.posting, l.account, l.amount_paise, d.number, d.kind, coalesce(d.buyer ->> 'name', c.name, ''), p.mode, p.proof
FROM ledger_entries l
LEFT JOIN documents d ON d.business_id = l.business_id AND d.id = l.document_id
LEFT JOIN payments p ON p.business_id = l.business_id AND p.id = l.payment_id
LEFT JOIN customers c ON c.business_id = p.business_id AND c.id = p.customer_id
WHERE l.business_id = :business AND l.on_day BETWEEN :first AND :last
ORDER BY l.on_day, l.posting, l.id
""")


def _stream(uow: UnitOfWork, statement: Any, period: ReturnPeriod, **more: Any) -> Iterator[Any]:
    values = {"business": uow.business_id, "first": period.first, "last": period.last, **more}
    with uow.session.connection().execute(statement, values, execution_options={"yield_per": AT_ONCE}) as rows:
        yield from rows


def _register(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
    """Each bill and note once, cancelled ones without amounts, credit notes below zero. Vouchers are no sales yet."""
    others = [DocumentKind.ESTIMATE.value, *(kind.value for kind in VOUCHERS)]
    for row in _stream(uow, _REGISTER, asked.period, others=others):
        kind = DocumentKind(row[2])
        is_void = row[3] == "cancelled"
        turn = 0 if is_void else sign_of(kind)
        words = f"{TITLES[kind]}, cancelled" if is_void else TITLES[kind]
        yield (
            row[0],
            row[1],
            words,
            row[4],
            row[5],
            place_words(row[6]),
            *(turn * paise or None for paise in row[7:13]),
            row[13],
        )


def _day_book(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
    for day, posting, account, paise, number, kind, name, mode, proof in _stream(uow, _DAY_BOOK, asked.period):
        about = TITLES[DocumentKind(kind)] if kind else "Payment" if mode else "Till closed"
        yield (
            day, posting, about, number or proof or "", name, ACCOUNTS.get(account, account.replace("_", " ").capitalize()),
            paise if paise > 0 else None, -paise if paise < 0 else None,
        )  # fmt: skip


def _listed(table: Table) -> Reads:
    def rows(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
        for one in stream_listed(uow, *asked):
            if one.table is table:
                for rate_bp, amounts in one.rates:
                    yield (
                        one.gstin, one.number, one.day, TITLES[one.kind], one.value, place_words(one.place), rate_bp,
                        amounts.taxable, amounts.igst, amounts.cgst, amounts.sgst,
                    )  # fmt: skip

    return rows


def _small(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
    for row in b2cs_rows(read_groups(uow, *asked)):
        yield (
            "Between States" if row["sply_ty"] == "INTER" else "Within the State", place_words(row["pos"]),
            round(row["rt"] * 100), *(round(row.get(name, 0) * 100) for name in ("txval", "iamt", "camt", "samt")),
        )  # fmt: skip


def _advances(table: Table) -> Reads:
    def rows(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
        for one in read_moves(uow, *asked):
            if one.table is table and one.amounts:
                words = "Between States" if one.is_interstate else "Within the State"
                sums = (one.amounts.taxable, one.amounts.igst, one.amounts.cgst, one.amounts.sgst)
                yield (words, place_words(one.place), one.rate_bp, *sums)

    return rows


def _untaxed(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
    for row in nil_rows(read_groups(uow, *asked)):
        yield (NIL_WORDS[row["sply_ty"]], *(round(row[name] * 100) for name in ("nil_amt", "expt_amt", "ngsup_amt")))


def _codes(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
    groups = read_groups(uow, *asked)
    for registered, words in ((True, "With GSTIN"), (False, "Others")):
        for row in hsn_part(groups, registered=registered):
            yield (
                words, row["hsn_sc"], row["desc"], row["uqc"], round(row["qty"] * 1000), round(row["rt"] * 100),
                *(round(row[name] * 100) for name in ("txval", "iamt", "camt", "samt")),
            )  # fmt: skip


def _numbers(uow: UnitOfWork, asked: Asked) -> Iterator[Row]:
    for run in read_runs(uow, *asked):
        yield (DOCUMENT_TYPES[run.kind][1], run.first, run.last, run.count, run.cancelled, run.count - run.cancelled)


def place_words(code: str) -> str:
    """Like "27 Maharashtra"."""
    return f"{code} {STATES[code].name}" if code in STATES else code


NIL_WORDS = {
    "INTRB2B": "To other States, with GSTIN", "INTRAB2B": "Within the State, with GSTIN", "INTRB2C": "To other States, others",
    "INTRAB2C": "Within the State, others",
}  # fmt: skip
_NAMED = (
    C("GSTIN", width=17), C("Number", width=17), C("Date", Holds.DAY), C("Document", width=22), C("Value", Holds.MONEY),
    C("Place of supply", width=20), C("Rate %", Holds.RATE, 8), *_TAXES,
)  # fmt: skip
_SUMMED = (C("Supply", width=18), C("Place of supply", width=20), C("Rate %", Holds.RATE, 8), *_TAXES)
SHEETS: Mapping[str, tuple[str, Sequence[SheetColumn], Reads]] = (
    MappingProxyType({
        "register": (
            "Sales register",
            (C("Date", Holds.DAY), C("Number", width=17), C("Document", width=22), C("Customer", width=28),
             C("GSTIN", width=17), C("Place of supply", width=20), *_TAXES, C("Round-off", Holds.MONEY),
             C("Total", Holds.MONEY), C("Corrects", width=17)),
            _register,
        ),
        "day-book": (
            "Day-book",
            (C("Date", Holds.DAY), C("Entry", Holds.NUMBER, 9), C("What", width=22), C("Number", width=17),
             C("Customer", width=28), C("Account", width=22), C("Debit", Holds.MONEY), C("Credit", Holds.MONEY)),
            _day_book,
        ),
        **{table.value: (f"Table {table.value}", _NAMED, _listed(table)) for table in LISTED},
        "b2cs": ("Table b2cs", _SUMMED, _small),
        **{table.value: (f"Table {table.value}", _SUMMED, _advances(table)) for table in ADVANCES},
        "nil": (
            "Table nil",
            (C("Supply", width=30), C("Nil rated", Holds.MONEY), C("Exempt", Holds.MONEY), C("Outside GST", Holds.MONEY)),
            _untaxed,
        ),
        "hsn": (
            "HSN summary",
            (C("Customers", width=12), C("HSN or SAC", width=12), C("Description", width=30), C("Unit", width=8),
             C("Quantity", Holds.QUANTITY, 10), C("Rate %", Holds.RATE, 8), *_TAXES),
            _codes,
        ),
        "documents": (
            "Documents issued",
            (C("Document", width=28), C("From", width=17), C("To", width=17), C("Count", Holds.NUMBER, 9),
             C("Cancelled", Holds.NUMBER, 10), C("Net", Holds.NUMBER, 9)),
            _numbers,
        ),
    })
)  # fmt: skip
