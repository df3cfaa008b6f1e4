"""The life of a booking: which status may follow which, which ones occupy time, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class BookingStatus(StrEnum):
    HOLD = "hold"
    PENDING_APPROVAL = "pending_approval"
    PENDING_PAYMENT = "pending_payment"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    STARTED = "started"
    FINISHED = "finished"
    CANCELLED_BY_CUSTOMER = "cancelled_by_customer"
    CANCELLED_BY_BUSINESS = "cancelled_by_business"
    LATE_CANCELLED = "late_cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"  # a hold or a request that nobody confirmed in time


_S = BookingStatus

LABELS: Mapping[BookingStatus, str] = MappingProxyType(
    {
        _S.HOLD: "On hold",
        _S.PENDING_APPROVAL: "Waiting for approval",
        _S.PENDING_PAYMENT: "Waiting for payment",
        _S.BOOKED: "Booked",
        _S.CONFIRMED: "Confirmed",
        _S.ARRIVED: "Arrived",
        _S.STARTED: "Started",
        _S.FINISHED: "Done",
        _S.CANCELLED_BY_CUSTOMER: "Cancelled by customer",
        _S.CANCELLED_BY_BUSINESS: "Cancelled by us",
        _S.LATE_CANCELLED: "Cancelled late",
        _S.NO_SHOW: "Did not come",
        _S.EXPIRED: "Lapsed",
    }
)

CANCELLED = frozenset({_S.CANCELLED_BY_CUSTOMER, _S.CANCELLED_BY_BUSINESS, _S.LATE_CANCELLED})
# Nothing is agreed yet; these keep their time until ``expires_at``.
TENTATIVE = frozenset({_S.HOLD, _S.PENDING_APPROVAL, _S.PENDING_PAYMENT})
_EXPECTED = frozenset({_S.BOOKED, _S.CONFIRMED})
_DROPPED = frozenset({_S.CANCELLED_BY_CUSTOMER, _S.CANCELLED_BY_BUSINESS, _S.EXPIRED})
# Gone from the day: calendars and counts leave these out.
OFF = CANCELLED | {_S.EXPIRED}

# What may follow. Steps may be skipped forwards, because a busy desk ticks only "Done".
NEXT: Mapping[BookingStatus, frozenset[BookingStatus]] = MappingProxyType(
    {
        _S.HOLD: frozenset({_S.PENDING_APPROVAL, _S.PENDING_PAYMENT, _S.BOOKED}) | _DROPPED,
        _S.PENDING_APPROVAL: frozenset({_S.PENDING_PAYMENT, _S.BOOKED}) | _DROPPED,
        _S.PENDING_PAYMENT: frozenset({_S.BOOKED}) | _DROPPED,
        _S.BOOKED: frozenset({_S.CONFIRMED, _S.ARRIVED, _S.STARTED, _S.FINISHED, _S.NO_SHOW}) | CANCELLED,
        _S.CONFIRMED: frozenset({_S.ARRIVED, _S.STARTED, _S.FINISHED, _S.NO_SHOW}) | CANCELLED,
        _S.ARRIVED: frozenset({_S.STARTED, _S.FINISHED}) | CANCELLED,
        _S.STARTED: frozenset({_S.FINISHED}),
        _S.FINISHED: frozenset(),
        _S.CANCELLED_BY_CUSTOMER: frozenset(),
        _S.CANCELLED_BY_BUSINESS: frozenset(),
        _S.LATE_CANCELLED: frozenset(),
        _S.NO_SHOW: frozenset(),
        _S.EXPIRED: frozenset(),
    }
)

# Occupy time: the exclusion constraint holds over these. A finished visit did use its time; a missed one gave it back.
LIVE = TENTATIVE | _EXPECTED | {_S.ARRIVED, _S.STARTED, _S.FINISHED}
# May still be moved, stretched or handed to somebody else.
MOVABLE = TENTATIVE | _EXPECTED


def can_follow(old: BookingStatus, new: BookingStatus) -> bool:
    return new in NEXT[old]


def can_undo(current: BookingStatus, previous: BookingStatus) -> bool:
    """Whether a step that was taken may be taken back: every step but leaving a hold, whose place may be gone.

    Going back into a live status needs its time to be free again; the database decides that.
    """
    return previous is not _S.HOLD and can_follow(previous, current)


class Action(StrEnum):
    """What a person at the desk can do with a booking, in the words of the button."""

    APPROVE = "Approve"
    TAKE_PAYMENT = "Mark as paid"
    CONFIRM = "Confirm"
    ARRIVE = "Arrived"
    START = "Start"
    FINISH = "Done"
    MISS = "Did not come"


LEADS_TO: Mapping[Action, BookingStatus] = MappingProxyType(
    {
        Action.APPROVE: _S.BOOKED,
        Action.TAKE_PAYMENT: _S.BOOKED,
        Action.CONFIRM: _S.CONFIRMED,
        Action.ARRIVE: _S.ARRIVED,
        Action.START: _S.STARTED,
        Action.FINISH: _S.FINISHED,
        Action.MISS: _S.NO_SHOW,
    }
)

_SOON = timedelta(hours=2)  # before this a customer is asked to confirm, from here on they are expected at the door
_LATE = timedelta(minutes=15)  # after this somebody who is not there has probably not come


_ALWAYS: Mapping[BookingStatus, tuple[Action, ...]] = MappingProxyType(
    {
        _S.PENDING_APPROVAL: (Action.APPROVE,),
        _S.PENDING_PAYMENT: (Action.TAKE_PAYMENT,),
        _S.ARRIVED: (Action.START, Action.FINISH),
        _S.STARTED: (Action.FINISH,),
    }
)


def next_actions(status: BookingStatus, start: datetime, end: datetime, now: datetime) -> tuple[Action, ...]:
    """The sensible steps, the likeliest first; Today shows the first one as the button."""
    if status not in _EXPECTED:
        return _ALWAYS.get(status, ())
    if now < start - _SOON:
        return (Action.CONFIRM,) if status is _S.BOOKED else ()
    if now < start + _LATE:
        return (Action.ARRIVE, Action.START)
    if now < end:
        return (Action.ARRIVE, Action.MISS, Action.START)
    return (Action.FINISH, Action.MISS)


def all_actions(status: BookingStatus, start: datetime, end: datetime, now: datetime) -> tuple[Action, ...]:
    """The sensible steps first, then the others that may follow, so that the desk is never stuck."""
    likely = next_actions(status, start, end, now)
    others = [action for action in Action if LEADS_TO[action] in NEXT[status] and action not in likely]
    return (*likely, *(action for action in others if action not in (Action.APPROVE, Action.TAKE_PAYMENT)))
