"""Days of the calendar as the board widget wants them. Pure: what goes in is what an operation read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from microcrm.components.board.board import block, closed, column, day_options
from microcrm.domain.booking import LABELS, OFF, TENTATIVE, BookingStatus
from microcrm.domain.calendar_ask import By, CalendarAsk, View
from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.formatting import clock_for_input, format_clock, format_count, format_duration
from microcrm.domain.hours import Window
from microcrm.domain.names import initials, short_name
from microcrm.domain.timeline import instant_of, minute_of
from microcrm.domain.zones import to_instant, to_wall, zone_of
from microcrm.operations.calendar_changes import CalendarChanges
from microcrm.operations.calendar_range import CalendarRange, Column, load_of
from microcrm.operations.parts.class_blocks import ClassBlock
from microcrm.operations.parts.day_items import DayItem
from microcrm.operations.parts.off_times import OffTime

_S = BookingStatus
Wall = Callable[[int], str]
_CLOCKS = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(DAY_MINUTES))
LATE = timedelta(minutes=15)
_EXPECTED = {_S.BOOKED, _S.CONFIRMED}
_WAITING = {_S.PENDING_APPROVAL: "Asks", _S.PENDING_PAYMENT: "To be paid"}
LOOKS = {
    _S.HOLD: "held",
    _S.PENDING_APPROVAL: "held",
    _S.PENDING_PAYMENT: "held",
    _S.BOOKED: "booked",
    _S.CONFIRMED: "confirmed",
    _S.ARRIVED: "arrived",
    _S.STARTED: "serving",
    _S.FINISHED: "done",
    _S.NO_SHOW: "no-show",
    **dict.fromkeys(OFF, "cancelled"),
}
VIEWS = {View.DAY: "resourceTimeGridDay", View.WEEK: "resourceTimeGridWeek"}


def look_of(status: BookingStatus) -> str:
    """The class of a status."""
    return f"st-{LOOKS[status]}"


def options_of(found: CalendarRange) -> dict[str, Any]:
    zone = zone_of(found.zone)
    opens, closes = found.drawn
    scroll = opens
    if found.ask.first <= found.today <= found.ask.last:
        scroll = max(opens, to_wall(found.now, zone)[1] - 60)
    return day_options(
        _clock(opens),
        _clock(closes),
        scroll_to=_clock(scroll),
        offset=_offset(to_instant(found.ask.day, 12 * 60, zone), zone),
        editable=any(one.may_book for one in found.columns),
        has_dates=found.ask.view is View.WEEK,
    )


def columns_of(columns: Sequence[Column], ask: CalendarAsk) -> list[dict[str, str]]:
    """In a week of two there is room for a first name only."""
    if ask.view is View.WEEK:
        return [column(str(one.id), short_name(one.name), "") for one in columns]
    return [
        column(
            str(one.id),
            one.name,
            initials(one.name) if ask.by is By.STAFF else "",
            load_words(one.bookings, one.load),
        )
        for one in columns
    ]


def load_words(bookings: int, load: int | None) -> str:
    if load is None:
        return format_count(bookings, "booking") if bookings else "Off today"
    return f"{format_count(bookings, 'booking')} · {load} %" if bookings else "Nothing booked"


def events_of(found: CalendarRange) -> list[dict[str, Any]]:
    """Time off first: it lies under the blocks."""
    wall = wall_writer(found.ask.first, found.ask.last, zone_of(found.zone))
    events = [_off(off) for off in found.off]
    if found.ask.by is By.ROOM:
        events += _blocks_by_room(found, wall)
    else:
        events += [_block_of_member(item, found.now, wall, found.movable) for item in found.items]
    return events + [block for one in found.classes for block in _class_blocks(one, found, wall)]


def _blocks_by_room(found: CalendarRange, wall: Wall) -> Iterator[dict[str, Any]]:
    """One block in each room that a visit has."""
    names = {person.id: short_name(person.name) for person in found.people}
    shown = {column.id for column in found.columns}
    for item in found.items:
        who = names.get(item.member_id, "")
        sub = f"{item.service} · {who}" if who else item.service
        for room in item.rooms:
            if room in shown:
                yield _block(item, f"{item.item_id}-{room}", room, sub, found.now, wall, item.item_id in found.movable)


def _block_of_member(item: DayItem, now: datetime, wall: Wall, movable: Collection[int]) -> dict[str, Any]:
    """With the cleaning before and after it, which is the member's."""
    block = _block(item, str(item.item_id), item.member_id, item.service, now, wall, item.item_id in movable)
    if item.status is not _S.NO_SHOW:
        if item.before:
            block["p"] = item.before
        if item.after:
            block["q"] = item.after
    return block


def late_words(item: DayItem, now: datetime) -> str:
    """Like "40 min late", while somebody who is expected has not come."""
    is_due = item.status in _EXPECTED and _is_late(item, now)
    return f"{format_duration(int((now - item.start).total_seconds()) // 60)} late" if is_due else ""


def _is_late(item: DayItem, now: datetime) -> bool:
    return item.start + LATE <= now < item.end


def marks_of(item: DayItem, now: datetime) -> list[tuple[str, str]]:
    """The words on a block, with their tone."""
    marks = [("Late", "warn")] if item.status in _EXPECTED and _is_late(item, now) else []
    if item.status in _WAITING:
        marks.append((_WAITING[item.status], "warn"))
    if item.expires_at and item.status in TENTATIVE:
        marks.append((left_words(max(1, int((item.expires_at - now).total_seconds()) // 60)), "plain"))
    if item.is_new_customer:
        marks.append(("New", "plain"))
    if item.in_series:
        marks.append(("Repeats", "plain"))
    if item.has_note:
        marks.append(("Note", "plain"))
    return marks


def left_words(minutes: int) -> str:
    """Like "45 min left", "1 h 20 min left", and "23 h left": a block is narrow."""
    return f"{minutes // 60} h left" if minutes >= 120 else f"{format_duration(minutes)} left"


def _block(item: DayItem, uid: str, lane: int, sub: str, now: datetime, wall: Wall, movable: bool) -> dict[str, Any]:
    return block(
        uid,
        str(lane),
        wall(item.start_min),
        item.minutes,
        title=item.customer,
        sub=sub,
        hue=item.hue,
        status=LOOKS[item.status],
        word=LABELS[item.status],
        badges=marks_of(item, now),
        editable=movable,
    )


def _class_blocks(one: ClassBlock, found: CalendarRange, wall: Wall) -> list[dict[str, Any]]:
    """One block; by room one in each room it has."""
    name = f"class{one.session_id}"
    if found.ask.by is By.ROOM:
        rooms = [room for room in one.rooms if any(column.id == room for column in found.columns)]
        return [_class(one, f"{name}-{room}", room, wall) for room in rooms]
    return [_class(one, name, one.member_id, wall)]


def _class(one: ClassBlock, uid: str, lane: int, wall: Wall) -> dict[str, Any]:
    return block(
        uid,
        str(lane),
        wall(minute_of(one.start)),
        one.minutes,
        title=one.service,
        sub=f"Class · {one.taken} of {one.seats}",
        hue=one.hue,
        status="booked",
        word=f"Class, {one.taken} of {one.seats} seats taken",
        badges=[("Full", "warn")] if one.taken >= one.seats else [],
        editable=one.is_movable,
    )


def patch_of(
    changes: CalendarChanges, bookings: Collection[int], known: Mapping[str, tuple[int, int]], *, is_forced: bool
) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
    """What to put on and take off the board after ``bookings`` have changed, and what is known of it then. A version that
    has been drawn is not drawn again, unless the block was moved by hand (``is_forced``)."""
    wall = wall_writer(changes.first, changes.last, zone_of(changes.zone))
    new = {str(item.item_id): (item.booking_id, item.version) for item in changes.items}
    fresh = {uid for uid, version in new.items() if is_forced or known.get(uid) != version}
    put = [
        _block_of_member(item, changes.now, wall, changes.movable)
        for item in changes.items
        if str(item.item_id) in fresh
    ]
    gone = [uid for uid, (booking, _) in known.items() if booking in bookings and uid not in new]
    kept = {uid: version for uid, version in known.items() if uid not in gone}
    return {"put": put, "drop": gone} if put or gone else {}, kept | new


def with_totals(
    columns: Sequence[dict[str, str]], before: Mapping[str, Column], changes: CalendarChanges
) -> list[dict[str, str]]:
    """The heads of the columns with their counts as they are now."""
    heads = []
    for head in columns:
        column = before[head["id"]]
        bookings, minutes = changes.totals.get(column.id, (0, 0))
        load = load_of(minutes + column.class_minutes, column.capacity)
        heads.append({**head, "sub": load_words(bookings + column.classes, load) if head["sub"] else ""})
    return heads


@lru_cache(maxsize=8_192)  # a week of ten people has two hundred
def _off(off: OffTime) -> dict[str, Any]:
    return closed(
        f"off{off.column}-{off.day}-{off.window.start}",
        str(off.column),
        _at(off.day, off.window.start),
        off.window.end - off.window.start,
        off.kind,
        label=_off_words(off.kind, off.window),
    )


def _off_words(kind: str, window: Window) -> str:
    if window.end - window.start < 30:
        return ""
    if kind == "break":
        return f"Break until {format_clock(window.end)}"
    return "On leave" if kind == "leave" else ""


def wall_writer(first: date, last: date, zone: ZoneInfo) -> Wall:
    """Writes minutes since 1970, of these days, like "2026-12-05T09:30". Where the clocks stay as they are it only adds minutes, in a
    third of the time that a zone needs to look up its rules."""
    days = [first + timedelta(days=n) for n in range(-1, (last - first).days + 2)]
    offsets = {
        to_instant(day, minute, zone).astimezone(zone).utcoffset() for day in days for minute in (0, DAY_MINUTES)
    }
    if len(offsets) > 1:
        return lambda minute: instant_of(minute).astimezone(zone).isoformat()[:16]
    ahead = (offsets.pop() or timedelta()) // timedelta(minutes=1)

    def write(minute: int) -> str:
        day, minute = divmod(minute + ahead, DAY_MINUTES)
        return _day_words(day) + _CLOCKS[minute]

    return write


@cache
def _day_words(day: int) -> str:
    """``day``: since 1970."""
    return f"{date(1970, 1, 1) + timedelta(days=day)}T"


def _at(day: date, minute: int) -> str:
    return f"{day if minute < DAY_MINUTES else day + timedelta(days=1)}T{clock_for_input(minute)}"


def _clock(minute: int) -> str:
    """Like "09:00", and "24:00" at the end of the day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _offset(instant: datetime, zone: ZoneInfo) -> str:
    text = instant.astimezone(zone).strftime("%z")
    return f"{text[:3]}:{text[3:]}"
