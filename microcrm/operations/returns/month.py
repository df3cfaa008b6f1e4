"""What a return says, read in a constant number of statements however many documents the period has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import text

from microcrm.domain.documents import DocumentKind
from microcrm.domain.gstr1 import NOTES, Amounts, Group, Supply, table_of
from microcrm.domain.gstr1_json import DOCUMENT_TYPES, Listed, Run, hsn_words
from microcrm.domain.return_period import ReturnPeriod
from microcrm.operations.returns.scope import COUNTED, FACTS, LISTED_CODES, SUMS, scope
from microcrm.operations.unit_of_work import UnitOfWork

AT_ONCE = 5_000  # rows in memory while a file is written

_GROUPS = text(f"""
WITH counted AS ({COUNTED})
SELECT c.facts, c.place, l.sac, CASE WHEN l.is_exempt THEN 0 ELSE l.rate_bp END AS rate, l.is_exempt, l.tax_class,
       min(l.description), sum(l.quantity)::bigint, {SUMS}, l.unit
FROM counted c JOIN document_lines l ON l.business_id = :business AND l.document_id = c.id
GROUP BY c.facts, c.place, l.sac, rate, l.is_exempt, l.tax_class, l.unit
""")  # noqa: S608 - no value of anybody's in it
# In the order of the file: bills before notes, customers with a GSTIN before others, each customer's or State's together.
_LISTED = text(f"""
WITH counted AS ({COUNTED})
SELECT c.facts, c.buyer_gstin, c.number, c.issued_on, c.total_paise, c.place, c.id, l.rate_bp, l.taxable, l.igst, l.cgst, l.sgst
FROM counted c
JOIN (
  SELECT l.document_id, l.rate_bp, sum(l.taxable_paise)::bigint AS taxable, sum(l.igst_paise)::bigint AS igst,
         sum(l.cgst_paise)::bigint AS cgst, sum(l.sgst_paise)::bigint AS sgst
  FROM document_lines l
  WHERE l.business_id = :business AND NOT l.is_exempt AND l.rate_bp > 0
    AND l.document_id IN (SELECT id FROM counted WHERE facts = ANY(:listed))
  GROUP BY l.document_id, l.rate_bp
) l ON l.document_id = c.id
WHERE c.facts = ANY(:listed)
ORDER BY c.kind = ANY(:notes), c.buyer_gstin = '', c.buyer_gstin, CASE WHEN c.buyer_gstin = '' THEN c.place ELSE '' END,
         c.issued_on, c.number, c.id, l.rate_bp
""")  # noqa: S608
# Numbers that follow each other are a run; one dated in another month, or another beginning, ends it.
_RUNS = text("""
SELECT kind, began, min(running), max(running), count(*), count(*) FILTER (WHERE is_cancelled),
       (array_agg(number ORDER BY running))[1], (array_agg(number ORDER BY running DESC))[1]
FROM (
  SELECT kind, began, running, number, state = 'cancelled' AS is_cancelled, regexp_replace(number, '[0-9]+', '#', 'g') AS shape,
         running - row_number() OVER (PARTITION BY kind, began, regexp_replace(number, '[0-9]+', '#', 'g') ORDER BY running)
         AS island
  FROM documents
  WHERE business_id = :business AND issued_on BETWEEN :first AND :last AND number IS NOT NULL AND kind = ANY(:kinds)
    AND seller ->> 'gstin' = :gstin AND seller ->> 'registration' = 'regular'
) d
GROUP BY kind, began, shape, island
ORDER BY kind, began, min(running)
""")


def read_groups(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> list[Group]:
    """One statement; as many rows as there are kinds of lines."""
    rows = uow.session.execute(_GROUPS, scope(uow, period, gstin))
    return [
        Group(
            facts=FACTS[row[0]],
            place=row[1],
            sac=row[2],
            rate_bp=row[3],
            is_exempt=row[4],
            amounts=Amounts(*row[8:12]),
            quantity=row[7],
            description=hsn_words(row[5], row[6]),
            unit=row[12],
        )
        for row in rows
    ]


def stream_listed(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> Iterator[Listed]:
    """The documents that tables 4A, 5 and 9B name, through a cursor on the server: memory doesn't grow with their number."""
    values = scope(uow, period, gstin) | {"listed": LISTED_CODES, "notes": sorted(kind.value for kind in NOTES)}
    options = {"yield_per": AT_ONCE}
    with uow.session.connection().execute(_LISTED, values, execution_options=options) as rows:
        for _, lines in groupby(rows, key=lambda row: row[6]):
            yield _listed(list(lines))


def read_runs(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> list[Run]:
    """Table 13, cancelled documents among them."""
    kinds = sorted(kind.value for kind in DOCUMENT_TYPES)
    rows = uow.session.execute(_RUNS, scope(uow, period, gstin) | {"kinds": kinds})
    return [Run(DocumentKind(row[0]), row[6], row[7], row[4], row[5], row[1], row[2], row[3]) for row in rows]


def _listed(lines: list[Any]) -> Listed:
    code, gstin, number, day, value, place, *_ = lines[0]
    facts = FACTS[code]
    table = table_of(facts, Supply.TAXED)
    if table is None:
        raise ValueError(f"{code} belongs to no table")
    rates = tuple((line[7], Amounts(*line[8:12])) for line in lines)
    return Listed(table, facts.kind, gstin, number, day, value, place, facts.is_interstate, rates)
