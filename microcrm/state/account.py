"""One's own account: name and phone, and where one is signed in.

Passwords, codes and secrets never come here: they have plain pages of their own (``http/credentials``, ``http/authenticator``).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.accounts.my_sessions import (
    OwnSession,
    list_sessions,
    revoke_session,
    sign_out_everywhere_else,
)
from microcrm.operations.accounts.profile import EditProfile, Profile, edit_profile, my_profile
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.bridge import perform_in
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class ProfileCard:
    """What the page says of the account."""

    name: str = ""
    phone: str = ""
    email: str = ""
    password_changed: str = ""
    has_second_step: bool = False
    codes_left: str = ""


@dataclass(frozen=True)
class DeviceRow:
    """A browser with a session of this account."""

    id: str
    browser: str
    seen: str
    since: str
    is_here: bool


class Account(AppState):
    is_ready: bool = False
    is_saving: bool = False
    profile: ProfileCard = ProfileCard()
    devices: list[DeviceRow] = []

    @rx.event
    @needs(Permission.ACCOUNT)
    async def load(self) -> None:
        profile, sessions = await _in_accounts(my_profile), await _in_accounts(list_sessions)
        self.profile, self.devices, self.is_ready = _card(profile), _rows(sessions), True

    @rx.event
    @needs(Permission.ACCOUNT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.is_saving = True
        yield
        try:
            self.profile = _card(await _in_accounts(edit_profile, EditProfile(**pick(form, "name", "phone"))))
            self.person_name, self.errors = self.profile.name, {}
            self._notify("Your details are saved")
        finally:
            self.is_saving = False

    @rx.event
    @needs(Permission.ACCOUNT)
    async def end(self, session_id: str) -> None:
        await _in_accounts(revoke_session, session_id)
        self.devices = _rows(await _in_accounts(list_sessions))
        self._notify("That device is signed out")

    @rx.event
    @needs(Permission.ACCOUNT)
    async def end_others(self) -> None:
        await _in_accounts(sign_out_everywhere_else)
        self.devices = _rows(await _in_accounts(list_sessions))
        self._notify("All other devices are signed out")


async def _in_accounts(operation: Callable[Concatenate[UnitOfWork, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As whoever sent the event, where account rows can be seen and written."""
    return await perform_in("accounts", current_seat().actor, lambda uow: operation(uow, *args, **kwargs))


def _card(profile: Profile) -> ProfileCard:
    left = f"{profile.codes_left} of 10 recovery codes left"
    return ProfileCard(
        profile.name,
        profile.phone.removeprefix("+91 "),
        profile.email,
        profile.password_changed,
        profile.has_second_step,
        left,
    )


def _rows(sessions: tuple[OwnSession, ...]) -> list[DeviceRow]:
    return [DeviceRow(s.id, s.browser, s.seen, s.since, s.is_here) for s in sessions]
