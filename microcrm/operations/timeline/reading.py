"""All that happened with one customer, the newest first, a page at a time.

One statement, however long the history: of each kind no more than a page is read, from the kind's own index of customer and
moment, and the newest of these are the page. A new kind is one more entry of ``KINDS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text

from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.timeline.changes import CHANGE
from microcrm.operations.timeline.kind import FILTER_WORDS, Filter, Found, Kind, Said, Setting
from microcrm.operations.timeline.messages import MESSAGE
from microcrm.operations.timeline.money import BILL, PAYMENT
from microcrm.operations.timeline.notes import NOTE, TASK
from microcrm.operations.timeline.records import RECORD
from microcrm.operations.timeline.visits import STEP, VISIT
from microcrm.operations.unit_of_work import UnitOfWork

KINDS: tuple[Kind, ...] = (VISIT, STEP, BILL, PAYMENT, NOTE, TASK, RECORD, MESSAGE, CHANGE)
PAGE_SIZE = 30
TO_COME = "To come"
_BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Mark:
    """The last entry of a page: the next one goes on after it."""

    at: datetime
    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class ReadTimeline:
    """``show`` is a ``Filter``; what is none, or is not for this person, is no filter."""

    customer_id: Any
    show: Any = ""
    after: Mark | None = None


@dataclass(frozen=True)  # no slots: the state that holds entries is pickled
class Entry:
    """``month`` heads the entries of a month. ``day`` and ``time``: when it happened, or will."""

    key: str
    month: str
    icon: str
    title: str
    detail: str
    status: str
    tone: str
    href: str
    day: str
    time: str


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """``filters``: (value, words) of those that this person may choose. ``after`` is empty on the last page."""

    entries: tuple[Entry, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    after: Mark | None = None


def read_timeline(uow: UnitOfWork, command: ReadTimeline) -> TimelinePage:
    """Nothing for a customer whom this person may not see, as for one who is not there."""
    uow.require(Permission.CUSTOMERS_VIEW)
    seen = tuple(kind for kind in KINDS if uow.may(kind.needs))
    filters = tuple(one for one in Filter if any(kind.filter is one for kind in seen))
    chosen = command.show if command.show in filters else ""
    found = _rows(uow, tuple(kind.name for kind in seen if kind.filter == chosen or not chosen), command)
    shown, setting = found[:PAGE_SIZE], _setting(uow)
    last = shown[-1] if len(found) > PAGE_SIZE else None
    return TimelinePage(
        tuple(_entry(_BY_NAME[kind], one, setting) for kind, one in shown),
        tuple((one.value, FILTER_WORDS[one]) for one in filters),
        Mark(last[1].at, last[0], last[1].id) if last else None,
    )


def _setting(uow: UnitOfWork) -> Setting:
    zone = zone_of(uow.actor.zone)
    return Setting(zone, to_wall(uow.now, zone)[0], uow.now, uow.may(Permission.CALENDAR_OWN))


def _rows(uow: UnitOfWork, names: tuple[str, ...], command: ReadTimeline) -> Sequence[tuple[str, Found]]:
    reader = Reader()
    wanted = reader.id("customer_id", command.customer_id, "Customer")
    if reader.errors or not names:
        return ()
    values: dict[str, Any] = {
        "business": uow.business_id, "customer": wanted, "most": PAGE_SIZE + 1,
        "own": uow.actor.member_id if sees_own_only(uow.actor) else None,
    }  # fmt: skip
    after = command.after
    if after is not None:
        values |= {"after_at": after.at, "after_kind": after.kind, "after_id": after.id}
    rows = uow.session.execute(_statement(names, is_later=after is not None), values)
    return [
        (kind, Found(at, row_id, who or "", facts, services or "", people or "", int(paise or 0), item_id))
        for kind, at, row_id, who, facts, services, people, paise, item_id in rows
    ]


def _entry(kind: Kind, found: Found, setting: Setting) -> Entry:
    said: Said = kind.write(found, setting)
    day = to_wall(found.at, setting.zone)[0]
    return Entry(
        key=f"{kind.name}-{found.id}",
        month=TO_COME if found.at > setting.now else f"{MONTHS[day.month - 1]} {day.year}",
        icon=said.icon,
        title=said.title,
        detail=said.detail,
        status=said.status,
        tone=said.tone,
        href=said.href,
        day=format_near_day(day, setting.today),
        time=format_time(found.at, setting.zone),
    )


_WHO = """
WITH who AS (
  SELECT c.id FROM customers c WHERE c.business_id = :business AND c.id = :customer
  AND (cast(:own AS bigint) IS NULL OR EXISTS (
    SELECT FROM bookings v JOIN booking_items o ON o.business_id = v.business_id AND o.booking_id = v.id
    WHERE v.business_id = :business AND v.customer_id = c.id AND o.member_id = :own))
)
SELECT e.kind, e.at, e.id, m.name, e.facts, v.services, v.people, v.paise, v.item_id
FROM (
SELECT * FROM ("""
_WITH_NAMES = """
) every ORDER BY at DESC, kind DESC, id DESC LIMIT :most) e
LEFT JOIN members m ON m.business_id = :business AND m.id = e.member_id
LEFT JOIN LATERAL (
  SELECT string_agg(s.name, ', ' ORDER BY i.starts_at, i.id) AS services, string_agg(DISTINCT p.name, ', ') AS people,
    sum(i.price_paise) AS paise, min(i.id) AS item_id
  FROM booking_items i
  JOIN services s ON s.business_id = i.business_id AND s.id = i.service_id
  JOIN members p ON p.business_id = i.business_id AND p.id = i.member_id
  WHERE i.business_id = :business AND i.booking_id = e.booking_id
) v ON e.booking_id IS NOT NULL
ORDER BY e.at DESC, e.kind DESC, e.id DESC"""


@lru_cache(maxsize=64)
def _statement(names: tuple[str, ...], *, is_later: bool) -> TextClause:
    branches = "\nUNION ALL\n".join(_branch(_BY_NAME[name], is_later=is_later) for name in names)
    return text(f"{_WHO}\n{branches}{_WITH_NAMES}")


def _branch(kind: Kind, *, is_later: bool) -> str:
    later = f"AND ({kind.at}, '{kind.name}', t.id) < (:after_at, :after_kind, :after_id)"
    return f"""(
  SELECT '{kind.name}' AS kind, {kind.at} AS at, t.id, {kind.member} AS member_id, {kind.booking} AS booking_id,
    {kind.facts} AS facts
  FROM {kind.source}
  WHERE t.business_id = :business AND {kind.customer} = (SELECT id FROM who) AND {kind.at} IS NOT NULL AND {kind.where}
  {later if is_later else ""}
  ORDER BY {kind.at} DESC, t.id DESC LIMIT :most
)"""  # noqa: S608 - no value of anybody's in it
