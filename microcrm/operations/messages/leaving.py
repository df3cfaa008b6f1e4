"""From what is due to what leaves: the gate is asked and words are found. All of it is committed before anything leaves."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from microcrm.domain.campaigns import campaign_in
from microcrm.domain.consent import ConsentPurpose, is_child
from microcrm.domain.errors import MessageUnfit
from microcrm.domain.message_text import segments_of
from microcrm.domain.messages import ELIDED, standing
from microcrm.domain.messenger import Channel, Outgoing
from microcrm.domain.notices import PROMOTIONAL, MessageClass, NoticeStep, class_of
from microcrm.domain.permissions import Permission
from microcrm.domain.replies import CONVERSATION, REPLY
from microcrm.domain.send_gate import REASONS, GateFacts, Standing, Timing, Verdict, decide, timing_of
from microcrm.domain.step_plan import BUILT_IN, ShopPlan
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.links import hash_of
from microcrm.operations.messages.campaigned import Campaigned, campaigns_behind
from microcrm.operations.messages.claiming import CALL_WITHIN, LEASE, Claimed, Lane, claim
from microcrm.operations.messages.facts import About, about, items
from microcrm.operations.messages.occasions import OF_OCCASIONS, Occasion, occasions
from microcrm.operations.messages.story import Told, note
from microcrm.operations.messages.wording import (
    Habits,
    Link,
    Site,
    Wording,
    answered,
    habits_of,
    secret_in,
    template_of,
    unregistered,
    unwritten,
    wording,
    written,
)
from microcrm.operations.messaging.accounts import ChannelView, all_channels
from microcrm.operations.parts.channel_blocks import blocked
from microcrm.operations.parts.consent import who_consent
from microcrm.operations.unit_of_work import UnitOfWork

_AGAIN = timedelta(minutes=15)  # while the only channel that reaches them is off
OFFERS = {
    Channel.WHATSAPP: ConsentPurpose.WHATSAPP_OFFERS,
    Channel.SMS: ConsentPurpose.SMS_OFFERS,
    Channel.EMAIL: ConsentPurpose.EMAIL_OFFERS,
}

_LEAVE = fixed("""
WITH leaving AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS w (id bigint, text text, segments int, language text, hash text,
    booking bigint, offer bigint, entry bigint, document bigint, ticket bigint, ends timestamptz)
), sending AS (
  UPDATE messages m SET state = 'sending', called_at = :now, look_at = :lease, looks = 0, attempts = m.attempts + 1,
    text = w.text, segments = w.segments, language = w.language
  FROM leaving w WHERE m.business_id = :business AND m.id = w.id
), links AS (
  INSERT INTO public_links (business_id, token_hash, booking_id, offer_id, entry_id, document_id, ticket_id, created_at, expires_at)
  SELECT :business, decode(hash, 'hex'), booking, offer, entry, document, ticket, :now, ends FROM leaving WHERE hash IS NOT NULL
  ON CONFLICT (token_hash) DO NOTHING
)
INSERT INTO message_events (business_id, message_id, at, what, reason)
SELECT :business, id, :now, 'let_through', '' FROM leaving
""")
_KEPT_BACK = fixed("""
UPDATE messages m SET state = w.state, reason = w.reason, due_at = coalesce(w.due, m.due_at), called_at = NULL,
  finished_at = CASE WHEN w.state = 'planned' THEN NULL ELSE cast(:now AS timestamptz) END
FROM unnest(cast(:ids AS bigint[]), cast(:states AS text[]), cast(:reasons AS text[]), cast(:dues AS timestamptz[]))
  AS w (id, state, reason, due)
WHERE m.business_id = :business AND m.id = w.id
""")
# The same step of the same version by another channel. ``next``: so that nobody is asked to do anything about the first.
_NEXT = fixed("""
WITH told AS (
  UPDATE messages m SET details = m.details || jsonb_build_object('next', w.channel)
  FROM unnest(cast(:ids AS bigint[]), cast(:channels AS text[])) AS w (id, channel)
  WHERE m.business_id = :business AND m.id = w.id
  RETURNING m.*, w.channel AS wanted
)
INSERT INTO messages (business_id, customer_id, booking_id, campaign_id, subject, subject_version, step, channel, language, about_at,
  details, created_at, due_at, expires_at)
SELECT business_id, customer_id, booking_id, campaign_id, subject, subject_version, step, wanted, language, about_at, details - 'next',
  cast(:now AS timestamptz), cast(:now AS timestamptz), expires_at
FROM told
ON CONFLICT ON CONSTRAINT uq_messages_key DO NOTHING
""")


@dataclass(frozen=True, slots=True)
class Leaving:
    """To be handed over before ``call_by``. ``attempt``: whose lease it is. ``secret``: stands in the text, and not in the one that
    is kept."""

    message_id: int
    attempt: int
    outgoing: Outgoing
    timing: Timing
    zone: ZoneInfo
    call_by: datetime
    campaign_id: int = 0  # 0 for none
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Known:
    """What holds for all messages of a lane."""

    channels: Mapping[Channel, ChannelView]
    plan: ShopPlan
    people: Mapping[int, About]
    words: Wording
    may_serve: Collection[int]
    may_advertise: Collection[int]
    campaigns: Mapping[int, Campaigned]
    stopped: Collection[tuple[Channel, str]]


def take_out(
    uow: UnitOfWork, lane: Lane, most: int, site: Site, habits: dict[int, Habits] | None = None
) -> list[Leaving]:
    """Claims, decides, and writes down both. Returns what may leave; the rest waits, was refused, or goes by another channel. A
    constant number of statements, but for offers of the waiting list. ``habits``: of shops, as read before."""
    uow.require(Permission.MESSAGES_ANSWER)
    claimed = claim(uow, lane, most)
    if not claimed:
        return []
    usual = habits if habits is not None else {}
    if lane.business_id not in usual:
        usual[lane.business_id] = habits_of(uow)
    known = _read(uow, lane, claimed, site, usual[lane.business_id])
    leaving: list[tuple[Leaving, Link | None, str]] = []
    kept: list[tuple[Claimed, Verdict]] = []
    latest: dict[str, datetime] = {}
    for one in claimed:
        found = _through_the_gate(uow, lane, one, known, latest)
        if isinstance(found, Verdict):
            kept.append((one, found))
        else:
            leaving.append(found)
            latest[found[0].outgoing.to] = uow.now
    _write_leaving(uow, leaving)
    _keep_back(uow, kept, known)
    return [one for one, _, _ in leaving]


def _read(uow: UnitOfWork, lane: Lane, claimed: Sequence[Claimed], site: Site, habits: Habits) -> _Known:
    people, channels = about(uow, [one.id for one in claimed]), all_channels(uow)
    visits = [one.booking_id for one in claimed if one.booking_id is not None]
    visits += [booking_id for one in claimed for booking_id in one.details.get("booking_ids", ())]
    customers = {one.customer_id for one in claimed if one.customer_id is not None}
    purpose = OFFERS[lane.channel]
    has_offers = any(one.step in PROMOTIONAL for one in claimed)
    special = occasions(uow, [one.id for one in claimed if one.step in OF_OCCASIONS])
    campaigns = campaigns_behind(uow, {one.id: one.subject for one in claimed if one.step == NoticeStep.CAMPAIGN})
    words = wording(uow, site, channels[lane.channel], habits, items(uow, visits), list(people.values()), special)
    addresses = {one.address(lane.channel) for one in people.values()} - {""}
    return _Known(
        channels=channels,
        plan=habits.plan,
        people=people,
        words=words,
        may_serve=who_consent(uow, customers, ConsentPurpose.VISIT_MESSAGES),
        may_advertise=who_consent(uow, customers, purpose) if has_offers else (),
        campaigns=campaigns,
        stopped=blocked(uow, [(lane.channel, _as_blocked(one)) for one in addresses]),
    )


def _as_blocked(address: str) -> str:
    return address.lower()


def _through_the_gate(
    uow: UnitOfWork, lane: Lane, one: Claimed, known: _Known, latest: Mapping[str, datetime]
) -> tuple[Leaving, Link | None, str] | Verdict:
    """What leaves, with its link and its language; or why it does not."""
    person, zone = known.people[one.id], zone_of(lane.zone)
    if one.step in CONVERSATION:
        return _answer_through_the_gate(uow, lane, one, known, latest)
    template = template_of(known.words, one, person, known.campaigns.get(one.id))
    facts = _facts(uow, lane, one, known, latest, unregistered(known.words, template, person.phone))
    verdict = decide(facts)
    if verdict.kind != "send":
        return verdict
    try:
        outgoing, link = written(uow, known.words, template, one, person, zone)
    except MessageUnfit:
        return Verdict("refuse", "text_differs" if template.dlt_text else "unfit")
    campaign_id = campaign_in(one.subject) if one.id in known.campaigns else 0
    until, secret = uow.now + CALL_WITHIN, secret_in(uow, known.words, one, link)
    leaving = Leaving(one.id, one.attempts, outgoing, facts.timing, zone, until, campaign_id, secret)
    return leaving, link, template.language


def _answer_through_the_gate(
    uow: UnitOfWork, lane: Lane, one: Claimed, known: _Known, latest: Mapping[str, datetime]
) -> tuple[Leaving, Link | None, str] | Verdict:
    """To somebody who wrote first: at any hour, and the reply to a STOP although they have just said it."""
    person, channel, zone = known.people[one.id], known.channels[lane.channel], zone_of(lane.zone)
    is_stopped = (lane.channel, _as_blocked(person.phone)) in known.stopped
    facts = GateFacts(
        now=uow.now, zone=zone, channel=lane.channel, kind=MessageClass.SERVICE, timing=Timing.AT_ONCE, expires_at=one.expires_at,
        channel_state="" if channel.is_live else "broken" if channel.broken else "off", address=person.phone,
        has_opted_out=is_stopped and one.step != REPLY, template=unwritten(known.words, lane.channel, person.phone),
        last_left_at=latest.get(person.phone) or person.last_left_at,
    )  # fmt: skip
    verdict = decide(facts)
    if verdict.kind != "send":
        return verdict
    outgoing, link = answered(uow, known.words, one, person)
    until, secret = uow.now + CALL_WITHIN, secret_in(uow, known.words, one, link)
    return Leaving(one.id, one.attempts, outgoing, facts.timing, zone, until, secret=secret), link, person.language


def _facts(
    uow: UnitOfWork, lane: Lane, one: Claimed, known: _Known, latest: Mapping[str, datetime], template: str
) -> GateFacts:
    person, step, zone = known.people[one.id], NoticeStep(one.step), zone_of(lane.zone)
    kind, address, channel = class_of(step), person.address(lane.channel), known.channels[lane.channel]
    is_over = known.words.occasions.get(one.id, Occasion()).is_over
    campaign = known.campaigns.get(one.id)
    return GateFacts(
        now=uow.now,
        zone=zone,
        channel=lane.channel,
        kind=kind,
        timing=timing_of(step, kind),
        expires_at=one.expires_at,
        channel_state="" if channel.is_live else "broken" if channel.broken else "off",
        address=address,
        has_opted_out=(lane.channel, _as_blocked(address)) in known.stopped,
        may_serve=one.customer_id in known.may_serve or step is NoticeStep.CODE,  # asked for by whoever has the phone
        may_advertise=one.customer_id in known.may_advertise,
        is_child=is_child(person.birthday, today_in(zone, uow.now)),
        template=template,
        left_lately=person.advertised if kind is MessageClass.PROMOTIONAL else person.served,
        last_left_at=latest.get(address) or person.last_left_at,
        paused_until=uow.now + _AGAIN if campaign is not None and campaign.is_paused else None,
        standing=campaign.standing
        if campaign is not None
        else Standing.OFF
        if is_over
        else standing(
            step,
            person.status,
            is_same_time=person.starts_at == one.about_at,
            offer_state=person.offer_state,
            has_later=person.has_later,
        ),
    )


def _write_leaving(uow: UnitOfWork, leaving: Sequence[tuple[Leaving, Link | None, str]]) -> None:
    """The lease, the words, the links and the decision, in one statement."""
    if leaving:
        rows = json.dumps([_row_of(*one) for one in leaving])
        _run(uow, _LEAVE, now=uow.now, lease=uow.now + LEASE, rows=rows)


def _row_of(one: Leaving, link: Link | None, language: str) -> dict[str, Any]:
    text = one.outgoing.text
    row = {
        "id": one.message_id, "text": text.replace(one.secret, ELIDED) if one.secret else text, "language": language,
        "segments": segments_of(text).count if one.outgoing.channel is Channel.SMS else 1,
    }  # fmt: skip
    if link is not None:
        row |= {
            "hash": hash_of(link.token).hex(), "booking": link.booking_id,
            "offer": link.offer_id, "entry": link.entry_id, "document": link.document_id, "ticket": link.ticket_id,
            "ends": link.expires_at.isoformat(),
        }  # fmt: skip
    return row


def _keep_back(uow: UnitOfWork, kept: Sequence[tuple[Claimed, Verdict]], known: _Known) -> None:
    """Those that wait, and those that were refused, with another channel where one may help."""
    if not kept:
        return
    rows, onward = [], []
    for one, verdict in kept:
        following = None
        if verdict.kind == "refuse" and REASONS[verdict.code].tries_next:
            order = known.campaigns[one.id].channels if one.id in known.campaigns else order_of(known.plan, one.step)
            following = next_channel(order, Channel(one.channel), known.channels, known.people[one.id])
        if following is not None:
            onward.append((one.id, following))
        final = verdict if following else _once_it_is_on(uow, one, verdict)
        rows.append((one.id, "planned" if final.kind == "wait" else "suppressed", final.code, final.until))
    _run(
        uow, _KEPT_BACK, now=uow.now, ids=[row[0] for row in rows], states=[row[1] for row in rows],
        reasons=[row[2] for row in rows], dues=[row[3] for row in rows],
    )  # fmt: skip
    note(uow, [Told(row[0], "waits" if row[1] == "planned" else "refused", row[2]) for row in rows])
    go_on(uow, onward)


def _once_it_is_on(uow: UnitOfWork, one: Claimed, verdict: Verdict) -> Verdict:
    """No other channel reaches them: somebody may put this one right while the message is still of use."""
    until = uow.now + _AGAIN
    if not verdict.code.startswith("channel_") or (one.expires_at is not None and until >= one.expires_at):
        return verdict
    return Verdict("wait", verdict.code, until)


def order_of(plan: ShopPlan, step: str) -> tuple[Channel, ...]:
    """In which order the shop wants channels to be tried."""
    if step in CONVERSATION:  # where they wrote and nowhere else
        return ()
    known = NoticeStep(step)
    return plan.rule(known).channels if known in BUILT_IN else plan.channels


def next_channel(
    order: Sequence[Channel], channel: Channel, channels: Mapping[Channel, ChannelView], person: About
) -> Channel | None:
    """The next in order that is live and reaches them."""
    after = order[order.index(channel) + 1 :] if channel in order else order
    return next((one for one in after if channels[one].is_live and person.address(one)), None)


def go_on(uow: UnitOfWork, onward: Iterable[tuple[int, Channel]]) -> None:
    """These go by another channel, at once."""
    pairs = list(onward)
    if pairs:
        _run(uow, _NEXT, now=uow.now, ids=[one for one, _ in pairs], channels=[channel.value for _, channel in pairs])
        note(uow, [Told(one, "goes_on", channel.value) for one, channel in pairs])
        uow.nudges.add("messages")


def _run(uow: UnitOfWork, statement: Any, **values: Any) -> None:
    run(uow.session.connection(), statement, {"business": uow.business_id, **values})
