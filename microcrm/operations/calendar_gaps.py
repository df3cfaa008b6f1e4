"""Free stretches of a day that are long enough for somebody: what the desk can still sell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select

from microcrm.domain.formatting import format_clock_range, format_duration
from microcrm.domain.hours import Window, merge, subtract
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.operations.calendar_range import CalendarRange, calendar_range
from microcrm.operations.parts.off_times import minute_on
from microcrm.operations.unit_of_work import UnitOfWork

STEP = 5  # minutes; a gap begins on one of these


@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes after midnight of the day."""

    member_id: int
    member: str
    window: Window

    @property
    def words(self) -> str:
        return format_clock_range(*self.window)

    @property
    def lasts(self) -> str:
        return format_duration(self.window.end - self.window.start)


@dataclass(frozen=True, slots=True)
class DayGaps:
    day: date
    gaps: tuple[Gap, ...]


def calendar_gaps(uow: UnitOfWork, raw_day: Any) -> DayGaps:
    """Of each member that the actor may see, where the shortest service that they do still fits, buffers left aside.
    Nothing before now."""
    uow.require(Permission.CALENDAR_OWN)
    found = calendar_range(uow, {"date": raw_day})
    shortest = _shortest(uow)
    gaps = [
        Gap(column.id, column.name, window)
        for column in found.columns
        if column.may_book and column.id in shortest
        for window in _free(found, column.id)
        if window.end - window.start >= shortest[column.id]
    ]
    return DayGaps(found.ask.day, tuple(sorted(gaps, key=lambda gap: (gap.window.start, gap.member))))


def _free(found: CalendarRange, member_id: int) -> list[Window]:
    day, zone = found.ask.day, zone_of(found.zone)
    off = [one.window for one in found.off if one.column == member_id]
    busy = [
        Window(minute_on(day, item.busy_from, zone), minute_on(day, item.busy_until, zone))
        for item in found.items
        if item.member_id == member_id and item.status != "no_show"
    ]
    busy += [
        Window(minute_on(day, one.start, zone), minute_on(day, one.end, zone))
        for one in found.classes
        if one.member_id == member_id
    ]
    past = Window(0, _now_on(found)) if day <= found.today else Window(0, 0)
    taken = merge([window for window in (*off, *busy, past) if window.start < window.end])
    return list(subtract((Window(0, 24 * 60),), taken))


def _now_on(found: CalendarRange) -> int:
    """The next whole step from now; the whole day when it is over."""
    day, minute = to_wall(found.now, zone_of(found.zone))
    return 24 * 60 if found.ask.day < day else min(24 * 60, -(-minute // STEP) * STEP)


def _shortest(uow: UnitOfWork) -> dict[int, int]:
    """Member -> minutes of the shortest service that they do and that is no class."""
    minutes = func.min(func.coalesce(ServiceMember.duration_min, Service.duration_min))
    rows = uow.session.connection().execute(
        select(ServiceMember.member_id, minutes)
        .join(Service, and_(Service.business_id == ServiceMember.business_id, Service.id == ServiceMember.service_id))
        .where(ServiceMember.business_id == uow.business_id, Service.is_active, Service.seats == 1)
        .group_by(ServiceMember.member_id)
    )
    return {row[0]: row[1] for row in rows}
