"""What the calendar shows beside the board: the agenda with its strip of days, the month, the filters."""

from __future__ import annotations

from microcrm.operations.calendar_month import CalendarMonth
from microcrm.operations.calendar_range import CalendarRange
from microcrm.state import calendar_lists as lists
from microcrm.state.base import AppState
from microcrm.state.calendar_head import Filters, filters_of


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

    def _draw_month(self, month: CalendarMonth) -> None:
        self.agenda, self.earlier, self.strip, self.chips = [], [], [], []
        self.month, self.mini = lists.month_of(month), lists.mini_month(month.ask, month.today)
        self.filters = filters_of(month.ask, month.people, self._services)
