"""Reminders follow their visit: planned when it is made or gets another time, withdrawn when it is off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from microcrm.domain.messages import EXPECTED, FOLLOWING, TAKES_PLACE, TELL_AFTER, MessageState, good_until
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep
from microcrm.domain.step_plan import PlannedStep
from microcrm.domain.zones import zone_of
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.unit_of_work import UnitOfWork

# One statement for any number of visits. These are planned while the table may still be empty, when every index looks alike: so each
# row is looked for by itself (OFFSET 0 keeps the search apart), and no condition points at an index of another purpose.
_WRITE = """
INSERT INTO messages AS m (business_id, customer_id, booking_id, subject, subject_version, step, channel, about_at, created_at,
  due_at, expires_at)
SELECT :business, v.customer_id, w.booking, 'booking:' || w.booking, v.version, w.step, k.channel, v.starts_at, :now, w.due, w.expires
FROM unnest(cast(:bookings AS bigint[]), cast(:steps AS text[]), cast(:dues AS timestamptz[]), cast(:expiries AS timestamptz[]),
  cast(:orders AS text[])) AS w (booking, step, due, expires, channels)
CROSS JOIN LATERAL (
  SELECT b.customer_id, b.version, b.starts_at FROM bookings b
  WHERE b.business_id = :business AND b.id = w.booking AND b.status = ANY(:expected) OFFSET 0) v
CROSS JOIN LATERAL (
  SELECT c.phone, c.email FROM customers c WHERE c.business_id = :business AND c.id = v.customer_id OFFSET 0) c
CROSS JOIN LATERAL (
  SELECT t.channel FROM unnest(string_to_array(w.channels, ' ')) WITH ORDINALITY AS t (channel, place)
  WHERE CASE t.channel WHEN 'email' THEN c.email ELSE c.phone END <> '' ORDER BY t.place LIMIT 1) k
"""
_ONCE = """
ON CONFLICT ON CONSTRAINT uq_messages_key DO UPDATE
SET state = 'planned', reason = '', finished_at = NULL, due_at = excluded.due_at, expires_at = excluded.expires_at,
  about_at = excluded.about_at
WHERE m.state = 'withdrawn'
"""
_BEGIN = fixed(_WRITE + _ONCE)
# What was planned for the time a visit still has stays as it is.
_FOLLOW = fixed(
    f"""
WITH gone AS (
  UPDATE messages m SET state = 'withdrawn', reason = late.reason, finished_at = :now
  FROM unnest(cast(:ids AS bigint[])) AS wanted (booking)
  CROSS JOIN LATERAL (
    SELECT b.starts_at, b.status = ANY(:taking_place) AS is_on FROM bookings b
    WHERE b.business_id = :business AND b.id = wanted.booking OFFSET 0) v
  CROSS JOIN LATERAL (
    SELECT p.id, CASE WHEN v.is_on THEN 'moved' ELSE 'off' END AS reason FROM messages p
    WHERE p.business_id = :business AND p.booking_id = wanted.booking AND p.state = ANY(:waiting) AND p.step = ANY(:following)
    AND NOT (v.is_on AND p.about_at = v.starts_at) OFFSET 0) late
  WHERE m.business_id = :business AND m.id = late.id
)
{_WRITE}
CROSS JOIN LATERAL (
  SELECT count(*) AS many FROM messages p WHERE p.business_id = :business AND p.subject = 'booking:' || w.booking
  AND p.step = w.step AND p.about_at = v.starts_at AND p.state <> 'withdrawn') known
WHERE known.many = 0
{_ONCE}
"""  # noqa: S608 - SQL of ours
)


class Visit(NamedTuple):
    """``services``: each may have steps of its own."""

    booking_id: int
    starts_at: datetime
    ends_at: datetime
    services: Sequence[int] = ()


def follow(uow: UnitOfWork, visits: Sequence[Visit], *, is_new: bool = False, news: NoticeStep | None = None) -> None:
    """Of visits that were made, have other times, or are off or on again. ``is_new``: none was planned yet. ``news``: told to whoever
    typed a phone for it."""
    steps = _steps_of(uow, visits, news) if visits else []
    if not visits or (is_new and not steps):
        return
    uow.session.flush()
    values = {
        "business": uow.business_id, "expected": sorted(EXPECTED), "now": uow.now,
        "bookings": [booking_id for booking_id, _ in steps], "steps": [step.step for _, step in steps],
        "dues": [step.due_at for _, step in steps], "expiries": [step.expires_at for _, step in steps],
        "orders": [" ".join(step.channels) for _, step in steps],
    }  # fmt: skip
    if not is_new:
        values |= {
            "ids": [visit.booking_id for visit in visits], "taking_place": sorted(TAKES_PLACE), "following": sorted(FOLLOWING),
            "waiting": [MessageState.PLANNED.value],
        }  # fmt: skip
    run(uow.session.connection(), _BEGIN if is_new else _FOLLOW, values)


def _steps_of(uow: UnitOfWork, visits: Sequence[Visit], news: NoticeStep | None) -> list[tuple[int, PlannedStep]]:
    """By the shop's own plan; what would be due already is left out."""
    plan, zone = plan_of(uow), zone_of(uow.actor.zone)
    steps = [
        (visit.booking_id, step)
        for visit in visits
        for step in plan.reminders(visit.starts_at, visit.ends_at, visit.services, zone, uow.now)
    ]
    if news is not None:
        due = uow.now + TELL_AFTER
        ways = tuple(one for one in plan.channels if one is not Channel.EMAIL) or (Channel.WHATSAPP,)
        steps += [
            (one.booking_id, PlannedStep(news, due, good_until(news, one.starts_at, due), ways)) for one in visits
        ]
    return steps
