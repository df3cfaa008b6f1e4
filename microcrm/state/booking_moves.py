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


@dataclass(frozen=True)
class Drop:
    """A block that was let go, and where. ``minutes`` only when it was stretched: a day of changing clocks has odd lengths
    on the wall. ``member_id`` is empty by room. ``is_elsewhen``: at another time; ``is_passed_on``: with somebody else."""

    name: str
    day: str
    time: str
    member_id: str | None
    minutes: int | None
    is_elsewhen: bool
    is_passed_on: bool


def read_drop(change: Any, by: str) -> Drop:
    """``by``: whether the columns are people ("staff") or rooms; by room a block is "item-room".

    Raises: Invalid, for another room: those are given out by what a service needs."""
    if not isinstance(change, dict):
        raise Invalid("That move could not be read.")
    is_staff, old = by == By.STAFF.value, change.get("old")
    new, was = _place(change, _column(change)), _place(old, _column(old))
    if not is_staff and new.staff != was.staff:
        raise Invalid("A room is chosen when a visit is booked.", remedy="Move the visit in time instead.")
    return Drop(
        name=block_of(change),
        day=new.day,
        time=new.time,
        member_id=(new.staff or None) if is_staff else None,
        minutes=new.minutes if new.minutes != was.minutes else None,
        is_elsewhen=(new.day, new.time) != (was.day, was.time),
        is_passed_on=is_staff and new.staff != was.staff,
    )


def move_in(drop: Drop, known: Mapping[str, tuple[int, int]]) -> Move:
    """``known`` maps a block to its booking and the version that was drawn.

    Raises: NotFound, for a block that is not on the board."""
    booking_id, version = known.get(drop.name, (0, 0))
    if not booking_id:
        raise NotFound
    return Move(booking_id, version, drop.name, drop.day, drop.time, drop.member_id, drop.minutes)


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


def _column(raw: Any) -> Any:
    staff = raw.get("staff") if isinstance(raw, dict) else None
    return staff[0] if isinstance(staff, list) and staff else ""


def _instant(raw: Any) -> datetime:
    try:
        return datetime.strptime(raw, _WALL)  # noqa: DTZ007 (the wall clock of the business has no zone here)
    except (TypeError, ValueError):
        raise Invalid("That time could not be read.") from None
