"""How a shop's messages leave: its account at Twilio, tried before it is saved and never shown again, and each channel."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import reflex as rx

from microcrm import wiring
from microcrm.adapters.sandbox import register_inbound
from microcrm.domain.errors import Invalid, OutcomeUnknown, Upstream
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.messenger import ENDED_BADLY, Channel, DeliveryStatus, MessageRefused, Outgoing, Refusal
from microcrm.domain.permissions import Permission
from microcrm.domain.twilio import Why, why_of
from microcrm.domain.zones import zone_of
from microcrm.operations.messaging.accounts import (
    Account,
    AccountView,
    ChannelView,
    SaveAccount,
    account_to_try,
    remove_account,
    save_account,
    use_sandbox,
    view_account,
)
from microcrm.operations.messaging.channels import (
    NAMES,
    SaveChannel,
    save_channel,
    switch_channel,
    test_message,
    view_channels,
)
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.bridge import outside
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now

_LOOKS = 5  # after a test message, a second apart
_FIELDS = ("sender", "dlt_entity_id", "per_second", "offer_sender")


@dataclass(frozen=True)
class TwilioAccount:
    """No secret. ``sid``: where it may be typed over; the sandbox's is not. ``is_reachable``: whether Twilio could call us."""

    mode: str = ""
    shown_sid: str = ""
    sid: str = ""
    status_url: str = ""
    inbound_url: str = ""
    checked: str = ""
    heard: str = ""
    is_readable: bool = True
    is_reachable: bool = True
    version: int = 0


@dataclass(frozen=True)
class ChannelRow:
    """``state``: in a word, with its ``tone``; ``why`` and ``to_do``: when it does not work."""

    key: str
    name: str
    state: str
    tone: str
    why: str
    to_do: str
    sender: str
    dlt: str
    offer_sender: str
    pace: str
    is_on: bool
    can_switch: bool
    version: int


@dataclass(frozen=True)
class Tried:
    """What became of a test message. ``tone``: ok, info, warn or bad; "" before the first."""

    tone: str = ""
    title: str = ""
    text: str = ""


class MessageSettings(AppState):
    is_ready: bool = False
    has_sandbox: bool = False
    phone_page: str = ""
    account: TwilioAccount = TwilioAccount()
    channels: list[ChannelRow] = []
    saving: str = ""
    is_removing: bool = False
    tried: Tried = Tried()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        await self._read()
        self.has_sandbox, self.phone_page = settings().has_sandbox, f"{settings().sandbox_url}/phone"
        self.is_ready, self.is_removing, self.tried, self.errors = True, False, Tried(), {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "account"
        yield
        try:
            command = SaveAccount(self.account.version, **pick(form, "account_sid", "auth_token"))
            await outside(_check, await self._perform(account_to_try, command, wiring.sealer()))
            await self._perform(save_account, command, wiring.sealer())
        finally:
            self.saving = ""
        await self._read()
        self._notify("Twilio accepts these keys. They are saved.")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def try_sandbox(self) -> AsyncGenerator[None]:
        self.saving = "sandbox"
        yield
        try:
            account = await self._perform(use_sandbox, settings().sandbox_seed, wiring.sealer())
            await self._read()
            await outside(_register, account, self.account.inbound_url)
        finally:
            self.saving = ""
        self._notify("The sandbox is connected: messages go to its phone page, to nobody else")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def ask_to_remove(self, is_asked: bool) -> None:
        self.is_removing = is_asked is True

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def remove(self) -> None:
        self.is_removing = False
        await self._perform(remove_account, self.account.version)
        await self._read()
        self._notify("The account is gone. Nothing leaves by WhatsApp or SMS any more.")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_channel(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        key = _channel_of(form)
        self.saving = key
        yield
        try:
            token = await self._perform(save_channel, _typed(form, key, self._version(key)))
        except Invalid as refusal:
            raise _at_its_fields(refusal, key) from None
        finally:
            self.saving = ""
        await self._read()
        self._notify("Saved" if token else "Nothing was different", undo=token)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def switch(self, channel: str, is_on: bool) -> None:
        token = await self._perform(switch_channel, channel, self._version(channel), is_on)
        await self._read()
        name = NAMES[channel]
        self._notify(f"{name} is on" if is_on is True else f"{name} is off: nothing leaves by it", undo=token)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def send_test(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving, self.tried = "test", Tried()
        yield
        try:
            wanted = pick(form, "test_channel", "test_phone")
            account, message = await self._perform(
                test_message, wanted["test_channel"], wanted["test_phone"], wiring.sealer()
            )
            self.tried = await outside(_send, account, message)
        finally:
            self.saving = ""

    def _version(self, key: Any) -> int:
        return next((row.version for row in self.channels if row.key == key), 0)

    async def _read(self) -> None:
        zone = current_seat().actor.zone
        view = await self._perform(view_account, wiring.sealer())
        self.account = account_of(view, zone)
        self.channels = [row_of(one, view.mode, zone) for one in await self._perform(view_channels)]


def _channel_of(form: Any) -> str:
    typed = pick(form, "channel")["channel"]
    return typed if isinstance(typed, str) and typed in NAMES else ""


def _typed(form: Any, key: str, version: int) -> SaveChannel:
    """The forms of two channels stand on one page: each field has its channel before its name."""
    return SaveChannel(key, version, *pick(form, *(f"{key}_{name}" for name in _FIELDS)).values())


def _at_its_fields(refusal: Invalid, key: str) -> Invalid:
    return Invalid(refusal.message, fields={f"{key}_{name}": words for name, words in refusal.fields.items()})


def account_of(view: AccountView, zone: str) -> TwilioAccount:
    base = f"{settings().public_url}/hooks/twilio/{view.hook_token}" if view.hook_token else ""
    return TwilioAccount(
        mode=view.mode,
        shown_sid=view.account_sid,
        sid="" if view.mode == "sandbox" else view.account_sid,
        status_url=f"{base}/status" if base else "",
        inbound_url=f"{base}/inbound" if base else "",
        checked=_when(view.checked_at, zone),
        heard=_when(view.heard_at, zone),
        is_readable=view.is_readable,
        is_reachable=view.mode != "live" or urlsplit(base).scheme == "https",
        version=view.version,
    )


def row_of(view: ChannelView, mode: str, zone: str) -> ChannelRow:
    state, tone, why, to_do = _standing(view, mode, zone)
    return ChannelRow(
        key=view.channel, name=NAMES[view.channel], state=state, tone=tone, why=why, to_do=to_do, sender=view.sender,
        dlt=view.dlt_entity_id, offer_sender=view.offer_sender, pace=str(view.per_second), is_on=view.is_on,
        can_switch=view.is_on or view.channel is Channel.EMAIL or (mode != "" and view.sender != ""), version=view.version,
    )  # fmt: skip


def _standing(view: ChannelView, mode: str, zone: str) -> tuple[str, str, str, str]:
    """A word, its tone, why it does not work, and what to do."""
    if view.broken:
        why = why_of(int(view.broken) if view.broken.isdecimal() else 0)
        return "Stopped", "danger", f"{why.words} Since {_when(view.broken_at, zone)}.", why.to_do
    is_mail = view.channel is Channel.EMAIL
    if not is_mail and not mode:
        return "Not connected", "neutral", "", "Connect Twilio first."
    if not is_mail and not view.sender:
        return "No sender yet", "warn", "", "Enter the sender, then switch the channel on."
    if not view.is_on:
        return "Off", "neutral", "Nothing leaves by it.", ""
    if is_mail and not wiring.sends_real_mail():
        return "Works", "warn", "There is no mail server here: mails go to this installation’s mailbox page.", ""
    return ("Sandbox", "warn", "", "") if mode == "sandbox" and not is_mail else ("Works", "ok", "", "")


def _when(at: datetime | None, zone: str) -> str:
    if at is None:
        return ""
    clock = zone_of(zone)
    day = format_near_day(at.astimezone(clock).date(), now().astimezone(clock).date())
    return f"{day}, {format_time(at, clock)}"


def _check(account: Account) -> None:
    """At the field where it has to be put right."""
    try:
        wiring.messenger(account).check()
    except MessageRefused as refused:
        is_of_keys = refused.provider_code in (20003, 20404, 401, 403, 404)
        words = "Twilio does not accept this pair. Copy both from the first page of Twilio’s console."
        raise Invalid(fields={"auth_token": words if is_of_keys else f"{refused.message} {refused.remedy}"}) from None


def _register(account: Account, inbound_url: str) -> None:
    register_inbound(settings().sandbox_url, account.account_sid, account.auth_token, inbound_url)


def _send(account: Account, message: Outgoing) -> Tried:
    """Sends it and looks for some seconds what became of it."""
    messenger = wiring.messenger(account)
    try:
        handed = messenger.send(message)
    except MessageRefused as refused:
        return Tried("bad", "It was refused", f"{refused.message} {refused.remedy}".strip())
    except OutcomeUnknown:
        return Tried(
            "warn", "Twilio did not answer", "It may arrive all the same. Look at the phone before another try."
        )
    status, why = handed.status, None
    for _ in range(_LOOKS):
        time.sleep(1)
        try:
            found = messenger.look(handed.provider_id)
        except Upstream:
            continue
        except MessageRefused:
            break
        status, why = found.status, why_of(found.error_code) if found.error_code else None
        if status in ENDED_BADLY or status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ):
            break
    return _became(status, why, message)


def _became(status: DeliveryStatus, why: Why | None, message: Outgoing) -> Tried:
    if status in ENDED_BADLY:
        words = why.words if why else "Twilio gave no reason."
        if why is not None and why.kind is Refusal.TEMPLATE and message.channel is Channel.WHATSAPP:
            words += " Write anything to the sender from that phone, then try again."
        return Tried("bad", "It did not arrive", words)
    if status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ):
        return Tried("ok", "It has arrived", "")
    return Tried("info", "It has left", "The phone has not confirmed it yet: it may be off.")
