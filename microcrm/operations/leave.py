"""When a member is away: whole days, or part of one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import func, select

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, today_in, zone_of
from microcrm.models.bookings import BookingItem
from microcrm.models.business import Member
from microcrm.models.schedule import Leave
from microcrm.operations.parts.rows import create, find, remove
from microcrm.operations.unit_of_work import UnitOfWork

LONGEST = 366  # days
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class LeaveView:
    """Both days included. Minutes are given when it is only part of one day."""

    id: int
    starts_on: date
    ends_on: date
    start_min: int | None
    end_min: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class AddLeave:
    """``starts_at`` and ``ends_at``: a part of one day; both empty: whole days."""

    member_id: Any
    starts_on: Any
    ends_on: Any = None
    starts_at: Any = None
    ends_at: Any = None
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class LeaveAdded:
    """``bookings`` fall into the leave and stay where they are until somebody moves them."""

    leave: LeaveView
    bookings: int
    undo: str


def coming_leave(uow: UnitOfWork, member_id: Any) -> list[LeaveView]:
    """A member's leave that is not over, the nearest first."""
    uow.require(Permission.MEMBERS_VIEW)
    member = find(uow, Member, member_id)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    query = select(Leave).where(
        Leave.business_id == uow.business_id, Leave.member_id == member.id, Leave.ends_on >= today
    )
    return [_view(row) for row in uow.session.exec(query.order_by(Leave.starts_on, Leave.id).limit(_SHOWN))]


def add_leave(uow: UnitOfWork, command: AddLeave) -> LeaveAdded:
    uow.require(Permission.HOURS_EDIT)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    fields = Reader()
    first = fields.day("starts_on", command.starts_on, "First day", earliest=today - timedelta(days=31))
    last = fields.optional_day("ends_on", command.ends_on, "Last day") or first
    reason = fields.text("reason", command.reason, "Reason", limit=80, required=False)
    start, end = _read_part(fields, command)
    if not first <= last <= first + timedelta(days=LONGEST):
        fields.refuse("ends_on", "The last day must follow the first, by at most a year.")
    if start is not None and first != last:
        fields.refuse("starts_at", "Times can be given for one day only. Leave them empty for whole days.")
    fields.done()
    member = find(uow, Member, command.member_id)
    row = Leave(
        business_id=uow.business_id,
        member_id=member.id,
        starts_on=first,
        ends_on=last,
        start_min=start,
        end_min=end,
        reason=reason,
    )
    undo = create(uow, "leave", row, f"leave of {member.name}")
    return LeaveAdded(_view(row), _bookings_within(uow, row), undo)


def remove_leave(uow: UnitOfWork, leave_id: Any) -> str:
    """The member works again in that time. Returns the undo token."""
    uow.require(Permission.HOURS_EDIT)
    return remove(uow, "leave", find(uow, Leave, leave_id), "leave")


def _read_part(fields: Reader, command: AddLeave) -> tuple[int | None, int | None]:
    if command.starts_at in (None, "") and command.ends_at in (None, ""):
        return None, None
    start = fields.clock("starts_at", command.starts_at, "From")
    end = fields.clock("ends_at", command.ends_at, "To", closing=True)
    if start >= end:
        fields.refuse("ends_at", "The end must be later than the start.")
    return start, end


def _bookings_within(uow: UnitOfWork, leave: Leave) -> int:
    starts, ends = span_of(leave, uow.actor.zone)
    count = select(func.count(func.distinct(BookingItem.booking_id))).where(
        BookingItem.business_id == uow.business_id,
        BookingItem.member_id == leave.member_id,
        BookingItem.is_live,
        BookingItem.starts_at < ends,
        BookingItem.ends_at > starts,
    )
    return int(uow.session.exec(count).one())


def span_of(leave: Leave, zone_name: str) -> tuple[datetime, datetime]:
    """The leave from its first instant to the one after its last."""
    zone = zone_of(zone_name)
    first, last = leave.start_min or 0, leave.end_min if leave.end_min is not None else DAY_MINUTES
    return to_instant(leave.starts_on, first, zone), to_instant(leave.ends_on, last, zone)


def _view(row: Leave) -> LeaveView:
    return LeaveView(int(row.id or 0), row.starts_on, row.ends_on, row.start_min, row.end_min, row.reason)
