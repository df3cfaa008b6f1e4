"""The third step: a strip of seven days, the free times of one of them, and the next free time of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from microcrm.domain.availability import FreeDay, FreeStart
from microcrm.domain.notices import evening_from
from microcrm.http.book.tongues import Tongue, mark

DAYS = 7
LOOK_AHEAD = 28  # days that are searched for the next free time
_PARTS = ((mark("Morning"), "morning"), (mark("Afternoon"), "afternoon"), (mark("Evening"), "evening"))
SEPARATOR = "~"  # between an instant and the session of a class, in the value of a button


@dataclass(frozen=True, slots=True)
class Slot:
    """``value`` is what its button sends."""

    value: str
    label: str
    left: str
    day: str


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    icon: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class DayCell:
    weekday: str
    number: int
    words: str
    name: str
    href: str
    is_off: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """``chosen`` is the day whose times are shown, as words, or "" when none of the seven has any."""

    month: str
    days: tuple[DayCell, ...]
    chosen: str
    parts: tuple[Part, ...]
    next_free: Slot | None
    back: str
    on: str


@dataclass(frozen=True, slots=True)
class Span:
    """What to ask the shop for, and what to show of it. ``start`` empty: where the first free time is."""

    first: date
    last: date
    start: date | None
    chosen: date | None
    today: date
    end: date


Link = Callable[[date, date | None], str]


def span_of(start: str, chosen: str, today: date, horizon: int) -> Span:
    """From what the address says; nonsense counts as nothing said. A day outside the seven brings its own seven."""
    end = today + timedelta(days=horizon)
    shown, asked = _day(start, today, end), _day(chosen, today, end)
    if asked is not None and not 0 <= (asked - (shown or today)).days < DAYS:
        shown = asked
    first = shown if shown is not None and shown > today + timedelta(days=LOOK_AHEAD - DAYS) else today
    days = DAYS if first > today else LOOK_AHEAD
    return Span(first, first + timedelta(days=days - 1), shown, asked, today, end)


def strip_of(
    tongue: Tongue, zone: ZoneInfo, span: Span, days: Sequence[FreeDay], link: Link, *, is_class: bool = False
) -> Strip:
    """``link``: the address that shows the strip from a day, with one day of it chosen. ``is_class``: days without it are
    no closed days."""
    with_times = [each.day for each in days if each.starts]
    start = span.start or _first_shown(span.today, with_times)
    shown = {each.day: each for each in days}
    week = [shown.get(start + timedelta(days=n)) or _nothing(start + timedelta(days=n)) for n in range(DAYS)]
    free = [each for each in week if each.starts]
    chosen = next((each for each in free if each.day == span.chosen), free[0] if free else None)
    before, after = start - timedelta(days=DAYS), start + timedelta(days=DAYS)
    return Strip(
        month=tongue.month(chosen.day if chosen else start),
        days=tuple(_cell(tongue, each, chosen, link(start, each.day), is_class=is_class) for each in week),
        chosen=tongue.short_day(chosen.day) if chosen else "",
        parts=_parts(tongue, zone, chosen.starts) if chosen else (),
        next_free=_next_free(tongue, zone, days, span),
        back=link(max(before, span.today), None) if start > span.today else "",
        on=link(after, None) if after <= span.end else "",
    )


def slot_of(tongue: Tongue, zone: ZoneInfo, one: FreeStart) -> Slot:
    value = one.start.isoformat() + (f"{SEPARATOR}{one.session_id}" if one.session_id is not None else "")
    left = "" if one.seats_left is None else tongue.count("%(num)s place left", "%(num)s places left", one.seats_left)
    day = tongue.short_day(one.start.astimezone(zone).date())
    return Slot(value, tongue.time(one.start, zone), left, day)


def slot_at(tongue: Tongue, zone: ZoneInfo, start: datetime) -> Slot:
    return slot_of(tongue, zone, FreeStart(start, ()))


def _first_shown(today: date, with_times: Sequence[date]) -> date:
    """Today, unless the coming week has nothing and a later one does."""
    if not with_times or with_times[0] < today + timedelta(days=DAYS):
        return today
    return with_times[0]


def _next_free(tongue: Tongue, zone: ZoneInfo, days: Sequence[FreeDay], span: Span) -> Slot | None:
    if span.first > span.today:
        return None
    first = next((each.starts[0] for each in days if each.starts), None)
    return None if first is None else slot_of(tongue, zone, first)


def _cell(tongue: Tongue, each: FreeDay, chosen: FreeDay | None, href: str, *, is_class: bool) -> DayCell:
    number = len(each.starts)
    nothing = tongue.say("No class") if is_class else tongue.say("Closed")
    words = tongue.say("Full") if each.is_open else nothing
    return DayCell(
        weekday=tongue.weekday(each.day),
        number=each.day.day,
        words=tongue.count("%(num)s free", "%(num)s free", number) if number else words,
        name=tongue.short_day(each.day),
        href=href,
        is_off=not number,
        is_chosen=chosen is not None and each.day == chosen.day,
    )


def _parts(tongue: Tongue, zone: ZoneInfo, starts: Sequence[FreeStart]) -> tuple[Part, ...]:
    begins = (0, 12, evening_from(tongue.code))

    def part_of(instant: datetime) -> int:
        hour = instant.astimezone(zone).hour
        return max(place for place, since in enumerate(begins) if hour >= since)

    grouped: list[list[Slot]] = [[] for _ in _PARTS]
    for one in starts:
        grouped[part_of(one.start)].append(slot_of(tongue, zone, one))
    return tuple(
        Part(tongue.say(name), icon, tuple(slots)) for (name, icon), slots in zip(_PARTS, grouped, strict=True) if slots
    )


def _nothing(day: date) -> FreeDay:
    return FreeDay(day, False, ())


def _day(raw: str, first: date, last: date) -> date | None:
    try:
        day = date.fromisoformat(raw[:10])
    except ValueError:
        return None
    return day if first <= day <= last else None


def words_of(value: Any) -> tuple[str, str | None]:
    """The instant and, for a class, the session that a button's value names."""
    start, _, session = str(value)[:80].partition(SEPARATOR)
    return start, session or None
