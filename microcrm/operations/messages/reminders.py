"""Reminders follow their visit: planned when it is made or gets another time, withdrawn when it is off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from microcrm.domain.messages import EXPECTED, FOLLOWING, TAKES_PLACE
from microcrm.domain.step_plan import PlannedStep
from microcrm.domain.zones import zone_of
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.unit_of_work import UnitOfWork

# One statement for any number of visits. What was planned for the time a visit still has stays as it is.
_FOLLOW = fixed("""
WITH visits AS (
  SELECT id, customer_id, version, starts_at, status = ANY(:expected) AS is_expected, status = ANY(:taking_place) AS is_on
  FROM bookings
  WHERE business_id = :business AND id = ANY(:ids)
), gone AS (
  UPDATE messages m SET state = 'withdrawn', reason = CASE WHEN v.is_on THEN 'moved' ELSE 'off' END, finished_at = :now
  FROM visits v WHERE m.business_id = :business AND m.booking_id = v.id AND m.state = 'planned' AND m.step = ANY(:following)
  AND NOT (v.is_on AND m.about_at = v.starts_at)
)
INSERT INTO messages AS m (business_id, customer_id, booking_id, subject, subject_version, step, channel, about_at, created_at,
  due_at, expires_at)
SELECT :business, v.customer_id, v.id, 'booking:' || v.id, v.version, w.step, k.channel, v.starts_at, :now, w.due, w.expires
FROM unnest(cast(:bookings AS bigint[]), cast(:steps AS text[]), cast(:dues AS timestamptz[]), cast(:expiries AS timestamptz[]),
  cast(:orders AS text[])) AS w (booking, step, due, expires, channels)
JOIN visits v ON v.id = w.booking AND v.is_expected
JOIN customers c ON c.business_id = :business AND c.id = v.customer_id
CROSS JOIN LATERAL (
  SELECT t.channel FROM unnest(string_to_array(w.channels, ' ')) WITH ORDINALITY AS t (channel, place)
  WHERE CASE t.channel WHEN 'email' THEN c.email ELSE c.phone END <> '' ORDER BY t.place LIMIT 1
) k
WHERE NOT EXISTS (
  SELECT FROM messages m WHERE m.business_id = :business AND m.booking_id = v.id AND m.step = w.step
  AND m.about_at = v.starts_at AND m.state <> 'withdrawn')
ON CONFLICT ON CONSTRAINT uq_messages_key DO UPDATE
SET state = 'planned', reason = '', finished_at = NULL, due_at = excluded.due_at, expires_at = excluded.expires_at,
  about_at = excluded.about_at
WHERE m.state = 'withdrawn'
""")


class Visit(NamedTuple):
    """``services``: each may have steps of its own."""

    booking_id: int
    starts_at: datetime
    ends_at: datetime
    services: Sequence[int] = ()


def follow(uow: UnitOfWork, visits: Sequence[Visit], *, is_new: bool = False) -> None:
    """Of visits that were made, have other times, or are off or on again. ``is_new``: none was planned yet."""
    steps = _steps_of(uow, visits) if visits else []
    if not visits or (is_new and not steps):
        return
    uow.session.flush()
    values = {
        "business": uow.business_id, "ids": [visit.booking_id for visit in visits], "expected": sorted(EXPECTED),
        "taking_place": sorted(TAKES_PLACE), "following": sorted(FOLLOWING),
        "now": uow.now, "bookings": [booking_id for booking_id, _ in steps], "steps": [step.step for _, step in steps],
        "dues": [step.due_at for _, step in steps], "expiries": [step.expires_at for _, step in steps],
        "orders": [" ".join(step.channels) for _, step in steps],
    }  # fmt: skip
    uow.session.connection().execute(_FOLLOW, values)


def _steps_of(uow: UnitOfWork, visits: Sequence[Visit]) -> list[tuple[int, PlannedStep]]:
    """By the shop's own plan; what would be due already is left out."""
    plan, zone = plan_of(uow), zone_of(uow.actor.zone)
    return [
        (visit.booking_id, step)
        for visit in visits
        for step in plan.reminders(visit.starts_at, visit.ends_at, visit.services, zone, uow.now)
    ]
