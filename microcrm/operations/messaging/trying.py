"""Sending the words that somebody is writing to a phone of their own, to see them arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Invalid, LimitReached
from microcrm.domain.messenger import Channel, Outgoing
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import parse_phone
from microcrm.models.records import AuditEvent
from microcrm.operations.capabilities import Sealer
from microcrm.operations.messaging.accounts import Account, all_channels, messenger_account
from microcrm.operations.messaging.templates import WriteTemplate, composed_example
from microcrm.operations.unit_of_work import UnitOfWork

MOST_AN_HOUR = 20
REFERENCE = "trial"
_TRIED = "message.tried"
_LATEST = 500  # of the log's lines are looked through for earlier ones


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to leave, and by which account."""

    account: Account
    outgoing: Outgoing


def try_template(uow: UnitOfWork, command: WriteTemplate, to: Any, sealer: Sealer) -> Trial:
    """The words as typed, saved or not, to one mobile number. It goes through no plan and no consent: it is for the person who
    writes it. Raises: Invalid, Conflict when no account is set up, LimitReached."""
    uow.require(Permission.BUSINESS_EDIT)
    try:
        phone = parse_phone(to, mobile=True)
    except Invalid as wrong:
        raise Invalid(fields={"to": wrong.message}) from None
    if not phone:
        raise Invalid(fields={"to": "Type the number of your own phone."})
    wanted, done = composed_example(uow, command)
    if wanted.channel is Channel.EMAIL:
        raise Invalid(fields={"to": "Only WhatsApp and SMS can be tried here."})
    account = messenger_account(uow, sealer)
    _count(uow)
    uow.audit(_TRIED, "message_template", None, channel=wanted.channel.value, step=wanted.step.value)
    return Trial(
        account,
        Outgoing(
            wanted.channel, phone, done.text, REFERENCE,
            content_id=wanted.content_sid, content_values=done.content_values if wanted.content_sid else (),
            dlt_entity_id=all_channels(uow)[wanted.channel].dlt_entity_id if wanted.dlt_template_id else "",
            dlt_template_id=wanted.dlt_template_id,
        ),
    )  # fmt: skip


def _count(uow: UnitOfWork) -> None:
    latest = (
        select(AuditEvent.action, AuditEvent.at)
        .where(AuditEvent.business_id == uow.business_id)
        .order_by(AuditEvent.id.desc())
        .limit(_LATEST)
        .subquery()
    )
    since = uow.now - timedelta(hours=1)
    query = select(func.count()).select_from(latest).where(latest.c.action == _TRIED, latest.c.at > since)
    if uow.session.scalar(query) >= MOST_AN_HOUR:
        raise LimitReached("That is many test messages for one hour.", remedy="Wait a little, then try again.")
