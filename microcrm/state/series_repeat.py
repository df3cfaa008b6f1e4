"""How a new visit or class comes again: the choice in its form, and the dates that were looked at before saving."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.domain.recurrence import Every
from microcrm.operations.parts.series_plan import SeriesWish
from microcrm.operations.series import SeriesPreview
from microcrm.state.base import AppState
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.gate import current_seat, needs
from microcrm.state.series_dates import DateRow, chosen, date_rows, with_other

DATES = "repeat-dates"  # the heading above the dates, which gets the focus when they are shown
EVERY = tuple(one.value for one in Every)


class Repeats(AppState):
    """``every`` is empty for something that does not come again. ``rows`` are empty until the dates have been looked at, and
    again when what they follow from changes."""

    every: str = ""
    ends: str = "count"
    rule: str = ""
    rows: list[DateRow] = []
    kept: int = 0
    clashes: int = 0

    _seen: SeriesWish | None = None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def clear(self) -> None:
        self.every, self.ends = "", "count"
        self._forget()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_every(self, every: str) -> Any:
        self.every = every if every in EVERY else ""
        self.errors = {}
        return self._forget()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def pick_ends(self, ends: str) -> Any:
        self.ends = "until" if ends == "until" else "count"
        return self._forget()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def changed(self) -> Any:
        """Something that the dates follow from was typed: they are looked at again before anything is saved."""
        return self._forget()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def toggle(self, place: int) -> Any:
        """Leave a date out, or take it in again. What clashes stays out unless it gets another time."""
        self._draw(
            [replace(row, is_kept=not row.is_kept) if row.place == place and not row.why else row for row in self.rows]
        )
        return self._told()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def use(self, place: int, day: str, time: str) -> Any:
        self._draw([with_other(row, day, time) if row.place == place else row for row in self.rows])
        return self._told()

    def _forget(self) -> Any:
        """Nothing is sent when nothing was known."""
        was_seen, self._seen, self.rule = bool(self.rows), None, ""
        self._draw([])
        return self._told() if was_seen else None

    def _told(self) -> Any:
        """The event that writes the dates into the letter."""
        return NewTimes.list_dates([[row.day, row.time] for row in self.rows if row.is_kept])

    def _must_look(self, wish: SeriesWish) -> bool:
        """Whether these are other dates than those on the screen."""
        return not self.rows or self._seen != wish

    def _show(self, wish: SeriesWish, seen: SeriesPreview) -> Any:
        self._seen, self.rule = wish, seen.label
        self._draw(date_rows(seen.dates, current_seat().actor.zone))
        return [self._told(), rx.set_focus(DATES)]

    def _is_closed_then(self) -> bool:
        """Whether a date lies outside working hours, for which those who may give a reason."""
        return any(row.why and not row.nearest for row in self.rows)

    def _decided(self, wish: SeriesWish) -> SeriesWish:
        return chosen(wish, self.rows)

    def _draw(self, rows: list[DateRow]) -> None:
        self.rows = rows
        self.kept = sum(row.is_kept for row in rows)
        self.clashes = sum(bool(row.why) for row in rows)
