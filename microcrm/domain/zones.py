"""From a business's wall clock to instants and back, safe across changes of daylight saving time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from microcrm.domain.errors import Invalid

INDIA = "Asia/Kolkata"


@cache
def known_zones() -> frozenset[str]:
    """IANA names a business may choose: places, not abbreviations such as "EST" that never change their clocks."""
    return frozenset(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    )


def parse_zone(raw: Any) -> str:
    """A known IANA zone; "" and ``None`` give India's."""
    if raw is None or raw == "":
        return INDIA
    if not isinstance(raw, str) or raw not in known_zones():
        raise Invalid("Choose a time zone from the list.")
    return raw


@cache
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def to_instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The UTC instant at which the wall clock of ``zone`` shows ``minute`` minutes after midnight, 0..1440.

    A time that the clocks skip becomes the one after the jump (2:30 is shown as 3:30); one that comes twice is the
    first. 1440 is the next midnight, so a day has 23, 24 or 25 hours as it really has.
    """
    if not 0 <= minute <= 24 * 60:
        raise ValueError("minute must be 0..1440")
    whole, rest = divmod(minute, 24 * 60)
    wall = datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), tzinfo=zone)
    return wall.astimezone(UTC)


def to_wall(instant: datetime, zone: ZoneInfo) -> tuple[date, int]:
    """The day and the minutes after midnight that the wall clock shows; seconds are dropped."""
    local = instant.astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a day and of the next one, in UTC."""
    return to_instant(day, 0, zone), to_instant(day, 24 * 60, zone)


def today_in(zone: ZoneInfo, now: datetime) -> date:
    return now.astimezone(zone).date()
