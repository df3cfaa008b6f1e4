"""Which months are filed, and marking them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.billing.filing import MonthView, file_period, filed_months, open_month
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class MonthLine:
    """``about``: who filed it when, or what is still to do."""

    key: str
    words: str
    about: str
    is_filed: bool
    may_file: bool
    may_open: bool


class FiledMonths(AppState):
    is_read: bool = False
    months: list[MonthLine] = []
    asked: str = ""  # the month that a dialog is about
    asked_words: str = ""
    is_opening: bool = False  # its mark is to be taken back

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        zone = current_seat().actor.zone
        self.months = [month_line(one, zone) for one in await self._perform(filed_months)]
        self.asked, self.is_read = "", True

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def ask(self, key: str, what: str) -> None:
        found = [one for one in self.months if one.key == key]
        self.asked, self.asked_words = (found[0].key, found[0].words) if found else ("", "")
        self.is_opening, self.errors = what == "open", {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def close(self) -> None:
        self.asked, self.errors = "", {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def file(self) -> Any:
        done = await self._perform(file_period, self.asked)
        self._notify(f"{done.words} is filed: nothing dated in it changes any more")
        return FiledMonths.load

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def open_again(self, form: dict[str, Any]) -> Any:
        done = await self._perform(open_month, self.asked, pick(form, "reason")["reason"])
        self._notify(f"{done.words} is open again")
        return FiledMonths.load


def month_line(view: MonthView, zone: str) -> MonthLine:
    if view.is_filed:
        by = f" by {view.who}" if view.who else ""
        at = view.filed_at
        about = f"Filed {format_day(at.astimezone(zone_of(zone)).date())}{by}" if at else "Before a month that is filed"
    elif not view.is_over:
        about = "Runs still"
    else:
        about = f"To be filed by {format_day(view.period.due_on)}"
    if view.drafts and not view.is_filed:
        about += f" · {format_count(view.drafts, 'draft')} in it"
    return MonthLine(
        key=view.period.key,
        words=view.period.words,
        about=about,
        is_filed=view.is_filed,
        may_file=view.is_over and not view.is_filed,
        may_open=view.is_filed and view.is_last,
    )
