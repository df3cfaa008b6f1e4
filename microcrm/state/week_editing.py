"""A week on the screen: windows are added, changed and copied here, and saved as a whole by the state that uses it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import WEEKDAY_NAMES, clock_for_input
from microcrm.domain.hours import MOST_WINDOWS, Week
from microcrm.domain.permissions import Permission
from microcrm.state.gate import needs

_LONGEST = 20  # characters of a time


@dataclass(frozen=True)
class WindowLine:
    """Values of time fields. ``key`` changes whenever the line is drawn anew."""

    key: str
    index: int
    start: str
    end: str


@dataclass(frozen=True)
class DayLine:
    index: int
    key: str  # "monday": the name of its error
    name: str
    windows: list[WindowLine]
    can_add: bool


class WeekEditing(rx.State, mixin=True):
    """Mixin. The saving state calls ``_show_week`` and ``_typed_week``."""

    week: list[DayLine] = []
    _drawn: int = 0

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def set_time(self, day: int, index: int, edge: str, value: str) -> None:
        windows = self._windows(day)
        if edge not in ("start", "end") or not isinstance(value, str) or len(value) > _LONGEST:
            raise Invalid("That is not a time.")
        if not _is_place(index, windows):
            raise Invalid("That line is not there any more.")
        windows[index] = replace(windows[index], **{edge: value})
        self._put(day, windows, is_redrawn=False)

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def add_window(self, day: int) -> None:
        """A first opening of 10 to 7, or another one after the last."""
        windows = self._windows(day)
        if len(windows) < MOST_WINDOWS:
            self._put(day, [*windows, WindowLine("", 0, "" if windows else "10:00", "" if windows else "19:00")])

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def drop_window(self, day: int, index: int) -> None:
        windows = self._windows(day)
        if _is_place(index, windows):
            self._put(day, [line for place, line in enumerate(windows) if place != index])

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def copy_day(self, day: int) -> None:
        """The same hours on every day that is open; a weekly day off stays one."""
        windows = self._windows(day)
        for other in range(7):
            if self._windows(other):
                self._put(other, windows)

    def _show_week(self, week: Week) -> None:
        self.week = [DayLine(n, name.lower(), name, [], True) for n, name in enumerate(WEEKDAY_NAMES)]
        for day, windows in enumerate(week):
            lines = [WindowLine("", 0, clock_for_input(w.start), clock_for_input(w.end)) for w in windows]
            self._put(day, lines)

    def _typed_week(self) -> list[list[tuple[str, str]]]:
        return [[(line.start, line.end) for line in day.windows] for day in self.week]

    def _windows(self, day: Any) -> list[WindowLine]:
        if not _is_place(day, self.week):
            raise Invalid("That is not a day of the week.")
        return list(self.week[day].windows)

    def _put(self, day: int, windows: list[WindowLine], *, is_redrawn: bool = True) -> None:
        """Lines keep their key while they are only typed into, so that the cursor stays."""
        if is_redrawn:
            self._drawn += 1
            windows = [replace(w, index=n, key=f"{day}-{n}-{self._drawn}") for n, w in enumerate(windows)]
        line = replace(self.week[day], windows=windows, can_add=len(windows) < MOST_WINDOWS)
        self.week = [*self.week[:day], line, *self.week[day + 1 :]]


def _is_place(index: Any, rows: list[Any]) -> bool:
    return isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(rows)
