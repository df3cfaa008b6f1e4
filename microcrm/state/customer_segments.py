"""The tabs above the list of customers, how many are in each, and the panel for one of the shop's own."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.errors import DomainError
from microcrm.domain.money import rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.domain.segments import Rules
from microcrm.operations.customer_list import tags_in_use
from microcrm.operations.segments import (
    SaveSegment,
    SegmentView,
    remove_segment,
    save_segment,
    segment_counts,
    segments,
)
from microcrm.state.base import AppState
from microcrm.state.gate import needs

_KEPT = 60.0  # seconds for which counts are good enough


@dataclass(frozen=True)
class SegmentTab:
    """``count`` is empty until it is counted. ``is_own``: of this shop, so that it can be changed."""

    key: str
    name: str
    words: str
    count: str
    is_own: bool


@dataclass(frozen=True)
class SegmentForm:
    """What the panel begins with, as somebody would type it."""

    key: str = ""
    version: int = 0
    name: str = ""
    not_seen_days: str = ""
    is_not_booked: bool = False
    first_visit_days: str = ""
    added_days: str = ""
    least_visits: str = ""
    birthday_month: str = ""
    spent_paise: str = ""
    is_owing: bool = False
    tags_any: str = ""
    tags_all: str = ""
    tags_none: str = ""


class Segments(AppState):
    """``tags``: those in use, to narrow the list by."""

    tabs: list[SegmentTab] = []
    tags: list[str] = []
    is_open: bool = False
    is_saving: bool = False
    form: SegmentForm = SegmentForm()

    _views: list[SegmentView] = []
    _counted_at: float = 0.0
    _changed_at: float = 0.0

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def refresh(self) -> AsyncGenerator[None, None]:
        """The names at once, the tags and how many are in each when they are counted; once a minute, and again when what this tab
        has changed may have been taken back."""
        now = time.time()
        is_counted = now - self._counted_at < _KEPT
        if is_counted and now - self._changed_at > _KEPT:
            return
        if not await self._read_names() and is_counted:
            return
        yield
        tags, counts = await self._look(lambda uow: (tags_in_use(uow), segment_counts(uow)))
        self.tags, self._counted_at = list(tags), time.time()
        self._show(counts)

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def start(self) -> None:
        self.errors, self.form, self.is_open = {}, SegmentForm(), True

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def change(self, key: str) -> None:
        self._views = list(await self._perform(segments))
        found = next((one for one in self._views if one.key == key and one.version), None)
        if found is not None:
            self.errors, self.form, self.is_open = {}, _form_of(found), True

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.errors, self.is_open = {}, False

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        command = SaveSegment(form.get("name"), form, self.form.key, form.get("version"))
        try:
            saved = await self._perform(save_segment, command)
        finally:
            self.is_saving = False
        self.is_open, self._changed_at = False, time.time()
        self._notify(f"{saved.name} saved", undo=saved.undo)
        yield rx.redirect(f"/customers?{urlencode({'segment': saved.key})}")
        yield Segments.refresh

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def remove(self) -> Any:
        gone = await self._perform(remove_segment, self.form.key)
        self.is_open, self._changed_at = False, time.time()
        self._notify(f"{gone.name} deleted", undo=gone.undo)
        return [rx.redirect("/customers"), Segments.refresh]

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)

    async def _read_names(self) -> bool:
        """Whether any is new, gone or changed."""
        before, self._views = self._views, list(await self._look(segments))
        self._show({tab.key: tab.count for tab in self.tabs})
        return self._views != before

    def _forget(self) -> None:
        """This tab has just changed what was counted."""
        self._counted_at = 0.0

    def _show(self, counts: dict[str, str]) -> None:
        self.tabs = [
            SegmentTab(one.key, one.name, one.words, counts.get(one.key, ""), one.version > 0) for one in self._views
        ]


def _form_of(view: SegmentView) -> SegmentForm:
    rules = view.rules
    return SegmentForm(
        key=view.key,
        version=view.version,
        name=view.name,
        spent_paise=rupees_for_input(rules.spent_paise),
        is_not_booked=rules.is_not_booked,
        is_owing=rules.is_owing,
        **{name: ", ".join(getattr(rules, name)) for name in ("tags_any", "tags_all", "tags_none")},
        **{
            name: _typed(rules, name)
            for name in ("not_seen_days", "first_visit_days", "added_days", "least_visits", "birthday_month")
        },
    )


def _typed(rules: Rules, name: str) -> str:
    number = getattr(rules, name)
    return "" if number is None else str(number)
