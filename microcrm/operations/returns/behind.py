"""Why this number: the documents behind any total of a return, and the lines behind a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from microcrm.domain.documents import TITLES, DocumentKind
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.gstr1 import ADVANCES, Amounts, Supply, Table, facts_of, sign_of
from microcrm.domain.permissions import Permission
from microcrm.domain.return_period import ReturnPeriod, parse_period
from microcrm.domain.states import STATES
from microcrm.domain.why import WhyLine, steps
from microcrm.operations.billing.reading import DocumentView, LineView, read_document
from microcrm.operations.returns.advances import VOUCHERS_BEHIND
from microcrm.operations.returns.scope import COUNTED, LINE_SUPPLY, code_of, gstin_for, make_room, scope
from microcrm.operations.unit_of_work import UnitOfWork

PAGE_SIZE = 50
ONLY = ("no_code", "no_place", "wrong_heads")

# The lines asked for, by document. Each condition that is not asked for is empty.
_PART = f"""
WITH counted AS ({COUNTED}),
part AS (
  SELECT c.id, c.number, c.kind, c.issued_on, c.buyer_name, c.buyer_gstin, c.place,
         CASE WHEN c.kind = 'credit_note' THEN -1 ELSE 1 END AS turn, sum(l.taxable_paise)::bigint AS taxable,
         sum(l.igst_paise)::bigint AS igst, sum(l.cgst_paise)::bigint AS cgst, sum(l.sgst_paise)::bigint AS sgst
  FROM counted c JOIN document_lines l ON l.business_id = :business AND l.document_id = c.id
  WHERE c.facts || ' ' || {LINE_SUPPLY} = ANY(:codes)
    AND (CAST(:rate AS int) IS NULL OR CASE WHEN l.is_exempt THEN 0 ELSE l.rate_bp END = :rate)
    AND (CAST(:place AS text) IS NULL OR c.place = :place)
    AND (CAST(:sac AS text) IS NULL OR l.sac = :sac)
    AND (CAST(:registered AS boolean) IS NULL OR (c.buyer_gstin <> '') = :registered)
    AND CASE CAST(:only AS text)
        WHEN 'no_code' THEN length(l.sac) < 4
        WHEN 'no_place' THEN c.place_state = ''
        WHEN 'wrong_heads' THEN CASE WHEN c.place = :home THEN c.igst_paise <> 0 ELSE c.cgst_paise <> 0 END
        ELSE true END
  GROUP BY c.id, c.number, c.kind, c.issued_on, c.buyer_name, c.buyer_gstin, c.place
)
"""  # noqa: S608 - no value of anybody's in it
_TOTAL = """
SELECT count(*), sum(turn * taxable)::bigint, sum(turn * igst)::bigint, sum(turn * cgst)::bigint, sum(turn * sgst)::bigint
FROM part
"""
_PAGE = """
SELECT id, number, kind, issued_on, buyer_name, buyer_gstin, place, taxable, igst, cgst, sgst FROM part
WHERE CAST(:after AS bigint) IS NULL
   OR (issued_on, id) > (SELECT issued_on, id FROM documents WHERE business_id = :business AND id = :after)
ORDER BY issued_on, id LIMIT :most
"""
_SUPPLIES = (text(_PART + _TOTAL), text(_PART + _PAGE))
_VOUCHERS = (text(VOUCHERS_BEHIND + _TOTAL), text(VOUCHERS_BEHIND + _PAGE))


@dataclass(frozen=True, slots=True)
class Behind:
    """From the address; what makes no sense is as good as not asked for. ``table`` empty: all. ``rate``: basis points.
    ``side``: "b2b" or "b2c". ``only``: one of ``ONLY``. ``after``: the id of the last row seen. ``gstin``: whose return it is."""

    period: Any
    table: Any = ""
    rate: Any = None
    place: Any = None
    sac: Any = None
    side: Any = ""
    only: Any = ""
    after: Any = None
    gstin: Any = ""


@dataclass(frozen=True, slots=True)
class BehindRow:
    """``amounts``: of the lines asked for, as the number that was pressed counts them."""

    id: int
    number: str
    title: str
    day: date
    customer: str
    gstin: str
    place: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class BehindPage:
    period: ReturnPeriod
    table: Table | None
    rows: Sequence[BehindRow]
    count: int
    total: Amounts
    has_more: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """A document with the steps from price to tax of each line."""

    document: DocumentView
    lines: Sequence[tuple[LineView, Sequence[str]]]


def behind(uow: UnitOfWork, command: Behind) -> BehindPage:
    """50 documents of those behind a number, and what all of them come to. Raises: Invalid, for no period."""
    uow.require(Permission.RETURNS_VIEW)
    period = parse_period(command.period)
    table = next((one for one in Table if one == command.table), None)
    make_room(uow)
    values = scope(uow, period, gstin_for(uow, period, command.gstin)) | _asked(command, table)
    in_all, one_by_one = _VOUCHERS if table in ADVANCES else _SUPPLIES
    count, *sums = uow.session.execute(in_all, values).one()
    rows = uow.session.execute(one_by_one, values | {"most": PAGE_SIZE + 1}).all()
    turn = -1 if table in (Table.CDNR, Table.CDNUR) else 1  # credit notes stand there without a minus
    return BehindPage(
        period,
        table,
        [_row(row, turn) for row in rows[:PAGE_SIZE]],
        count,
        Amounts(*(turn * int(paise or 0) for paise in sums)),
        len(rows) > PAGE_SIZE,
    )


def explain(uow: UnitOfWork, document_id: Any) -> Explained:
    """Raises: NotFound, also for another business's document."""
    uow.require(Permission.RETURNS_VIEW)
    document = read_document(uow, document_id)
    return Explained(document, [(line, steps(_why(line))) for line in document.lines])


def _asked(command: Behind, table: Table | None) -> Mapping[str, Any]:
    codes = [
        f"{code_of(facts)} {supply}"
        for one in ([table] if table else Table)
        for supply in Supply
        for facts in facts_of(one, supply)
    ]
    return {
        "codes": codes,
        "table": table.value if table else "",
        "rate": _number(command.rate, 10_000),
        "after": _number(command.after, BIGINT),
        "place": place if (place := _word(command.place)) in STATES else None,
        "sac": sac if (sac := _word(command.sac)).isascii() and 0 < len(sac) <= 8 else None,
        "registered": {"b2b": True, "b2c": False}.get(_word(command.side)),
        "only": command.only if command.only in ONLY else "",
    }


def _word(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""


def _number(raw: Any, most: int) -> int | None:
    try:
        number = parse_whole(raw)
    except Invalid:
        return None
    return number if number is not None and 0 <= number <= most else None


def _row(row: Any, turn: int) -> BehindRow:
    kind = DocumentKind(row[2])
    sign = turn * sign_of(kind)
    amounts = Amounts(*(sign * paise for paise in row[7:11]))
    return BehindRow(row[0], row[1], TITLES[kind], row[3], row[4] or "Walk-in", row[5], row[6], amounts)


def _why(line: LineView) -> WhyLine:
    return WhyLine(
        line.quantity, line.price, line.reduction, line.is_with_tax, line.is_exempt, line.rate_bp, line.taxable, line.igst,
        line.cgst, line.sgst,
    )  # fmt: skip
