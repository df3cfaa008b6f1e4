"""Which documents a return is about, with the facts that decide about their tables, as SQL for the statements beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from microcrm.domain.gstr1 import LARGE_ABOVE, LISTED, REPORTED, Amounts, Facts, Supply, Table, facts_of
from microcrm.domain.return_period import ReturnPeriod
from microcrm.operations.unit_of_work import UnitOfWork

_LIMIT = "".join(
    f"WHEN coalesce(o.issued_on, d.issued_on) >= DATE '{since}' THEN {paise} " for since, paise in LARGE_ABOVE[::-1]
)
# Documents of the period that count: issued, not cancelled, under this GSTIN while regularly registered. ``facts`` is one
# text for all that decides about the table (see ``code_of``); notes go by the bill that they correct. A credit note after
# its last day (heads none) has no effect on the tax and is no part of it.
COUNTED = f"""
SELECT d.id, d.kind, d.number, d.issued_on, d.buyer_gstin, d.place_state, d.buyer ->> 'name' AS buyer_name, d.total_paise,
       d.round_off_paise, d.taxable_paise, d.igst_paise, d.cgst_paise, d.sgst_paise,
       coalesce(nullif(d.place_state, ''), :home) AS place,
       d.kind || (CASE WHEN d.buyer_gstin <> '' THEN ' r' ELSE ' -' END)
              || (CASE WHEN d.place_state NOT IN ('', :home) THEN 'i' ELSE '-' END)
              || (CASE WHEN coalesce(o.total_paise, d.total_paise) > CASE {_LIMIT}ELSE 0 END THEN 'l' ELSE '-' END) AS facts
FROM documents d
LEFT JOIN documents o ON o.business_id = d.business_id AND o.id = d.corrects_id
WHERE d.business_id = :business AND d.issued_on BETWEEN :first AND :last AND d.number IS NOT NULL
  AND d.state <> 'cancelled' AND d.kind = ANY(:kinds)
  AND NOT (d.kind = 'credit_note' AND d.heads = 'none')
  AND d.seller ->> 'gstin' = :gstin AND d.seller ->> 'registration' = 'regular'
"""  # noqa: S608 - our own dates and numbers
LINE_SUPPLY = "CASE WHEN l.is_exempt THEN 'exempt' WHEN l.rate_bp = 0 THEN 'nil_rated' ELSE 'taxed' END"
SUMS = "sum(l.taxable_paise)::bigint, sum(l.igst_paise)::bigint, sum(l.cgst_paise)::bigint, sum(l.sgst_paise)::bigint"


# All rows of a cursor are wanted here, not its first ones soon, for which PostgreSQL would plan a hundred times slower.
_ROOM = text("SELECT set_config('work_mem', '24MB', true), set_config('cursor_tuple_fraction', '1', true)")


def make_room(uow: UnitOfWork) -> None:
    """So that a large month is sorted in memory and read to its end: for this transaction only."""
    uow.session.execute(_ROOM)


# Those that billed in the period, with how much; and those whose earlier advances were used in it (table 11B). Not counted where
# nobody asked for them all and the first bill that is found is of the GSTIN of today.
_REGISTRATIONS = text("""
SELECT b.gstin, CASE WHEN NOT :are_all AND EXISTS (
  SELECT FROM documents d WHERE d.business_id = :business AND d.issued_on BETWEEN :first AND :last AND d.number IS NOT NULL
    AND d.seller ->> 'registration' = 'regular' AND d.seller ->> 'gstin' = b.gstin
) THEN json_build_array(b.gstin) ELSE coalesce((
  SELECT json_agg(u.gstin ORDER BY u.many DESC, u.gstin) FROM (
    SELECT gstin, sum(many) AS many FROM (
      SELECT seller ->> 'gstin' AS gstin, count(*) AS many FROM documents
      WHERE business_id = :business AND issued_on BETWEEN :first AND :last AND number IS NOT NULL
        AND seller ->> 'registration' = 'regular'
      GROUP BY 1
      UNION ALL
      SELECT DISTINCT v.seller ->> 'gstin', 0
      FROM advance_uses u JOIN documents v ON v.business_id = u.business_id AND v.id = u.voucher_id
      WHERE u.business_id = :business AND u.on_day BETWEEN :first AND :last AND v.seller ->> 'registration' = 'regular'
    ) each WHERE gstin <> '' GROUP BY gstin
  ) u
), '[]') END FROM businesses b WHERE b.id = :business
""")


@dataclass(frozen=True, slots=True)
class Registrations:
    """``chosen``: whose return it is, "" for a shop that files none. ``all``: those that the period knows, and the one of
    today. ``today``: the shop's GSTIN now, "" when it has none."""

    chosen: str
    all: tuple[str, ...]
    today: str


def gstin_for(uow: UnitOfWork, period: ReturnPeriod, asked: Any = "") -> str:
    """Whose return a file or a number is about; "" for a shop that files none."""
    return registrations(uow, period, asked, are_all=False).chosen


def registrations(uow: UnitOfWork, period: ReturnPeriod, asked: Any = "", *, are_all: bool = True) -> Registrations:
    """A shop that moved to another State, or became another firm, files one return for each of its GSTINs. ``asked``: from the
    address; what the period knows nothing of is as good as not asked for. Without it, the GSTIN of today if it billed anything
    then or nobody did, else the one that billed most. ``are_all`` may be left out by those who need ``chosen`` alone."""
    values = {
        "business": uow.business_id,
        "first": period.first,
        "last": period.last,
        "are_all": are_all or bool(asked),
    }
    today, used = uow.session.execute(_REGISTRATIONS, values).one()
    known = tuple(dict.fromkeys((*((today,) if today else ()), *used)))
    if asked in known:
        return Registrations(asked, known, today)
    chosen = today if today in used or not used else used[0]
    return Registrations(chosen, known, today)


def scope(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> dict[str, Any]:
    """The values of ``COUNTED``."""
    return {
        "business": uow.business_id, "first": period.first, "last": period.last, "gstin": gstin, "home": gstin[:2],
        "kinds": sorted(kind.value for kind in REPORTED),
    }  # fmt: skip


def code_of(facts: Facts) -> str:
    """Like "tax_invoice r--": registered, between States, large."""
    marks = ((facts.is_registered, "r"), (facts.is_interstate, "i"), (facts.is_large, "l"))
    return f"{facts.kind.value} {''.join(letter if holds else '-' for holds, letter in marks)}"


FACTS = {code_of(facts): facts for table in Table for supply in Supply for facts in facts_of(table, supply)}


def codes_of(tables: Iterable[Table], supply: Supply) -> list[str]:
    return sorted({code_of(facts) for table in tables for facts in facts_of(table, supply)})


LISTED_CODES = codes_of(LISTED, Supply.TAXED)


def amounts_of(row: Iterable[int]) -> Amounts:
    return Amounts(*(int(value or 0) for value in row))
