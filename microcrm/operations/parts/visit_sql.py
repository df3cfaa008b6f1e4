"""A visit in two round trips: stored with the time it takes, and written down. SQL that never changes is parsed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text

from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.occupy import Claim
from microcrm.operations.unit_of_work import UnitOfWork

# Items get their numbers in the order of the visit, and time is claimed in the order of the claims: that order, the same for
# everybody, is what keeps claims free of deadlock.
_STORE = text("""
WITH visit AS (
  INSERT INTO bookings (business_id, customer_id, status, starts_at, ends_at, source, note, guest_name, cancel_reason,
    created_at, created_by_member_id, expires_at, series_id, series_place, version)
  VALUES (:business, :customer, :status, :starts_at, :ends_at, :source, :note, :guest, '', :now, :by, :expires, :series,
    :series_place, 1) RETURNING id
), items AS (
  INSERT INTO booking_items (business_id, booking_id, service_id, member_id, starts_at, ends_at, duration_min, price_paise,
    is_live)
  SELECT :business, visit.id, i.service, i.member, i.starts, i.ends, i.minutes, i.price, true
  FROM visit, unnest(cast(:services AS bigint[]), cast(:members AS bigint[]), cast(:starts AS timestamptz[]),
    cast(:ends AS timestamptz[]), cast(:minutes AS int[]), cast(:prices AS bigint[]))
    WITH ORDINALITY AS i (service, member, starts, ends, minutes, price, place)
  ORDER BY i.place RETURNING id
), placed AS (
  SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM items
), claims AS (
  INSERT INTO occupancies (business_id, booking_item_id, member_id, resource_id, span, expires_at, is_live)
  SELECT :business, placed.id, CASE WHEN c.keeper > 0 THEN c.keeper END, CASE WHEN c.keeper < 0 THEN -c.keeper END,
    tstzrange(c.starts, c.ends), :expires, true
  FROM unnest(cast(:places AS int[]), cast(:keepers AS bigint[]), cast(:since AS timestamptz[]), cast(:until AS timestamptz[]))
    WITH ORDINALITY AS c (place, keeper, starts, ends, number) JOIN placed USING (place)
  ORDER BY c.number ON CONFLICT DO NOTHING RETURNING id
)
SELECT (SELECT id FROM visit), (SELECT array_agg(id ORDER BY id) FROM items), (SELECT count(*) FROM claims)
""")

# The counter is taken last, when the time is won: bookings of one shop then queue only for the length of this statement.
_WRITE = text("""
WITH next AS (
  INSERT INTO counters AS c (business_id, kind, last) VALUES (:business, 'booking', 1)
  ON CONFLICT (business_id, kind) DO UPDATE SET last = c.last + 1 RETURNING last
), numbered AS (
  UPDATE bookings SET number = next.last FROM next WHERE business_id = :business AND id = :booking RETURNING number
), story AS (
  INSERT INTO booking_events (business_id, booking_id, at, member_id, kind, from_status, to_status, reason)
  VALUES (:business, :booking, :now, :by, 'booked', '', :status, :reason)
), log AS (
  INSERT INTO audit_events (business_id, at, user_id, member_id, is_viewing_as, action, subject, subject_id, facts)
  VALUES (:business, :now, :user, :by, false, 'booking.booked', 'booking', :booking, :facts) RETURNING id
), way_back AS (
  INSERT INTO undos (business_id, audit_event_id, at, member_id, label, entity, entity_id, after_version)
  SELECT :business, log.id, :now, :by, 'booking ' || numbered.number, 'booking_made', :booking, 1 FROM log, numbered
  RETURNING id
)
SELECT (SELECT number FROM numbered), (SELECT id FROM way_back)
""")


def store_visit(
    uow: UnitOfWork, items: Sequence[PlannedItem], visit: Any, claims: Sequence[Claim]
) -> tuple[int, tuple[int, ...], bool]:
    """The booking, its items, and whether all its time could be had. When not, the caller rolls back to its savepoint.
    ``visit`` is a ``NewVisit``."""
    ordered = sorted(claims)
    booking_id, item_ids, won = uow.session.connection().execute(
        _STORE,
        {
            "business": uow.business_id, "customer": visit.customer_id, "status": visit.status, "source": visit.source,
            "note": visit.note, "guest": visit.guest_name, "now": uow.now, "by": uow.actor.member_id,
            "expires": visit.expires_at, "series": visit.series_id, "series_place": visit.series_place,
            "starts_at": min(item.start for item in items), "ends_at": max(item.end for item in items),
            "services": [item.service_id for item in items], "members": [item.member_id for item in items],
            "starts": [item.start for item in items], "ends": [item.end for item in items],
            "minutes": [item.duration for item in items], "prices": [item.price_paise for item in items],
            "places": [one.place for one in ordered], "keepers": [one.keeper for one in ordered],
            "since": [one.span.start for one in ordered], "until": [one.span.end for one in ordered],
        },
    ).one()  # fmt: skip
    return booking_id, tuple(item_ids), won == len(ordered)


def write_booked(uow: UnitOfWork, booking_id: int, status: str, reason: str, **facts: Any) -> tuple[int, int]:
    """Number, story, log and the way back of a booking that has just been made: its number, and the undo's."""
    number, undo = uow.session.connection().execute(
        _WRITE,
        {
            "business": uow.business_id, "booking": booking_id, "status": status, "reason": reason, "now": uow.now,
            "by": uow.actor.member_id, "user": uow.actor.user_id, "facts": Jsonb({**facts, "from": "", "to": status}),
        },
    ).one()  # fmt: skip
    return number, undo
