"""The bell of the shell: how much is new, and what happened. It changes by itself while a page is open (see ``live``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.operations.bell.reading import COUNTED, PAGE, Rung, count_unread, mark_all_read, mark_read, read_bell
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import screens


@dataclass(frozen=True)
class BellRow:
    id: str
    text: str
    when: str
    href: str
    is_new: bool


class Bell(AppState):
    """``unread``: as it stands beside the bell, or empty."""

    is_read: bool = False
    unread: str = ""
    rows: list[BellRow] = []
    has_more: bool = False

    @rx.event
    @needs(Permission.ACCOUNT)
    async def load(self) -> None:
        """Of every page. Who is told of each change already need not ask."""
        actor, token = current_seat().actor, self.router.session.client_token
        if not screens().rings(token, actor.business_id, actor.member_id):
            if not actor.is_viewing_as:
                screens().ring(token, actor.business_id, actor.member_id, Bell.heard)
            self._count(await self._look(count_unread))

    @rx.event
    @needs(Permission.ACCOUNT)
    async def heard(self, changes: str) -> None:  # noqa: ARG002 - whose bell it is; one's own
        if self.is_read:
            await self._read(len(self.rows))
        else:
            self._count(await self._look(count_unread))

    @rx.event
    @needs(Permission.ACCOUNT)
    async def open(self) -> None:
        await self._read(PAGE)

    @rx.event
    @needs(Permission.ACCOUNT)
    async def more(self) -> None:
        page = await self._look(read_bell, self.rows[-1].id if self.rows else "")
        self.rows, self.has_more = [*self.rows, *map(_row, page.rows)], page.has_more

    @rx.event
    @needs(Permission.ACCOUNT)
    async def follow(self, notice_id: str) -> None:
        """Its link was pressed."""
        if any(row.id == notice_id and not row.is_new for row in self.rows):
            return
        await self._perform(mark_read, notice_id)
        await self._read(len(self.rows))

    @rx.event
    @needs(Permission.ACCOUNT)
    async def read_all(self) -> Any:
        if self.rows:
            await self._perform(mark_all_read, self.rows[0].id)
        await self._read(len(self.rows))

    async def _read(self, most: int) -> None:
        page = await self._look(read_bell, "", most)
        self.rows, self.has_more, self.is_read = list(map(_row, page.rows)), page.has_more, True
        self._count(page.unread)

    def _count(self, unread: int) -> None:
        self.unread = f"{COUNTED - 1}+" if unread >= COUNTED else str(unread or "")


def _row(one: Rung) -> BellRow:
    zone = zone_of(current_seat().actor.zone)
    when = f"{format_near_day(to_wall(one.at, zone)[0], today_in(zone, wiring.now()))}, {format_time(one.at, zone)}"
    return BellRow(str(one.id), one.told.text, when, one.told.href, one.is_new)
