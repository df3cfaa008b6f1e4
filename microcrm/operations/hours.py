"""When the shop is open in an ordinary week and when its people work. Single days are in ``days``, leave in ``leave``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import WEEKDAY_NAMES
from microcrm.domain.hours import CLOSED_WEEK, MOST_WINDOWS, Week, Window, check_week
from microcrm.domain.permissions import Permission
from microcrm.models.business import Business, Member
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.parts.sets import SETS, save_set, stamp
from microcrm.operations.unit_of_work import UnitOfWork

RawWeek = Sequence[Sequence[tuple[Any, Any]]]  # seven days of (from, to) as typed


@dataclass(frozen=True, slots=True)
class WeekView:
    """``stamp`` is the version of the set: give it back when saving. ``is_own`` is false for a member without hours of
    their own, whose week is then the shop's."""

    week: Week
    stamp: int
    is_own: bool = True


@dataclass(frozen=True, slots=True)
class SaveWeek:
    days: RawWeek
    stamp: Any


@dataclass(frozen=True, slots=True)
class SaveMemberWeek:
    """``is_own`` false: the shop's hours again, whatever ``days`` says."""

    member_id: Any
    is_own: Any
    days: RawWeek
    stamp: Any


def shop_week(uow: UnitOfWork) -> WeekView:
    uow.require(Permission.SHOP_VIEW)
    rows = SETS["shop_hours"].read(uow, None)
    return WeekView(_week_of(rows), stamp(rows))


def save_shop_week(uow: UnitOfWork, command: SaveWeek) -> str:
    """Replace the shop's ordinary week. Returns the undo token."""
    uow.require(Permission.HOURS_EDIT)
    week = _read_week(command.days)
    _lock_shop(uow)
    same_version(command.stamp, stamp(SETS["shop_hours"].read(uow, None)))
    return save_set(uow, "shop_hours", None, _rows_of(week), "opening hours")


def member_week(uow: UnitOfWork, member_id: Any) -> WeekView:
    uow.require(Permission.MEMBERS_VIEW)
    member = find(uow, Member, member_id)
    rows = SETS["member_hours"].read(uow, member.id)
    shop = SETS["shop_hours"].read(uow, None)
    return WeekView(_week_of(rows or shop), stamp(rows), is_own=bool(rows))


def save_member_week(uow: UnitOfWork, command: SaveMemberWeek) -> str:
    """Give a member their own week, or the shop's again. Returns the undo token."""
    uow.require(Permission.HOURS_EDIT)
    fields = Reader()
    is_own = fields.flag("is_own", command.is_own, "Own hours")
    fields.done()
    week = _read_week(command.days) if is_own else CLOSED_WEEK
    if is_own and not any(week):
        raise Invalid(fields={"form": "Give at least one working day. For a longer absence, enter leave instead."})
    member = find(uow, Member, command.member_id)
    same_version(command.stamp, stamp(SETS["member_hours"].read(uow, member.id)))
    return save_set(uow, "member_hours", member.id, _rows_of(week), f"working hours of {member.name}")


def _lock_shop(uow: UnitOfWork) -> None:
    """Two people who save the week at once are served one after the other, so that the second one sees the conflict."""
    uow.session.exec(select(Business.id).where(Business.id == uow.business_id).with_for_update()).one()


def _read_week(days: RawWeek) -> Week:
    """A week as typed. Errors are named after the weekday ("monday")."""
    if not isinstance(days, list | tuple) or len(days) != 7:
        raise Invalid("A week has seven days.")
    fields = Reader()
    week = [_read_day(fields, name, day) for name, day in zip(WEEKDAY_NAMES, days, strict=True)]
    fields.done()
    return check_week(week)


def _read_day(fields: Reader, name: str, day: Any) -> list[tuple[int, int]]:
    key = name.lower()
    is_readable = isinstance(day, list | tuple) and all(isinstance(w, list | tuple) and len(w) == 2 for w in day)
    if not is_readable or len(day) > MOST_WINDOWS:
        fields.refuse(key, f"{name} can have at most {MOST_WINDOWS} openings.")
        return []
    return [
        (fields.clock(key, start, f"{name}, from"), fields.clock(key, end, f"{name}, to", closing=True))
        for start, end in day
    ]


def _week_of(rows: list[tuple[Any, ...]]) -> Week:
    days: list[list[Window]] = [[] for _ in range(7)]
    for weekday, start, end in sorted(rows):
        days[weekday].append(Window(start, end))
    return tuple(tuple(day) for day in days)


def _rows_of(week: Week) -> list[tuple[int, int, int]]:
    return [(weekday, window.start, window.end) for weekday, day in enumerate(week) for window in day]
