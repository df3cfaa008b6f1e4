"""Reading what the board widget sends. A websocket client chooses its own payload, so nothing of its shape is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from microcrm.domain.calendar_ask import By
from microcrm.domain.errors import DomainError, Invalid, NotFound
from microcrm.operations.move import Move

_WALL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Place:
    """Where on the board something is, in wall clock. ``minutes`` is 0 for a tap."""

    day: str
    time: str
    minutes: int
    staff: str


def move_of(change: Any, known: Mapping[str, tuple[int, int]]) -> Move:
    """``known`` maps a block to its booking and the version that was drawn. The length is sent on only when the block was
    stretched: a day of changing clocks has odd lengths on the wall."""
    if not isinstance(change, dict):
        raise Invalid("That move could not be read.")
    item_id = block_of(change)  # by room a block is "item-room"
    booking_id, version = known.get(item_id, (0, 0))
    if not booking_id:
        raise NotFound
    staff = change.get("staff")
    member_id = staff[0] if isinstance(staff, list) and staff else None
    new, old = _place(change, member_id), _place(change.get("old"), None)
    minutes = new.minutes if new.minutes != old.minutes else None
    return Move(booking_id, version, item_id, new.day, new.time, member_id, minutes)


def move_wish(change: Any, known: Mapping[str, tuple[int, int]], by: str) -> Move:
    """``by``: whether the columns are people ("staff") or rooms.

    Raises: Invalid, for another room: those are given out by what a service needs."""
    if by == By.STAFF.value or not isinstance(change, dict):
        return move_of(change, known)
    old = change.get("old")
    if isinstance(old, dict) and old.get("staff") != change.get("staff"):
        raise Invalid("A room is chosen when a visit is booked.", remedy="Move the visit in time instead.")
    return move_of({**change, "staff": []}, known)


def block_of(change: Any) -> str:
    """The item or class of a pressed block, "" for nonsense."""
    uid = change.get("id") if isinstance(change, dict) else None
    return uid.partition("-")[0] if isinstance(uid, str) else ""


def slot_of(slot: Any) -> Place:
    return _place(slot, slot.get("staff") if isinstance(slot, dict) else None)


def words_of(error: DomainError) -> str:
    """A refusal where there is no form: what would stand at its fields, and what to do."""
    what = " ".join(error.fields.values()) if error.fields else error.message
    is_about_form = error.remedy == Invalid.remedy
    return what if is_about_form else f"{what} {error.remedy}".strip()


def _place(raw: Any, staff: Any) -> Place:
    if not isinstance(raw, dict):
        raise Invalid("That place could not be read.")
    start, end = _instant(raw.get("start")), raw.get("end")
    length = _instant(end) - start if end else None
    minutes = int(length.total_seconds()) // 60 if length else 0
    return Place(start.strftime("%Y-%m-%d"), start.strftime("%H:%M"), minutes, staff if isinstance(staff, str) else "")


def _instant(raw: Any) -> datetime:
    try:
        return datetime.strptime(raw, _WALL)  # noqa: DTZ007 (the wall clock of the business has no zone here)
    except (TypeError, ValueError):
        raise Invalid("That time could not be read.") from None
