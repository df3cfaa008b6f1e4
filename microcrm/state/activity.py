"""The activity page: what is filtered and where one is in the list stands in the address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.activity_tables import KINDS
from microcrm.domain.permissions import Permission
from microcrm.operations.activity import ActivityRow, ListActivity, Person, list_activity, people
from microcrm.state.base import AppState
from microcrm.state.gate import needs


class ActivityPage(AppState):
    is_listed: bool = False
    rows: list[ActivityRow] = []
    persons: list[Person] = []
    kind: str = ""
    member: str = ""
    is_later: bool = False
    has_more: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.ACTIVITY_VIEW)
    async def load(self) -> None:
        """The page that the address asks for."""
        asked = self.router.url.query_parameters
        wanted = ListActivity(asked.get("kind", ""), asked.get("member", ""), asked.get("before", ""))
        page = await self._perform(list_activity, wanted)
        persons = await self._perform(people)
        known = {person.value for person in persons}
        self.kind = str(wanted.kind) if wanted.kind in KINDS else ""
        self.member = str(wanted.member) if wanted.member in known else ""
        self.rows, self.persons = list(page.rows), list(persons)
        self.is_later, self.has_more, self.is_listed = bool(wanted.before), page.has_more, True

    @rx.event
    @needs(Permission.ACTIVITY_VIEW)
    async def pick_kind(self, kind: str) -> Any:
        return _go(kind=kind if isinstance(kind, str) and kind in KINDS else "", member=self.member)

    @rx.event
    @needs(Permission.ACTIVITY_VIEW)
    async def pick_member(self, member: str) -> Any:
        known = {person.value for person in self.persons}
        return _go(kind=self.kind, member=member if isinstance(member, str) and member in known else "")

    @rx.event
    @needs(Permission.ACTIVITY_VIEW)
    async def show_older(self) -> Any:
        return _go(kind=self.kind, member=self.member, before=self.rows[-1].id) if self.rows else None

    @rx.event
    @needs(Permission.ACTIVITY_VIEW)
    async def show_newest(self) -> Any:
        return _go(kind=self.kind, member=self.member)


def _go(**wanted: str) -> Any:
    given = {name: value for name, value in wanted.items() if value}
    return rx.redirect(f"/activity?{urlencode(given)}".rstrip("?"))
