"""Who is served next, and taking what is due: each message by one worker, as many as the channel's pace allows.

A claim locks until the end of its transaction, which makes a lease of it for what may leave (``leaving.py``) and is committed before
anything is sent. When the worker dies, the message stays ``sending``, and somebody looks what became of it before anything else
(``outcomes.py``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Permission
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.unit_of_work import UnitOfWork

LEASE = timedelta(minutes=2)
CALL_WITHIN = timedelta(minutes=1)  # of the claim: a call that begins later could outlast the lease
_LANES = fixed("SELECT business_id, zone, channel, is_live FROM message_lanes(:now)")
_TO_LOOK_AT = fixed("SELECT business_id, zone FROM messages_to_look_at(:now)")
_COLUMNS = """
  SELECT id, customer_id, booking_id, subject, subject_version, step, channel, language, about_at, details, due_at, expires_at,
    attempts + 1 AS attempts
  FROM messages WHERE business_id = :business AND channel = :channel AND state = 'planned' AND due_at <= :now
"""
# Campaigns take what is left when everything else that is due has had its turn. Of them little stands there at any time
# (`domain/campaigns.py`), so stepping over it costs nothing.
_DUE = f"""
serving AS MATERIALIZED ({_COLUMNS}
  AND campaign_id IS NULL ORDER BY due_at, id LIMIT {{most}} FOR UPDATE SKIP LOCKED
), offering AS MATERIALIZED ({_COLUMNS}
  AND campaign_id IS NOT NULL ORDER BY due_at, id
  LIMIT greatest(0, {{most}} - (SELECT count(*) FROM serving)) FOR UPDATE SKIP LOCKED
), taken AS MATERIALIZED (
  SELECT * FROM serving UNION ALL SELECT * FROM offering
)
"""  # noqa: S608 (columns of ours)
_LANE = """
WITH lane AS MATERIALIZED (
  SELECT id, CASE WHEN refilled_at IS NULL THEN per_second
    ELSE least(2 * per_second, tokens + per_second * extract(epoch FROM greatest(:now - refilled_at, interval '0'))) END AS tokens
  FROM message_channels WHERE business_id = :business AND channel = :channel FOR UPDATE SKIP LOCKED
),
"""
_PAID = """
, paid AS (
  UPDATE message_channels c SET tokens = lane.tokens - (SELECT count(*) FROM taken), refilled_at = :now
  FROM lane WHERE c.business_id = :business AND c.id = lane.id
)
"""
_AS_PAID = "coalesce((SELECT least(floor(tokens), :most)::bigint FROM lane), 0)"
# The lane's row is locked for the claim: of two workers one serves it. More than two seconds' worth is not saved up.
_CLAIM = fixed(_LANE + _DUE.format(most=_AS_PAID) + _PAID + "SELECT * FROM taken")  # noqa: S608 (no value is in it)
# Nothing leaves by this channel: what is due is only looked at, so that another channel can take it.
_CLAIM_UNPACED = fixed("WITH " + _DUE.format(most="cast(:most AS bigint)") + "SELECT * FROM taken")  # noqa: S608 (as above)


class Lane(NamedTuple):
    """One business's messages by one channel."""

    business_id: int
    zone: str
    channel: Channel
    is_live: bool


class Claimed(NamedTuple):
    """``attempts`` counts the one that begins."""

    id: int
    customer_id: int | None
    booking_id: int | None
    subject: str
    version: int
    step: str
    channel: str
    language: str
    about_at: datetime | None
    details: dict[str, Any]
    due_at: datetime
    expires_at: datetime | None
    attempts: int


class Whose(NamedTuple):
    business_id: int
    zone: str


def lanes(uow: UnitOfWork) -> list[Lane]:
    """With something due, of every business that can send at all; who has waited longest comes first. In the worker's realm."""
    uow.require(Permission.MESSAGES_ANSWER)
    rows = uow.session.connection().execute(_LANES, {"now": uow.now})
    return [Lane(row.business_id, row.zone, Channel(row.channel), row.is_live) for row in rows]


def claim(uow: UnitOfWork, lane: Lane, most: int) -> list[Claimed]:
    """What is due longest, at most as many as the channel's tokens pay for. Nothing when another worker serves this lane now."""
    uow.require(Permission.MESSAGES_ANSWER)
    values = {
        "business": uow.business_id, "channel": lane.channel.value, "now": uow.now, "most": most,
    }  # fmt: skip
    rows = fetch(uow.session.connection(), _CLAIM if lane.is_live else _CLAIM_UNPACED, values)
    return sorted((Claimed(*row) for row in rows), key=lambda one: (one.due_at, one.id))


def to_look_at(uow: UnitOfWork) -> list[Whose]:
    """Businesses with messages of which somebody has to find out what became. In the worker's realm."""
    uow.require(Permission.MESSAGES_ANSWER)
    return [Whose(*row) for row in uow.session.connection().execute(_TO_LOOK_AT, {"now": uow.now})]
