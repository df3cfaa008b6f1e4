"""A shop's keys of Razorpay: tried before they are saved, never shown again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.adapters.sandbox import register_hook
from microcrm.domain.errors import Invalid, KeysRefused
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.online.keys import (
    AccountView,
    Keys,
    SaveKeys,
    keys_to_try,
    remove_keys,
    save_keys,
    use_sandbox,
    view_account,
)
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.bridge import outside
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now


@dataclass(frozen=True)
class Account:
    """No secret. ``key``: the key id where it may be typed over; the sandbox's is not."""

    mode: str = ""
    key_id: str = ""
    key: str = ""
    hook: str = ""
    checked: str = ""
    heard: str = ""
    previous: str = ""
    version: int = 0


class PaymentSettings(AppState):
    is_ready: bool = False
    has_sandbox: bool = False
    account: Account = Account()
    saving: str = ""
    is_removing: bool = False

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        await self._read()
        self.has_sandbox, self.is_ready, self.is_removing, self.errors = settings().has_sandbox, True, False, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "keys"
        yield
        try:
            command = SaveKeys(self.account.version, **pick(form, "key_id", "key_secret", "hook_secret"))
            await outside(_try, await self._perform(keys_to_try, command, wiring.sealer()))
            await self._perform(save_keys, command, wiring.sealer())
        finally:
            self.saving = ""
        await self._read()
        self._notify("Razorpay accepts these keys. They are saved.")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def try_sandbox(self) -> AsyncGenerator[None]:
        self.saving = "sandbox"
        yield
        try:
            keys, secret = await self._perform(use_sandbox, settings().sandbox_seed, wiring.sealer())
            await self._read()
            await outside(_register, keys, self.account.hook, secret)
        finally:
            self.saving = ""
        self._notify("The sandbox is connected: bills can be paid there, without money")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def ask_to_remove(self, is_asked: bool) -> None:
        self.is_removing = is_asked is True

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def remove(self) -> None:
        self.is_removing = False
        await self._perform(remove_keys, self.account.version)
        await self._read()
        self._notify("The keys are gone. Customers cannot pay online any more.")

    async def _read(self) -> None:
        self.account = account_of(await self._perform(view_account, wiring.sealer()), current_seat().actor.zone)


def account_of(view: AccountView, zone: str) -> Account:
    hook = f"{settings().public_url}/hooks/razorpay/{view.hook_token}" if view.hook_token else ""
    return Account(
        mode=view.mode,
        key_id=view.key_id,
        key="" if view.mode == "sandbox" else view.key_id,
        hook=hook,
        checked=_when(view.checked_at, zone),
        heard=_when(view.heard_at, zone),
        previous=_when(view.previous_until, zone),
        version=view.version,
    )


def _when(at: datetime | None, zone: str) -> str:
    if at is None:
        return ""
    clock = zone_of(zone)
    day = format_near_day(at.astimezone(clock).date(), now().astimezone(clock).date())
    return f"{day}, {format_time(at, clock)}"


def _try(keys: Keys) -> None:
    """At the field where it has to be put right."""
    try:
        wiring.gateway(keys).check()
    except KeysRefused as refused:
        raise Invalid(fields={"key_secret": f"{refused.message} {refused.remedy}"}) from None


def _register(keys: Keys, hook_url: str, secret: str) -> None:
    register_hook(settings().sandbox_url, keys.key_id, keys.key_secret, hook_url=hook_url, hook_secret=secret)
