"""Beside today's agenda: the walk-ins in line, and tomorrow's visits that nobody has confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import reflex as rx

from microcrm.domain.formatting import format_time
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations import queue
from microcrm.operations.today_aside import Aside, Unconfirmed, aside
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs
from microcrm.state.queue_rows import TicketRow, called_row, waiting_row

_TICKETS = 4


@dataclass(frozen=True)
class TomorrowRow:
    """``chat``: a WhatsApp address with the question written out, empty for those who may not see the number."""

    id: str
    name: str
    line: str
    href: str
    chat: str


class TodayAside(AppState):
    """``next_number`` is the one that is called next, empty while nobody waits."""

    has_queue: bool = False
    in_line: int = 0
    next_number: str = ""
    tickets: list[TicketRow] = []
    tomorrow_sub: str = ""
    tomorrow_href: str = ""
    tomorrow: list[TomorrowRow] = []
    more: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.SHOP_VIEW)
    async def load(self) -> None:
        found = await self._look(aside)
        self._show_queue(found)
        self._show_tomorrow(found)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def call_next(self) -> Any:
        done = await self._perform(queue.call_next)
        self._notify(done.label, undo=done.undo)
        return TodayAside.load

    def _show_queue(self, found: Aside) -> None:
        line = found.queue
        self.has_queue = line is not None
        if line is None:
            return
        called = [called_row(one, line.now) for one in line.called]
        waiting = [waiting_row(one, line.now) for one in line.waiting]
        self.in_line, self.next_number = len(called) + len(waiting), waiting[0].number if waiting else ""
        self.tickets = [*called, *waiting][:_TICKETS]

    def _show_tomorrow(self, found: Aside) -> None:
        self.tomorrow_sub = f"{found.unconfirmed} of {found.tomorrow} unconfirmed" if found.unconfirmed else ""
        self.tomorrow = [_row(one, self.shop_name) for one in found.first]
        left = found.unconfirmed - len(found.first)
        self.more = f"{left} more" if left > 0 else ""
        day = _day_of(found.first[0]) if found.first else ""
        self.tomorrow_href = f"/calendar?date={day}" if day else ""


def _row(one: Unconfirmed, shop: str) -> TomorrowRow:
    time = format_time(one.item.start, zone_of(current_seat().actor.zone))
    words = f"Hello {one.item.customer}, do you come tomorrow at {time} ({one.item.service})? {shop}"
    return TomorrowRow(
        id=str(one.item.booking_id),
        name=one.item.customer,
        line=f"{time} · {one.item.service}",
        href=f"/calendar?date={_day_of(one)}&booking={one.item.item_id}",
        chat=f"https://wa.me/{one.whatsapp}?text={quote(words)}" if one.whatsapp else "",
    )


def _day_of(one: Unconfirmed) -> str:
    return to_wall(one.item.start, zone_of(current_seat().actor.zone))[0].isoformat()
