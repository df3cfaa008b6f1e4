"""The calendar widget: EventCalendar mounted by a local script, times as wall clock of the business, no zone.

The widget has already moved a block when ``on_move`` fires. The handler checks, and on refusal sends the block's old place
back through ``patch``. ``events`` loads a range once; every later change is a ``patch`` of a few hundred bytes.

What crosses the wire has keys of one letter and nothing that is empty; ``wire.js`` has the other end of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import reflex as rx
from reflex_base.event import passthrough_event_spec as payload

_PARTS = [
    rx.asset(name, shared=True) for name in ("faces.js", "keys.js", "times.js", "wire.js")
]  # board.jsx imports them
_JSX = rx.asset("board.jsx", shared=True)

OffKind = Literal["closed", "break", "leave"]


class Moved(TypedDict):
    """What ``on_move`` and ``on_open`` get. ``via`` is mouse, touch, pen or keyboard; ``old`` has the same keys as before the move."""

    id: str
    start: str
    end: str
    staff: list[str]
    old: dict[str, Any]
    via: str


class Slot(TypedDict):
    """An empty place that was chosen; ``end`` is "" for a tap and set for a drag."""

    start: str
    end: str
    staff: str


class Board(rx.NoSSRComponent):
    """``patch`` is {seq, put: [events], drop: [ids]}; it is applied when ``seq`` changes."""

    library = _JSX.importable_path
    tag = "Board"
    lib_dependencies: list[str] = ["@event-calendar/core@5.15.0"]

    label: rx.Var[str]
    options: rx.Var[dict[str, Any]]
    events: rx.Var[list[dict[str, Any]]]
    patch: rx.Var[dict[str, Any]]
    staff: rx.Var[list[dict[str, str]]]
    view: rx.Var[str]
    date: rx.Var[str]
    step: rx.Var[int]

    on_move: rx.EventHandler[payload(Moved)]
    on_open: rx.EventHandler[payload(Moved)]
    on_slot: rx.EventHandler[payload(Slot)]
    on_range: rx.EventHandler[payload(dict[str, str])]


board = Board.create

DAY_OPTIONS: dict[str, Any] = {
    "locale": "en-IN",
    "firstDay": 1,
    "editable": True,
    "selectable": True,
    "allDaySlot": False,
    "nowIndicator": True,
    "longPressDelay": 350,
    "slotDuration": "00:15",
    "snapDuration": "00:15",
    "slotLabelInterval": "01:00",
    "slotLabelFormat": {"hour": "numeric"},
    "dayHeaderFormat": {"weekday": "short", "day": "numeric", "month": "short"},
}


def day_options(
    opens: str,
    closes: str,
    *,
    scroll_to: str = "",
    offset: str = "+05:30",
    editable: bool = True,
    has_dates: bool = False,
) -> dict[str, Any]:
    """Options of days drawn from ``opens`` to ``closes`` ("09:00"), in the zone ``offset`` for the now line. ``has_dates``:
    the days head the people, as in a week."""
    return {
        **DAY_OPTIONS,
        "timeZone": offset,
        "slotMinTime": opens,
        "slotMaxTime": closes,
        "scrollTime": scroll_to or opens,
        "editable": editable,
        "selectable": editable,
        "datesAboveResources": has_dates,
    }


def column(uid: str, name: str, initials: str, sub: str = "") -> dict[str, str]:
    """A person's or a room's column. ``sub`` is a short line as "8 bookings"."""
    return {"id": uid, "title": name, "initials": initials, "sub": sub}


def block(
    uid: str,
    staff: str,
    start: str,
    minutes: int,
    *,
    title: str,
    sub: str,
    hue: str,
    status: str,
    word: str,
    badges: Sequence[tuple[str, str]] = (),
    editable: bool = True,
    before: int = 0,
    after: int = 0,
) -> dict[str, Any]:
    """A booking as the widget wants it; ``before`` and ``after`` are the minutes of cleaning around it.

    ``status`` is held, booked, confirmed, arrived, serving, done, no-show or cancelled, and ``word`` says it to screen
    readers. ``badges`` are (words, tone) with tone plain, warn or bad.
    """
    sent: dict[str, Any] = {
        "i": uid,
        "c": staff,
        "s": start,
        "m": minutes,
        "t": title,
        "h": hue,
        "k": status,
        "w": word,
    }
    if sub:
        sent["u"] = sub
    if badges:
        sent["b"] = badges
    if not editable:
        sent["f"] = 1
    if before:
        sent["p"] = before
    if after:
        sent["q"] = after
    return sent


def closed(
    uid: str, staff: str, start: str, minutes: int, kind: OffKind = "closed", *, label: str = ""
) -> dict[str, Any]:
    """Time that can't be booked; each kind looks different."""
    sent: dict[str, Any] = {"i": uid, "c": staff, "s": start, "m": minutes, "o": kind}
    if label:
        sent["l"] = label
    return sent
