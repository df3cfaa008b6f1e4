"""The calendar: what the address asks for, on the board or in lists, and what is dragged on it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import reflex as rx

from microcrm.components.board.board import Moved, Slot
from microcrm.domain.calendar_ask import By, View
from microcrm.domain.errors import DomainError
from microcrm.domain.permissions import Permission
from microcrm.operations.calendar_changes import calendar_changes
from microcrm.operations.calendar_filters import services_to_filter
from microcrm.operations.calendar_month import calendar_month
from microcrm.operations.calendar_range import CalendarRange, Column, calendar_range
from microcrm.operations.parts.class_blocks import ClassBlock
from microcrm.state import calendar_board as board
from microcrm.state.base import AppState, read_anew
from microcrm.state.booking_card import Card
from microcrm.state.booking_moves import block_of, slot_of, words_of
from microcrm.state.booking_new import NewBooking
from microcrm.state.calendar_aside import CalendarLists
from microcrm.state.calendar_drawer import CalendarDrawer, drawers_due
from microcrm.state.calendar_head import Head, draws_singly, head_of
from microcrm.state.calendar_open import close_left_open
from microcrm.state.class_panel import ClassPanel, cards_due
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ids_of, kinds_of, screens
from microcrm.state.requests import Requests

COLUMNS = {"desktop": 8, "tablet": 5, "phone": 0}  # the widget stays quick with these, and names readable


@read_anew("/calendar")
class Calendar(AppState):
    """``patch`` changes single blocks; ``events`` are the blocks as they were first read."""

    is_read: bool = False
    head: Head = Head()
    options: dict[str, Any] = {}
    columns: list[dict[str, str]] = []
    events: list[dict[str, Any]] = []
    patch: dict[str, Any] = {}

    _size: str = ""
    _known: dict[str, tuple[int, int]] = {}  # block -> booking and the version it was drawn from
    _classes: dict[str, ClassBlock] = {}
    _columns: dict[str, Column] = {}

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def load(self) -> Any:
        """The view, card or form that the address asks for."""
        asked = self.router.url.query_parameters
        await self._read()
        if asked.get("booking"):
            return [Card.open(asked["booking"]), CalendarDrawer.refresh]
        if asked.get("new"):
            return [
                CalendarDrawer.refresh,
                Card.leave,
                NewBooking.begin(asked["new"], self.head.date, self.head.next_time, 0, ""),
            ]
        return [Card.refresh, ClassPanel.refresh, CalendarDrawer.refresh]

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> Any:
        """The same again: time goes on."""
        if self.is_read:
            await self._read()
        return CalendarDrawer.refresh

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def heard(self, changes: str) -> Any:
        """Something was changed elsewhere (see ``live``). A board of people draws the bookings that changed, and nothing
        else on the screen is touched."""
        if not self.is_read:
            return None
        bookings, kinds = ids_of(changes, "booking"), kinds_of(changes) - {"message"}
        if kinds == {"booking"} and self._is_patched:
            await self._redraw(bookings)
        elif not kinds <= {"waitlist", "queue"}:
            await self._read()
        return [*cards_due(changes), *drawers_due(self.head.drawer, changes)]

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def resized(self, size: str) -> None:
        """Said whenever the page comes up, too: then what the address does not name is closed. Turning a tablet closes
        nothing."""
        was, self._size = self._size, size if size in COLUMNS else self._size
        if self._size != was and self.is_read:
            await self._read()
        if not was or self._size == was:
            await close_left_open(self)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def chosen(self, slot: Slot) -> Any:
        """An empty place was tapped, or drawn with the mouse."""
        drawer, place = await self.get_state(CalendarDrawer), slot_of(slot)
        return await drawer._take(place, place.staff if self.head.by == By.STAFF.value else "")

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def opened(self, change: Moved) -> Any:
        """A block; by room its name is "item-room", a class's is "class12"."""
        name = block_of(change)
        return ClassPanel.open(name) if name.startswith("class") else Card.open(name)

    @property
    def _is_patched(self) -> bool:
        return self._size != "phone" and draws_singly(self.head, self.router.url.query_parameters)

    async def _redraw(self, bookings: Collection[int], *, is_forced: bool = False) -> None:
        query = dict(self.router.url.query_parameters)
        columns = [one.id for one in self._columns.values()]
        sought = (frozenset(query.items()), frozenset(bookings), tuple(columns))
        changes = await self._look_together(sought, calendar_changes, query, bookings, columns)
        patch, self._known = board.patch_of(changes, bookings, self._known, is_forced=is_forced)
        (await self.get_state(Requests))._count(changes.requests)
        if patch:
            self.patch = {"seq": self.patch.get("seq", 0) + 1, **patch}
            self.columns = board.with_totals(self.columns, self._columns, changes)

    async def _put_back(self, change: Any) -> None:
        uid = change.get("id") if isinstance(change, dict) else None
        booking, _ = self._known.get(uid.partition("-")[0], (0, 0)) if isinstance(uid, str) else (0, 0)
        if booking and self._is_patched:
            await self._redraw({booking}, is_forced=True)
        elif isinstance(uid, str):
            await self._read()
            put = [event for event in self.events if event["i"] == uid]
            self.patch = {"seq": self.patch.get("seq", 0) + 1, "put": put, "drop": [] if put else [uid]}

    async def _read(self) -> None:
        """All that the address asks for; from here on its changes are heard."""
        token, business = self.router.session.client_token, current_seat().actor.business_id
        screens().show(token, business, Calendar.heard, has_messages=True)
        query = dict(self.router.url.query_parameters)
        lists = await self.get_state(CalendarLists)
        if query.get("view") == View.MONTH.value:
            month = await self._look(calendar_month, query)
            self.head = head_of(month.ask, month.today)
            lists._draw_month(month)
        else:
            query |= {"view": View.DAY.value, "by": By.STAFF.value} if self._size == "phone" else {}
            found = await self._look(calendar_range, query, COLUMNS.get(self._size, 5))
            lists._services = lists._services or await self._look(services_to_filter)
            lists._draw(found, has_agenda=self._size in ("", "phone") or found.ask.view is View.AGENDA)
            self._draw(found)
        self.is_read = True

    def _draw(self, found: CalendarRange) -> None:
        self.head = head_of(found.ask, found.today, found)
        self._known = {str(item.item_id): (item.booking_id, item.version) for item in found.items}
        self._classes = {f"class{one.session_id}": one for one in found.classes}
        self._columns = {str(one.id): one for one in found.columns}
        if self._size == "phone" or found.ask.view not in board.VIEWS:
            return
        self.options, self.columns = board.options_of(found), board.columns_of(found.columns, found.ask)
        events = board.events_of(found)
        if events != self.events:
            self.events = events
        self.patch = {"seq": self.patch.get("seq", 0)}  # a board that comes up again must not apply the last one

    def _refused(self, error: DomainError) -> None:
        """There is no form here: what would stand at a field is said in the notice."""
        if error.fields:
            self._notify(words_of(error), tone="bad")
        else:
            super()._refused(error)
