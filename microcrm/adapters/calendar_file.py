"""Calendar files (RFC 5545), as phones and office programs import them or look at them again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

_PRODUCT = "-//MicroCRM//Bookings//EN"
_MARGIN = timedelta(days=400)  # around the entries: what the file says of a zone's changes of the clock


@dataclass(frozen=True, slots=True)
class Entry:
    """``uid`` stays the same for the life of the visit and ``sequence`` grows with each change, so that a calendar which
    has the visit already puts the new time in the place of the old one. ``stamp``: when this was last changed."""

    uid: str
    sequence: int
    title: str
    starts_at: datetime
    ends_at: datetime
    stamp: datetime
    place: str = ""
    text: str = ""
    url: str = ""
    is_tentative: bool = False
    is_cancelled: bool = False


def calendar_file(entries: Sequence[Entry], zone: ZoneInfo, *, name: str = "", every: timedelta | None = None) -> bytes:
    """``name``: of the whole calendar; ``every``: how often a program that follows it should look again."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("calscale", "GREGORIAN")
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("x-wr-timezone", zone.key)
    if every is not None:
        calendar.add("refresh-interval", every, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", f"PT{int(every.total_seconds()) // 60}M")
    for entry in entries:
        calendar.add_component(_event(entry, zone))
    if entries:
        first, last = min(one.starts_at for one in entries), max(one.ends_at for one in entries)
        calendar.add_missing_timezones(first_date=(first - _MARGIN).date(), last_date=(last + _MARGIN).date())
    return bytes(calendar.to_ical())


def _event(entry: Entry, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.stamp)
    event.add("last-modified", entry.stamp)
    event.add("dtstart", entry.starts_at.astimezone(zone))
    event.add("dtend", entry.ends_at.astimezone(zone))
    event.add("summary", entry.title)
    event.add("status", "CANCELLED" if entry.is_cancelled else "TENTATIVE" if entry.is_tentative else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.is_cancelled else "OPAQUE")
    for field, value in (("location", entry.place), ("description", entry.text), ("url", entry.url)):
        if value:
            event.add(field, value)
    return event
