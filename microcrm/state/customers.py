"""The list of customers and the panel for a new one. What is searched, sorted and paged stands in the address."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from microcrm.domain.money import group_indian
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_list import (
    PAGE_SIZE,
    CustomerPage,
    CustomerRow,
    ListCustomers,
    list_page,
)
from microcrm.operations.customer_search import cleaned
from microcrm.operations.customers import AddCustomer, add
from microcrm.state.base import AppState
from microcrm.state.customer_form import FIELDS, CustomerForm
from microcrm.state.customer_segments import Segments
from microcrm.state.gate import needs

_DEFAULTS = {"q": "", "sort": "name", "down": "", "show": "active", "tag": "", "segment": ""}
_FALLING = {"name": "", "visit": "1", "new": "1", "billed": "1"}  # which way a column goes when it is first pressed
_REMEMBERED = 20
_KEPT = 30.0  # seconds; what is read from all customers of a large shop takes longer than the page


@dataclass(frozen=True)
class About:
    """What is listed: how many, by which search (the same words for each page of it), and whether they only come close to it."""

    total: str = ""
    search: str = ""
    is_near: bool = False
    has_previous: bool = False
    has_next: bool = False


class Customers(AppState):
    """``box`` changes when the search box must show another text than the person typed into it."""

    is_listed: bool = False
    rows: list[CustomerRow] = []
    summary: str = ""
    query: str = ""
    sort: str = "name"
    is_descending: bool = False
    show: str = "active"
    tag: str = ""
    segment: str = ""
    about: About = About()
    box: int = 0

    _typed: list[str] = [""]  # what the box has sent lately: an answer to any of these must not touch the box
    _page: int = 1
    _counted: tuple[str, float, str] = ("", 0.0, "")  # what was searched, when it was counted, the total

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> Any:
        """The page that the address asks for."""
        asked = self.router.url.query_parameters
        wanted = ListCustomers(*(asked.get(name, default) for name, default in _DEFAULTS.items()))
        page = await self._read(replace(wanted, after=asked.get("after"), before=asked.get("before")))
        self._describe(asked, page)
        self.rows, self.is_listed = list(page.rows), True
        return NewCustomer.start if asked.get("new") and Permission.CUSTOMERS_EDIT in self.allowed else None

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def read_again(self) -> Any:
        """After a change of many."""
        self._forget()
        (await self.get_state(Segments))._forget()
        return [Customers.load, Segments.refresh]

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def typed(self, words: str) -> Any:
        self._typed = [*self._typed, cleaned(words)][-_REMEMBERED:]
        return self._go(replace=True, q=cleaned(words))

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def clear(self) -> Any:
        self._typed = []
        return self._go(q="", tag="", show="active", segment="")

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def pick_segment(self, key: str) -> Any:
        """A segment is about those who are active."""
        return self._go(segment=cleaned(key), show="active")

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def sort_by(self, column: str) -> Any:
        """The same column again turns the order round."""
        column = cleaned(column)
        falling = _FALLING.get(column, "")
        if column == self.sort:
            falling = "" if self.is_descending else "1"
        return self._go(sort=column, down=falling)

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def pick_tag(self, tag: str) -> Any:
        return self._go(tag=cleaned(tag))

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def pick_show(self, show: str) -> Any:
        return self._go(show=cleaned(show))

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def next_page(self) -> Any:
        return self._go(after=self.rows[-1].id, page=self._page + 1) if self.rows else None

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def previous_page(self) -> Any:
        return self._go(before=self.rows[0].id, page=max(1, self._page - 1)) if self.rows else None

    async def _read(self, wanted: ListCustomers) -> CustomerPage:
        searched, now = repr((wanted.query, wanted.show, wanted.tag, wanted.segment)), time.time()
        before, counted_at, total = self._counted
        is_known = searched == before and now - counted_at < _KEPT
        page = await self._perform(list_page, replace(wanted, total=total if is_known else ""))
        if not is_known:
            self._counted = (searched, now, page.total)
        return page

    def _forget(self) -> None:
        """What was counted: this tab has just changed it."""
        self._counted = ("", 0.0, "")

    def _go(self, *, replace: bool = False, **changes: Any) -> Any:
        """To the address with these changes; its load handler does the rest."""
        now = {
            "q": self.query, "sort": self.sort, "down": "1" if self.is_descending else "", "show": self.show, "tag": self.tag,
            "segment": self.segment,
        }  # fmt: skip
        wanted = {name: value for name, value in (now | changes).items() if value != _DEFAULTS.get(name)}
        return rx.redirect(f"/customers?{urlencode(wanted)}".rstrip("?"), replace=replace)

    def _describe(self, asked: Mapping[str, str], page: CustomerPage) -> None:
        """What the address says about the page on the screen."""
        self.query = cleaned(asked.get("q"))
        if self.query not in self._typed:
            self._typed, self.box = [self.query], self.box + 1
        self.sort = asked.get("sort", "") if asked.get("sort") in _FALLING else "name"
        self.is_descending = bool(asked.get("down"))
        self.show = "archived" if asked.get("show") == "archived" else "active"
        self.tag, self.segment = cleaned(asked.get("tag")), cleaned(asked.get("segment"))
        same = urlencode({"q": self.query, "show": self.show, "tag": self.tag, "segment": self.segment})
        self.about = About(page.total, same, page.is_near, page.has_previous, page.has_next)
        number, count = asked.get("page", ""), len(page.rows)
        self._page = int(number) if page.has_previous and number.isdecimal() and len(number) < 7 else 1
        first = (self._page - 1) * PAGE_SIZE
        self.summary = f"{group_indian(first + 1)}–{group_indian(first + count)} of {page.total}" if count else ""


class NewCustomer(CustomerForm, AppState):
    """The panel."""

    is_open: bool = False

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def start(self) -> None:
        self._begin_form()
        self.is_open = True

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> Any:
        self.errors, self.is_open = {}, False
        return rx.redirect("/customers", replace=True) if self.router.url.query_parameters.get("new") else None

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            saved = await self._perform(add, AddCustomer(**{name: form.get(name) for name in (*FIELDS, "notes")}))
        finally:
            self.is_saving = False
        self.is_open = False
        (await self.get_state(Customers))._forget()
        (await self.get_state(Segments))._forget()
        self._notify(f"{saved.name} added", undo=saved.undo)
        yield rx.redirect(f"/customer?id={saved.id}")
