"""The calendar: the day on the board (or in the phone's list), and what is dragged on it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.board.board import Moved, Slot
from microcrm.domain.errors import DomainError
from microcrm.domain.permissions import Permission
from microcrm.operations.calendar_day import CalendarDay, calendar_day
from microcrm.operations.move import move
from microcrm.state import calendar_board as board
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_moves import move_of, slot_of, words_of
from microcrm.state.booking_new import NewBooking
from microcrm.state.gate import needs

COLUMNS = {"desktop": 8, "tablet": 5, "phone": 5}  # the widget stays quick with these, and names readable


class Calendar(AppState):
    """``patch`` puts one block of the board back where it was; everything else comes by reading the day again."""

    is_read: bool = False
    head: board.Head = board.Head()
    options: dict[str, Any] = {}
    columns: list[dict[str, str]] = []
    events: list[dict[str, Any]] = []
    patch: dict[str, Any] = {}
    strip: list[board.StripDay] = []
    chips: list[board.Chip] = []
    agenda: list[board.AgendaRow] = []
    earlier: list[board.AgendaRow] = []
    earlier_words: str = ""

    _size: str = ""
    _known: dict[str, tuple[int, int]] = {}  # block -> booking and the version it was drawn from

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def load(self) -> Any:
        """The day, staff page, card or form that the address asks for."""
        asked = self.router.url.query_parameters
        await self._read(asked.get("date", ""))
        if asked.get("booking"):
            return Card.open(asked["booking"])
        if asked.get("new"):
            return [Card.leave, NewBooking.begin(asked["new"], self.head.date, self.head.next_time, 0, "")]
        return Card.refresh

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> None:
        """The same day again: other desks change it, too."""
        if self.is_read:
            await self._read(self.head.date)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def resized(self, size: str) -> Any:
        """Said whenever the page comes up, too: then what the address does not name is closed."""
        is_other = size in COLUMNS and size != self._size
        self._size = size if is_other else self._size
        if is_other and self.is_read:
            await self._read(self.head.date)
        asked = self.router.url.query_parameters
        return [state.leave for state, name in ((Card, "booking"), (NewBooking, "new")) if name not in asked]

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def go_to(self, day: str) -> Any:
        """A date field sends half-typed years as well; those are passed over."""
        is_near = isinstance(day, str) and day[:2] == "20" and day != self.head.date
        return rx.redirect(f"/calendar?date={day}") if is_near and len(day) == 10 else None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def moved(self, change: Moved) -> Any:
        """The widget has moved the block already. Refused, it goes back; done, the day is read as it now is."""
        try:
            done = await self._perform(move, move_of(change, self._known))
        except DomainError:
            await self._read(self.head.date)
            self._put_back(change)
            raise
        self.notify(done.label, undo=done.undo)
        await self._read(self.head.date)
        return Card.refresh

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def chosen(self, slot: Slot) -> Any:
        """An empty place was tapped, or drawn with the mouse."""
        place = slot_of(slot)
        return [Card.leave, NewBooking.begin("known", place.day, place.time, place.minutes, place.staff)]

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def opened(self, change: Moved) -> Any:
        return Card.open(change.get("id") if isinstance(change, dict) else None)

    async def _read(self, raw_day: str) -> None:
        day = await self._perform(calendar_day, raw_day)
        asked = self.router.url.query_parameters
        page = int(asked["staff"]) if asked.get("staff", "").isdecimal() and len(asked["staff"]) < 4 else 1
        who = asked.get("who", "") if asked.get("who", "").isdecimal() else ""
        self._known = {str(item.item_id): (item.booking_id, item.version) for item in day.items}
        self._draw(day, page, who)
        self.is_read = True

    def _draw(self, day: CalendarDay, page: int, who: str) -> None:
        """Phones get the list only, wider screens the board; both while the browser has not said what it is."""
        each = COLUMNS.get(self._size, 5)
        pages = max(1, -(-len(day.staff) // each))
        page = min(max(page, 1), pages)
        shown = day.staff[(page - 1) * each : page * each]
        self.head = board.head_of(day, page, pages, shown, who)
        self.strip, self.chips = board.strip_of(day, who), board.chips_of(day, who)
        earlier, agenda = board.agenda_of(day, who) if self._size in ("", "phone") else ([], [])
        self.earlier, self.agenda, self.earlier_words = earlier, agenda, board.earlier_words(earlier)
        if self._size != "phone":
            self.options = board.options_of(day)
            self.columns, self.events = board.columns_of(shown), board.events_of(day, shown)

    def _put_back(self, change: Any) -> None:
        moved = change.get("id") if isinstance(change, dict) else None
        block = next((event for event in self.events if event["id"] == moved), None)
        if isinstance(moved, str):
            put, drop = ([block], []) if block else ([], [moved])
            self.patch = {"seq": self.patch.get("seq", 0) + 1, "put": put, "drop": drop}

    def _refused(self, error: DomainError) -> None:
        """There is no form here: what would stand at a field is said in the notice."""
        if error.fields:
            self.notify(words_of(error), tone="bad")
        else:
            super()._refused(error)
