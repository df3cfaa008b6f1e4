"""Who can sign in, on its page of the settings: people, invitations, and those who have left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_weekday_short
from microcrm.domain.permissions import ROLE_LABELS, Permission
from microcrm.domain.zones import zone_of
from microcrm.operations import departures, invitations, members
from microcrm.operations.invitations import InvitationView, Invite
from microcrm.operations.members import MemberView
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.settings_staff import initials_of


@dataclass(frozen=True)
class AccessLine:
    id: str = ""
    name: str = ""
    initials: str = ""
    colour: str = "slate"
    role: str = ""
    detail: str = ""
    has_sign_in: bool = False
    is_me: bool = False


@dataclass(frozen=True)
class InvitationLine:
    id: str
    who: str
    role: str
    sent: str
    is_expired: bool


class MemberSettings(AppState):
    is_ready: bool = False
    rows: list[AccessLine] = []
    former: list[AccessLine] = []
    waiting: list[InvitationLine] = []
    is_inviting: bool = False
    is_sending: bool = False
    invited: AccessLine = AccessLine()  # somebody who works here and gets a sign-in; empty for a new person

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def load(self) -> None:
        self.rows = [_line(view) for view in await self._perform(members.list_members)]
        self.former = [_line(view) for view in await self._perform(members.list_members, is_former=True)]
        self.waiting = [_waiting(view) for view in await self._perform(invitations.open_invitations)]
        self.is_ready = True

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def start_inviting(self, member_id: str) -> None:
        self.invited = next((row for row in self.rows if row.id == member_id), AccessLine())
        self.is_inviting, self.errors = True, {}

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def stop_inviting(self) -> None:
        self.is_inviting = False

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def invite(self, form: dict[str, Any]) -> Any:
        self.is_sending = True
        yield
        try:
            await self._perform(
                invitations.invite, Invite(**pick(form, "email", "role", "name"), member_id=self.invited.id)
            )
        finally:
            self.is_sending = False
        self.is_inviting = False
        self._notify("Invitation sent. The link works for 7 days.")
        yield MemberSettings.load

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def resend(self, invitation_id: str) -> Any:
        await self._perform(invitations.resend, invitation_id)
        self._notify("Sent again. The earlier link no longer works.")
        return MemberSettings.load

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def revoke(self, invitation_id: str) -> Any:
        await self._perform(invitations.revoke, invitation_id)
        self._notify("Invitation taken back")
        return MemberSettings.load

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def reactivate(self, member_id: str) -> Any:
        token = await self._perform(departures.reactivate, member_id)
        self._notify("They work here again", undo=token)
        return MemberSettings.load


def _line(view: MemberView) -> AccessLine:
    if view.has_sign_in:
        second = "second step on" if view.has_second_step else "no second step"
        detail = f"{view.email} · {second}" if view.email else second
    else:
        detail = "No sign-in"
    return AccessLine(
        str(view.id),
        view.name,
        initials_of(view.name),
        view.colour,
        ROLE_LABELS[view.role],
        detail,
        view.has_sign_in,
        view.is_me,
    )


def _waiting(view: InvitationView) -> InvitationLine:
    sent = format_weekday_short(view.sent_at.astimezone(zone_of(current_seat().actor.zone)).date())
    who = f"{view.name}, {view.email}" if view.name else view.email
    return InvitationLine(str(view.id), who, ROLE_LABELS[view.role], f"Sent {sent}", view.is_expired)
