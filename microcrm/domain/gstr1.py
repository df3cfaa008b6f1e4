"""Form GSTR-1: which of its tables each line of each document belongs to (CGST Rules 2017 r.59(4); india.md 1.10).

A document's taxed lines belong to one table, its nil-rated and exempt lines to table 8; so every line is in exactly one.
Amendments (tables 9A, 9C, 10) have nothing to hold: an issued document never changes here, notes correct it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product
from types import MappingProxyType

from microcrm.domain.documents import DocumentKind


class Table(StrEnum):
    """By the name that the portal's JSON gives it."""

    B2B = "b2b"
    B2CL = "b2cl"
    B2CS = "b2cs"
    NIL = "nil"
    CDNR = "cdnr"
    CDNUR = "cdnur"
    AT = "at"
    TXPD = "txpd"


@dataclass(frozen=True, slots=True)
class TableWords:
    """``section``: as printed on the form."""

    section: str
    title: str
    holds: str


TABLES: Mapping[Table, TableWords] = MappingProxyType(
    {
        Table.B2B: TableWords("4A", "Customers with a GSTIN", "Each taxed bill to a registered customer"),
        Table.B2CL: TableWords("5", "Large bills to other States", "Each bill above ₹1,00,000 to an unregistered customer"),
        Table.B2CS: TableWords("7", "Other customers", "All other taxed bills, less their notes, by State and rate"),
        Table.CDNR: TableWords("9B", "Notes to customers with a GSTIN", "Each credit or debit note to a registered customer"),
        Table.CDNUR: TableWords("9B", "Notes on large bills", "Each note on a bill of table 5"),
        Table.AT: TableWords("11A", "Advances received", "Of receipt vouchers, what no bill has used by the end of the period"),
        Table.TXPD: TableWords("11B", "Earlier advances used", "Used for bills or given back, of vouchers from before the period"),
        Table.NIL: TableWords("8", "Nil rated and exempt", "What carries no tax, less its notes"),
    }
)  # fmt: skip
LISTED = (Table.B2B, Table.B2CL, Table.CDNR, Table.CDNUR)  # these name each document
ADVANCES = (
    Table.AT,
    Table.TXPD,
)  # no supplies yet, or taxed when the advance came in; all others hold documents' lines

SALES = frozenset({DocumentKind.TAX_INVOICE, DocumentKind.BILL_OF_SUPPLY, DocumentKind.INVOICE_CUM_BILL})
NOTES = frozenset({DocumentKind.CREDIT_NOTE, DocumentKind.DEBIT_NOTE})
REPORTED = SALES | NOTES  # of a regular taxpayer; an estimate or a bill without GSTIN is none of the return's business

# From when on a bill to another State counts as large, paise: above it, not from it on (notification 12/2024-CT).
LARGE_ABOVE: tuple[tuple[date, int], ...] = ((date(2017, 7, 1), 2_50_000_00), (date(2024, 8, 1), 1_00_000_00))


class Supply(StrEnum):
    TAXED = "taxed"
    NIL_RATED = "nil_rated"  # taxable at 0 %
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decides about the table. ``is_large``: of a note, whether the bill that it corrects is."""

    kind: DocumentKind
    is_registered: bool
    is_interstate: bool
    is_large: bool


@dataclass(frozen=True, slots=True)
class Amounts:
    """Paise. ``sgst`` is also UTGST: the form has one column for both."""

    taxable: int = 0
    igst: int = 0
    cgst: int = 0
    sgst: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.taxable + other.taxable, self.igst + other.igst, self.cgst + other.cgst, self.sgst + other.sgst
        )

    def __neg__(self) -> Amounts:
        return Amounts(-self.taxable, -self.igst, -self.cgst, -self.sgst)

    def __bool__(self) -> bool:
        return bool(self.taxable or self.igst or self.cgst or self.sgst)

    @property
    def tax(self) -> int:
        return self.igst + self.cgst + self.sgst


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that are alike in everything the form asks about. Amounts are as they stand on the documents, so those of
    credit notes are positive too. ``quantity``: thousandths of ``unit``, which only goods have. ``place``: the State's code."""

    facts: Facts
    place: str
    sac: str
    rate_bp: int
    is_exempt: bool
    amounts: Amounts
    quantity: int = 0
    description: str = ""
    unit: str = ""


def is_large(value: int, day: date) -> bool:
    """Whether a bill of that value (paise, with tax) and day is large, should it go to another State (table 5)."""
    return value > max((since, limit) for since, limit in LARGE_ABOVE if since <= day)[1]


def supply_of(rate_bp: int, *, is_exempt: bool) -> Supply:
    """CGST Act s.2(47): exempt by notification, or taxable at nil; both go to table 8."""
    if is_exempt:
        return Supply.EXEMPT
    return Supply.TAXED if rate_bp else Supply.NIL_RATED


def table_of(facts: Facts, supply: Supply) -> Table | None:
    """The one table for these lines; nothing for documents that the return does not ask about."""
    if facts.kind not in REPORTED:
        return None
    if supply is not Supply.TAXED:
        return Table.NIL
    is_note = facts.kind in NOTES
    if facts.is_registered:
        return Table.CDNR if is_note else Table.B2B
    if facts.is_interstate and facts.is_large:
        return Table.CDNUR if is_note else Table.B2CL
    return Table.B2CS


def sign_of(kind: DocumentKind) -> int:
    """What a document does to the sums of table 7, table 8 and the HSN summary."""
    return -1 if kind is DocumentKind.CREDIT_NOTE else 1


def signed(group: Group) -> Amounts:
    return group.amounts if sign_of(group.facts.kind) > 0 else -group.amounts


def facts_of(table: Table, supply: Supply) -> tuple[Facts, ...]:
    """All facts under which lines of that supply belong to the table: the rule read backwards, for questions to a store."""
    flags = (False, True)
    every = (Facts(kind, *three) for kind in DocumentKind for three in product(flags, flags, flags))
    return tuple(facts for facts in every if table_of(facts, supply) is table)


def table_sums(groups: Iterable[Group]) -> dict[Table, Amounts]:
    """What each table of supplies comes to, notes taken off: together they are the month's sales and taxes."""
    sums = {table: Amounts() for table in Table if table not in ADVANCES}
    for group in groups:
        table = table_of(group.facts, supply_of(group.rate_bp, is_exempt=group.is_exempt))
        if table is not None:
            sums[table] += signed(group)
    return sums
