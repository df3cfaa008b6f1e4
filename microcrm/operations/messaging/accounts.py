"""A shop's account at Twilio: kept sealed, shown masked, found by the address that Twilio calls. And which channels it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, text, update

from microcrm.domain.bell import BellKind
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Permission
from microcrm.domain.twilio import ACCOUNT_SID
from microcrm.models.messaging import MessageChannel, MessagingAccount
from microcrm.operations.bell.ringing import ring
from microcrm.operations.capabilities import Sealer
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.parts.provider_secrets import good_now, hash_of_address, new_address, opened
from microcrm.operations.parts.rows import same_version
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.sandbox.twilio_keys import sandbox_account, sandbox_number

PREVIOUS_LASTS = timedelta(hours=24)  # what Twilio still signs with the token from before
SECRETS = ("auth_token", "previous_token", "hook_token")  # columns that are sealed
PACE = {
    Channel.WHATSAPP: 80,
    Channel.SMS: 10,
    Channel.EMAIL: 10,
}  # messages a second: Meta's default a number; Twilio's
BY_TWILIO = (Channel.WHATSAPP, Channel.SMS)
_SANDBOX_HEADER = "SANDBX"
_HEARD_EVERY = timedelta(minutes=5)
_CHANNELS = fixed("""
SELECT c.channel, c.sender, c.dlt_entity_id, c.offer_sender, c.is_on, c.broken, c.broken_at, c.per_second, c.version,
  EXISTS (SELECT FROM messaging_accounts a WHERE a.business_id = :business) AS has_account
FROM message_channels c WHERE c.business_id = :business
""")
_BEHIND = text("SELECT * FROM twilio_behind(:hash)")


@dataclass(frozen=True, slots=True)
class Account:
    """What a message leaves with. ``hook_token`` ends the addresses that Twilio calls. Senders: "" where there is none."""

    account_sid: str
    auth_token: str = field(repr=False)
    is_sandbox: bool
    hook_token: str = field(default="", repr=False)
    whatsapp_sender: str = ""
    sms_sender: str = ""


@dataclass(frozen=True, slots=True)
class SaveAccount:
    """As typed. An empty token stays as it is; ``version`` 0: there is no account yet."""

    version: Any
    account_sid: Any
    auth_token: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the owner sees; no secret. ``mode``: "", live or sandbox. ``is_readable``: not after the installation's key was lost."""

    mode: str = ""
    account_sid: str = ""
    hook_token: str = ""
    is_readable: bool = True
    checked_at: datetime | None = None
    heard_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class ChannelView:
    """``is_live``: messages may leave by it now."""

    channel: Channel
    sender: str
    dlt_entity_id: str
    is_on: bool
    broken: str
    broken_at: datetime | None
    per_second: int
    version: int
    is_live: bool
    offer_sender: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """The tokens that may sign what comes to one address now."""

    business_id: int
    zone: str
    account_sid: str
    secrets: tuple[str, ...] = field(repr=False)


def view_account(uow: UnitOfWork, sealer: Sealer) -> AccountView:
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow)
    if row is None:
        return AccountView()
    return AccountView(
        mode="sandbox" if row.is_sandbox else "live",
        account_sid=row.account_sid,
        hook_token=opened(sealer, row.hook_token, _about(uow, "hook_token")),
        is_readable=bool(opened(sealer, row.auth_token, _about(uow, "auth_token"))),
        checked_at=row.checked_at,
        heard_at=row.heard_at,
        version=row.version,
    )


def messenger_account(uow: UnitOfWork, sealer: Sealer) -> Account:
    """For sending in the shop's name. Raises: Conflict, when there is none or it cannot be read."""
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow, is_locked=False)
    if row is None:
        raise Conflict("This shop sends no messages.", remedy="The owner sets that up in Settings, Messages.")
    token = opened(sealer, row.auth_token, _about(uow, "auth_token"))
    if not token:
        raise Conflict(
            "The keys of Twilio can’t be read any more.", remedy="The owner has to enter them again in Settings."
        )
    senders = {one.channel: one.sender for one in _channel_rows(uow)}
    hook_token = opened(sealer, row.hook_token, _about(uow, "hook_token"))
    return Account(
        row.account_sid, token, row.is_sandbox, hook_token,
        senders.get(Channel.WHATSAPP, ""), senders.get(Channel.SMS, ""),
    )  # fmt: skip


def channels_on(uow: UnitOfWork) -> dict[Channel, ChannelView]:
    """By which messages may leave now. A channel that nobody has switched on is not there."""
    uow.require(Permission.BUSINESS_EDIT)
    return {channel: view for channel, view in all_channels(uow).items() if view.is_live}


def all_channels(uow: UnitOfWork) -> dict[Channel, ChannelView]:
    """In the order in which they are tried."""
    rows = {row.channel: row for row in run(uow.session.connection(), _CHANNELS, {"business": uow.business_id})}
    return {channel: _view(channel, rows.get(channel)) for channel in Channel}


def stop_channel(uow: UnitOfWork, channel: Channel, reason: str) -> None:
    """After a refusal that every further message would meet. ``reason``: the provider's code. Stays so until somebody saves
    the settings."""
    uow.require(Permission.BUSINESS_EDIT)
    row = channel_row(uow, channel)
    if row is None or row.broken:
        return
    row.broken, row.broken_at, row.version = reason[:40] or "0", uow.now, row.version + 1
    uow.session.add(row)
    uow.session.flush()
    uow.audit("channel.stopped", "message_channel", row.id, channel=channel.value, reason=row.broken)
    ring(uow, BellKind.CHANNEL, f"{channel.value}:{row.version}", channel=channel.value)


def account_to_try(uow: UnitOfWork, command: SaveAccount, sealer: Sealer) -> Account:
    """What would be saved, to be tried at Twilio first. Raises: Invalid, Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    sid, token = _read(uow, command, sealer)
    return Account(sid, token, is_sandbox=False)


def save_account(uow: UnitOfWork, command: SaveAccount, sealer: Sealer) -> None:
    """After it was tried. Senders belong to an account: another one begins without."""
    uow.require(Permission.BUSINESS_EDIT)
    sid, token = _read(uow, command, sealer)
    _store(uow, sid, token, sealer, is_sandbox=False)


def use_sandbox(uow: UnitOfWork, seed: str, sealer: Sealer) -> Account:
    """The stand-in for a shop without an account, every channel switched on."""
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow)
    if row is not None and not row.is_sandbox:
        raise Conflict("This shop has an account at Twilio.", remedy="Remove it first; no messages leave then.")
    sid, token = sandbox_account(seed, f"business {uow.business_id}")
    _store(uow, sid, token, sealer, is_sandbox=True)
    for channel, sender in sandbox_senders(seed, sid).items():
        known = channel_row(uow, channel) or MessageChannel(
            business_id=uow.business_id, channel=channel, per_second=PACE[channel], version=0
        )
        known.sender, known.is_on, known.version = sender, True, known.version + 1
        known.broken, known.broken_at = "", None
        uow.session.add(known)
    uow.session.flush()
    return messenger_account(uow, sealer)


def sandbox_senders(seed: str, account_sid: str) -> dict[Channel, str]:
    return {Channel.WHATSAPP: sandbox_number(seed, account_sid), Channel.SMS: _SANDBOX_HEADER, Channel.EMAIL: ""}


def remove_account(uow: UnitOfWork, version: Any) -> None:
    """From now on nothing leaves by Twilio; what was sent stays."""
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow)
    if row is None:
        raise NotFound
    same_version(version, row.version)
    _forget_senders(uow)
    uow.session.delete(row)
    uow.session.flush()
    uow.audit("messaging.removed", "messaging_account", row.id)
    _tell(uow, "removed")


def note_heard(uow: UnitOfWork) -> None:
    """That Twilio called, for the settings page: to some minutes, so that not each call writes."""
    uow.require(Permission.BUSINESS_EDIT)
    uow.session.execute(
        update(MessagingAccount)
        .where(
            MessagingAccount.business_id == uow.business_id,
            or_(MessagingAccount.heard_at.is_(None), MessagingAccount.heard_at < uow.now - _HEARD_EVERY),
        )
        .values(heard_at=uow.now)
    )


def twilio_behind(uow: UnitOfWork, token: Any, sealer: Sealer) -> Hook:
    """Whose calls come to this address. ``NotFound`` for one that was never given out."""
    uow.require_public()
    row = uow.session.execute(_BEHIND, {"hash": hash_of_address(token)}).first()
    if row is None:
        raise NotFound
    about = about_secret(row.business_id, "auth_token")
    tokens = good_now(sealer, about, row.auth_token, row.previous_token, row.previous_until, uow.now)
    return Hook(row.business_id, row.zone, row.account_sid, tokens)


def about_secret(business_id: int, name: str) -> str:
    """Where a sealed column belongs. The token from before is the same text moved to another column."""
    return f"twilio:{business_id}:{'auth_token' if name == 'previous_token' else name}"


def channel_row(uow: UnitOfWork, channel: Channel) -> MessageChannel | None:
    """Locked."""
    mine = (MessageChannel.business_id == uow.business_id, MessageChannel.channel == channel)
    return uow.session.scalars(select(MessageChannel).where(*mine).with_for_update()).first()


def _channel_rows(uow: UnitOfWork) -> list[MessageChannel]:
    return list(uow.session.scalars(select(MessageChannel).where(MessageChannel.business_id == uow.business_id)))


def _view(channel: Channel, row: Any) -> ChannelView:
    if row is None:
        return ChannelView(channel, "", "", False, "", None, PACE[channel], 0, False)
    is_reachable = channel is Channel.EMAIL or (row.has_account and row.sender != "")
    return ChannelView(
        channel, row.sender, row.dlt_entity_id, row.is_on, row.broken, row.broken_at, row.per_second, row.version,
        is_live=row.is_on and not row.broken and is_reachable, offer_sender=row.offer_sender,
    )  # fmt: skip


def _row(uow: UnitOfWork, *, is_locked: bool = True) -> MessagingAccount | None:
    query = select(MessagingAccount).where(MessagingAccount.business_id == uow.business_id)
    return uow.session.scalars(query.with_for_update() if is_locked else query).first()


def _about(uow: UnitOfWork, name: str) -> str:
    return about_secret(uow.business_id, name)


def _read(uow: UnitOfWork, command: SaveAccount, sealer: Sealer) -> tuple[str, str]:
    row = _row(uow)
    same_version(command.version, 0 if row is None else row.version)
    reader = Reader()
    sid = reader.text("account_sid", command.account_sid, "Account SID", limit=40)
    is_new = row is None or row.account_sid != sid
    token = reader.text("auth_token", command.auth_token, "Auth token", limit=64, least=32, required=is_new)
    if sid and not ACCOUNT_SID.fullmatch(sid):
        reader.refuse("account_sid", "It begins with AC and has 34 characters. Copy it from Twilio’s console.")
    if row is not None and not is_new:
        token = token or opened(sealer, row.auth_token, _about(uow, "auth_token"))
        if not token:
            reader.refuse("auth_token", "It can’t be read any more: enter it again.")
    reader.done()
    return sid, token


def _store(uow: UnitOfWork, sid: str, token: str, sealer: Sealer, *, is_sandbox: bool) -> None:
    row = _row(uow)
    sealed = sealer.seal(token.encode(), _about(uow, "auth_token"))
    if row is None:
        row = MessagingAccount(
            business_id=uow.business_id, account_sid=sid, auth_token=sealed, hook_hash=b"", hook_token=b"",
            is_sandbox=is_sandbox, checked_at=uow.now, version=0,
        )  # fmt: skip
    elif row.account_sid != sid:
        _forget_senders(uow)
        row.previous_token = row.previous_until = None
    elif opened(sealer, row.auth_token, _about(uow, "auth_token")) != token:
        row.previous_token, row.previous_until = row.auth_token, uow.now + PREVIOUS_LASTS
    if row.version == 0 or not opened(sealer, row.hook_token, _about(uow, "hook_token")):
        row.hook_hash, row.hook_token = new_address(sealer, _about(uow, "hook_token"))
    row.account_sid, row.auth_token, row.is_sandbox = sid, sealed, is_sandbox
    row.checked_at, row.version = uow.now, row.version + 1
    uow.session.add(row)
    uow.session.flush()
    _start_again(uow)
    uow.audit("messaging.connected", "messaging_account", row.id, sandbox=is_sandbox)
    if not is_sandbox:
        _tell(uow, "entered")


def _tell(uow: UnitOfWork, what: str) -> None:
    """Owners, on the bell."""
    ring(uow, BellKind.KEYS, f"twilio:{uow.now.timestamp()}", who=uow.actor.member_id, of="twilio", what=what)


def _forget_senders(uow: UnitOfWork) -> None:
    for row in _channel_rows(uow):
        if row.channel in BY_TWILIO:
            row.sender, row.is_on, row.broken, row.broken_at, row.version = "", False, "", None, row.version + 1
            uow.session.add(row)
    uow.session.flush()


def _start_again(uow: UnitOfWork) -> None:
    """What had stopped is tried again with what was saved."""
    for row in _channel_rows(uow):
        if row.broken and row.channel in BY_TWILIO:
            row.broken, row.broken_at, row.version = "", None, row.version + 1
            uow.session.add(row)
    uow.session.flush()
