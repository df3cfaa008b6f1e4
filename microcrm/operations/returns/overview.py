"""A return as its page shows it: the sum of each table, whether all of it foots, and what to look at before filing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text

from microcrm.domain.documents import DocumentKind
from microcrm.domain.errors import Invalid
from microcrm.domain.gstr1 import ADVANCES, REPORTED, Amounts, Group, Supply, Table, sign_of, table_of, table_sums
from microcrm.domain.gstr1_json import Json, Run, hsn_part
from microcrm.domain.permissions import Permission
from microcrm.domain.return_checks import Gap, Seen, Warning, holes, warnings, why_not_here
from microcrm.domain.return_period import ReturnPeriod, parse_period, period_to_file, recent_periods
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.billing.terms import read_seller
from microcrm.operations.returns.advances import count_vouchers, read_moves
from microcrm.operations.returns.month import read_groups, read_runs
from microcrm.operations.returns.scope import COUNTED, FACTS, make_room, registrations, scope
from microcrm.operations.unit_of_work import UnitOfWork

MOST_NAMED = 5  # documents that differ, by number
MOST_GAPS = 50
NOTHING = Amounts()

_DOCUMENTS = text(f"""
WITH counted AS ({COUNTED})
SELECT c.facts, l.is_taxed, l.is_untaxed, count(*), sum(c.taxable_paise)::bigint, sum(c.igst_paise)::bigint,
       sum(c.cgst_paise)::bigint, sum(c.sgst_paise)::bigint, sum(c.round_off_paise)::bigint, sum(c.total_paise)::bigint,
       count(*) FILTER (WHERE c.place_state = ''),
       count(*) FILTER (WHERE CASE WHEN c.place = :home THEN c.igst_paise <> 0 ELSE c.cgst_paise <> 0 END)
FROM counted c
JOIN (
  SELECT document_id, bool_or(NOT is_exempt AND rate_bp > 0) AS is_taxed, bool_or(is_exempt OR rate_bp = 0) AS is_untaxed
  FROM document_lines WHERE business_id = :business AND document_id IN (SELECT id FROM counted) GROUP BY document_id
) l ON l.document_id = c.id
GROUP BY c.facts, l.is_taxed, l.is_untaxed
""")  # noqa: S608 - no value of anybody's in it
# Documents whose lines or ledger say something else than they do themselves: none, unless somebody was at the database.
_DIFFERENT = text("""
WITH mine AS (
  SELECT id, number, taxable_paise, cgst_paise + sgst_paise + igst_paise AS tax, round_off_paise,
         CASE WHEN kind = 'credit_note' THEN -1 ELSE 1 END AS turn
  FROM documents
  WHERE business_id = :business AND issued_on BETWEEN :first AND :last AND number IS NOT NULL AND state <> 'cancelled'
    AND kind = ANY(:posted)
), lines AS (
  SELECT document_id, sum(taxable_paise) AS taxable, sum(cgst_paise + sgst_paise + igst_paise) AS tax
  FROM document_lines WHERE business_id = :business AND document_id IN (SELECT id FROM mine) GROUP BY document_id
), ledger AS (
  SELECT document_id, -sum(amount_paise) FILTER (WHERE account = 'sales') AS taxable,
         -sum(amount_paise) FILTER (WHERE account NOT IN ('sales', 'round_off')) AS tax,
         -sum(amount_paise) FILTER (WHERE account = 'round_off') AS round_off
  FROM ledger_entries
  WHERE business_id = :business AND account IN ('sales', 'cgst', 'sgst', 'utgst', 'igst', 'round_off')
    AND on_day BETWEEN :first AND :last AND document_id IS NOT NULL
  GROUP BY document_id
)
SELECT m.id, m.number
FROM mine m LEFT JOIN lines l ON l.document_id = m.id LEFT JOIN ledger g ON g.document_id = m.id
WHERE (m.taxable_paise, m.tax) IS DISTINCT FROM (coalesce(l.taxable, 0), coalesce(l.tax, 0))
   OR (m.turn * m.taxable_paise, m.turn * m.tax, m.turn * m.round_off_paise)
      IS DISTINCT FROM (coalesce(g.taxable, 0), coalesce(g.tax, 0), coalesce(g.round_off, 0))
ORDER BY m.id LIMIT :most
""")
_AROUND = text(f"""
WITH counted AS ({COUNTED})
SELECT (SELECT count(*) FROM documents WHERE business_id = :business AND state = 'draft' AND kind <> 'estimate'
          AND issued_on BETWEEN :first AND :last),
       (SELECT count(*) FROM documents WHERE business_id = :business AND number IS NOT NULL AND state <> 'cancelled'
          AND kind <> 'estimate' AND issued_on BETWEEN :first AND :last AND kind = ANY(:posted)) - (SELECT count(*) FROM counted),
       (SELECT coalesce(json_agg(json_build_array(g.buyer_gstin, g.many, g.number)), '[]') FROM (
          SELECT buyer_gstin, count(*) AS many, min(number) AS number FROM counted WHERE buyer_gstin <> '' GROUP BY buyer_gstin
        ) g)
""")  # noqa: S608
_CALLED_OFF = text("""
SELECT id, number, issued_on, cancel_reason FROM documents
WHERE business_id = :business AND issued_on BETWEEN :first AND :last AND state = 'cancelled' AND number IS NOT NULL
ORDER BY kind, running LIMIT :most
""")
_BETWEEN = text("""
SELECT d.id, d.number, d.issued_on, d.state = 'cancelled', d.cancel_reason, count(*) OVER ()
FROM documents d
JOIN unnest(CAST(:of_kinds AS text[]), CAST(:years AS int[]), CAST(:lows AS int[]), CAST(:highs AS int[])) AS h (kind, began, low, high)
  ON d.kind = h.kind AND d.began = h.began AND d.running BETWEEN h.low AND h.high
WHERE d.business_id = :business
ORDER BY d.kind, d.running LIMIT :most
""")
_POSTED = sorted(kind.value for kind in (*REPORTED, DocumentKind.PLAIN_BILL))


@dataclass(frozen=True, slots=True)
class TableSum:
    """``count``: documents with a line in it. Amounts of a table with notes alone count as they stand on the notes."""

    table: Table
    count: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Footing:
    """Whether tables, HSN summary, documents and ledger say the same. ``different``: (id, number) of documents that do not."""

    tables: Amounts
    codes: Amounts
    documents: Amounts
    different: Sequence[tuple[int, str]]

    @property
    def holds(self) -> bool:
        return self.tables == self.codes == self.documents and not self.different


@dataclass(frozen=True, slots=True)
class ReturnView:
    """``gstin`` "": the shop files none, and there is nothing else. ``gstins``: whose return of this period may be asked for.
    ``own_gstin``: the shop's today. ``filed_through``: the last day that is filed."""

    period: ReturnPeriod
    periods: Sequence[ReturnPeriod]
    is_quarterly: bool
    is_over: bool
    gstin: str
    gstins: Sequence[str]
    own_gstin: str
    filed_through: date | None
    documents: int
    round_off: int
    value: int
    tables: Sequence[TableSum]
    codes: Sequence[tuple[bool, Json]]
    runs: Sequence[Run]
    gaps: Sequence[Gap]
    footing: Footing
    warnings: Sequence[Warning]


def view_return(uow: UnitOfWork, raw_period: Any = None, raw_gstin: Any = "") -> ReturnView:
    """Of the period and the GSTIN in the address, else of the last one that is over. At most thirteen statements."""
    uow.require(Permission.RETURNS_VIEW)
    terms, business = read_seller(uow)
    today = today_in(zone_of(business.zone), uow.now)
    period = _period(raw_period, today, is_quarterly=terms.is_quarterly)
    make_room(uow)
    known = registrations(uow, period, raw_gstin)
    gstin = known.chosen
    groups = read_groups(uow, period, gstin) if gstin else []
    counted = _counted(uow, period, gstin)
    runs = read_runs(uow, period, gstin) if gstin else []
    gaps, missing = _gaps(uow, period, runs)
    drafts, outside, gstins = uow.session.execute(_AROUND, scope(uow, period, gstin) | {"posted": _POSTED}).one()
    seen = Seen(
        period.key,
        today > period.last,
        groups,
        gstins,
        counted.placeless,
        counted.wrong_heads,
        drafts,
        outside,
        missing,
    )
    return ReturnView(
        period=period,
        periods=recent_periods(today, is_quarterly=terms.is_quarterly),
        is_quarterly=terms.is_quarterly,
        is_over=today > period.last,
        gstin=gstin,
        gstins=known.all,
        own_gstin=known.today,
        filed_through=terms.locked_through,
        documents=counted.many,
        round_off=counted.round_off,
        value=counted.value,
        tables=[
            *(TableSum(table, counted.of_table[table], amounts) for table, amounts in _as_listed(groups).items()),
            *_advances(uow, period, gstin),
        ],
        codes=[(side, row) for side in (True, False) for row in hsn_part(groups, registered=side)],
        runs=runs,
        gaps=gaps,
        footing=_footing(uow, period, groups, counted.amounts),
        warnings=warnings(seen) if gstin else [],
    )


@dataclass(slots=True)
class _Counted:
    many: int = 0
    amounts: Amounts = NOTHING
    round_off: int = 0
    value: int = 0
    placeless: int = 0
    wrong_heads: int = 0
    of_table: dict[Table, int] = field(default_factory=lambda: dict.fromkeys(Table, 0))


def _counted(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> _Counted:
    found = _Counted()
    for code, is_taxed, is_untaxed, many, *sums in uow.session.execute(_DOCUMENTS, scope(uow, period, gstin)):
        facts = FACTS[code]
        turn = sign_of(facts.kind)
        found.many += many
        found.amounts += Amounts(*(turn * paise for paise in sums[:4]))
        found.round_off += turn * sums[4]
        found.value += turn * sums[5]
        found.placeless += sums[6]
        found.wrong_heads += sums[7]
        for holds, supply in ((is_taxed, Supply.TAXED), (is_untaxed, Supply.EXEMPT)):
            if holds and (table := table_of(facts, supply)):
                found.of_table[table] += many
    return found


def _as_listed(groups: Sequence[Group]) -> dict[Table, Amounts]:
    """Credit notes that a table lists stand there without a minus; debit notes lower what it comes to."""
    sums = table_sums(groups)
    return {table: -amounts if table in (Table.CDNR, Table.CDNUR) else amounts for table, amounts in sums.items()}


def _advances(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> list[TableSum]:
    if not gstin:
        return []
    moves, many = read_moves(uow, period, gstin), count_vouchers(uow, period, gstin)
    return [
        TableSum(table, many.get(table, 0), sum((one.amounts for one in moves if one.table is table), NOTHING))
        for table in ADVANCES
    ]


def _footing(uow: UnitOfWork, period: ReturnPeriod, groups: Sequence[Group], documents: Amounts) -> Footing:
    values = {
        "business": uow.business_id,
        "first": period.first,
        "last": period.last,
        "posted": _POSTED,
        "most": MOST_NAMED,
    }
    different = [(row[0], row[1]) for row in uow.session.execute(_DIFFERENT, values)]
    codes = Amounts()
    for row in hsn_part(groups):
        codes += Amounts(*(round(row[name] * 100) for name in ("txval", "iamt", "camt", "samt")))
    return Footing(sum(table_sums(groups).values(), Amounts()), codes, documents, different)


def _gaps(uow: UnitOfWork, period: ReturnPeriod, runs: Sequence[Run]) -> tuple[list[Gap], int]:
    """Why numbers inside the series are not in the tables, and how many numbers nobody ever got."""
    values: dict[str, Any] = {"business": uow.business_id, "most": MOST_GAPS}
    days = {"first": period.first, "last": period.last}
    gaps = [
        Gap(number, id_, why_not_here(day, is_cancelled=True, reason=reason))
        for id_, number, day, reason in uow.session.execute(_CALLED_OFF, values | days)
    ]
    between = holes(runs)
    if not between:
        return gaps, 0
    kinds, years, lows, highs = (list(column) for column in zip(*between, strict=True))
    series = {"of_kinds": kinds, "years": years, "lows": lows, "highs": highs}
    rows = uow.session.execute(_BETWEEN, values | series).all()
    gaps += [
        Gap(number, id_, why_not_here(day, is_cancelled=is_void, reason=reason))
        for id_, number, day, is_void, reason, _ in rows
    ]
    gaps.sort(key=lambda gap: gap.number)
    wanted = sum(high - low + 1 for low, high in zip(lows, highs, strict=True))
    return gaps, wanted - (rows[0][5] if rows else 0)


def _period(raw: Any, today: date, *, is_quarterly: bool) -> ReturnPeriod:
    try:
        return parse_period(raw)
    except Invalid:
        return period_to_file(today, is_quarterly=is_quarterly)
