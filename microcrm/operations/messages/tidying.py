"""What nobody else sees to: messages that waited for a channel until they were of no use, and visits that have no reminders yet, such
as those that were there before there were any."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from microcrm.domain.messages import EXPECTED, FOLLOWING
from microcrm.domain.permissions import Permission
from microcrm.models.business import Business
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.messages.reminders import Visit, follow
from microcrm.operations.messages.story import Told, note
from microcrm.operations.unit_of_work import UnitOfWork

_AHEAD = timedelta(days=3)
_AT_ONCE = 500
_BUSINESSES = fixed("SELECT business_ids()")
_LATE = fixed("""
WITH late AS MATERIALIZED (
  SELECT id FROM messages WHERE business_id = :business AND channel = ANY(cast(:channels AS text[])) AND state = 'planned'
  AND due_at <= :now AND expires_at <= :now ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE messages m SET state = 'suppressed', reason = 'too_late', finished_at = :now
FROM late WHERE m.business_id = :business AND m.id = late.id RETURNING m.id
""")
_BARE = fixed("""
SELECT b.id, b.starts_at, b.ends_at,
  (SELECT array_agg(i.service_id ORDER BY i.starts_at, i.id) FROM booking_items i
   WHERE i.business_id = :business AND i.booking_id = b.id)
FROM bookings b
WHERE b.business_id = :business AND b.starts_at > :now AND b.starts_at < :until AND b.status = ANY(cast(:expected AS text[]))
AND b.customer_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM messages m WHERE m.business_id = :business AND m.booking_id = b.id AND m.about_at = b.starts_at
  AND m.step = ANY(cast(:following AS text[])))
ORDER BY b.starts_at LIMIT :most
""")


def every_business(uow: UnitOfWork) -> list[int]:
    """In the worker's realm."""
    uow.require(Permission.MESSAGES_ANSWER)
    return list(uow.session.connection().execute(_BUSINESSES).scalars())


def drop_what_is_late(uow: UnitOfWork) -> int:
    """How many."""
    uow.require(Permission.MESSAGES_ANSWER)
    values = {
        "business": uow.business_id, "now": uow.now, "most": _AT_ONCE, "channels": ["whatsapp", "sms", "email"],
    }  # fmt: skip
    ids = uow.session.connection().execute(_LATE, values).scalars().all()
    note(uow, [Told(one, "refused", "too_late") for one in ids])
    return len(ids)


def plan_what_is_missing(uow: UnitOfWork) -> int:
    """How many visits of the next days were looked at. Twice plans nothing twice."""
    uow.require(Permission.MESSAGES_ANSWER)
    zone = uow.session.scalars(select(Business.zone).where(Business.id == uow.business_id)).one()
    uow.actor = replace(uow.actor, zone=zone)
    values = {
        "business": uow.business_id, "now": uow.now, "until": uow.now + _AHEAD, "expected": sorted(EXPECTED),
        "following": sorted(FOLLOWING), "most": _AT_ONCE,
    }  # fmt: skip
    rows = uow.session.connection().execute(_BARE, values).all()
    follow(uow, [Visit(*row) for row in rows])
    return len(rows)
