"""A member's visits in their own calendar program: the secret address, made, renewed, withdrawn."""

from __future__ import annotations

import reflex as rx

from microcrm.domain.formatting import format_instant
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.calendar_feed import FeedStanding, feed_standing, make_feed, revoke_feed
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs


class CalendarFeed(AppState):
    """``address`` is there only just after it was made: it is not stored."""

    person_id: str = ""
    is_ready: bool = False
    is_made: bool = False
    standing: str = ""
    address: str = ""

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def load(self, person_id: str) -> None:
        """``person_id`` empty: one's own."""
        self._show(person_id, await self._perform(feed_standing, person_id))

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def make(self) -> None:
        token = await self._perform(make_feed, self.person_id)
        self._show(self.person_id, await self._perform(feed_standing, self.person_id))
        self.address = f"{settings().public_url}/f/{token}.ics"
        self._notify("The address is made. Copy it now: it is not shown again.")

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def revoke(self) -> None:
        await self._perform(revoke_feed, self.person_id)
        self._show(self.person_id, await self._perform(feed_standing, self.person_id))
        self._notify("The address stopped working")

    def _show(self, person_id: str, found: FeedStanding) -> None:
        zone = zone_of(current_seat().actor.zone)
        words = ""
        if found.made_at is not None:
            words = f"Made {format_instant(found.made_at, zone)}."
            seen = (
                f" Last looked at {format_instant(found.used_at, zone)}."
                if found.used_at
                else " Nobody has looked yet."
            )
            words += seen
        self.person_id, self.address, self.standing = person_id, "", words
        self.is_made, self.is_ready = found.made_at is not None, True
