"""What is kept open beside the calendar. The gaps are read here; the waiting list and the queue have states of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import clock_for_input, format_weekday_short
from microcrm.domain.permissions import Permission
from microcrm.operations.calendar_gaps import Gap, calendar_gaps
from microcrm.operations.waiting_counts import waiting_counts
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_moves import Place
from microcrm.state.booking_new import NewBooking
from microcrm.state.gate import needs
from microcrm.state.live import ALL, kinds_of
from microcrm.state.place_panel import PlacePanel
from microcrm.state.queue import QueuePage
from microcrm.state.requests import Requests
from microcrm.state.waitlist import WaitlistPage

REQUESTS, GAPS, WAITLIST, QUEUE = "requests", "gaps", "waitlist", "queue"
_LISTS: dict[str, Any] = {WAITLIST: WaitlistPage.refresh, QUEUE: QueuePage.refresh, REQUESTS: Requests.load}


@dataclass(frozen=True)
class GapRow:
    key: str
    member: str
    member_id: str
    words: str
    lasts: str
    time: str


class CalendarDrawer(AppState):
    """``listed`` and ``queued`` say how many wait; 0 hides the number."""

    day: str = ""
    day_words: str = ""
    gaps: list[GapRow] = []
    listed: int = 0
    queued: int = 0
    has_queue: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> Any:
        """Sent whenever the calendar has been read: the numbers in the toolbar, and what the address says is open."""
        counts = await self._look(waiting_counts)
        self.listed, self.queued, self.has_queue = counts.listed, counts.queued, counts.is_queue_on
        (await self.get_state(Requests))._count(counts.requests)
        query = self.router.url.query_parameters
        if query.get("drawer") == GAPS:
            found = await self._look(calendar_gaps, query.get("date", ""))
            self.day, self.day_words = found.day.isoformat(), format_weekday_short(found.day)
            self.gaps = [_row(gap) for gap in found.gaps]
        return _LISTS.get(query.get("drawer", ""))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def book(self, time: str, member_id: str) -> Any:
        return await self._take(Place(self.day, time, 0, member_id), member_id)

    async def _take(self, place: Place, staff: str) -> Any:
        """A free place was pressed: for whom somebody is choosing one, else for a new booking."""
        if (await self.get_state(PlacePanel)).is_choosing:
            return [Card.leave, PlacePanel.put(place.day, place.time, staff)]
        return [Card.leave, NewBooking.begin("known", place.day, place.time, place.minutes, staff)]


def drawers_due(opened: str, changes: str = "") -> list[Any]:
    """What to read again after a change: when a drawer is open, or the numbers in the toolbar may be others."""
    is_due = opened or kinds_of(changes) & {"waitlist", "queue", ALL}
    return [CalendarDrawer.refresh] if is_due else []


def _row(gap: Gap) -> GapRow:
    key = f"{gap.member_id}-{gap.window.start}"
    return GapRow(key, gap.member, str(gap.member_id), gap.words, gap.lasts, clock_for_input(gap.window.start))
