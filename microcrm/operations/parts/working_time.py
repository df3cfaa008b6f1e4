"""The hours of the shop and of its people on a range of days, read in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.rows import tuple_row

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.hours import (
    CLOSED_WEEK,
    Timetable,
    Window,
    Windows,
    intersect,
    merge,
    open_windows,
    subtract,
)
from microcrm.domain.occupancy import Span
from microcrm.domain.zones import to_instant
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

WHOLE_DAY = Window(0, DAY_MINUTES)
_WEEK, _DATED, _LEAVE = "week", "dated", "leave"

_WHOSE = "AND (:is_everybody OR member_id IS NULL OR member_id = ANY(:members))"
_HOURS = fixed(f"""
SELECT '{_WEEK}', member_id, weekday, null::date, null::date, start_min, end_min
FROM weekly_hours WHERE business_id = :business {_WHOSE}
UNION ALL
SELECT '{_DATED}', member_id, null, day, day, start_min, end_min
FROM dated_hours WHERE business_id = :business AND day BETWEEN :first AND :last {_WHOSE}
UNION ALL
SELECT '{_LEAVE}', member_id, null, starts_on, ends_on, start_min, end_min
FROM leaves WHERE business_id = :business AND ends_on >= :first AND starts_on <= :last {_WHOSE}
""")  # noqa: S608 (no value is in it)


@dataclass(frozen=True, slots=True)
class MemberDay:
    """``planned`` is the member's hours inside the shop's, with leave still in it."""

    shop: Windows
    planned: Windows
    leave: Windows

    @property
    def working(self) -> Windows:
        return subtract(self.planned, self.leave) if self.leave else self.planned


class WorkingTime:
    """What was read. Members without hours of their own keep the shop's."""

    def __init__(self, rows: Iterable[Any]) -> None:
        weeks: dict[int | None, list[list[Window]]] = defaultdict(lambda: [[] for _ in range(7)])
        dated: dict[int | None, dict[date, list[Window]]] = defaultdict(lambda: defaultdict(list))
        self._leave: dict[int, list[tuple[date, date, Window]]] = defaultdict(list)
        for kind, member_id, weekday, first, last, start, end in rows:
            window = None if start is None else Window(start, end)
            if kind == _WEEK:
                weeks[member_id][weekday].append(window)
            elif kind == _LEAVE:
                self._leave[member_id].append((first, last, window or WHOLE_DAY))
            else:
                dated[member_id][first].extend([window] if window else [])
        self._tables: dict[int | None, Timetable] = {
            who: Timetable(
                tuple(merge(windows) for windows in weeks[who]) if who in weeks else CLOSED_WEEK,
                {day: merge(windows) for day, windows in dated.get(who, {}).items()},
            )
            for who in {None, *weeks, *dated}
        }
        self._has_week = frozenset(weeks)
        self._known: dict[tuple[int, date], MemberDay] = {}

    def shop(self, day: date) -> Windows:
        return open_windows(day, self._tables[None])

    @property
    def is_set_up(self) -> bool:
        """Whether the shop has said when it is open at all."""
        return None in self._has_week

    def member(self, member_id: int, day: date) -> MemberDay:
        known = self._known.get((member_id, day))
        if known is None:
            leave = self._leave.get(member_id)
            away = [window for first, last, window in leave if first <= day <= last] if leave else []
            known = self._known[member_id, day] = MemberDay(*self._hours(member_id, day), merge(away) if away else ())
        return known

    def working_days(self, member_id: int, days: Sequence[date]) -> list[Windows]:
        """The member's hours on each of many days, without their leave."""
        own = self._tables.get(member_id)
        special = {*self._tables[None].exceptions, *(own.exceptions if own else ())}
        for first, last, _ in self._leave.get(member_id, ()):
            special |= {day for day in days if first <= day <= last}
        usual = [self._usual(member_id, weekday) for weekday in range(7)]
        return [self.member(member_id, day).working if day in special else usual[day.weekday()] for day in days]

    def _hours(self, member_id: int, day: date) -> tuple[Windows, Windows]:
        """Of the shop, and of the member inside them."""
        shop, own = self.shop(day), self._tables.get(member_id)
        if own is not None and (member_id in self._has_week or day in own.exceptions):
            return shop, intersect(shop, open_windows(day, own))
        return shop, shop

    def _usual(self, member_id: int, weekday: int) -> Windows:
        """Of the member on a weekday that nothing sets apart."""
        shop = self._tables[None].week[weekday]
        return intersect(shop, self._tables[member_id].week[weekday]) if member_id in self._has_week else shop


def read_working_time(uow: UnitOfWork, first: date, last: date, members: Collection[int] | None = None) -> WorkingTime:
    """Of the shop and of ``members`` (all of them when not given), from ``first`` to ``last``."""
    values = {
        "business": uow.business_id, "first": first, "last": last,
        "is_everybody": members is None, "members": list(members or ()),
    }  # fmt: skip
    return WorkingTime(run(uow.session.connection(), _HOURS, values, tuple_row).fetchall())


def spans_of(windows: Windows, day: date, zone: ZoneInfo) -> tuple[Span, ...]:
    """The windows of a day as instants."""
    return tuple(Span(to_instant(day, w.start, zone), to_instant(day, w.end, zone)) for w in windows)
