"""What came of a campaign: how far its messages are, who got none and why, and what people did afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from microcrm.domain.booking import CANCELLED, BookingStatus
from microcrm.domain.campaigns import RESULT_DAYS
from microcrm.domain.messages import MessageState
from microcrm.domain.permissions import Permission
from microcrm.models.campaigns import Campaign
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.messages.leaving import OFFERS
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

_M = MessageState
# What went on by another channel is counted there.
_STATES = fixed("""
SELECT state, reason, count(*) FROM messages WHERE business_id = :business AND campaign_id = :campaign AND NOT details ? 'next'
GROUP BY state, reason
""")
_AFTERWARDS = fixed("""
SELECT
  count(*) FILTER (WHERE EXISTS (
    SELECT FROM inbound_messages i WHERE i.business_id = :business AND i.customer_id = m.customer_id
    AND i.at > m.at AND i.at <= m.at + cast(:within AS interval))),
  count(*) FILTER (WHERE EXISTS (
    SELECT FROM consents k WHERE k.business_id = :business AND k.customer_id = m.customer_id AND k.decision = 'withdrawn'
    AND k.purpose = ANY(cast(:offers AS text[])) AND k.at > m.at AND k.at <= m.at + cast(:within AS interval)
  ) OR EXISTS (
    SELECT FROM channel_blocks x WHERE x.business_id = :business AND x.at > m.at AND x.at <= m.at + cast(:within AS interval)
    AND ((x.channel <> 'email' AND x.address = c.phone) OR (x.channel = 'email' AND x.address = c.email_key)))),
  count(*) FILTER (WHERE EXISTS (
    SELECT FROM bookings b WHERE b.business_id = :business AND b.customer_id = m.customer_id AND b.starts_at > m.at
    AND b.created_at > m.at AND b.created_at <= m.at + cast(:within AS interval) AND b.status <> ALL(cast(:off AS text[]))))
FROM (
  SELECT customer_id, min(handed_at) AS at FROM messages
  WHERE business_id = :business AND campaign_id = :campaign AND handed_at IS NOT NULL AND customer_id IS NOT NULL GROUP BY customer_id
) m
JOIN customers c ON c.business_id = :business AND c.id = m.customer_id
""")
_OFF = sorted({*CANCELLED, BookingStatus.EXPIRED})
_WAITING = (_M.PLANNED, _M.SENDING)


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """``examined``: customers that were looked at so far. ``sent`` counts all that left, ``delivered`` those that arrived, ``read``
    those that were seen to be read. ``not_sent``: by reason, of the gate or of the provider. The last three: customers, within
    `RESULT_DAYS` of their message."""

    examined: int
    waiting: int
    sent: int
    delivered: int
    read: int
    failed: int
    unknown: int
    not_sent: Mapping[str, int]
    answered: int
    opted_out: int
    booked: int


def result_of(uow: UnitOfWork, campaign_id: Any) -> CampaignResult:
    """Three statements, however many messages there are. Raises: NotFound."""
    uow.require(Permission.MESSAGES_VIEW)
    row = find(uow, Campaign, campaign_id, is_locked=False)
    uow.session.refresh(row)
    connection, mine = uow.session.connection(), {"business": uow.business_id, "campaign": row.id}
    states: Counter[str] = Counter()
    not_sent = Counter(row.left_out)
    for state, reason, many in fetch(connection, _STATES, mine):
        states[state] += many
        if state in (_M.SUPPRESSED, _M.WITHDRAWN):
            not_sent[reason] += many
    within = {"within": timedelta(days=RESULT_DAYS), "off": _OFF, "offers": sorted(OFFERS.values())}
    answered, opted_out, booked = fetch(connection, _AFTERWARDS, {**mine, **within})[0]
    delivered = states[_M.DELIVERED] + states[_M.READ]
    return CampaignResult(
        row.examined, sum(states[one] for one in _WAITING), states[_M.HANDED] + states[_M.SENT] + delivered, delivered,
        states[_M.READ], states[_M.FAILED], states[_M.UNKNOWN], dict(not_sent), answered, opted_out, booked,
    )  # fmt: skip
