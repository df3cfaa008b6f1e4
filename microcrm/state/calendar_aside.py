"""What the calendar shows beside the board: the agenda with its strip of days, the month, the filters."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.calendar_ask import address_with
from microcrm.domain.permissions import Permission
from microcrm.operations.calendar_month import CalendarMonth
from microcrm.operations.calendar_range import CalendarRange
from microcrm.state import calendar_lists as lists
from microcrm.state.base import AppState
from microcrm.state.calendar_head import Filters, filters_of
from microcrm.state.gate import needs


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

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def go_to(self, day: str) -> Any:
        """The same view on another day. A date field sends half-typed years as well; those are passed over."""
        query = dict(self.router.url.query_parameters)
        if day[:2] != "20" or len(day) != 10 or day == query.get("date"):
            return None
        return rx.redirect(address_with(query, date=day))

    def _draw(self, found: CalendarRange, has_agenda: bool) -> None:
        self.strip, self.chips = lists.strip_of(found), lists.chips_of(found)
        earlier, agenda = lists.agenda_of(found) if has_agenda else ([], [])
        self.earlier, self.agenda, self.earlier_words = earlier, agenda, lists.earlier_words(earlier)
        self.month, self.mini = [], lists.mini_month(found.ask, found.today)
        self.filters = filters_of(found.ask, found.people, self._services)

    def _draw_month(self, month: CalendarMonth) -> None:
        self.agenda, self.earlier, self.strip, self.chips = [], [], [], []
        self.month, self.mini = lists.month_of(month), lists.mini_month(month.ask, month.today)
        self.filters = filters_of(month.ask, month.people, self._services)
