"""The timeline of the customer on the screen: all kinds or one, as the address says, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.timeline.kind import Filter
from microcrm.operations.timeline.reading import (
    PAGE_SIZE,
    Entry,
    Mark,
    ReadTimeline,
    TimelinePage,
    read_timeline,
)
from microcrm.state.base import AppState
from microcrm.state.customer_notes import CustomerNotes
from microcrm.state.customer_tasks import CustomerTasks
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ALL, ids_of, kinds_of, screens

HEARD = {"note": CustomerNotes.load, "task": CustomerTasks.load}  # what is told of a customer, and what shows it
EVERYTHING = "Everything"


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class TimelineRow:
    """``heading`` is the month, on the first entry of each month only."""

    heading: str
    entry: Entry


class CustomerTimeline(AppState):
    is_read: bool = False
    show: str = ""
    choices: list[Choice] = []
    rows: list[TimelineRow] = []
    has_more: bool = False

    _customer: str = ""
    _after: Mark | None = None

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        asked = self.router.url.query_parameters
        show = asked.get("show", "")
        if asked.get("id", "") != self._customer:
            self._customer, self.show = asked.get("id", ""), ""
            self.is_read, self.rows, self.has_more = False, [], False
        screens().show(self.router.session.client_token, current_seat().actor.business_id, CustomerTimeline.heard)
        self._begin(await self._look(read_timeline, ReadTimeline(self._customer, show)), show)

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def choose(self, show: str) -> Any:
        """To the address with it, so that a reload and a bookmark keep it; its load handlers do the rest."""
        wanted = {"id": self._customer} | ({"show": show} if show in list(Filter) else {})
        return rx.redirect(f"/customer?{urlencode(wanted)}", replace=True)

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def show_more(self) -> None:
        """Older ones, below what is there."""
        if self._after is None:
            return
        page = await self._perform(read_timeline, ReadTimeline(self._customer, self.show, self._after))
        self.rows = [*self.rows, *rows_of(page.entries, self.rows[-1].entry.month if self.rows else "")]
        self._after, self.has_more = page.after, page.after is not None

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def heard(self, changes: str) -> list[Any]:
        """Something was written about a customer elsewhere (see ``live``). Whoever has gone back in time stays there."""
        is_all = ALL in kinds_of(changes)
        anew = [load for kind, load in HEARD.items() if is_all or self._customer in map(str, ids_of(changes, kind))]
        return [*anew, CustomerTimeline.load] if anew and len(self.rows) <= PAGE_SIZE else anew

    def _begin(self, page: TimelinePage, show: str) -> None:
        """``show`` may be a filter that this person does not have: then everything was read."""
        self.show = show if show in dict(page.filters) else ""
        filters = (("", EVERYTHING), *page.filters)
        self.choices = [Choice(value, label, value == self.show) for value, label in filters]
        self.rows = rows_of(page.entries)
        self._after, self.has_more, self.is_read = page.after, page.after is not None, True


def rows_of(entries: tuple[Entry, ...], month: str = "") -> list[TimelineRow]:
    """``month``: of the entry before the first one."""
    rows = []
    for entry in entries:
        rows.append(TimelineRow(entry.month if entry.month != month else "", entry))
        month = entry.month
    return rows
