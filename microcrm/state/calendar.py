"""The calendar: what the address asks for, on the board or in lists, and what is dragged on it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.board.board import Moved, Slot
from microcrm.domain.calendar_ask import By, View
from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.permissions import Permission
from microcrm.operations.calendar_filters import services_to_filter
from microcrm.operations.calendar_month import calendar_month
from microcrm.operations.calendar_range import CalendarRange, calendar_range
from microcrm.operations.move import move
from microcrm.state import calendar_board as board
from microcrm.state import calendar_lists as lists
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_moves import move_of, slot_of, words_of
from microcrm.state.booking_new import NewBooking
from microcrm.state.calendar_head import Filters, Head, filters_of, head_of
from microcrm.state.gate import needs

COLUMNS = {"desktop": 8, "tablet": 5, "phone": 0}  # the widget stays quick with these, and names readable


class CalendarLists(AppState):
    """What is not drawn on the board: the agenda with its strip of days, the month, and the little month."""

    strip: list[lists.StripEntry] = []
    chips: list[lists.Chip] = []
    agenda: list[lists.AgendaRow] = []
    earlier: list[lists.AgendaRow] = []
    earlier_words: str = ""
    month: list[lists.MonthCell] = []
    mini: list[lists.MonthCell] = []
    filters: Filters = Filters()

    _services: list[tuple[int, str]] = []

    def _draw(self, found: CalendarRange, has_agenda: bool) -> None:
        self.strip, self.chips = lists.strip_of(found), lists.chips_of(found)
        earlier, agenda = lists.agenda_of(found) if has_agenda else ([], [])
        self.earlier, self.agenda, self.earlier_words = earlier, agenda, lists.earlier_words(earlier)
        self.month, self.mini = [], lists.mini_month(found.ask, found.today)
        self.filters = filters_of(found.ask, found.people, self._services)


class Calendar(AppState):
    """``patch`` changes single blocks of the board; ``events`` are the blocks as they were first read."""

    is_read: bool = False
    head: Head = Head()
    options: dict[str, Any] = {}
    columns: list[dict[str, str]] = []
    events: list[dict[str, Any]] = []
    patch: dict[str, Any] = {}

    _size: str = ""
    _known: dict[str, tuple[int, int]] = {}  # block -> booking and the version it was drawn from

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def load(self) -> Any:
        """The view, card or form that the address asks for."""
        asked = self.router.url.query_parameters
        await self._read()
        if asked.get("booking"):
            return Card.open(asked["booking"])
        if asked.get("new"):
            return [Card.leave, NewBooking.begin(asked["new"], self.head.date, self.head.next_time, 0, "")]
        return Card.refresh

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> None:
        """The same again: time goes on."""
        if self.is_read:
            await self._read()

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def resized(self, size: str) -> Any:
        """Said whenever the page comes up, too: then what the address does not name is closed."""
        is_other = size in COLUMNS and size != self._size
        self._size = size if is_other else self._size
        if is_other and self.is_read:
            await self._read()
        asked = self.router.url.query_parameters
        return [state.leave for state, name in ((Card, "booking"), (NewBooking, "new")) if name not in asked]

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def go_to(self, day: str) -> Any:
        """A date field sends half-typed years as well; those are passed over."""
        if day[:2] != "20" or len(day) != 10 or day == self.head.date:
            return None
        view = self.head.view
        return rx.redirect(f"/calendar?date={day}" + (f"&view={view}" if view not in ("", "day") else ""))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def moved(self, change: Moved) -> Any:
        """The widget has moved the block already. Refused, it goes back; done, the day is read as it now is."""
        try:
            done = await self._perform(move, self._wish(change))
        except DomainError:
            await self._read()
            self._put_back(change)
            raise
        self._notify(done.label, undo=done.undo)
        await self._read()
        return Card.refresh

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def chosen(self, slot: Slot) -> Any:
        """An empty place was tapped, or drawn with the mouse."""
        place = slot_of(slot)
        staff = place.staff if self.head.by == By.STAFF.value else ""
        return [Card.leave, NewBooking.begin("known", place.day, place.time, place.minutes, staff)]

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def opened(self, change: Moved) -> Any:
        """A block; by room its name is "item-room"."""
        uid = change.get("id")
        return Card.open(uid.partition("-")[0] if isinstance(uid, str) else None)

    def _wish(self, change: Moved) -> Any:
        """Raises: Invalid, for another room: those are given out by what a service needs."""
        if self.head.by == By.ROOM.value:
            old = change.get("old")
            if isinstance(old, dict) and old.get("staff") != change.get("staff"):
                raise Invalid("A room is chosen when a visit is booked.", remedy="Move the visit in time instead.")
            return move_of({**change, "staff": []}, self._known)
        return move_of(change, self._known)

    async def _read(self) -> None:
        query = dict(self.router.url.query_parameters)
        is_phone, shown = self._size == "phone", await self.get_state(CalendarLists)
        if query.get("view") == View.MONTH.value:
            month = await self._look(calendar_month, query)
            self.head, shown.month = head_of(month.ask, month.today), lists.month_of(month)
            shown.filters = filters_of(month.ask, month.people, shown._services)
            shown.agenda, shown.earlier, shown.strip, shown.chips = [], [], [], []
        else:
            query |= {"view": View.DAY.value, "by": By.STAFF.value} if is_phone else {}
            found = await self._look(calendar_range, query, COLUMNS.get(self._size, 5))
            shown._services = shown._services or await self._look(services_to_filter)
            shown._draw(found, has_agenda=self._size in ("", "phone") or found.ask.view is View.AGENDA)
            self.head = head_of(found.ask, found.today, found)
            self._known = {str(item.item_id): (item.booking_id, item.version) for item in found.items}
            if not is_phone and found.ask.view in board.VIEWS:
                self.options, self.events = board.options_of(found), board.events_of(found)
                self.columns = board.columns_of(found.columns, found.ask)
        self.is_read = True

    def _put_back(self, change: Any) -> None:
        moved = change.get("id") if isinstance(change, dict) else None
        block = next((event for event in self.events if event["i"] == moved), None)
        if isinstance(moved, str):
            put, drop = ([block], []) if block else ([], [moved])
            self.patch = {"seq": self.patch.get("seq", 0) + 1, "put": put, "drop": drop}

    def _refused(self, error: DomainError) -> None:
        """There is no form here: what would stand at a field is said in the notice."""
        if error.fields:
            self._notify(words_of(error), tone="bad")
        else:
            super()._refused(error)
