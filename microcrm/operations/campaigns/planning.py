"""Planning the messages of a campaign, a few at a time, as they are to leave.

One transaction looks at some customers, writes down who gets what, and how far it has come. Of one that is cut off nothing is left, so
the next one looks at the same customers again; two at the same time wait for nobody: one of them finds the campaign taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select

from microcrm.domain.campaigns import GOOD_FOR, CampaignState, Slots, slots, subject_of, words_in
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.segments import from_json
from microcrm.domain.zones import zone_of
from microcrm.models.campaigns import Campaign
from microcrm.models.customers import Customer
from microcrm.operations.campaigns.people import Way, means_of, ways_of, who_has_it
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.segment_rules import conditions_of
from microcrm.operations.unit_of_work import UnitOfWork

MOST, FEWEST = 500, 50  # customers that one transaction looks at
_DUE = fixed("SELECT business_id, zone, campaign_id FROM campaigns_due(:now)")
_PLAN = fixed("""
INSERT INTO messages (business_id, customer_id, campaign_id, subject, step, channel, created_at, due_at, expires_at)
SELECT :business, w.customer, :campaign, w.subject, cast(:step AS text), w.channel, :now, w.due, w.due + cast(:good AS interval)
FROM unnest(cast(:customers AS bigint[]), cast(:subjects AS text[]), cast(:channels AS text[]), cast(:dues AS timestamptz[]))
  AS w (customer, subject, channel, due)
ON CONFLICT ON CONSTRAINT uq_messages_key DO NOTHING
""")
_ON_ITS_WAY = fixed("""
SELECT 1 FROM messages WHERE business_id = :business AND campaign_id = :campaign AND state IN ('planned', 'sending') LIMIT 1
""")


class Due(NamedTuple):
    """A campaign that has something to plan."""

    business_id: int
    zone: str
    campaign_id: int


class Progress(StrEnum):
    """``MORE``: there is room for more at once. ``LATER``: the next moment is still to come, or another worker is at it."""

    MORE = "more"
    LATER = "later"
    DONE = "done"


def campaigns_due(uow: UnitOfWork) -> list[Due]:
    """Of every business. In the worker's realm."""
    uow.require(Permission.CAMPAIGNS_SEND)
    return [Due(*row) for row in uow.session.connection().execute(_DUE, {"now": uow.now})]


def plan_some(uow: UnitOfWork, campaign_id: int) -> Progress:
    """The messages of the next moments."""
    uow.require(Permission.CAMPAIGNS_SEND)
    mine = (Campaign.business_id == uow.business_id, Campaign.id == campaign_id)
    row = uow.session.scalars(select(Campaign).where(*mine).with_for_update(skip_locked=True)).first()
    if row is None or row.state != CampaignState.RUNNING:
        return Progress.LATER
    if row.is_planned:
        return _finish(uow, row)
    zone = zone_of(uow.actor.zone)
    free = slots(row.next_at or uow.now, uow.now, row.pace, zone)
    if not free.moments:
        row.next_at = free.then
        return Progress.LATER
    return _fill(uow, row, free)


def _fill(uow: UnitOfWork, row: Campaign, free: Slots) -> Progress:
    most = min(MOST, FEWEST + 4 * len(free.moments))  # more may stand back than go along
    ids = list(
        uow.session.scalars(
            select(Customer.id)
            .where(
                Customer.business_id == uow.business_id,
                Customer.archived_at.is_(None),
                Customer.id > row.reached_id,
                *conditions_of(uow, from_json(row.rules)),
            )
            .order_by(Customer.id)
            .limit(most)
        )
    )
    means = means_of(uow, [Channel(one) for one in row.channels], words_in(row.words))
    taken = who_has_it(uow, row.id or 0, ids)
    looked_at, chosen = _as_many_as_fit(ways_of(uow, means, ids, taken), len(free.moments))
    _store(uow, row, chosen, free.moments)
    left_out = Counter(row.left_out)
    left_out.update(one.reason for one in looked_at if one.channel is None)
    row.left_out, row.examined = dict(left_out), row.examined + len(looked_at)
    is_full = len(chosen) == len(free.moments)
    row.next_at = free.then if is_full else free.moments[len(chosen)]
    if looked_at:
        row.reached_id = looked_at[-1].person.id
    if len(looked_at) == len(ids) < most:
        row.is_planned, row.next_at = True, uow.now
    uow.session.add(row)
    uow.session.flush()
    uow.nudges.add("messages")
    return Progress.LATER if is_full or row.is_planned else Progress.MORE


def _as_many_as_fit(ways: Sequence[Way], most: int) -> tuple[list[Way], list[Way]]:
    """Those that were looked at until there was no more room, and of them those who get it."""
    looked_at: list[Way] = []
    chosen: list[Way] = []
    for way in ways:
        if way.channel is not None and len(chosen) == most:
            break
        looked_at.append(way)
        if way.channel is not None:
            chosen.append(way)
    return looked_at, chosen


def _store(uow: UnitOfWork, row: Campaign, chosen: Sequence[Way], moments: Sequence[datetime]) -> None:
    if not chosen:
        return
    values = {
        "business": uow.business_id, "campaign": row.id, "step": NoticeStep.CAMPAIGN.value, "now": uow.now, "good": GOOD_FOR,
        "customers": [one.person.id for one in chosen], "channels": [str(one.channel) for one in chosen],
        "subjects": [subject_of(row.id or 0, one.person.id) for one in chosen], "dues": list(moments[: len(chosen)]),
    }  # fmt: skip
    uow.session.connection().execute(_PLAN, values)


def _finish(uow: UnitOfWork, row: Campaign) -> Progress:
    """Nothing of it waits to leave any more."""
    if fetch(uow.session.connection(), _ON_ITS_WAY, {"business": uow.business_id, "campaign": row.id}):
        return Progress.LATER
    row.state, row.finished_at, row.version = CampaignState.DONE.value, uow.now, row.version + 1
    uow.session.add(row)
    uow.session.flush()
    uow.audit("campaign.done", "campaign", row.id)
    return Progress.DONE
