"""What an address of the calendar asks for: which view, which days, whose bookings. Everything in it may be nonsense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from microcrm.domain.booking import CANCELLED, TENTATIVE, BookingStatus
from microcrm.domain.calendar_text import parse_day
from microcrm.domain.errors import Invalid

_S = BookingStatus
DRAWERS = ("requests", "gaps", "waitlist", "queue")  # what can be open beside the calendar
MOST_CHOSEN = 12  # people
WEEK_COLUMNS = 2  # people whose week can still be read
AGENDA_DAYS = 7
REACH = timedelta(days=731)  # from today, both ways
_LARGEST_ID = 2**53


class View(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    AGENDA = "agenda"


class By(StrEnum):
    STAFF = "staff"
    ROOM = "room"


# The filter by status: value in the address -> the statuses and their word.
STATUS_FILTERS: Mapping[str, tuple[frozenset[BookingStatus], str]] = {
    "waiting": (TENTATIVE, "Waiting"),
    "booked": (frozenset({_S.BOOKED}), "Not confirmed"),
    "confirmed": (frozenset({_S.CONFIRMED}), "Confirmed"),
    "here": (frozenset({_S.ARRIVED, _S.STARTED}), "Arrived or started"),
    "done": (frozenset({_S.FINISHED}), "Done"),
    "no_show": (frozenset({_S.NO_SHOW}), "Did not come"),
    "cancelled": (CANCELLED, "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class CalendarAsk:
    """``staff``: chosen members, none means all. ``page``: of columns, from 1. ``shows_off``: cancelled ones too.
    ``drawer``: the one that is open beside it."""

    day: date
    view: View = View.DAY
    by: By = By.STAFF
    staff: tuple[int, ...] = ()
    service: int | None = None
    status: str = ""
    page: int = 1
    shows_off: bool = False
    drawer: str = ""

    @property
    def first(self) -> date:
        """The first day that is read: Monday for weeks, the Monday before the first for months."""
        if self.view is View.WEEK:
            return self.day - timedelta(days=self.day.weekday())
        if self.view is View.MONTH:
            start = self.day.replace(day=1)
            return start - timedelta(days=start.weekday())
        return self.day

    @property
    def last(self) -> date:
        if self.view is View.WEEK:
            return self.first + timedelta(days=6)
        if self.view is View.AGENDA:
            return self.day + timedelta(days=AGENDA_DAYS - 1)
        if self.view is View.MONTH:
            end = month_after(self.day) - timedelta(days=1)
            return end + timedelta(days=6 - end.weekday())
        return self.day

    @property
    def days(self) -> tuple[date, ...]:
        first = self.first
        return tuple(first + timedelta(days=n) for n in range((self.last - first).days + 1))

    @property
    def statuses(self) -> frozenset[BookingStatus] | None:
        """Only these, or ``None``: all but the cancelled ones, unless those are shown as well."""
        return STATUS_FILTERS[self.status][0] if self.status else None

    @property
    def is_filtered(self) -> bool:
        return bool(self.staff or self.service or self.status)

    def step(self, way: int) -> date:
        """The day that the arrows lead to: a day, a week or a month further (``way`` 1) or back (-1)."""
        if self.view is View.MONTH:
            first = self.day.replace(day=1)
            return month_after(first) if way > 0 else (first - timedelta(days=1)).replace(day=1)
        length = {View.DAY: 1, View.WEEK: 7, View.AGENDA: AGENDA_DAYS}[self.view]
        return self.day + timedelta(days=way * length)

    def address(self, **changes: Any) -> str:
        """Of the same calendar with these changes. What is usual stays out of it."""
        asked = replace(self, **changes)
        parts: dict[str, str] = {}
        if asked.view is not View.DAY:
            parts["view"] = asked.view.value
        if asked.by is not By.STAFF:
            parts["by"] = asked.by.value
        parts["date"] = asked.day.isoformat()
        if asked.staff:
            parts["staff"] = ",".join(map(str, asked.staff))
        if asked.service:
            parts["service"] = str(asked.service)
        if asked.status:
            parts["status"] = asked.status
        if asked.page > 1:
            parts["page"] = str(asked.page)
        if asked.shows_off:
            parts["off"] = "1"
        if asked.drawer:
            parts["drawer"] = asked.drawer
        return f"/calendar?{urlencode(parts, safe=',')}"


def address_with(query: Mapping[str, Any], **changes: str) -> str:
    """The address of the calendar on the screen, changed. What opens a card or a form once stays out of it."""
    once = {"booking": "", "new": "", "customer": ""}
    kept = {name: value for name, value in {**query, **once, **changes}.items() if isinstance(value, str) and value}
    return f"/calendar?{urlencode(kept, safe=',')}"


def month_after(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def read_ask(query: Mapping[str, Any], today: date) -> CalendarAsk:
    """What makes no sense is left out: the address of a calendar always shows a calendar."""
    view, by = query.get("view"), query.get("by")
    status, drawer = query.get("status"), query.get("drawer")
    page = _number(query.get("page"))
    return CalendarAsk(
        day=_day(query.get("date"), today),
        view=View(view) if view in set(View) else View.DAY,
        by=By(by) if by in set(By) else By.STAFF,
        staff=_numbers(query.get("staff")),
        service=_number(query.get("service")),
        status=status if isinstance(status, str) and status in STATUS_FILTERS else "",
        page=min(page or 1, 1000),
        shows_off=query.get("off") == "1",
        drawer=drawer if isinstance(drawer, str) and drawer in DRAWERS else "",
    )


def _day(raw: Any, today: date) -> date:
    try:
        day = parse_day(raw) or today
    except Invalid:
        return today
    return day if abs(day - today) <= REACH else today


def _number(raw: Any) -> int | None:
    if not isinstance(raw, str) or not (raw.isascii() and raw.isdecimal()) or len(raw) > 16:
        return None
    return int(raw) if 0 < int(raw) < _LARGEST_ID else None


def _numbers(raw: Any) -> tuple[int, ...]:
    if not isinstance(raw, str):
        return ()
    found = [_number(part) for part in raw.split(",")[: 4 * MOST_CHOSEN]]
    return tuple(dict.fromkeys(one for one in found if one))[:MOST_CHOSEN]
