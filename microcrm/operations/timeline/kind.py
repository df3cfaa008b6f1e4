"""One kind of thing that a customer's timeline tells: how it is read, who may see it, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from microcrm.domain.permissions import Permission


class Filter(StrEnum):
    """What a person can narrow the timeline to. One kind or several belong to each."""

    VISITS = "visits"
    MONEY = "money"
    NOTES = "notes"
    TASKS = "tasks"
    RECORDS = "records"
    MESSAGES = "messages"
    CHANGES = "changes"


FILTER_WORDS = {
    Filter.VISITS: "Visits",
    Filter.MONEY: "Money",
    Filter.NOTES: "Notes",
    Filter.TASKS: "Tasks",
    Filter.RECORDS: "Sealed records",
    Filter.MESSAGES: "Messages",
    Filter.CHANGES: "Changes",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A row as it was read. ``who`` wrote it down, empty for what nobody of the shop did; ``services``, ``people`` and ``item_id``
    are of the visit that it belongs to, if it belongs to one; ``facts`` are the kind's own."""

    at: datetime
    id: int
    who: str
    facts: Mapping[str, Any]
    services: str = ""
    people: str = ""
    paise: int = 0
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """In whose words: the shop's zone and day, and whether links to the calendar lead anywhere for this person."""

    zone: ZoneInfo
    today: date
    now: datetime
    opens_calendar: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What stands on the screen. ``tone`` is a chip's; ``href`` is empty for what has no page of its own."""

    icon: str
    title: str
    detail: str
    status: str = ""
    tone: str = "neutral"
    href: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` is unique and never shown. ``source`` is the FROM part, with the table as ``t``; ``at`` the moment, for which ``t`` has
    an index of business, customer and moment; ``where`` more conditions; ``customer`` the column that names the customer. The rest
    are SQL expressions: the member, the visit it belongs to, and an object of what ``write`` needs. None may hold anything that
    somebody typed: they become part of the statement."""

    name: str
    filter: Filter
    needs: Permission
    source: str
    at: str
    facts: str
    write: Callable[[Found, Setting], Said]
    where: str = "true"
    customer: str = "t.customer_id"
    member: str = "t.member_id"
    booking: str = "cast(null AS bigint)"


def by(who: str) -> str:
    """As in "By Asha", or nothing."""
    return f"By {who}" if who else ""


def sentence_of(*parts: str) -> str:
    """The parts that there are, with dots between."""
    return " · ".join(part for part in parts if part)
