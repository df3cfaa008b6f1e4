"""Advances in a return, from vouchers and their uses (CGST Act s.13(2); tables 11A and 11B).

11A has what came in and was not used by the end of the period; 11B what was used in the period, or given back, of advances
from before it. Both without exempt parts, on which no tax is due.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from microcrm.domain.documents import DocumentKind
from microcrm.domain.gstr1 import Amounts, Table
from microcrm.domain.gstr1_json import Moved
from microcrm.domain.return_period import ReturnPeriod
from microcrm.operations.returns.scope import scope
from microcrm.operations.unit_of_work import UnitOfWork

_OURS = "v.state <> 'cancelled' AND v.seller ->> 'gstin' = :gstin AND v.seller ->> 'registration' = 'regular'"
# Each line of a voucher that came in, and each use; a use in the voucher's own period lowers table 11A.
MOVED = f"""
SELECT 'at' AS part, v.id, l.rate_bp, l.taxable_paise AS taxable, l.igst_paise AS igst, l.cgst_paise AS cgst, l.sgst_paise AS sgst
FROM documents v JOIN document_lines l ON l.business_id = v.business_id AND l.document_id = v.id
WHERE v.business_id = :business AND v.kind = '{DocumentKind.RECEIPT_VOUCHER}' AND v.issued_on BETWEEN :first AND :last
  AND v.number IS NOT NULL AND {_OURS} AND NOT l.is_exempt AND l.rate_bp > 0
UNION ALL
SELECT CASE WHEN v.issued_on >= :first THEN 'at' ELSE 'txpd' END, v.id, u.rate_bp, w.turn * u.taxable_paise,
       w.turn * u.igst_paise, w.turn * u.cgst_paise, w.turn * u.sgst_paise
FROM advance_uses u
JOIN documents v ON v.business_id = u.business_id AND v.id = u.voucher_id
CROSS JOIN LATERAL (SELECT CASE WHEN v.issued_on >= :first THEN -1 ELSE 1 END AS turn) w
WHERE u.business_id = :business AND u.on_day BETWEEN :first AND :last AND {_OURS} AND NOT u.is_exempt AND u.rate_bp > 0
"""  # noqa: S608 - no value of anybody's in it
# The same by voucher, as ``behind`` asks for documents.
VOUCHERS_BEHIND = f"""
WITH moved AS ({MOVED}), part AS (
  SELECT v.id, v.number, v.kind, v.issued_on, v.buyer ->> 'name' AS buyer_name, v.buyer_gstin,
         coalesce(nullif(v.place_state, ''), :home) AS place, 1 AS turn, sum(m.taxable)::bigint AS taxable,
         sum(m.igst)::bigint AS igst, sum(m.cgst)::bigint AS cgst, sum(m.sgst)::bigint AS sgst
  FROM moved m JOIN documents v ON v.business_id = :business AND v.id = m.id
  WHERE m.part = :table GROUP BY v.id HAVING sum(m.taxable) <> 0
)
"""  # noqa: S608
_BY_RATE = text(f"""
WITH moved AS ({MOVED})
SELECT m.part, coalesce(nullif(v.place_state, ''), :home) AS place, m.rate_bp, sum(m.taxable)::bigint, sum(m.igst)::bigint,
       sum(m.cgst)::bigint, sum(m.sgst)::bigint
FROM moved m JOIN documents v ON v.business_id = :business AND v.id = m.id
GROUP BY m.part, 2, m.rate_bp ORDER BY 1, 2, 3
""")  # noqa: S608
_COUNT = text(f"""
WITH moved AS ({MOVED})
SELECT part, count(*) FROM (SELECT part, id FROM moved GROUP BY part, id HAVING sum(taxable) <> 0) one GROUP BY part
""")  # noqa: S608


def read_moves(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> list[Moved]:
    return [
        Moved(Table(part), place, place != gstin[:2], rate_bp, Amounts(*sums))
        for part, place, rate_bp, *sums in uow.session.execute(_BY_RATE, scope(uow, period, gstin))
    ]


def count_vouchers(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> dict[Any, int]:
    """Of each of the two tables, by its name."""
    return {row[0]: row[1] for row in uow.session.execute(_COUNT, scope(uow, period, gstin))}
