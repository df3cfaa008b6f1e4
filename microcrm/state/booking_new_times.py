"""Beside the form of a new booking: what is free for what has been chosen so far, and what its customer would be told."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.calendar_text import parse_day
from microcrm.domain.errors import DomainError
from microcrm.domain.permissions import Permission
from microcrm.operations.free_times import FreeTimesAsked
from microcrm.operations.notice_preview import PreviewBooked, preview_booked
from microcrm.operations.safety import SafetyAsked, SafetySaid, safety_words
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import TimeChoice
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.free_chips import AHEAD, find_free
from microcrm.state.gate import needs
from microcrm.state.to_fill import NOTHING, ToFill, to_fill

TYPED = ("day", "time", "customer_id")


class NewTimes(AppState):
    """``letter`` is empty until there is something to say."""

    free: list[TimeChoice] = []
    free_words: str = ""
    letter: Letter = Letter()
    customer_id: str = ""
    unsafe: str = ""  # why what is chosen is not safe on that day
    against: str = ""  # the records that say so, if they may be opened here: ids with commas between
    to_fill: ToFill = NOTHING

    _typed: dict[str, str] = {}
    _services: list[tuple[str, str]] = []  # service and member, "" for anybody
    _dates: list[tuple[str, str]] = []  # day and time of each visit of a series, once they have been looked at

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def look(self, services: list[list[str]], day: str, time: str, customer_id: str) -> None:
        """The form is opened, or a time was taken."""
        self._typed = {"day": str(day)[:10], "time": str(time)[:5]}
        self._services, self._dates = pairs(services), []
        self.customer_id = str(customer_id)[:20]
        await self._look_around()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def list_dates(self, dates: list[list[str]]) -> None:
        """Of a series, as they would be booked: the customer reads all of them. None: it is one visit, so far."""
        rows = dates if isinstance(dates, list) else []
        self._dates = [(str(row[0])[:10], str(row[1])[:5]) for row in rows if isinstance(row, list) and len(row) == 2]
        await self._look_around()

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def serve(self, services: list[list[str]]) -> None:
        """Another service, or somebody else for it."""
        self._services = pairs(services)
        await self._look_around()

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def typed(self, name: str, value: str) -> None:
        if name == "customer_id":
            self.customer_id = str(value)[:20]
        elif name in TYPED:
            self._typed = {**self._typed, name: str(value)[:10]}
        await self._look_around()

    async def _look_around(self) -> None:
        self.letter, self.free, self.free_words, self.unsafe, self.against = Letter(), [], "", "", ""
        self.to_fill = NOTHING
        day, time = self._typed.get("day"), self._typed.get("time")
        services = [service for service, _ in self._services]
        if not services or not all(services):
            return
        try:
            wanted = parse_day(day)
            if wanted is not None:
                said = await self._look_at_safety(services, day)
                shown = await find_free(self, times_of(self._services, wanted), said.unsafe)
                self.to_fill = to_fill(said, wanted, shown, *(parse_day(one) for one, _ in self._dates))
            asked = PreviewBooked(services, day, time, self.customer_id or None, self._dates)
            self.letter = letter_of(await self._look(preview_booked, asked))
        except DomainError:
            return  # half typed: there is nothing to show yet

    async def _look_at_safety(self, services: list[str], day: Any) -> SafetySaid:
        """What stands against the day, and the days after it, is said before one is chosen."""
        said = await self._look(safety_words, SafetyAsked(services, day, self.customer_id or None, AHEAD))
        self.unsafe, self.against = said.words, ",".join(map(str, said.records))
        return said


def pairs(raw: Any) -> list[tuple[str, str]]:
    """What the form says of its services; anything else says nothing."""
    rows = raw if isinstance(raw, list) else []
    whole = [row for row in rows if isinstance(row, list | tuple) and len(row) == 2]
    return [(_number(service), _number(member)) for service, member in whole]


def times_of(services: list[tuple[str, str]], day: Any) -> FreeTimesAsked:
    wanted = [(int(service), int(member) if member else None) for service, member in services]
    return FreeTimesAsked(wanted, day, day, is_public=False)


def _number(raw: Any) -> str:
    return raw if isinstance(raw, str) and raw.isdecimal() and len(raw) < 19 else ""
