"""What the calendar shows as lists: the agenda with its strip of days, and the month. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from microcrm.domain.booking import LABELS, BookingStatus
from microcrm.domain.calendar_ask import CalendarAsk, View
from microcrm.domain.formatting import (
    WEEKDAYS,
    format_count,
    format_duration,
    format_near_day,
    format_time,
    format_weekday,
)
from microcrm.domain.names import short_name
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.calendar_month import CalendarMonth, MonthDay
from microcrm.operations.calendar_range import CalendarRange
from microcrm.operations.parts.class_blocks import ClassBlock
from microcrm.operations.parts.day_items import DayItem
from microcrm.state.calendar_board import late_words, look_of

_OVER = (BookingStatus.FINISHED, BookingStatus.NO_SHOW)


@dataclass(frozen=True)
class AgendaRow:
    """``look`` is the class of the status; ``is_now`` draws the now line above the row; ``day`` heads a new day."""

    item_id: str
    time: str
    lasts: str
    name: str
    line: str
    hue: str
    look: str
    status: str
    late: str
    is_now: bool
    day: str = ""
    is_class: bool = False


@dataclass(frozen=True)
class StripEntry:
    href: str
    weekday: str
    number: str
    words: str
    is_closed: bool
    is_current: bool


@dataclass(frozen=True)
class Chip:
    """Whose bookings the phone's list shows."""

    href: str
    label: str
    count: str
    is_current: bool


@dataclass(frozen=True)
class MonthCell:
    """``load``: a hundredth of the day's work that is booked, "" when nobody works."""

    href: str
    number: str
    words: str
    bookings: str
    waiting: str
    load: str
    is_closed: bool
    is_today: bool
    is_other: bool


def strip_of(found: CalendarRange) -> list[StripEntry]:
    return [
        StripEntry(
            href=found.ask.address(day=one.day),
            weekday=WEEKDAYS[one.day.weekday()],
            number=str(one.day.day),
            words=format_weekday(one.day) + (", closed" if one.is_closed else ""),
            is_closed=one.is_closed,
            is_current=one.day == found.ask.day,
        )
        for one in found.week
    ]


def chips_of(found: CalendarRange) -> list[Chip]:
    ask = found.ask
    if len(found.people) < 2:
        return []
    counts = Counter(item.member_id for item in found.items)
    everybody = Chip(ask.address(staff=()), "All", str(len(found.items)) if not ask.staff else "", not ask.staff)
    people = []
    for person in found.people:
        is_chosen = ask.staff == (person.id,)
        count = str(counts[person.id]) if not ask.staff or person.id in ask.staff else ""
        people.append(Chip(ask.address(staff=(person.id,)), short_name(person.name), count, is_chosen))
    return [everybody, *people]


def agenda_of(found: CalendarRange) -> tuple[list[AgendaRow], list[AgendaRow]]:
    """What is over, folded away on the day itself, and the rest."""
    names = {person.id: short_name(person.name) for person in found.people}
    is_today = found.ask.first <= found.today <= found.ask.last
    is_over = {
        item.item_id for item in found.items if is_today and item.status in _OVER and item.end <= found.now
    } & _of_today(found)
    rest: list[DayItem | ClassBlock] = [item for item in found.items if item.item_id not in is_over]
    rest = sorted([*rest, *found.classes], key=lambda one: one.start)
    coming = next((one for one in rest if one.start > found.now), None) if is_today else None
    rows, day = [], None
    for one in rest:
        row = _row(one, found, names, is_now=one is coming)
        on = to_wall(one.start, zone_of(found.zone))[0]
        rows.append(replace(row, day=_heading(on, found)) if on != day and found.ask.view is View.AGENDA else row)
        day = on
    over = [_row(item, found, names, is_now=False) for item in found.items if item.item_id in is_over]
    return over, rows


def earlier_words(rows: Collection[AgendaRow]) -> str:
    """Like "6 done, 1 did not come"."""
    missed = sum(1 for row in rows if row.look == "st-no-show")
    parts = [f"{len(rows) - missed} done"] + ([f"{missed} did not come"] if missed else [])
    return ", ".join(parts)


def month_of(month: CalendarMonth) -> list[MonthCell]:
    return [_cell(one, month) for one in month.days]


def _cell(one: MonthDay, month: CalendarMonth) -> MonthCell:
    load = "" if one.load is None else str(one.load)
    booked = format_count(one.bookings, "booking") if one.bookings else ""
    parts = [format_weekday(one.day), booked or "nothing booked", f"{load} % of the time" if load and booked else ""]
    parts += [f"{one.waiting} waiting"] if one.waiting else []
    parts += ["closed"] if one.is_closed else []
    return MonthCell(
        href=month.ask.address(day=one.day, view=View.DAY),
        number=str(one.day.day),
        words=", ".join(part for part in parts if part),
        bookings=str(one.bookings or ""),
        waiting=str(one.waiting or ""),
        load=load,
        is_closed=one.is_closed,
        is_today=one.day == month.today,
        is_other=one.day.month != month.ask.day.month,
    )


def _of_today(found: CalendarRange) -> set[int]:
    zone = zone_of(found.zone)
    return {item.item_id for item in found.items if to_wall(item.start, zone)[0] == found.today}


def _heading(day: date, found: CalendarRange) -> str:
    near = format_near_day(day, found.today)
    long = format_weekday(day)
    return long if near in long else f"{near}, {long}"


def _row(one: DayItem | ClassBlock, found: CalendarRange, names: dict[int, str], *, is_now: bool) -> AgendaRow:
    who = names.get(one.member_id, "")
    is_class = isinstance(one, ClassBlock)
    return AgendaRow(
        item_id=f"class{one.session_id}" if isinstance(one, ClassBlock) else str(one.item_id),
        time=format_time(one.start, zone_of(found.zone)),
        lasts=format_duration(one.minutes),
        name=one.service if isinstance(one, ClassBlock) else one.customer,
        line=f"Class · {who}" if is_class else f"{one.service} · {who}",
        hue=f"hue-{one.hue}",
        look="st-booked" if isinstance(one, ClassBlock) else look_of(one.status),
        status=f"{one.taken} of {one.seats} seats" if isinstance(one, ClassBlock) else LABELS[one.status],
        late="" if isinstance(one, ClassBlock) else late_words(one, found.now),
        is_now=is_now,
        is_class=is_class,
    )


def mini_month(ask: CalendarAsk, today: date, closed: Collection[date] = ()) -> list[MonthCell]:
    """A month to jump about in: numbers only."""
    shown = replace(ask, view=View.MONTH)
    return [
        MonthCell(
            href=ask.address(day=day),
            number=str(day.day),
            words=format_weekday(day),
            bookings="",
            waiting="",
            load="",
            is_closed=day in closed,
            is_today=day == today,
            is_other=day.month != ask.day.month,
        )
        for day in shown.days
    ]
