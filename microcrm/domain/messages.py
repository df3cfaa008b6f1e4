"""Messages to customers: how far one has come, and for how long it is of use. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from microcrm.domain.booking import CANCELLED, LIVE, TENTATIVE, BookingStatus
from microcrm.domain.messenger import DeliveryStatus
from microcrm.domain.notices import ALL_OF, NoticeStep
from microcrm.domain.send_gate import Standing
from microcrm.domain.step_plan import BY_SERVICE, still_fits


class MessageState(StrEnum):
    """``sending``: handed to whoever delivers it in this moment, or a worker died doing so. ``unknown``: nobody can say whether it
    left; a person decides. ``suppressed``: the gate let it not pass. ``withdrawn``: what it speaks of was taken back before."""

    PLANNED = "planned"
    SENDING = "sending"
    HANDED = "handed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


_M = MessageState
# The customer may know of these.
MAY_BE_KNOWN = frozenset({_M.SENDING, _M.HANDED, _M.SENT, _M.DELIVERED, _M.READ, _M.UNKNOWN})
LEFT = MAY_BE_KNOWN - {_M.SENDING, _M.UNKNOWN}
ELIDED = "••••••"  # stands in a text that is kept where the secret of its link was


def told_state(known: MessageState, told: DeliveryStatus) -> MessageState:
    """What stands after both: told late, twice and out of order, and never back. Only a receipt of the phone is stronger than an
    end."""
    wanted = _TOLD[told]
    return wanted if _RANK.get(wanted, 0) > _RANK.get(known, 0) else known


_TOLD: Mapping[DeliveryStatus, MessageState] = {
    DeliveryStatus.QUEUED: _M.HANDED,
    DeliveryStatus.SENDING: _M.HANDED,
    DeliveryStatus.SENT: _M.SENT,
    DeliveryStatus.DELIVERED: _M.DELIVERED,
    DeliveryStatus.READ: _M.READ,
    DeliveryStatus.UNDELIVERED: _M.FAILED,
    DeliveryStatus.FAILED: _M.FAILED,
    DeliveryStatus.CANCELED: _M.FAILED,
}
_RANK: Mapping[MessageState, int] = {
    state: rank for rank, state in enumerate((_M.HANDED, _M.SENT, _M.FAILED, _M.DELIVERED, _M.READ), start=1)
}

# Planned with a visit, these follow it to its new time; all others tell of a change.
FOLLOWING = BY_SERVICE
EXPECTED = frozenset({BookingStatus.BOOKED, BookingStatus.CONFIRMED})
# Whose steps are not taken back: the visit takes place.
TAKES_PLACE = LIVE - TENTATIVE


TELL_AFTER = timedelta(seconds=60)  # a slip of the hand that is taken back at once tells nobody anything
_GOOD_FOR = timedelta(days=2)


def good_until(step: NoticeStep, starts_at: datetime, due_at: datetime) -> datetime:
    """Until when it still makes sense to say this of a visit: what is to come until it begins, what is off for two days."""
    if step in _OF_THE_PAST or starts_at <= due_at:
        return due_at + _GOOD_FOR
    return starts_at


_OF_THE_PAST = frozenset({
    NoticeStep.DECLINED, NoticeStep.CANCELLED, NoticeStep.CANCELLED_ALL, NoticeStep.LAPSED, NoticeStep.UNPAID,
    NoticeStep.OFFER_GONE,
})  # fmt: skip


_N, _S = NoticeStep, BookingStatus
_FITS: Mapping[NoticeStep, frozenset[BookingStatus]] = {
    **dict.fromkeys((_N.BOOKED, _N.BOOKED_ALL, _N.APPROVED, _N.MOVED, _N.MOVED_ALL), TAKES_PLACE),
    _N.REQUESTED: frozenset({_S.PENDING_APPROVAL}),
    _N.TO_PAY: frozenset({_S.PENDING_PAYMENT}),
    **dict.fromkeys((_N.DECLINED, _N.CANCELLED, _N.CANCELLED_ALL), CANCELLED),
    **dict.fromkeys((_N.LAPSED, _N.UNPAID), frozenset({_S.EXPIRED})),
}
_OFFERS = {_N.OFFER: "open", _N.OFFER_GONE: "lost"}


def standing(
    step: NoticeStep,
    status: BookingStatus | None,
    *,
    is_same_time: bool = True,
    offer_state: str = "",
    has_later: bool = False,
) -> Standing:
    """Whether what it says is still so. ``status``: of the visit, where it speaks of one; ``is_same_time``: it begins when it began as
    the message was planned; ``has_later``: another message about a later change of it waits or has left, which says more, but not of
    the other visits of several."""
    if step in _OFFERS:
        return Standing.LIVE if offer_state == _OFFERS[step] else Standing.OFF
    if status is None:
        return Standing.LIVE
    if step in FOLLOWING:
        if not still_fits(step, status):
            return Standing.ANSWERED if status is _S.CONFIRMED else Standing.OFF
        return Standing.LIVE if is_same_time else Standing.MOVED
    if status not in _FITS.get(step, frozenset(BookingStatus)):
        return Standing.OFF
    return Standing.SUPERSEDED if has_later and step not in ALL_OF.values() else Standing.LIVE
