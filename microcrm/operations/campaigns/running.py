"""Sending a campaign on its way, pausing it, going on, and stopping it for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from microcrm.domain.campaigns import AHEAD, CampaignState, check_start, not_ready, slots, within_hours, words_in
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import LANGUAGES
from microcrm.domain.permissions import Permission
from microcrm.domain.segments import READY, as_json
from microcrm.domain.step_words import CHANNEL_WORDS
from microcrm.domain.zones import to_instant, zone_of
from microcrm.models.campaigns import Campaign
from microcrm.models.customers import Segment
from microcrm.operations.campaigns.drafts import draft, refuse_who_sees_few
from microcrm.operations.campaigns.people import Means, means_of, unfit_for
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.parts.rows import find
from microcrm.operations.segments import rules_of
from microcrm.operations.unit_of_work import UnitOfWork

_UNREGISTERED = {
    (
        Channel.WHATSAPP,
        "no_template",
    ): "WhatsApp takes only registered marketing templates: give the Content SID of each text.",
    (
        Channel.SMS,
        "no_template",
    ): "An offer by SMS needs its own text on DLT: give the template id and the registered text.",
    (Channel.SMS, "no_header"): "An offer by SMS needs a header for offers: add it in Settings, Messages.",
}
_WITHDRAW = fixed("""
WITH gone AS (
  UPDATE messages SET state = 'withdrawn', reason = cast(:reason AS text), finished_at = :now
  WHERE business_id = :business AND campaign_id = :campaign AND state = 'planned' RETURNING id
)
INSERT INTO message_events (business_id, message_id, at, what, reason, member_id)
SELECT :business, id, :now, 'taken_back', cast(:reason AS text), :member FROM gone
""")
_PAUSED = fixed("""
SELECT id FROM messages WHERE business_id = :business AND campaign_id = :campaign AND state = 'withdrawn' AND reason = 'paused'
ORDER BY due_at, id FOR UPDATE
""")
_AGAIN = fixed("""
UPDATE messages m SET state = 'planned', reason = '', finished_at = NULL, due_at = w.due,
  expires_at = greatest(m.expires_at, w.due + interval '1 day')
FROM unnest(cast(:ids AS bigint[]), cast(:dues AS timestamptz[])) AS w (id, due)
WHERE m.business_id = :business AND m.id = w.id
""")


@dataclass(frozen=True, slots=True)
class StartCampaign:
    """``day`` none: at once; else from ``time`` of that day on, as typed, by the clock of the shop. What is left empty is a mistake and
    not "at once"."""

    campaign_id: Any
    version: Any
    day: Any = None
    time: Any = None


def start_campaign(uow: UnitOfWork, command: StartCampaign) -> datetime | None:
    """When it begins, by its hour and those of offers; none for at once. Pressed twice it is one campaign. Raises: Invalid, Conflict,
    NotFound."""
    uow.require(Permission.CAMPAIGNS_SEND)
    refuse_who_sees_few(uow)
    row = find(uow, Campaign, command.campaign_id)
    if row.state == CampaignState.RUNNING and not row.examined:
        return _opens(uow, row.begins_at)
    row = draft(uow, row.id, command.version)
    begins_at = _begin(uow, command)
    rules = rules_of(uow, row.segment_key)
    if rules is None:
        raise Invalid(fields={"segment": "This segment is no longer there. Choose another one."})
    means = means_of(uow, [Channel(one) for one in row.channels], words_in(row.words))
    lacking = lacks(means)
    if lacking:
        raise Conflict(lacking[0], remedy="Nothing was sent.")
    row.rules, row.segment_name = as_json(rules), segment_name(uow, row.segment_key)
    row.state, row.started_at, row.begins_at = CampaignState.RUNNING.value, uow.now, begins_at
    row.next_at, row.member_id = begins_at or uow.now, uow.actor.member_id
    _changed(uow, row, "campaign.started")
    return _opens(uow, begins_at)


def _opens(uow: UnitOfWork, begins_at: datetime | None) -> datetime | None:
    moment = within_hours(max(begins_at or uow.now, uow.now), zone_of(uow.actor.zone))
    return moment if moment > uow.now else None


def lacks(means: Means) -> list[str]:
    """What has to be put right before it can leave, in words."""
    bare = not_ready(means.words, means.channels)
    if bare:
        return [bare]
    found = []
    for channel in means.channels:
        view, name = means.views[channel], CHANNEL_WORDS[channel]
        if not view.is_live:
            found.append(f"{name} {'has stopped' if view.broken else 'is not switched on'}: see Settings, Messages.")
        codes = {unfit_for(means, channel, one) for one in LANGUAGES if (channel, one) in means.words}
        found += [_UNREGISTERED[channel, code] for code in sorted(codes - {""})]
    return found


def pause_campaign(uow: UnitOfWork, campaign_id: Any) -> None:
    """Nothing leaves until it goes on; what was about to leave waits."""
    uow.require(Permission.CAMPAIGNS_SEND)
    row = _in_state(uow, campaign_id, CampaignState.RUNNING)
    row.state = CampaignState.PAUSED.value
    _take_back(uow, row, "paused")
    _changed(uow, row, "campaign.paused")


def resume_campaign(uow: UnitOfWork, campaign_id: Any) -> None:
    """From now on, as slowly as before."""
    uow.require(Permission.CAMPAIGNS_SEND)
    row = _in_state(uow, campaign_id, CampaignState.PAUSED)
    values = {"business": uow.business_id, "campaign": row.id}
    ids = list(uow.session.connection().execute(_PAUSED, values).scalars())
    moment, zone = row.next_at or uow.now, zone_of(uow.actor.zone)
    dues: list[datetime] = []
    moment = max(moment, uow.now) if row.begins_at is None or row.begins_at <= uow.now else moment
    while len(dues) < len(ids):
        free = slots(moment, moment, row.pace, zone)
        dues += free.moments
        moment = free.then
    if ids:
        uow.session.connection().execute(_AGAIN, {**values, "ids": ids, "dues": dues[: len(ids)]})
    row.state, row.next_at = CampaignState.RUNNING.value, moment
    _changed(uow, row, "campaign.resumed")
    uow.nudges.add("messages")


def stop_campaign(uow: UnitOfWork, campaign_id: Any) -> None:
    """For good, and at once: nothing more leaves. Twice is once."""
    uow.require(Permission.CAMPAIGNS_SEND)
    row = find(uow, Campaign, campaign_id)
    if row.state == CampaignState.STOPPED:
        return
    if row.state not in (CampaignState.RUNNING, CampaignState.PAUSED):
        raise Conflict("This campaign is not going out.", remedy="Look at it as it stands now.")
    row.state, row.finished_at = CampaignState.STOPPED.value, uow.now
    _take_back(uow, row, "stopped")
    _changed(uow, row, "campaign.stopped")


def segment_name(uow: UnitOfWork, key: str) -> str:
    return READY[key][0] if key in READY else find(uow, Segment, key, is_locked=False).name


def _in_state(uow: UnitOfWork, campaign_id: Any, state: CampaignState) -> Campaign:
    row = find(uow, Campaign, campaign_id)
    if row.state != state:
        raise Conflict("Somebody was quicker: this campaign has changed.", remedy="Look at it as it stands now.")
    return row


def _take_back(uow: UnitOfWork, row: Campaign, reason: str) -> None:
    """Also what a pause has taken back before keeps its reason."""
    values = {
        "business": uow.business_id, "campaign": row.id, "reason": reason, "now": uow.now, "member": uow.actor.member_id,
    }  # fmt: skip
    uow.session.connection().execute(_WITHDRAW, values)


def _begin(uow: UnitOfWork, command: StartCampaign) -> datetime | None:
    if command.day is None:
        return None
    reader = Reader()
    day = reader.day("day", command.day, "The day")
    minute = reader.clock("time", command.time, "The time")
    reader.done()
    begins_at = to_instant(day, minute, zone_of(uow.actor.zone))
    if begins_at < uow.now - AHEAD:
        raise Invalid(fields={"day": "This time has passed. Choose a later one, or send it now."})
    check_start(begins_at, uow.now)
    return begins_at


def _changed(uow: UnitOfWork, row: Campaign, action: str) -> None:
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
    uow.audit(action, "campaign", row.id)
