"""What is kept open beside the calendar: today's gaps here; the waiting list and the queue have states of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import clock_for_input, format_weekday_short
from microcrm.domain.permissions import Permission
from microcrm.operations.calendar_gaps import DayGaps, Gap, calendar_gaps
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_new import NewBooking
from microcrm.state.gate import needs

GAPS = "gaps"


@dataclass(frozen=True)
class GapRow:
    key: str
    member: str
    member_id: str
    words: str
    lasts: str
    time: str


class CalendarDrawer(AppState):
    """``shown`` is the name of the open drawer, or empty."""

    shown: str = ""
    day: str = ""
    day_words: str = ""
    gaps: list[GapRow] = []

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def toggle(self, name: str) -> Any:
        """The same name again closes it."""
        self.shown = "" if name == self.shown else name[:20]
        return CalendarDrawer.refresh

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> None:
        """Sent whenever the calendar has been read: nothing is asked for what nobody sees."""
        if self.shown == GAPS:
            found = await self._look(calendar_gaps, self.router.url.query_parameters.get("date", ""))
            self.day, self.day_words = found.day.isoformat(), _words(found)
            self.gaps = [_row(gap) for gap in found.gaps]

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def book(self, time: str, member_id: str) -> Any:
        return [Card.leave, NewBooking.begin("known", self.day, time, 0, member_id)]


def _row(gap: Gap) -> GapRow:
    key = f"{gap.member_id}-{gap.window.start}"
    return GapRow(key, gap.member, str(gap.member_id), gap.words, gap.lasts, clock_for_input(gap.window.start))


def _words(found: DayGaps) -> str:
    return format_weekday_short(found.day)
