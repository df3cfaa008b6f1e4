"""What the waiting list's screen says, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.formatting import (
    WEEKDAYS,
    clock_for_input,
    format_clock,
    format_clock_range,
    format_count,
    format_duration,
    format_near_day,
    format_time,
)
from microcrm.domain.waitlist import EVERY_WEEKDAY, Preference
from microcrm.domain.zones import to_wall, today_in
from microcrm.operations.waitlist_view import WaitingView, WaitlistView

_STATES = {"booked": "Booked", "withdrawn": "Withdrawn", "expired": "Days are over"}


@dataclass(frozen=True)
class WaitingRow:
    """``offer`` says what is on offer and for how long still; empty when nothing is. ``closed``: what became of it."""

    id: str = ""
    version: str = ""
    name: str = ""
    phone: str = ""
    href: str = ""
    whatsapp: str = ""
    service: str = ""
    service_id: str = ""
    hue: str = "teal"
    wishes: tuple[str, ...] = ()
    note: str = ""
    since: str = ""
    is_first: bool = False
    is_online: bool = False
    offer: str = ""
    offer_id: str = ""
    left: str = ""
    is_late: bool = False
    closed: str = ""


@dataclass(frozen=True)
class WishRow:
    """One wish as its fields start. ``weekdays``: numbers, Monday 0."""

    place: str = "1"
    first_day: str = ""
    last_day: str = ""
    start: str = ""
    end: str = ""
    weekdays: tuple[str, ...] = ()
    member_id: str = ""


def summary(view: WaitlistView) -> str:
    offered = view.counts.get("offered", 0)
    waiting = format_count(view.counts.get("waiting", 0) + offered, "person waits", "people wait")
    return f"{waiting} · {format_count(offered, 'offer')} open" if offered else waiting


def row_of(one: WaitingView, now: datetime, zone: ZoneInfo) -> WaitingRow:
    offer = one.offer
    left = -(-(offer.expires_at - now) // timedelta(minutes=1)) if offer else 0
    return WaitingRow(
        id=str(one.entry_id),
        version=str(one.version),
        name=one.name,
        phone=one.phone,
        href=f"/customer?id={one.customer_id}",
        whatsapp=one.whatsapp,
        service=one.service,
        service_id=str(one.service_id),
        hue=one.hue,
        wishes=tuple(wish_words(wish, one.members, today_in(zone, now)) for wish in one.wishes),
        note=one.note,
        since=since_words(now - one.since),
        is_first=one.priority > 0,
        is_online=one.source == "online",
        offer=f"{_when(offer.starts_at, now, zone)} with {offer.member}" if offer else "",
        offer_id=str(offer.offer_id) if offer else "",
        left=(f"{format_duration(left)} left to answer" if left > 0 else "time to answer is over") if offer else "",
        is_late=bool(offer) and left <= 5,
        closed=_STATES.get(one.state, ""),
    )


def wish_words(wish: Preference, members: dict[int, str], today: date) -> str:
    """Like "Mon 30 Nov – Fri 04 Dec, Sat and Sun, 4:00 pm – 8:00 pm, with Meera"."""
    days = format_near_day(wish.first_day, today)
    if wish.last_day != wish.first_day:
        days = f"{days} – {format_near_day(wish.last_day, today)}"
    parts = [days]
    if wish.weekdays != EVERY_WEEKDAY and wish.last_day != wish.first_day:
        parts.append(" ".join(name for n, name in enumerate(WEEKDAYS) if wish.weekdays & 1 << n))
    if wish.end_min == DAY_MINUTES and wish.start_min:
        parts.append(f"from {format_clock(wish.start_min)}")
    elif wish.start_min == 0 and wish.end_min != DAY_MINUTES:
        parts.append(f"until {format_clock(wish.end_min)}")
    elif wish.start_min:
        parts.append(format_clock_range(wish.start_min, wish.end_min))
    if wish.member_id is not None:
        parts.append(f"with {members.get(wish.member_id, 'former staff')}")
    return ", ".join(parts)


def wish_row(wish: Preference) -> WishRow:
    is_any_day = wish.weekdays == EVERY_WEEKDAY
    return WishRow(
        place=str(wish.place),
        first_day=wish.first_day.isoformat(),
        last_day="" if wish.last_day == wish.first_day else wish.last_day.isoformat(),
        start="" if wish.start_min == 0 else clock_for_input(wish.start_min),
        end="" if wish.end_min == DAY_MINUTES else clock_for_input(wish.end_min),
        weekdays=() if is_any_day else tuple(str(n) for n in range(7) if wish.weekdays & 1 << n),
        member_id="" if wish.member_id is None else str(wish.member_id),
    )


def since_words(waited: timedelta) -> str:
    """Like "for 3 days"."""
    if waited.days:
        return f"for {format_count(waited.days, 'day')}"
    minutes = int(waited.total_seconds()) // 60
    return f"for {format_duration(minutes)}" if minutes else "since just now"


def _when(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    return f"{format_near_day(to_wall(instant, zone)[0], today_in(zone, now))}, {format_time(instant, zone)}"
