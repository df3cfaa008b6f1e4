"""Each channel's sender and switch, as the owner sets them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader, parse_flag
from microcrm.domain.messenger import Channel, Outgoing
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import parse_phone
from microcrm.domain.twilio import SERVICE_SID
from microcrm.models.business import Business
from microcrm.models.messaging import MessageChannel
from microcrm.operations.capabilities import Sealer
from microcrm.operations.messaging.accounts import (
    PACE,
    Account,
    ChannelView,
    all_channels,
    channel_row,
    messenger_account,
)
from microcrm.operations.parts.rows import amend, create, same_version
from microcrm.operations.unit_of_work import UnitOfWork

_HEADER = re.compile(
    r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}", re.ASCII
)  # twilio.com/docs/glossary/what-alphanumeric-sender-id
_OFFER_HEADER = re.compile(r"[0-9]{3,8}", re.ASCII)  # promotional headers are numbers (TCCCPR 2018; india.md 3.1)
_DLT_ID = re.compile(r"[0-9]{10,25}", re.ASCII)  # nineteen digits, say operators today
NAMES = {
    Channel.WHATSAPP: "WhatsApp",
    Channel.SMS: "SMS",
    Channel.EMAIL: "E-mail",
}  # by their words too: members of an enumeration of texts are texts


@dataclass(frozen=True, slots=True)
class SaveChannel:
    """As typed. ``version`` 0: nothing was saved for this channel yet. ``offer_sender``: the header of offers by SMS."""

    channel: Any
    version: Any
    sender: Any
    dlt_entity_id: Any
    per_second: Any
    offer_sender: Any = ""


def view_channels(uow: UnitOfWork) -> list[ChannelView]:
    uow.require(Permission.BUSINESS_EDIT)
    return list(all_channels(uow).values())


def save_channel(uow: UnitOfWork, command: SaveChannel) -> str:
    """What had stopped is tried again. Returns the undo token, "" when nothing was different. Raises: Invalid, Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    channel = _channel(command.channel)
    reader = Reader()
    sender = ""
    if channel is not Channel.EMAIL:
        sender = reader.by("sender", _sender, channel, command.sender, instead="")
    dlt = reader.text("dlt_entity_id", command.dlt_entity_id, "DLT entity id", limit=30, required=False)
    if dlt and (channel is not Channel.SMS or not _DLT_ID.fullmatch(dlt)):
        reader.refuse("dlt_entity_id", "The DLT entity id is a number of 19 digits.")
    header = reader.text("offer_sender", command.offer_sender, "Header for offers", limit=20, required=False)
    if header and (channel is not Channel.SMS or not _OFFER_HEADER.fullmatch(header)):
        reader.refuse("offer_sender", "The header for offers is the number that DLT gave it, mostly of 6 digits.")
    pace = reader.whole_number(
        "per_second", command.per_second, "Messages a second", low=1, high=1_000, default=PACE[channel]
    )
    reader.done()
    values = {
        "sender": sender, "dlt_entity_id": dlt, "offer_sender": header, "per_second": pace, "broken": "", "broken_at": None,
    }  # fmt: skip
    return _change(uow, channel, command.version, values)


def switch_channel(uow: UnitOfWork, channel: Any, version: Any, is_on: Any) -> str:
    """Returns the undo token. Raises: Conflict, when it has no sender yet."""
    uow.require(Permission.BUSINESS_EDIT)
    known = _channel(channel)
    wanted = parse_flag(is_on, "The switch")
    view = all_channels(uow)[known]
    if wanted and known is not Channel.EMAIL and not view.sender:
        raise Conflict(f"{NAMES[known]} has no sender yet.", remedy="Enter it first, then switch the channel on.")
    return _change(uow, known, version, {"is_on": wanted, "broken": "", "broken_at": None})


def test_message(uow: UnitOfWork, channel: Any, phone: Any, sealer: Sealer) -> tuple[Account, Outgoing]:
    """What the owner sends to their own phone, to see that a channel works; it may be off still. Raises: Invalid, Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    reader = Reader()
    number = reader.by("test_phone", parse_phone, phone, mobile=True, instead="")
    if channel not in (Channel.WHATSAPP, Channel.SMS):
        reader.refuse("test_channel", "Choose WhatsApp or SMS.")
    reader.done()
    wanted = Channel(channel)
    account = messenger_account(uow, sealer)
    if not all_channels(uow)[wanted].sender:
        raise Conflict(f"{NAMES[wanted]} has no sender yet.", remedy="Enter it first.")
    name = uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()
    uow.audit("messaging.tested", "message_channel", None, channel=wanted.value)
    text = f"A test message of {name}, sent from MicroCRM. Nothing has to be done."
    return account, Outgoing(wanted, number, text, f"test {secrets.token_hex(6)}")


def _change(uow: UnitOfWork, channel: Channel, version: Any, values: dict[str, Any]) -> str:
    row = channel_row(uow, channel)
    same_version(version, 0 if row is None else row.version)
    if row is None:
        made = {"per_second": PACE[channel]} | values
        return create(
            uow,
            "message_channel",
            MessageChannel(business_id=uow.business_id, channel=channel, **made),
            NAMES[channel],
        )
    return amend(uow, "message_channel", row, values, NAMES[channel])


def _channel(raw: Any) -> Channel:
    try:
        return Channel(raw)
    except ValueError:
        raise Invalid("There is no such channel.") from None


def _sender(channel: Channel, raw: Any) -> str:
    """A number; for SMS also a messaging service or a header. Raises: Invalid."""
    if channel is Channel.SMS and isinstance(raw, str):
        typed = raw.strip()
        if SERVICE_SID.fullmatch(typed):
            return typed
        if _HEADER.fullmatch(typed):
            return typed.upper()
    try:
        return parse_phone(raw)
    except Invalid:
        hint = "Type the number with its country code, such as +91 80 4567 8900."
        if channel is Channel.SMS:
            hint = "Type a number with its country code, a messaging service (MG…) or your header of 3 to 11 letters."
        raise Invalid(hint) from None
