"""Campaigns for those who send them: the list, one of them, and before it leaves who gets it and why the others don't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.campaigns import CampaignState, words_for, words_in
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Permission
from microcrm.domain.segments import from_json, rules_words
from microcrm.models.business import Member
from microcrm.models.campaigns import Campaign
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.operations.campaigns.drafts import EXAMPLE_LINK, refuse_who_sees_few
from microcrm.operations.campaigns.people import Means, Taken, Way, means_of, ways_of
from microcrm.operations.campaigns.running import lacks
from microcrm.operations.customer_access import email_for, phone_for
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.messaging.templates import WriteTemplate, previewed
from microcrm.operations.parts.rows import find
from microcrm.operations.segment_rules import conditions_of
from microcrm.operations.segments import SegmentView, rules_of, segments
from microcrm.operations.unit_of_work import UnitOfWork

PAGE_SIZE = 30
LOOKED_AT = 10_000  # customers of a segment; of a larger one these are looked at before
NAMED = 50  # of those who get nothing for one reason
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """``left``: how many messages have left so far."""

    id: int
    name: str
    state: CampaignState
    begins_at: datetime | None
    started_at: datetime | None
    created_at: datetime
    channels: tuple[Channel, ...]
    left: int


@dataclass(frozen=True, slots=True)
class CampaignPage:
    rows: tuple[CampaignLine, ...]
    before: int | None
    may_send: bool


@dataclass(frozen=True, slots=True)
class CampaignView:
    """``segment``: in words, "" when it is no longer there; ``written``: by channel and language; ``lacks``: what has to be put right
    before it can leave."""

    id: int
    version: int
    name: str
    state: CampaignState
    segment_key: str
    segment: str
    channels: tuple[Channel, ...]
    pace: int
    begins_at: datetime | None
    next_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    sender: str
    written: tuple[tuple[Channel, str], ...]
    lacks: tuple[str, ...]
    segments: tuple[SegmentView, ...]
    may_send: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """``by_way``: how many get it by which channel; ``left_out``: by reason of the gate. ``is_cut``: only the first `LOOKED_AT` of
    ``people`` were looked at. ``sms_segments``: of one SMS as an example has it, 0 while there is none; ``sms_price``: of one segment,
    in hundredths of a paisa."""

    people: int
    by_way: Mapping[Channel, int]
    left_out: Mapping[str, int]
    is_cut: bool
    sms_segments: int
    sms_price: int | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """``contact`` masked for those who may not see it."""

    customer_id: int
    name: str
    contact: str


def list_campaigns(uow: UnitOfWork, before: int | None = None) -> CampaignPage:
    """The newest first, two statements a page."""
    uow.require(Permission.MESSAGES_VIEW)
    query = select(Campaign).where(Campaign.business_id == uow.business_id).order_by(Campaign.id.desc())
    if before is not None:
        query = query.where(Campaign.id < before)
    found = list(uow.session.scalars(query.limit(PAGE_SIZE + 1)))
    rows = found[:PAGE_SIZE]
    left = _left(uow, [row.id or 0 for row in rows])
    return CampaignPage(
        tuple(
            CampaignLine(
                row.id or 0, row.name, CampaignState(row.state), row.begins_at, row.started_at, row.created_at,
                tuple(Channel(one) for one in row.channels), left.get(row.id or 0, 0),
            )
            for row in rows
        ),
        rows[-1].id if len(found) > PAGE_SIZE else None,
        uow.may(Permission.CAMPAIGNS_SEND),
    )  # fmt: skip


def view_campaign(uow: UnitOfWork, campaign_id: Any) -> CampaignView:
    """Raises: NotFound."""
    uow.require(Permission.MESSAGES_VIEW)
    row = find(uow, Campaign, campaign_id, is_locked=False)
    is_draft = row.state == CampaignState.DRAFT
    may_send = uow.may(Permission.CAMPAIGNS_SEND)
    means = _means(uow, row)
    sender = select(Member.name).where(Member.business_id == uow.business_id, Member.id == row.member_id)
    return CampaignView(
        row.id or 0, row.version, row.name, CampaignState(row.state), row.segment_key, _segment(uow, row), means.channels,
        row.pace, row.begins_at, row.next_at, row.started_at, row.finished_at,
        uow.session.scalars(sender).first() or "" if row.member_id else "", tuple(means.words),
        tuple(lacks(means)) if is_draft else (), segments(uow) if is_draft and may_send else (), may_send,
    )  # fmt: skip


def preview_campaign(uow: UnitOfWork, campaign_id: Any, link: str = EXAMPLE_LINK) -> Preview:
    """As if it left now, or at its hour. As many statements for a thousand customers as for one. ``link``: as links of this
    installation look."""
    uow.require(Permission.CAMPAIGNS_SEND)
    refuse_who_sees_few(uow)
    row = find(uow, Campaign, campaign_id, is_locked=False)
    people, ways = _looked_at(uow, row)
    by_way = Counter(way.channel for way in ways if way.channel is not None)
    left_out = Counter(way.reason for way in ways if way.channel is None)
    size = _sms_size(uow, row, link) if by_way[Channel.SMS] else 0
    return Preview(people, by_way, left_out, people > len(ways), size, plan_of(uow).sms_price)


def who_gets_nothing(uow: UnitOfWork, campaign_id: Any, reason: Any) -> tuple[LeftOut, ...]:
    """The first `NAMED` of those who get nothing for that reason, by name."""
    uow.require(Permission.CAMPAIGNS_SEND)
    refuse_who_sees_few(uow)
    row = find(uow, Campaign, campaign_id, is_locked=False)
    _, ways = _looked_at(uow, row)
    found = [way.person for way in ways if way.channel is None and way.reason == reason]
    by_mail = bool(row.channels) and row.channels[0] == Channel.EMAIL
    return tuple(
        LeftOut(one.id, one.name, email_for(uow.actor, one.email) if by_mail else phone_for(uow.actor, one.phone))
        for one in sorted(found, key=lambda one: (one.name.casefold(), one.id))[:NAMED]
    )


def _looked_at(uow: UnitOfWork, row: Campaign) -> tuple[int, list[Way]]:
    """How many are in the segment, and what each of them gets."""
    rules = rules_of(uow, row.segment_key)
    if rules is None:
        return 0, []
    of_shop = (
        Customer.business_id == uow.business_id,
        Customer.archived_at.is_(None),
        *conditions_of(uow, rules),
    )
    ids = list(uow.session.scalars(select(Customer.id).where(*of_shop).order_by(Customer.id).limit(LOOKED_AT + 1)))
    people = len(ids)
    if people > LOOKED_AT:
        people = uow.session.execute(select(func.count()).where(*of_shop)).scalar_one()
    means, taken, ways = _means(uow, row), Taken(set(), set()), []
    for first in range(0, min(len(ids), LOOKED_AT), _CHUNK):
        chunk = ids[first : min(first + _CHUNK, LOOKED_AT)]
        ways += ways_of(uow, means, chunk, taken, row.begins_at)
    return people, ways


def _sms_size(uow: UnitOfWork, row: Campaign, link: str) -> int:
    said = words_for(words_in(row.words), Channel.SMS, "en")
    if said is None:
        return 0
    wanted = WriteTemplate(
        said.step.value, Channel.SMS.value, said.language, 0, said.text, "", said.dlt_template_id, said.dlt_text, said.dlt_on, link
    )  # fmt: skip
    segments = previewed(uow, wanted).segments
    return segments.count if segments else 0


def _means(uow: UnitOfWork, row: Campaign) -> Means:
    return means_of(uow, [Channel(one) for one in row.channels], words_in(row.words))


def _segment(uow: UnitOfWork, row: Campaign) -> str:
    if row.state != CampaignState.DRAFT:
        return f"{row.segment_name}: {rules_words(from_json(row.rules))}"
    rules = rules_of(uow, row.segment_key)
    return "" if rules is None else rules_words(rules)


def _left(uow: UnitOfWork, campaign_ids: list[int]) -> dict[int, int]:
    """By campaign."""
    query = (
        select(Message.campaign_id, func.count())
        .where(
            Message.business_id == uow.business_id,
            Message.campaign_id.in_(campaign_ids),
            Message.handed_at.is_not(None),
        )
        .group_by(Message.campaign_id)
    )
    return {row[0]: row[1] for row in uow.session.execute(query)}
