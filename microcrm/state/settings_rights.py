"""Two dialogs about one person: what they may do, and their leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_count, format_instant
from microcrm.domain.permission_words import RIGHTS
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.domain.zones import zone_of
from microcrm.operations import departures, members
from microcrm.operations.departures import Departure, HandOver, Visit
from microcrm.operations.members import ChangeRights
from microcrm.state.base import AppState
from microcrm.state.forms import Option, pick, ticked
from microcrm.state.gate import current_seat, needs
from microcrm.state.settings_members import MemberSettings


@dataclass(frozen=True)
class RightLine:
    value: str
    words: str
    is_on: bool
    is_usual: bool  # the role has it


class RightsDialog(AppState):
    is_open: bool = False
    member_id: str = ""
    name: str = ""
    role: str = ""
    version: str = ""
    rights: list[RightLine] = []
    is_own_only: bool = False

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def start(self, member_id: str) -> None:
        view = await self._perform(members.open_member, member_id)
        self.member_id, self.name, self.version = str(view.id), view.name, str(view.version)
        self.role, self.is_own_only = view.role.value, view.is_own_calendar_only
        self.rights = _rights(view.role, view.rights)
        self.is_open = True

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def close(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def pick_role(self, role: str) -> None:
        """The rights of the role, to be changed from there."""
        if role in [*Role]:
            self.role, self.rights = role, _rights(Role(role), permissions_of(Role(role)))
            self.is_own_only = role == Role.STAFF.value

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def save(self, form: dict[str, Any]) -> Any:
        is_own_only = pick(form, "is_own")["is_own"]
        command = ChangeRights(self.member_id, self.version, self.role, ticked(form, "right_"), is_own_only)
        token = await self._perform(members.change_rights, command)
        self.is_open = False
        self._notify("Saved. It holds from their next click." if token else "Nothing was different", undo=token)
        return MemberSettings.load


@dataclass(frozen=True)
class VisitLine:
    key: str
    words: str
    reason: str


class DepartureDialog(AppState):
    is_open: bool = False
    member_id: str = ""
    name: str = ""
    version: str = ""
    visits: int = 0
    summary: str = ""
    lines: list[VisitLine] = []
    takers: list[Option] = []

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def start(self, member_id: str) -> None:
        self._show(await self._perform(departures.plan_departure, member_id), ())
        self.is_open = True

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def close(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def hand_over(self, form: dict[str, Any]) -> None:
        done = await self._perform(departures.hand_over, HandOver(self.member_id, form.get("to_member_id")))
        self._show(await self._perform(departures.plan_departure, self.member_id), done.clashes)
        if done.moved:
            self._notify(f"{format_count(done.moved, 'visit')} handed over", undo=done.undo)

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def deactivate(self) -> Any:
        token = await self._perform(departures.deactivate, self.member_id, self.version)
        self.is_open = False
        self._notify(f"{self.name} can no longer sign in or be booked", undo=token)
        return MemberSettings.load

    def _show(self, plan: Departure, clashes: tuple[Visit, ...]) -> None:
        self.member_id, self.name, self.version = str(plan.member_id), plan.name, str(plan.version)
        self.visits, self.summary = plan.visits, format_count(plan.visits, "coming visit")
        self.takers = [Option(str(taker_id), name) for taker_id, name in plan.takers]
        self.lines = [_visit(n, visit) for n, visit in enumerate(clashes or plan.next_visits)]


def _rights(role: Role, held: frozenset[Permission]) -> list[RightLine]:
    usual = permissions_of(role)
    return [RightLine(right.value, words, right in held, right in usual) for right, words in RIGHTS.items()]


def _visit(number: int, visit: Visit) -> VisitLine:
    when = format_instant(visit.starts_at, zone_of(current_seat().actor.zone))
    return VisitLine(f"{visit.booking_id}-{number}", f"{when}, {visit.service}", visit.reason)
