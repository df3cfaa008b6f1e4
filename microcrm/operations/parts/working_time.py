"""The hours of the shop and of its people on a range of days, read in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, cast, literal, null, or_, select, union_all

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
from microcrm.models.schedule import DatedHours, Leave, WeeklyHours
from microcrm.operations.unit_of_work import UnitOfWork

WHOLE_DAY = Window(0, DAY_MINUTES)
_WEEK, _DATED, _LEAVE = "week", "dated", "leave"


@dataclass(frozen=True, slots=True)
class MemberDay:
    """``planned`` is the member's hours inside the shop's, with leave still in it."""

    shop: Windows
    planned: Windows
    leave: Windows

    @property
    def working(self) -> Windows:
        return subtract(self.planned, self.leave)


class WorkingTime:
    """What was read. Members without hours of their own keep the shop's."""

    def __init__(self, rows: Iterator[Any]) -> None:
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

    def shop(self, day: date) -> Windows:
        return open_windows(day, self._tables[None])

    @property
    def is_set_up(self) -> bool:
        """Whether the shop has said when it is open at all."""
        return None in self._has_week

    def member(self, member_id: int, day: date) -> MemberDay:
        shop = self.shop(day)
        own = self._tables.get(member_id)
        if own is not None and (member_id in self._has_week or day in own.exceptions):
            planned = intersect(shop, open_windows(day, own))
        else:
            planned = shop
        away = [window for first, last, window in self._leave.get(member_id, ()) if first <= day <= last]
        return MemberDay(shop, planned, merge(away))


def read_working_time(uow: UnitOfWork, first: date, last: date, members: Collection[int] | None = None) -> WorkingTime:
    """Of the shop and of ``members`` (all of them when not given), from ``first`` to ``last``."""
    statement = union_all(
        _week_rows(uow, members),
        _dated_rows(uow, first, last, members),
        _leave_rows(uow, first, last, members),
    )
    return WorkingTime(iter(uow.session.connection().execute(statement)))


def _whose(table: Any, members: Collection[int] | None) -> list[Any]:
    return [] if members is None else [or_(table.member_id.is_(None), table.member_id.in_(list(members)))]


def _week_rows(uow: UnitOfWork, members: Collection[int] | None) -> Any:
    no_day = cast(null(), Date)
    return select(
        literal(_WEEK), WeeklyHours.member_id, WeeklyHours.weekday, no_day, no_day,
        WeeklyHours.start_min, WeeklyHours.end_min,
    ).where(WeeklyHours.business_id == uow.business_id, *_whose(WeeklyHours, members))  # fmt: skip


def _dated_rows(uow: UnitOfWork, first: date, last: date, members: Collection[int] | None) -> Any:
    return select(
        literal(_DATED), DatedHours.member_id, cast(null(), Integer), DatedHours.day, DatedHours.day,
        DatedHours.start_min, DatedHours.end_min,
    ).where(
        DatedHours.business_id == uow.business_id, DatedHours.day.between(first, last), *_whose(DatedHours, members)
    )  # fmt: skip


def _leave_rows(uow: UnitOfWork, first: date, last: date, members: Collection[int] | None) -> Any:
    return select(
        literal(_LEAVE), Leave.member_id, cast(null(), Integer), Leave.starts_on, Leave.ends_on,
        Leave.start_min, Leave.end_min,
    ).where(
        Leave.business_id == uow.business_id, Leave.ends_on >= first, Leave.starts_on <= last, *_whose(Leave, members)
    )  # fmt: skip


def spans_of(windows: Windows, day: date, zone: ZoneInfo) -> tuple[Span, ...]:
    """The windows of a day as instants."""
    return tuple(Span(to_instant(day, w.start, zone), to_instant(day, w.end, zone)) for w in windows)
