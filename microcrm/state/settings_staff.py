"""The people who work here, on their page of the settings: the list, adding, and who is in the drawer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.permissions import ROLE_LABELS, Permission
from microcrm.operations import members
from microcrm.operations.members import AddMember, EditMember, MemberView
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import needs


@dataclass(frozen=True)
class PersonLine:
    id: str = ""
    name: str = ""
    initials: str = ""
    colour: str = "teal"
    role: str = ""
    is_bookable: bool = True
    most_per_day: str = ""
    has_sign_in: bool = False
    version: str = ""


class StaffSettings(AppState):
    is_ready: bool = False
    rows: list[PersonLine] = []
    is_adding: bool = False
    person: PersonLine = PersonLine()
    is_open: bool = False
    tab: str = "details"  # details | services | hours | leave | calendar

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def load(self) -> None:
        await self._read()
        self.is_ready, self.person = True, self._line(self.person.id)

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def start_adding(self) -> None:
        self.is_adding, self.errors = True, {}

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def stop_adding(self) -> None:
        self.is_adding = False

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def add(self, form: dict[str, Any]) -> None:
        command = AddMember(**pick(form, "name", "colour", "is_bookable"))
        member_id, token = await self._perform(members.add_member, command)
        self.is_adding = False
        await self._read()
        self.person, self.tab, self.is_open = self._line(str(member_id)), "services", True
        self._notify(f"{self.person.name} added. Tick what they do.", undo=token)

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def open_person(self, member_id: str) -> None:
        self.person, self.tab, self.is_open, self.errors = self._line(member_id), "details", True, {}

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def close(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def pick_tab(self, tab: str) -> None:
        self.tab = tab if tab in ("details", "services", "hours", "leave", "calendar") else "details"

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def save(self, form: dict[str, Any]) -> None:
        fields = pick(form, "name", "colour", "is_bookable", "most_per_day")
        token = await self._perform(members.edit_member, EditMember(self.person.id, self.person.version, **fields))
        await self._read()
        self.person = self._line(self.person.id)
        self._notify("Details saved" if token else "Nothing was different", undo=token)

    @rx.event
    @needs(Permission.MEMBERS_EDIT)
    async def move(self, member_id: str, direction: str) -> None:
        await self._perform(members.move_member, member_id, direction)
        await self._read()

    def _line(self, member_id: str) -> PersonLine:
        return next((row for row in self.rows if row.id == member_id), PersonLine())

    async def _read(self) -> None:
        self.rows = [line_of(view) for view in await self._perform(members.list_members)]


def line_of(view: MemberView) -> PersonLine:
    return PersonLine(
        id=str(view.id),
        name=view.name,
        initials=initials_of(view.name),
        colour=view.colour,
        role=ROLE_LABELS[view.role],
        is_bookable=view.is_bookable,
        most_per_day=str(view.most_per_day or ""),
        has_sign_in=view.has_sign_in,
        version=str(view.version),
    )


def initials_of(name: str) -> str:
    """Of the first and the last word: "Meera S Nair" gives "MN"."""
    words = name.split()
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:]))
