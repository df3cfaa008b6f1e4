"""What lay on the shelves at the beginning and at the end of some days, what moved between, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from microcrm.domain.fields import Reader
from microcrm.domain.goods import MOVE_WORDS, Move, is_low, worth
from microcrm.domain.permissions import Permission
from microcrm.domain.sheet import Cell, Holds, SheetColumn
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.operations.products import PAGE, knows_costs
from microcrm.operations.unit_of_work import UnitOfWork

LONGEST = timedelta(days=400)
AT_ONCE = 1_000  # movements in memory while a file is written
# What moved since the first day, by product; what stands there now less that is what was there.
_MOVED = """
WITH moved AS (
  SELECT product_id, sum(quantity)::bigint AS since,
    coalesce(sum(quantity) FILTER (WHERE at >= :until), 0)::bigint AS after,
    coalesce(sum(quantity) FILTER (WHERE at < :until AND kind IN ('opening', 'received')), 0)::bigint AS came,
    coalesce(sum(quantity) FILTER (WHERE at < :until AND kind IN ('sold', 'returned')), 0)::bigint AS sold,
    coalesce(sum(quantity) FILTER (WHERE at < :until AND kind = 'used'), 0)::bigint AS used,
    coalesce(sum(quantity) FILTER (WHERE at < :until AND kind = 'damaged'), 0)::bigint AS damaged,
    coalesce(sum(quantity) FILTER (WHERE at < :until AND kind IN ('counted', 'undone')), 0)::bigint AS corrected
  FROM stock_movements WHERE business_id = :business AND at >= :since GROUP BY product_id
), told AS (
  SELECT p.id, p.name, p.barcode, p.unit, p.low_at, p.cost_paise, p.is_active, p.stock,
    p.stock - coalesce(m.since, 0) AS opening, p.stock - coalesce(m.after, 0) AS closing,
    coalesce(m.came, 0) AS came, coalesce(m.sold, 0) AS sold, coalesce(m.used, 0) AS used,
    coalesce(m.damaged, 0) AS damaged, coalesce(m.corrected, 0) AS corrected
  FROM products p LEFT JOIN moved m ON m.product_id = p.id
  WHERE p.business_id = :business AND (p.is_active OR m.product_id IS NOT NULL OR p.stock <> 0)
)
"""
_ROWS = text(_MOVED + "SELECT * FROM told ORDER BY lower(name), id LIMIT :most OFFSET :skipped")  # noqa: S608 - no value of anybody's in it
_ALL = text(_MOVED + "SELECT * FROM told ORDER BY lower(name), id")  # noqa: S608
_EACH = text("""
SELECT m.at, p.name, p.barcode, m.kind, m.quantity, m.stock_after, m.cost_paise, m.note, coalesce(d.number, ''), coalesce(w.name, '')
FROM stock_movements m
JOIN products p ON p.business_id = m.business_id AND p.id = m.product_id
LEFT JOIN documents d ON d.business_id = m.business_id AND d.id = m.document_id
LEFT JOIN members w ON w.business_id = m.business_id AND w.id = m.member_id
WHERE m.business_id = :business AND m.at >= :since AND m.at < :until
ORDER BY m.at, m.id
""")
_TOTALS = text(
    _MOVED
    + """
SELECT count(*) AS count, coalesce(sum(div(greatest(closing, 0)::numeric * cost_paise, 1000)), 0)::bigint AS worth,
  count(*) FILTER (WHERE closing > 0 AND cost_paise IS NULL) AS without_cost,
  coalesce(sum(div(-used::numeric * cost_paise, 1000)), 0)::bigint AS used,
  coalesce(sum(div(-damaged::numeric * cost_paise, 1000)), 0)::bigint AS damaged,
  count(*) FILTER (WHERE is_active AND (stock < 0 OR stock <= low_at)) AS low
FROM told
"""
)


@dataclass(frozen=True, slots=True)
class StockRow:
    """Thousandths; what went has a minus. ``worth`` in paise, of what was there at the end at the last cost; None where that is not
    known or not theirs to know."""

    id: int
    name: str
    barcode: str
    unit: str
    opening: int
    came: int
    sold: int
    used: int
    damaged: int
    corrected: int
    closing: int
    worth: int | None
    is_low: bool


@dataclass(frozen=True, slots=True)
class StockReport:
    """``worth``, ``used`` and ``damaged`` in paise at the last cost, None for those who may not know it; ``low``: how many run low
    now."""

    first: date
    last: date
    rows: tuple[StockRow, ...]
    count: int
    page: int
    worth: int | None
    used: int | None
    damaged: int | None
    without_cost: int
    low: int


def stock_report(uow: UnitOfWork, raw_first: Any = None, raw_last: Any = None, raw_page: Any = 1) -> StockReport:
    """From the first to the last day, both included; by default this month so far. Fifty products a page; two statements."""
    uow.require(Permission.CATALOGUE_VIEW)
    first, last = _days(uow, raw_first, raw_last)
    reader = Reader()
    page = reader.whole_number("page", raw_page, "Page", low=1, high=1_000, default=1)
    reader.done()
    values = _values(uow, first, last)
    knows = knows_costs(uow)
    found = uow.session.execute(_ROWS, values | {"most": PAGE, "skipped": (page - 1) * PAGE})
    rows = tuple(_row(row, knows=knows) for row in found)
    sums = uow.session.execute(_TOTALS, values).one()
    return StockReport(
        first=first, last=last, rows=rows, count=sums.count, page=page,
        worth=sums.worth if knows else None, used=sums.used if knows else None, damaged=sums.damaged if knows else None,
        without_cost=sums.without_cost if knows else 0, low=sums.low,
    )  # fmt: skip


COLUMNS: Sequence[SheetColumn] = (
    SheetColumn("Product", width=30), SheetColumn("SKU", width=16), SheetColumn("Unit", width=8),
    *(
        SheetColumn(words, Holds.QUANTITY, 11)
        for words in ("At first", "Came in", "Sold", "Own use", "Damaged", "Corrected", "At last")
    ),
    SheetColumn("Worth at last cost", Holds.MONEY), SheetColumn("Low", width=8),
)  # fmt: skip


def stock_sheet(
    uow: UnitOfWork, raw_first: Any = None, raw_last: Any = None
) -> tuple[date, date, Iterator[Sequence[Cell]]]:
    """All of it, as rows of a file."""
    uow.require(Permission.CATALOGUE_VIEW)
    first, last = _days(uow, raw_first, raw_last)
    knows = knows_costs(uow)
    rows = (_row(row, knows=knows) for row in uow.session.execute(_ALL, _values(uow, first, last)))
    return first, last, (
        (
            one.name, one.barcode, one.unit, one.opening, one.came, one.sold, one.used, one.damaged, one.corrected, one.closing,
            one.worth, "Low" if one.is_low else "",
        )
        for one in rows
    )  # fmt: skip


MOVEMENT_COLUMNS: Sequence[SheetColumn] = (
    SheetColumn("Time", width=17), SheetColumn("Product", width=30), SheetColumn("SKU", width=16), SheetColumn("What", width=16),
    SheetColumn("Quantity", Holds.QUANTITY, 11), SheetColumn("Stock after", Holds.QUANTITY, 11),
    SheetColumn("Cost of one", Holds.MONEY), SheetColumn("Reason or supplier", width=30), SheetColumn("Bill", width=17),
    SheetColumn("Who", width=20),
)  # fmt: skip


def movement_sheet(
    uow: UnitOfWork, raw_first: Any = None, raw_last: Any = None
) -> tuple[date, date, Iterator[Sequence[Cell]]]:
    """Each movement of those days by itself, the first one first, through a cursor on the server."""
    uow.require(Permission.CATALOGUE_VIEW)
    first, last = _days(uow, raw_first, raw_last)
    return first, last, _movements(uow, _values(uow, first, last), knows=knows_costs(uow))


def _movements(uow: UnitOfWork, values: dict[str, Any], *, knows: bool) -> Iterator[Sequence[Cell]]:
    zone = zone_of(uow.actor.zone)
    with uow.session.connection().execute(_EACH, values, execution_options={"yield_per": AT_ONCE}) as rows:
        for at, name, barcode, kind, quantity, after, cost, note, number, who in rows:
            when = f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
            yield (
                when, name, barcode, MOVE_WORDS[Move(kind)], quantity, after, cost if knows else None, note, number, who,
            )  # fmt: skip


def _days(uow: UnitOfWork, raw_first: Any, raw_last: Any) -> tuple[date, date]:
    today = today_in(zone_of(uow.actor.zone), uow.now)
    reader = Reader()
    last = reader.optional_day("to", raw_last, "To", latest=today) or today
    first = reader.optional_day("from", raw_first, "From", latest=today) or last.replace(day=1)
    if last < first:
        reader.refuse("to", "The last day comes before the first.")
    elif last - first > LONGEST:
        reader.refuse("from", "Take a year at most.")
    reader.done()
    return first, last


def _values(uow: UnitOfWork, first: date, last: date) -> dict[str, Any]:
    zone = zone_of(uow.actor.zone)
    return {"business": uow.business_id, "since": day_bounds(first, zone)[0], "until": day_bounds(last, zone)[1]}


def _row(row: Any, *, knows: bool) -> StockRow:
    return StockRow(
        id=row.id, name=row.name, barcode=row.barcode, unit=row.unit, opening=row.opening, came=row.came, sold=row.sold,
        used=row.used, damaged=row.damaged, corrected=row.corrected, closing=row.closing,
        worth=worth(row.closing, row.cost_paise) if knows else None,
        is_low=row.is_active and is_low(row.stock, row.low_at),
    )  # fmt: skip
