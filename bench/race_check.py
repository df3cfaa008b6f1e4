"""Whether the tables keep what was promised, in SQL that shares nothing with the code that wrote them."""

from __future__ import annotations

import psycopg

_LIVE = "('hold','pending_approval','pending_payment','booked','confirmed','arrived','started','finished')"
_OVERLAPS = """
SELECT count(*) FROM occupancies a JOIN occupancies b
  ON a.business_id = b.business_id AND a.id < b.id AND a.is_live AND b.is_live
 AND coalesce(a.member_id, -a.resource_id) = coalesce(b.member_id, -b.resource_id)
 AND lower(a.span) < upper(b.span) AND lower(b.span) < upper(a.span)
WHERE a.business_id = %s
"""
_LOST_SEATS = f"""
SELECT count(*) FROM class_sessions s WHERE s.business_id = %s AND s.taken <> coalesce((
  SELECT sum(i.seats) FROM booking_items i JOIN bookings b ON b.business_id = i.business_id AND b.id = i.booking_id
  WHERE i.business_id = s.business_id AND i.session_id = s.id AND b.status IN {_LIVE}), 0)
"""
# A visit that is on holds its time, from its first to its last minute; one that is off holds none.
_UNHELD = f"""
SELECT count(*) FROM booking_items i JOIN bookings b ON b.business_id = i.business_id AND b.id = i.booking_id
WHERE i.business_id = %s AND i.session_id IS NULL AND (b.status IN {_LIVE}) <> coalesce((
  SELECT min(lower(o.span)) <= i.starts_at AND max(upper(o.span)) >= i.ends_at FROM occupancies o
  WHERE o.business_id = i.business_id AND o.booking_item_id = i.id AND o.is_live AND o.member_id = i.member_id), false)
"""
# Numbers are given once, and every visit but a bare hold has one.
_NUMBERS = """
SELECT count(number) - count(DISTINCT number) + count(*) FILTER (WHERE number IS NULL AND status NOT IN ('hold', 'expired'))
FROM bookings WHERE business_id = %s
"""
# The story of each visit is one chain, and ends where the visit stands.
_BROKEN_STORIES = """
SELECT count(*) FROM (
  SELECT e.from_status, lag(e.to_status) OVER w AS earlier, e.to_status, lead(e.id) OVER w AS next, b.status
  FROM booking_events e JOIN bookings b ON b.business_id = e.business_id AND b.id = e.booking_id
  WHERE e.business_id = %s WINDOW w AS (PARTITION BY e.booking_id ORDER BY e.id)
) s WHERE (earlier IS NOT NULL AND from_status <> earlier) OR (next IS NULL AND to_status <> status)
"""


def check(connection: psycopg.Connection, business_id: int) -> dict[str, int]:
    """Faults by kind; all of them must be none. ``connection``: the owner's."""
    faults = {
        "overlaps": _count(connection, _OVERLAPS, business_id),
        "lost_seats": _count(connection, _LOST_SEATS, business_id),
    }
    others = (_UNHELD, _NUMBERS, _BROKEN_STORIES)
    return faults | {"other_faults": sum(_count(connection, statement, business_id) for statement in others)}


def deadlocks(connection: psycopg.Connection) -> int:
    """Since the server began."""
    row = connection.execute("SELECT sum(deadlocks) FROM pg_stat_database").fetchone()
    return int(row[0] or 0) if row else 0


def _count(connection: psycopg.Connection, statement: str, business_id: int) -> int:
    row = connection.execute(statement, (business_id,)).fetchone()
    return int(row[0]) if row else 0
