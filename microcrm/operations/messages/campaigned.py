"""What a message of a campaign needs to know of it at the moment of sending: two statements for as many as there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from microcrm.domain.campaigns import CampaignState, Words, campaign_in, words_in
from microcrm.domain.messages import MAY_BE_KNOWN
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Permission
from microcrm.domain.send_gate import Standing
from microcrm.models.campaigns import Campaign
from microcrm.models.messages import Message
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.unit_of_work import UnitOfWork

# Of two customers with one phone, the one whose message was planned first gets it.
_DOUBLED = fixed("""
SELECT m.id FROM messages m
JOIN customers c ON c.business_id = :business AND c.id = m.customer_id
WHERE m.business_id = :business AND m.id = ANY(cast(:ids AS bigint[])) AND EXISTS (
  SELECT FROM customers d
  JOIN messages n ON n.business_id = :business AND n.customer_id = d.id AND n.campaign_id = m.campaign_id AND n.channel = m.channel
  WHERE d.business_id = :business AND d.id <> c.id AND n.id < m.id AND n.state = ANY(cast(:known AS text[]))
  AND ((m.channel <> 'email' AND c.phone <> '' AND d.phone = c.phone)
    OR (m.channel = 'email' AND c.email_key <> '' AND d.email_key = c.email_key)))
""")
_KNOWN = sorted(MAY_BE_KNOWN)
_GOING = (CampaignState.RUNNING, CampaignState.DONE)  # one message of a done one may have been tried again


@dataclass(frozen=True, slots=True)
class Campaigned:
    """A message's campaign. ``channels``: in the order in which they are tried."""

    state: CampaignState
    channels: tuple[Channel, ...]
    words: Words
    is_doubled: bool = False

    @property
    def is_paused(self) -> bool:
        return self.state is CampaignState.PAUSED

    @property
    def standing(self) -> Standing:
        if self.state in (CampaignState.STOPPED, CampaignState.DRAFT):
            return Standing.STOPPED
        return Standing.DOUBLED if self.is_doubled else Standing.LIVE


def campaigns_behind(uow: UnitOfWork, subjects: Mapping[int, str]) -> dict[int, Campaigned]:
    """By message. ``subjects``: what each is about; none for none."""
    if not subjects:
        return {}
    behind = {message_id: campaign_in(subject) for message_id, subject in subjects.items()}
    query = select(Campaign).where(Campaign.business_id == uow.business_id, Campaign.id.in_(set(behind.values())))
    # What a worker of before has read says nothing of now.
    rows = {row.id: row for row in uow.session.scalars(query.execution_options(populate_existing=True))}
    values = {"business": uow.business_id, "ids": sorted(subjects), "known": _KNOWN}
    doubled = {row[0] for row in fetch(uow.session.connection(), _DOUBLED, values)}
    words = {one: words_in(row.words) for one, row in rows.items()}
    return {
        message_id: Campaigned(
            CampaignState(rows[one].state), tuple(Channel(way) for way in rows[one].channels), words[one], message_id in doubled
        )
        for message_id, one in behind.items()
    }  # fmt: skip


def campaigns_of(uow: UnitOfWork, message_ids: Iterable[int]) -> dict[int, Campaigned]:
    """The same, where their subjects are not at hand. One statement for messages of no campaign."""
    query = select(Message.id, Message.subject).where(
        Message.business_id == uow.business_id, Message.id.in_(list(message_ids)), Message.campaign_id.is_not(None)
    )
    return campaigns_behind(uow, {row.id: row.subject for row in uow.session.execute(query)})


def is_going_out(uow: UnitOfWork, campaign_id: int) -> bool:
    """Asked once more when a message is handed over, for a stop counts at once."""
    uow.require(Permission.MESSAGES_ANSWER)
    query = select(Campaign.state).where(Campaign.business_id == uow.business_id, Campaign.id == campaign_id)
    return uow.session.scalars(query).first() in _GOING
