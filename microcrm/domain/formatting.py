"""How days, times and lengths are shown everywhere (ux.md 3.2). Made on the server so that no screen differs."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.money import group_indian

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lru_cache(maxsize=4096)  # a page of a list writes the same few years of days again and again
def format_day(day: date) -> str:
    """Like "05 Dec 2026"."""
    return f"{day.day:02d} {MONTHS[day.month - 1]} {day.year:04d}"


def format_weekday(day: date) -> str:
    """Like "Sat, 05 Dec 2026"."""
    return f"{WEEKDAYS[day.weekday()]}, {format_day(day)}"


def format_weekday_short(day: date) -> str:
    """Like "Sat 05 Dec"."""
    return f"{WEEKDAYS[day.weekday()]} {day.day:02d} {MONTHS[day.month - 1]}"


def format_near_day(day: date, today: date) -> str:
    """Like "Today", "Tomorrow", "Yesterday", else "Sat 05 Dec", with the year when it is another one."""
    near = {0: "Today", 1: "Tomorrow", -1: "Yesterday"}.get((day - today).days)
    if near:
        return near
    return format_weekday_short(day) if day.year == today.year else format_weekday(day)


def format_clock(minute: int) -> str:
    """Minutes after midnight as "9:30 am"; 1440 is midnight again."""
    hour, rest = divmod(minute % (24 * 60), 60)
    return f"{hour % 12 or 12}:{rest:02d} {'am' if hour < 12 else 'pm'}"


def clock_for_input(minute: int) -> str:
    """The value of an HTML time field: "09:30"; the end of the day, 1440, is "00:00" (see ``Reader.clock``)."""
    hour, rest = divmod(minute % (24 * 60), 60)
    return f"{hour:02d}:{rest:02d}"


def format_clock_range(start: int, end: int) -> str:
    """Like "9:30 am – 10:15 am", from minutes after midnight."""
    return f"{format_clock(start)} – {format_clock(end)}"


def format_time(instant: datetime, zone: ZoneInfo) -> str:
    """The wall clock of an aware instant: "9:30 am"."""
    local = instant.astimezone(zone)
    return format_clock(local.hour * 60 + local.minute)


def format_range(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Like "9:30 am – 10:15 am"; the days are named when the range passes midnight."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    if first == last or format_time(end, zone) == "12:00 am":
        return f"{format_time(start, zone)} – {format_time(end, zone)}"
    return (
        f"{format_weekday_short(first)}, {format_time(start, zone)} – "
        f"{format_weekday_short(last)}, {format_time(end, zone)}"
    )


def format_instant(instant: datetime, zone: ZoneInfo) -> str:
    """Like "Sat, 05 Dec 2026, 9:30 am"."""
    return f"{format_weekday(instant.astimezone(zone).date())}, {format_time(instant, zone)}"


def format_duration(minutes: int) -> str:
    """Like "1 h 15 min", "45 min", "2 h"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def format_count(number: int, one: str, many: str = "") -> str:
    """Like "1 booking", "1,23,456 bookings"."""
    return f"{group_indian(number)} {one if number == 1 else many or one + 's'}"
