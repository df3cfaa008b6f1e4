"""Who of some customers gets a campaign's message, by which way, and why the others don't. The rules are those of the gate that decides
at the moment of sending (``domain/send_gate.py``); here are only the facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select

from microcrm.domain.campaigns import Words, within_hours, words_for
from microcrm.domain.consent import is_child
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import LANGUAGES, PROMOTIONAL, MessageClass
from microcrm.domain.send_gate import CAPS, GateFacts, Standing, Timing, decide
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.messaging import MessagingAccount
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.messages.leaving import OFFERS
from microcrm.operations.messages.wording import why_unregistered
from microcrm.operations.messaging.accounts import ChannelView, all_channels
from microcrm.operations.parts.channel_blocks import blocked
from microcrm.operations.parts.consent import who_consent
from microcrm.operations.unit_of_work import UnitOfWork

_PEOPLE = fixed("""
SELECT c.id, c.name, c.phone, c.email, c.birthday, coalesce(
    (SELECT l.language FROM bookings l WHERE l.business_id = :business AND l.customer_id = c.id
     AND l.language = ANY(cast(:languages AS text[])) ORDER BY l.starts_at DESC LIMIT 1), 'en'),
  (SELECT count(*) FROM messages p WHERE p.business_id = :business AND p.customer_id = c.id
   AND p.due_at > cast(:now AS timestamptz) - cast(:within AS interval)
   AND p.handed_at > cast(:now AS timestamptz) - cast(:within AS interval) AND p.step = ANY(cast(:promotional AS text[])))
FROM customers c WHERE c.business_id = :business AND c.id = ANY(cast(:ids AS bigint[])) ORDER BY c.id
""")
# Also of those whose record the customer's was merged with since.
_HAVE_IT = fixed("""
SELECT m.customer_id, m.channel, CASE m.channel WHEN 'email' THEN c.email_key ELSE c.phone END
FROM customers c
JOIN messages m ON m.business_id = :business AND m.customer_id = c.id AND m.campaign_id = :campaign
WHERE c.business_id = :business AND (c.id = ANY(cast(:ids AS bigint[]))
  OR (c.phone <> '' AND c.phone = ANY(cast(:phones AS text[])))
  OR (c.email_key <> '' AND c.email_key = ANY(cast(:emails AS text[]))))
""")


class Person(NamedTuple):
    id: int
    name: str
    phone: str
    email: str
    birthday: date | None
    language: str
    left_lately: int

    def address(self, channel: Channel) -> str:
        return self.email if channel is Channel.EMAIL else self.phone


class Way(NamedTuple):
    """``channel``: none when they get nothing, with the ``reason`` of the gate: that of the first way in order."""

    person: Person
    channel: Channel | None
    reason: str = ""


@dataclass(slots=True)
class Taken:
    """Who has a message of the campaign already, and where those go to."""

    people: set[int]
    addresses: set[tuple[Channel, str]]


@dataclass(frozen=True, slots=True)
class Means:
    """What holds for everybody: the ways in order, the words, and whether channels take them."""

    channels: tuple[Channel, ...]
    words: Words
    views: Mapping[Channel, ChannelView]
    is_sandbox: bool


def means_of(uow: UnitOfWork, channels: Sequence[Channel], words: Words) -> Means:
    sandbox = select(MessagingAccount.is_sandbox).where(MessagingAccount.business_id == uow.business_id)
    return Means(tuple(channels), words, all_channels(uow), bool(uow.session.scalars(sandbox).first()))


def unfit_for(means: Means, channel: Channel, language: str) -> str:
    """Why the channel takes no such words from the shop, as a reason of the gate; "" when it does."""
    template = words_for(means.words, channel, language)
    if template is None:
        return "no_template"
    if means.is_sandbox and channel is Channel.WHATSAPP:
        return ""
    return why_unregistered(template, means.views[channel].dlt_entity_id, means.views[channel].offer_sender)


def ways_of(
    uow: UnitOfWork, means: Means, customer_ids: Iterable[int], taken: Taken, at: datetime | None = None
) -> list[Way]:
    """In order of their ids; ``taken`` grows by those who get it. A constant number of statements. ``at``: when the first would
    leave."""
    ids = list(customer_ids)
    if not ids:
        return []
    people = _people(uow, ids)
    agreed = {channel: who_consent(uow, ids, OFFERS[channel]) for channel in means.channels}
    addresses = {(channel, one.address(channel).lower()) for one in people for channel in means.channels}
    stopped = blocked(uow, [pair for pair in addresses if pair[1]])
    moment = within_hours(max(at or uow.now, uow.now), zone_of(uow.actor.zone))
    found = []
    for person in people:
        way = _way(uow, means, person, agreed, stopped, taken, moment)
        if way.channel is not None:
            taken.people.add(person.id)
            taken.addresses.add((way.channel, person.address(way.channel).lower()))
        found.append(way)
    return found


def who_has_it(uow: UnitOfWork, campaign_id: int, customer_ids: Iterable[int]) -> Taken:
    """Of these customers, and of others at their addresses."""
    people = _people(uow, list(customer_ids))
    values = {
        "business": uow.business_id, "campaign": campaign_id, "ids": [one.id for one in people],
        "phones": sorted({one.phone for one in people if one.phone}),
        "emails": sorted({one.email.lower() for one in people if one.email}),
    }  # fmt: skip
    rows = fetch(uow.session.connection(), _HAVE_IT, values)
    return Taken({row[0] for row in rows}, {(Channel(row[1]), row[2].lower()) for row in rows})


def _way(
    uow: UnitOfWork, means: Means, person: Person, agreed: Mapping[Channel, Collection[int]],
    stopped: Collection[tuple[Channel, str]], taken: Taken, moment: datetime,
) -> Way:  # fmt: skip
    """The first way that the gate lets through."""
    zone, first = zone_of(uow.actor.zone), ""
    is_young = is_child(person.birthday, today_in(zone, moment))
    for channel in means.channels:
        address, view = person.address(channel), means.views[channel]
        where = (channel, address.lower())
        facts = GateFacts(
            now=moment, zone=zone, channel=channel, kind=MessageClass.PROMOTIONAL, timing=Timing.OFFERS,
            channel_state="" if view.is_live else "broken" if view.broken else "off", address=address,
            has_opted_out=where in stopped, may_advertise=is_young or person.id in agreed[channel],
            is_child=is_young, template=unfit_for(means, channel, person.language),
            left_lately=person.left_lately,
            standing=Standing.DOUBLED if person.id in taken.people or where in taken.addresses else Standing.LIVE,
        )  # fmt: skip
        verdict = decide(facts)
        if verdict.kind != "refuse":
            return Way(person, channel)
        first = first or verdict.code
    return Way(person, None, first or "channel_off")


def _people(uow: UnitOfWork, ids: Sequence[int]) -> list[Person]:
    values = {
        "business": uow.business_id, "ids": list(ids), "languages": list(LANGUAGES), "now": uow.now,
        "within": CAPS[MessageClass.PROMOTIONAL].within, "promotional": sorted(PROMOTIONAL),
    }  # fmt: skip
    return [Person(*row) for row in fetch(uow.session.connection(), _PEOPLE, values)]
