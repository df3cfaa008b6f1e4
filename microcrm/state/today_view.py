"""The day's facts in display words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from microcrm.domain.booking import LABELS, LEADS_TO, Action, BookingStatus, next_actions
from microcrm.domain.formatting import (
    WEEKDAY_NAMES,
    format_clock_range,
    format_count,
    format_day,
    format_duration,
    format_time,
)
from microcrm.domain.money import format_rupees, format_rupees_whole
from microcrm.domain.names import given_name, initials, short_name
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.billing.fees_due import FeesDue
from microcrm.operations.parts.day_items import DayItem
from microcrm.operations.today import Attention, StaffNow, Today
from microcrm.state.booking_card_view import Option
from microcrm.state.calendar_board import late_words, look_of

_S = BookingStatus
_OVER = (_S.FINISHED, _S.NO_SHOW)
TREND = (88, 32)  # width and height of a figure's line


@dataclass(frozen=True)
class TodayHead:
    greeting: str = ""
    date: str = ""
    to_come: str = ""
    earlier: str = ""


@dataclass(frozen=True)
class FloorCard:
    """What one person does now. ``tone`` is free, busy, late or off; ``done`` is per cent of the visit that has passed."""

    id: str
    initials: str
    name: str
    title: str
    line: str
    next: str
    hue: str
    tone: str
    done: str


@dataclass(frozen=True)
class Figure:
    """``trend``: a path within ``TREND``, empty for none."""

    name: str
    value: str
    note: str
    href: str
    trend: str = ""


@dataclass(frozen=True)
class TodayRow:
    item_id: str
    booking_id: str
    href: str
    time: str
    name: str
    line: str
    hue: str
    look: str
    status: str
    late: str
    is_now: bool
    steps: list[Option] = field(default_factory=list)


@dataclass(frozen=True)
class AttentionRow:
    """``href`` "": what has to be done is done elsewhere."""

    icon: str
    tone: str
    title: str
    text: str
    href: str
    act: str


def head_of(today: Today, person: str) -> TodayHead:
    minute = to_wall(today.now, zone_of(today.zone))[1]
    part = "morning" if minute < 12 * 60 else "afternoon" if minute < 17 * 60 else "evening"
    first_name = given_name(person)
    is_open = " and ".join(format_clock_range(*window) for window in today.shop)
    hours = f"open {is_open}" if is_open else "the shop is closed today"
    over = [item for item in today.items if _is_over(item, today.now)]
    missed = sum(1 for item in over if item.status is _S.NO_SHOW)
    return TodayHead(
        greeting=f"Good {part}, {first_name}" if first_name else f"Good {part}",
        date=f"{WEEKDAY_NAMES[today.day.weekday()]}, {format_day(today.day)} · {hours}",
        to_come=f"{today.figures.to_come} still to come",
        earlier=f"{len(over) - missed} done" + (f", {missed} did not come" if missed else ""),
    )


def floor_of(today: Today) -> list[FloorCard]:
    return [_floor(one, today) for one in today.staff]


def figures_of(today: Today) -> list[Figure]:
    figures = today.figures
    weekday = f"last {WEEKDAY_NAMES[today.day.weekday()]}"
    free = format_duration(figures.gap_minutes) if figures.gap_minutes else "No free half hour left"
    return [
        Figure(
            "Bookings",
            str(figures.bookings),
            _compared(figures.bookings, figures.last_bookings, weekday),
            "/calendar",
            trend_of([*(bookings for bookings, _ in figures.weeks), figures.bookings]),
        ),
        Figure(
            "Expected",
            format_rupees_whole(figures.expected_paise),
            _compared_money(figures.expected_paise, figures.last_expected_paise, weekday),
            "/calendar",
            trend_of([*(paise for _, paise in figures.weeks), figures.expected_paise]),
        ),
        Figure(
            "Done so far",
            format_rupees_whole(figures.finished_paise),
            format_count(figures.finished, "visit") + " finished" if figures.finished else "No visit finished yet",
            "/calendar",
        ),
        Figure("Gaps to fill", str(figures.gaps), free, "/calendar"),
    ]


def trend_of(values: Sequence[int]) -> str:
    """An SVG path from the oldest on the left to the latest on the right; empty when there is nothing to compare."""
    if sum(1 for value in values if value) < 3:
        return ""
    width, height = TREND
    low, high = min(values), max(values)
    across = (width - 4) / (len(values) - 1)
    up = (height - 6) / (high - low or 1)
    points = [f"{2 + across * place:.1f} {height - 3 - up * (value - low):.1f}" for place, value in enumerate(values)]
    return "M" + "L".join(points)


def rows_of(today: Today) -> tuple[list[TodayRow], list[TodayRow]]:
    """What is over, and the rest with its next sensible step."""
    names = {one.member_id: short_name(one.name) for one in today.staff}
    over = [item for item in today.items if _is_over(item, today.now)]
    rest = [item for item in today.items if item not in over]
    coming = next((item for item in rest if item.start > today.now), None)
    return (
        [_row(item, today, names, is_now=False) for item in over],
        [_row(item, today, names, is_now=item is coming) for item in rest],
    )


def attention_of(today: Today) -> list[AttentionRow]:
    """The most pressing first."""
    facts: Attention = today.attention
    rows: list[AttentionRow] = []
    if facts.late:
        first = facts.late[0]
        more = f" and {format_count(len(facts.late) - 1, 'other')}" if len(facts.late) > 1 else ""
        href = f"/calendar?date={today.day.isoformat()}&booking={first.item_id}"
        text = f"{first.service}, {late_words(first, today.now)}"
        rows.append(AttentionRow("clock", "warn", f"{first.customer}{more} not here yet", text, href, "Open"))
    if facts.left_open:
        title = format_count(facts.left_open, "earlier visit") + " left open"
        text = "Mark them as done, or as did not come."
        yesterday = (today.day - timedelta(days=1)).isoformat()
        rows.append(AttentionRow("list_checks", "warn", title, text, f"/calendar?date={yesterday}", "See yesterday"))
    if facts.has_no_hours:
        text = "Without them nobody can be booked."
        rows.append(AttentionRow("clock", "bad", "Opening hours are missing", text, "/settings/hours", "Set hours"))
    if facts.unplaced:
        who = facts.unplaced[0] if len(facts.unplaced) == 1 else format_count(len(facts.unplaced), "person", "people")
        title = f"{who} cannot be booked"
        text = "No service is ticked for them."
        rows.append(AttentionRow("users", "warn", title, text, "/settings/services", "Choose services"))
    if facts.fees.count:
        rows.append(_fees_row(facts.fees, today.zone))
    if facts.low_count:
        rows.append(_low_row(facts))
    return rows


def _fees_row(fees: FeesDue, zone: str) -> AttentionRow:
    """Of one, straight to its visit, where it is billed or waived; else to the list."""
    if fees.count > 1:
        title = f"{fees.count} fees of cancelled and missed visits: {format_rupees(fees.total)}"
        return AttentionRow(
            "indian_rupee", "warn", title, "Bill them, or waive them with a reason.", "/dues", "See them"
        )
    one, clock = fees.rows[0], zone_of(zone)
    day = one.starts_at.astimezone(clock).date()
    title = f"Fee of {one.customer}: {format_rupees(one.fee)}"
    why = "Did not come" if one.is_missed else "Cancelled late"
    paid = f", {format_rupees(one.paid)} of it is paid" if one.paid else ""
    text = f"{why} on {format_day(day)}, {format_time(one.starts_at, clock)}{paid}. Bill it, or waive it with a reason."
    return AttentionRow(
        "indian_rupee", "warn", title, text, f"/calendar?date={day.isoformat()}&booking={one.item_id}", "Open"
    )


def _low_row(facts: Attention) -> AttentionRow:
    title = f"{facts.low[0]} is running low"
    text = "Order more, or count what is there."
    if facts.low_count > 1:
        more = facts.low_count - len(facts.low)
        title = f"{facts.low_count} products are running low"
        text = ", ".join(facts.low) + (f" and {more} more" if more else "")
    return AttentionRow("package", "warn", title, text, "/settings/products?low=1", "See the stock")


def _floor(one: StaffNow, today: Today) -> FloorCard:
    zone = zone_of(today.zone)
    coming = f"{format_time(one.next.start, zone)} {short_name(one.next.customer)}" if one.next else "Nobody after this"
    title, line, tone, hue, done = "Free now", "", "free", "slate", 0
    if one.current:
        title, tone, hue = one.current.customer, "busy", one.current.hue
        line = f"{one.current.service} · {_left(one.current, today.now)}"
        done = _passed(one.current, today.now)
    elif one.late:
        title, tone, hue = f"Waiting for {short_name(one.late.customer)}", "late", one.late.hue
        line = f"{one.late.service} · {late_words(one.late, today.now)}"
    elif not one.is_working:
        title, tone = "Off now", "off"
    if not one.next and tone in ("free", "off"):
        coming = "Nobody booked"
    return FloorCard(
        str(one.member_id), initials(one.name), one.name, title, line, coming, f"hue-{hue}", tone, f"{done}%"
    )


def _row(item: DayItem, today: Today, names: dict[int, str], *, is_now: bool) -> TodayRow:
    steps = next_actions(item.status, item.start, item.end, today.now)
    late = late_words(item, today.now)
    shown = steps[:2] if Action.MISS in steps[:2] else steps[:1]
    return TodayRow(
        item_id=str(item.item_id),
        booking_id=str(item.booking_id),
        href=f"/calendar?date={today.day.isoformat()}&booking={item.item_id}",
        time=format_time(item.start, zone_of(today.zone)),
        name=item.customer,
        line=f"{item.service} · {names.get(item.member_id, 'Former staff')} · {format_rupees(item.price_paise)}",
        hue=f"hue-{item.hue}",
        look=look_of(item.status),
        status=_left(item, today.now) if item.status is _S.STARTED else LABELS[item.status],
        late=late,
        is_now=is_now,
        steps=[Option(LEADS_TO[action].value, action.value) for action in shown],
    )


def _is_over(item: DayItem, now: datetime) -> bool:
    return (item.status in _OVER and item.end <= now) or item.status is _S.NO_SHOW


def _left(item: DayItem, now: datetime) -> str:
    if item.status is not _S.STARTED:
        return "waiting"
    minutes = int((item.end - now).total_seconds()) // 60
    return f"{format_duration(minutes)} left" if minutes > 0 else "time is up"


def _passed(item: DayItem, now: datetime) -> int:
    whole = (item.end - item.start).total_seconds()
    return max(0, min(100, round(100 * (now - item.start).total_seconds() / whole)))


def _compared(now: int, then: int, weekday: str) -> str:
    if not then:
        return f"None {weekday}"
    more = now - then
    if more == 0:
        return f"As many as {weekday}"
    return f"{abs(more)} {'more' if more > 0 else 'fewer'} than {weekday}"


def _compared_money(now: int, then: int, weekday: str) -> str:
    if not then:
        return f"Nothing {weekday}"
    more = now - then
    if more == 0:
        return f"The same as {weekday}"
    return f"{format_rupees_whole(abs(more))} {'above' if more > 0 else 'below'} {weekday}"
