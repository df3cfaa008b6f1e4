"""A day of the calendar as the board widget and the phone's list want it. Pure: what goes in is what an operation read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from microcrm.components.board.board import block, closed, column, day_options
from microcrm.domain.booking import LABELS, BookingStatus
from microcrm.domain.formatting import (
    WEEKDAYS,
    clock_for_input,
    format_clock,
    format_count,
    format_duration,
    format_time,
    format_weekday,
    format_weekday_short,
)
from microcrm.domain.hours import Window
from microcrm.domain.names import initials
from microcrm.domain.zones import to_instant, to_wall, zone_of
from microcrm.operations.calendar_day import CalendarDay, OffTime, StaffDay
from microcrm.operations.parts.day_items import DayItem

_S = BookingStatus
LATE = timedelta(minutes=15)
LOOKS = {
    _S.HOLD: "held",
    _S.PENDING_APPROVAL: "held",
    _S.PENDING_PAYMENT: "held",
    _S.BOOKED: "booked",
    _S.CONFIRMED: "confirmed",
    _S.ARRIVED: "arrived",
    _S.STARTED: "serving",
    _S.FINISHED: "done",
    _S.NO_SHOW: "no_show",
}
_OVER = (_S.FINISHED, _S.NO_SHOW)


@dataclass(frozen=True)
class Head:
    """The toolbar. Addresses are empty where there is nowhere to go."""

    date: str = ""
    title: str = ""
    short_title: str = ""
    is_today: bool = False
    next_time: str = ""
    closed: str = ""
    previous: str = ""
    next: str = ""
    staff: str = ""
    previous_staff: str = ""
    next_staff: str = ""


@dataclass(frozen=True)
class AgendaRow:
    """``look`` is the class of the status; ``is_now`` draws the now line above the row."""

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


@dataclass(frozen=True)
class StripDay:
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


def address(day: date, staff: int = 1, who: str = "") -> str:
    """``staff`` is the page of columns, ``who`` the one member of the phone's list."""
    more = (f"&staff={staff}" if staff > 1 else "") + (f"&who={who}" if who else "")
    return f"/calendar?date={day.isoformat()}{more}"


def head_of(day: CalendarDay, page: int, pages: int, shown: Sequence[StaffDay], who: str) -> Head:
    first = next((n for n, one in enumerate(day.staff, start=1) if shown and one is shown[0]), 1)
    one_day = timedelta(days=1)
    return Head(
        date=day.day.isoformat(),
        title=format_weekday(day.day).replace(",", ""),
        short_title=format_weekday_short(day.day),
        is_today=day.day == day.today,
        next_time=next_time(day),
        closed="" if day.shop else "The shop is closed on this day.",
        previous=address(day.day - one_day, page, who),
        next=address(day.day + one_day, page, who),
        staff=f"{first}–{first + len(shown) - 1} of {len(day.staff)}" if pages > 1 else "",
        previous_staff=address(day.day, page - 1) if page > 1 else "",
        next_staff=address(day.day, page + 1) if page < pages else "",
    )


def next_time(day: CalendarDay) -> str:
    """What a new booking starts with: the next quarter of an hour, on another day the opening of the shop."""
    opens = day.shop[0].start if day.shop else day.drawn.start
    if day.day != day.today:
        return clock_for_input(opens)
    quarter = -(-to_wall(day.now, zone_of(day.zone))[1] // 15) * 15
    return clock_for_input(max(opens, quarter)) if quarter < 24 * 60 else ""


def options_of(day: CalendarDay) -> dict[str, Any]:
    zone = zone_of(day.zone)
    opens, closes = day.drawn
    scroll = opens
    if day.day == day.today:
        scroll = max(opens, to_wall(day.now, zone)[1] - 60)
    return day_options(
        _clock(opens),
        _clock(closes),
        scroll_to=_clock(scroll),
        offset=_offset(to_instant(day.day, 12 * 60, zone), zone),
        editable=any(one.may_book for one in day.staff),
    )


def columns_of(staff: Sequence[StaffDay]) -> list[dict[str, str]]:
    return [column(str(one.member_id), one.name, initials(one.name), _load(one)) for one in staff]


def events_of(day: CalendarDay, staff: Sequence[StaffDay]) -> list[dict[str, Any]]:
    shown = {one.member_id for one in staff}
    zone = zone_of(day.zone)
    off = [_off(n, one, day) for n, one in enumerate(day.off) if one.member_id in shown]
    return off + [_block(item, day, zone) for item in day.items if item.member_id in shown]


def strip_of(day: CalendarDay, who: str) -> list[StripDay]:
    return [
        StripDay(
            href=address(one.day, who=who),
            weekday=WEEKDAYS[one.day.weekday()],
            number=str(one.day.day),
            words=format_weekday(one.day) + (", closed" if one.is_closed else ""),
            is_closed=one.is_closed,
            is_current=one.day == day.day,
        )
        for one in day.week
    ]


def chips_of(day: CalendarDay, who: str) -> list[Chip]:
    counts = Counter(str(item.member_id) for item in day.items)
    people = [("", "All", len(day.items))]
    people += [(str(one.member_id), one.name.split()[0], counts[str(one.member_id)]) for one in day.staff]
    return [Chip(address(day.day, who=value), label, str(count), value == who) for value, label, count in people]


def agenda_of(day: CalendarDay, who: str) -> tuple[list[AgendaRow], list[AgendaRow]]:
    """What is over, folded away on the day itself, and the rest."""
    names = {one.member_id: one.name.split()[0] for one in day.staff}
    items = [item for item in day.items if who in ("", str(item.member_id))]
    is_today = day.day == day.today
    over = [item for item in items if is_today and item.status in _OVER and item.end <= day.now]
    rest = [item for item in items if item not in over]
    coming = next((item for item in rest if item.start > day.now), None) if is_today else None
    return (
        [_row(item, day, names, is_now=False) for item in over],
        [_row(item, day, names, is_now=item is coming) for item in rest],
    )


def late_words(item: DayItem, now: datetime) -> str:
    """Like "40 min late", while somebody who is expected has not come."""
    is_due = item.status in (_S.BOOKED, _S.CONFIRMED) and item.start + LATE <= now < item.end
    return f"{format_duration(int((now - item.start).total_seconds()) // 60)} late" if is_due else ""


def earlier_words(rows: Collection[AgendaRow]) -> str:
    """Like "6 done, 1 did not come"."""
    missed = sum(1 for row in rows if row.look == "st-no-show")
    parts = [f"{len(rows) - missed} done"] + ([f"{missed} did not come"] if missed else [])
    return ", ".join(parts)


def _row(item: DayItem, day: CalendarDay, names: dict[int, str], *, is_now: bool) -> AgendaRow:
    return AgendaRow(
        item_id=str(item.item_id),
        time=format_time(item.start, zone_of(day.zone)),
        lasts=format_duration(item.minutes),
        name=item.customer,
        line=f"{item.service} · {names.get(item.member_id, '')}",
        hue=f"hue-{item.hue}",
        look=f"st-{LOOKS[item.status].replace('_', '-')}",
        status=LABELS[item.status],
        late=late_words(item, day.now),
        is_now=is_now,
    )


def _block(item: DayItem, day: CalendarDay, zone: ZoneInfo) -> dict[str, Any]:
    late = late_words(item, day.now)
    badges = ([("Late", "warn")] if late else []) + ([("New", "plain")] if item.is_new_customer else [])
    return block(
        str(item.item_id),
        str(item.member_id),
        _wall(item.start, zone),
        _wall(item.end, zone),
        title=item.customer,
        sub=item.service,
        hue=item.hue,
        status=LOOKS[item.status],
        word=LABELS[item.status],
        badges=badges,
        editable=item.item_id in day.movable,
    )


def _off(number: int, off: OffTime, day: CalendarDay) -> dict[str, Any]:
    return closed(
        f"off{number}",
        str(off.member_id),
        _at(day.day, off.window.start),
        _at(day.day, off.window.end),
        off.kind,
        label=_off_words(off.kind, off.window),
        hue=off.hue,
    )


def _off_words(kind: str, window: Window) -> str:
    if window.end - window.start < 30:
        return ""
    if kind == "break":
        return f"Break until {format_clock(window.end)}"
    return {"leave": "On leave", "buffer": "Clean-up"}.get(kind, "")


def _load(one: StaffDay) -> str:
    if one.load is None:
        return format_count(one.bookings, "booking") if one.bookings else "Off today"
    return f"{format_count(one.bookings, 'booking')} · {one.load} %" if one.bookings else "Free all day"


def _wall(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _at(day: date, minute: int) -> str:
    return f"{day + timedelta(days=minute // 1440)}T{clock_for_input(minute)}"


def _clock(minute: int) -> str:
    """Like "09:00", and "24:00" at the end of the day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _offset(instant: datetime, zone: ZoneInfo) -> str:
    text = instant.astimezone(zone).strftime("%z")
    return f"{text[:3]}:{text[3:]}"
