"""A visit in one round trip: the time it takes, its rows, and when it is booked at once its number, story, log and way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.occupy import Claim
from microcrm.operations.unit_of_work import UnitOfWork

# Time is claimed first, in the order of the claims: that order, the same for everybody, is what keeps claims free of deadlock.
# Who gets none of it writes nothing else. Foreign keys are checked when the whole statement is done.
_CLAIM = """
WITH items AS MATERIALIZED (
  SELECT nextval('booking_items_id_seq') AS id, i.*
  FROM unnest(cast(:services AS bigint[]), cast(:members AS bigint[]), cast(:starts AS timestamptz[]),
    cast(:ends AS timestamptz[]), cast(:minutes AS int[]), cast(:prices AS bigint[]))
    WITH ORDINALITY AS i (service, member, starts, ends, minutes, price, place)
), claims AS (
  INSERT INTO occupancies (business_id, booking_item_id, member_id, resource_id, span, expires_at, is_live)
  SELECT :business, items.id, CASE WHEN c.keeper > 0 THEN c.keeper END, CASE WHEN c.keeper < 0 THEN -c.keeper END,
    tstzrange(c.starts, c.ends), :expires, true
  FROM unnest(cast(:places AS int[]), cast(:keepers AS bigint[]), cast(:since AS timestamptz[]), cast(:until AS timestamptz[]))
    WITH ORDINALITY AS c (place, keeper, starts, ends, number) JOIN items ON items.place = c.place + 1
  ORDER BY c.number ON CONFLICT DO NOTHING RETURNING id
), won AS MATERIALIZED (
  SELECT count(*) AS claims FROM claims
)"""
# The counter is taken when the time is won: bookings of one shop queue only from here to the commit.
_NUMBER = """, next AS (
  INSERT INTO counters AS c (business_id, kind, last)
  SELECT :business, 'booking', 1 FROM won WHERE won.claims = cardinality(cast(:keepers AS bigint[]))
  ON CONFLICT (business_id, kind) DO UPDATE SET last = c.last + 1 RETURNING last
)"""
_ROWS = """, visit AS (
  INSERT INTO bookings (business_id, number, customer_id, status, starts_at, ends_at, source, note, guest_name, cancel_reason,
    created_at, created_by_member_id, expires_at, series_id, series_place, language, request_key, deposit_paise, version)
  SELECT :business, {number}, :customer, :status, :starts_at, :ends_at, :source, :note, :guest, '', :now, :by, :expires, :series,
    :series_place, :language, :request_key, :deposit, 1
  FROM won WHERE won.claims > 0 RETURNING id
), stored AS (
  INSERT INTO booking_items (id, business_id, booking_id, service_id, member_id, starts_at, ends_at, duration_min, price_paise,
    is_live) OVERRIDING SYSTEM VALUE
  SELECT i.id, :business, visit.id, i.service, i.member, i.starts, i.ends, i.minutes, i.price, true
  FROM visit, items i ORDER BY i.place
)"""
_STORY = """, story AS (
  INSERT INTO booking_events (business_id, booking_id, customer_id, at, member_id, kind, from_status, to_status, reason)
  SELECT :business, visit.id, :customer, :now, :by, :kind, '', :status, :reason FROM visit, next
), log AS (
  INSERT INTO audit_events (business_id, at, user_id, member_id, is_viewing_as, action, subject, subject_id, facts)
  SELECT :business, :now, :user, :by, false, 'booking.' || :kind, 'booking', visit.id, :facts FROM visit, next RETURNING id
), way_back AS (
  INSERT INTO undos (business_id, audit_event_id, at, member_id, label, entity, entity_id, after_version)
  SELECT :business, log.id, :now, :by, 'booking ' || next.last, 'booking_made', visit.id, 1
  FROM visit, next, log WHERE cast(:by AS bigint) IS NOT NULL RETURNING id
)"""
_SAID = """
SELECT (SELECT id FROM visit), (SELECT array_agg(id ORDER BY place) FROM items), (SELECT claims FROM won)"""

_STORE = fixed(_CLAIM + _ROWS.format(number="null") + _SAID)
_AND = ", (SELECT last FROM next), (SELECT id FROM way_back)"
_BOOK = fixed(_CLAIM + _NUMBER + _ROWS.format(number="(SELECT last FROM next)") + _STORY + _SAID + _AND)


class Stored(NamedTuple):
    """``is_whole``: all its time could be had. ``number`` and ``undo`` when it was booked at once."""

    booking_id: int
    item_ids: tuple[int, ...]
    is_whole: bool
    number: int = 0
    undo: int | None = None


class Story(NamedTuple):
    """What is written down with a visit that is booked at once. ``kind``: booked or requested."""

    kind: str = "booked"
    reason: str = ""


def store_visit(
    uow: UnitOfWork, items: Sequence[PlannedItem], visit: Any, claims: Sequence[Claim], story: Story | None = None
) -> Stored:
    """Nothing is written when none of the time could be had. When only some of it could, the caller rolls back to its
    savepoint. ``visit`` is a ``NewVisit``; without ``story`` it has no number yet."""
    ordered = sorted(claims)
    values = {
        "business": uow.business_id, "customer": visit.customer_id, "status": visit.status, "source": visit.source,
        "note": visit.note, "guest": visit.guest_name, "now": uow.now, "by": uow.actor.member_id,
        "expires": visit.expires_at, "series": visit.series_id, "series_place": visit.series_place,
        "language": visit.language, "request_key": visit.request_key, "deposit": visit.deposit_paise,
        "starts_at": min(item.start for item in items), "ends_at": max(item.end for item in items),
        "services": [item.service_id for item in items], "members": [item.member_id for item in items],
        "starts": [item.start for item in items], "ends": [item.end for item in items],
        "minutes": [item.duration for item in items], "prices": [item.price_paise for item in items],
        "places": [one.place for one in ordered], "keepers": [one.keeper for one in ordered],
        "since": [one.span.start for one in ordered], "until": [one.span.end for one in ordered],
    }  # fmt: skip
    if story is not None:
        values |= {"kind": story.kind, "reason": story.reason, "user": uow.actor.user_id, "facts": _facts(items, visit)}
    booking_id, item_ids, won, *more = run(
        uow.session.connection(), _STORE if story is None else _BOOK, values, tuple_row
    ).fetchall()[0]
    return Stored(booking_id or 0, tuple(item_ids), won == len(ordered), *more)


def _facts(items: Sequence[PlannedItem], visit: Any) -> Jsonb:
    """For the log: ids and times, never a name."""
    return Jsonb({
        "services": [item.service_id for item in items], "members": [item.member_id for item in items],
        "starts_at": min(item.start for item in items).isoformat(), "from": "", "to": visit.status,
    })  # fmt: skip
