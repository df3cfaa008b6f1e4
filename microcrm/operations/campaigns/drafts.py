"""A campaign while it is written: its name, segment and ways, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.campaigns import (
    LEAST_PACE,
    MOST_PACE,
    NAME_LIMIT,
    USUAL_PACE,
    CampaignState,
    as_kept,
    key_of,
    template_in,
)
from microcrm.domain.errors import Conflict, Forbidden, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.messenger import Channel
from microcrm.domain.notice_texts import Template, built_in
from microcrm.domain.notices import LANGUAGES, NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.models.campaigns import Campaign
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.messaging.templates import TemplatePreview, WriteTemplate, previewed, read_words
from microcrm.operations.parts.rows import amend, create, find, remove, same_version
from microcrm.operations.segments import rules_of
from microcrm.operations.unit_of_work import UnitOfWork

MOST_DRAFTS = 50
EXAMPLE_LINK = "https://book.example/b/lotus-salon"
_LABEL = "the draft of a campaign"


@dataclass(frozen=True, slots=True)
class SaveCampaign:
    """As typed. Without ``campaign_id`` a new one. ``channels`` in the order in which they are tried; ``pace``: messages a minute."""

    name: Any
    segment: Any
    channels: Any
    pace: Any = USUAL_PACE
    campaign_id: Any = None
    version: Any = None


@dataclass(frozen=True, slots=True)
class WriteWords:
    """As typed, of one channel in one language. ``link``: what a link of this installation looks like, so that the count is true."""

    campaign_id: Any
    version: Any
    channel: Any
    language: Any
    typed: Mapping[str, Any]
    link: str = EXAMPLE_LINK


@dataclass(frozen=True, slots=True)
class CampaignSaved:
    """``undo`` "" when nothing was different."""

    id: int
    version: int
    undo: str = ""


def save_campaign(uow: UnitOfWork, command: SaveCampaign) -> CampaignSaved:
    """Raises: Invalid, Conflict, NotFound."""
    uow.require(Permission.CAMPAIGNS_SEND)
    refuse_who_sees_few(uow)
    values = _read(uow, command)
    if command.campaign_id in (None, ""):
        mine = (Campaign.business_id == uow.business_id, Campaign.state == CampaignState.DRAFT.value)
        if uow.session.execute(select(func.count()).where(*mine)).scalar_one() >= MOST_DRAFTS:
            raise Conflict(f"There are {MOST_DRAFTS} drafts already.", remedy="Delete one that nobody needs.")
        row = Campaign(business_id=uow.business_id, created_at=uow.now, **values)
        undo = create(uow, "campaign", row, values["name"])
        return CampaignSaved(row.id or 0, row.version, undo)
    row = draft(uow, command.campaign_id, command.version)
    undo = amend(uow, "campaign", row, values, values["name"])
    return CampaignSaved(row.id or 0, row.version, undo)


def remove_campaign(uow: UnitOfWork, campaign_id: Any, version: Any) -> str:
    """Of drafts only. Returns the undo token."""
    uow.require(Permission.CAMPAIGNS_SEND)
    row = draft(uow, campaign_id, version)
    return remove(uow, "campaign", row, row.name)


def words_to_write(uow: UnitOfWork, campaign_id: Any, channel: Any, language: Any) -> Template:
    """What the editor begins with: what was written, else a beginning."""
    uow.require(Permission.CAMPAIGNS_SEND)
    way, tongue = _which(channel, language)
    kept = find(uow, Campaign, campaign_id, is_locked=False).words.get(key_of(way, tongue))
    return template_in(way, tongue, kept or {"text": built_in(NoticeStep.CAMPAIGN, way, tongue)})


def look_at_words(uow: UnitOfWork, command: WriteWords) -> TemplatePreview:
    """How it would arrive, and what it costs. What is wrong is told, not raised."""
    uow.require(Permission.CAMPAIGNS_SEND)
    return previewed(uow, as_template(command))


def save_words(uow: UnitOfWork, command: WriteWords) -> CampaignSaved:
    """``Invalid`` says at each field what is wrong. Raises: Conflict, NotFound."""
    uow.require(Permission.CAMPAIGNS_SEND)
    wanted = read_words(uow, as_template(command))
    row = draft(uow, command.campaign_id, command.version)
    words = {**row.words, key_of(wanted.channel, wanted.language): as_kept(wanted)}
    undo = amend(uow, "campaign", row, {"words": words}, _LABEL)
    return CampaignSaved(row.id or 0, row.version, undo)


def drop_words(uow: UnitOfWork, campaign_id: Any, version: Any, channel: Any, language: Any) -> CampaignSaved:
    """Nothing is said by this way in this language; customers who speak it get another one."""
    uow.require(Permission.CAMPAIGNS_SEND)
    key = key_of(*_which(channel, language))
    row = draft(uow, campaign_id, version)
    words = {name: kept for name, kept in row.words.items() if name != key}
    undo = amend(uow, "campaign", row, {"words": words}, _LABEL)
    return CampaignSaved(row.id or 0, row.version, undo)


def as_template(command: WriteWords) -> WriteTemplate:
    return WriteTemplate(
        NoticeStep.CAMPAIGN.value, command.channel, command.language, 0, **command.typed, link=command.link
    )


def draft(uow: UnitOfWork, campaign_id: Any, version: Any) -> Campaign:
    """Locked. Raises: NotFound; Conflict, when it has left or somebody has saved it meanwhile."""
    row = find(uow, Campaign, campaign_id)
    if row.state != CampaignState.DRAFT:
        raise Conflict(
            "This campaign was sent on its way already.", remedy="Begin a new one to say something different."
        )
    same_version(version, row.version)
    return row


def refuse_who_sees_few(uow: UnitOfWork) -> None:
    """A campaign goes to customers of the whole shop."""
    if sees_own_only(uow.actor):
        raise Forbidden(
            "You see your own customers only, and a campaign goes to those of the whole shop.",
            remedy="Ask somebody who sees all.",
        )


def _read(uow: UnitOfWork, command: SaveCampaign) -> dict[str, Any]:
    reader = Reader()
    name = reader.text("name", command.name, "A name", limit=NAME_LIMIT)
    pace = reader.whole_number("pace", command.pace, "Messages a minute", low=LEAST_PACE, high=MOST_PACE)
    segment = reader.text("segment", command.segment, "A segment", limit=30)
    channels: tuple[Channel, ...] = reader.by("channels", _channels, command.channels, instead=())
    if segment and rules_of(uow, segment) is None:
        reader.refuse("segment", "This segment is no longer there. Choose another one.")
    reader.done()
    return {"name": name, "pace": pace, "segment_key": segment, "channels": [one.value for one in channels]}


def _channels(raw: Any) -> tuple[Channel, ...]:
    words = raw.split(",") if isinstance(raw, str) and len(raw) <= 60 else raw if isinstance(raw, list | tuple) else ()
    known = {one.value for one in Channel}
    if not words or len(words) > len(known) or any(not isinstance(word, str) or word not in known for word in words):
        raise Invalid("Choose from WhatsApp, SMS and e-mail.")
    return tuple(dict.fromkeys(Channel(word) for word in words))


def _which(channel: Any, language: Any) -> tuple[Channel, str]:
    reader = Reader()
    way = reader.member("channel", channel, "Channel", Channel)
    tongue = reader.choice("language", language, "Language", LANGUAGES)
    reader.done()
    return way, tongue
