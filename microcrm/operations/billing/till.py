"""Closing the till: cash is counted by note and coin, compared with what should be there, and locked.

A closing covers everything since the one before it, so cash that comes in later belongs to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.money import format_rupees, parse_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.till import read_counts, worth
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Payment
from microcrm.models.business import Business, Member
from microcrm.models.till import TillClosing
from microcrm.operations.billing.ledger import closing_amounts, post
from microcrm.operations.unit_of_work import UnitOfWork

CASH = "cash"
SHOWN = 31


@dataclass(frozen=True, slots=True)
class TillNow:
    """Paise. ``number``: of the closing that comes next. ``taken`` by way of paying, since the last closing."""

    number: int
    since: datetime | None
    opening: int
    taken: Mapping[str, int]

    @property
    def expected(self) -> int:
        return self.opening + self.taken.get(CASH, 0)


@dataclass(frozen=True, slots=True)
class CloseTill:
    """As typed. ``number``: of the closing that the form was made for. ``counts``: rupees (as text) to how many.
    ``kept``: what stays in the drawer; the rest goes to the safe or the bank."""

    number: Any
    counts: Any
    kept: Any = ""
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class ClosingView:
    number: int
    day: date
    closed_at: datetime
    who: str
    opening: int
    expected: int
    counted: int
    kept: int
    taken: Mapping[str, int]
    reason: str

    @property
    def difference(self) -> int:
        return self.counted - self.expected


def till_now(uow: UnitOfWork) -> TillNow:
    uow.require(Permission.PAYMENTS_TAKE)
    return _now(uow, _last(uow))


def close_till(uow: UnitOfWork, command: CloseTill) -> ClosingView:
    """``Conflict`` when somebody closed it meanwhile; a difference needs a reason."""
    uow.require(Permission.PAYMENTS_TAKE)
    # Two who close at once wait for each other here.
    uow.session.execute(select(Business.id).where(Business.id == uow.business_id).with_for_update())
    now = _now(uow, _last(uow))
    counts, kept, reason = _read(command, now)
    counted = worth(counts)
    row = TillClosing(
        business_id=uow.business_id,
        number=now.number,
        day=today_in(zone_of(uow.actor.zone), uow.now),
        since=now.since,
        closed_at=uow.now,
        member_id=uow.actor.member_id,
        opening_paise=now.opening,
        expected_paise=now.expected,
        counted_paise=counted,
        kept_paise=kept,
        counts={str(rupees): many for rupees, many in counts.items() if many},
        taken=dict(now.taken),
        reason=reason,
    )
    uow.session.add(row)
    uow.session.flush()
    post(uow, closing_amounts(now.expected, counted, kept), row.day)
    uow.audit("till.closed", "till_closing", row.id, counted=counted, difference=counted - now.expected)
    return _view(row, "")


def closings(uow: UnitOfWork) -> tuple[ClosingView, ...]:
    """The latest first."""
    uow.require(Permission.INVOICES_VIEW)
    rows = uow.session.execute(
        select(TillClosing, Member.name)
        .outerjoin(Member, (Member.business_id == TillClosing.business_id) & (Member.id == TillClosing.member_id))
        .where(TillClosing.business_id == uow.business_id)
        .order_by(TillClosing.number.desc())
        .limit(SHOWN)
    )
    return tuple(_view(row, name or "") for row, name in rows)


def refuse_if_counted(uow: UnitOfWork, payment: Payment) -> None:
    """Cash that was counted and closed is no longer void; ``Conflict`` says what to do instead."""
    last = _last(uow)
    if payment.mode == CASH and last is not None and payment.received_at <= last.closed_at:
        raise Conflict(
            "This cash was counted when the till was closed.", remedy="Write a credit note and give the money back."
        )


def _last(uow: UnitOfWork) -> TillClosing | None:
    query = select(TillClosing).where(TillClosing.business_id == uow.business_id)
    return uow.session.scalars(query.order_by(TillClosing.number.desc()).limit(1)).first()


def _now(uow: UnitOfWork, last: TillClosing | None) -> TillNow:
    where = [Payment.business_id == uow.business_id, Payment.voided_at.is_(None), Payment.received_at <= uow.now]
    if last is not None:
        where.append(Payment.received_at > last.closed_at)
    rows = uow.session.execute(
        select(Payment.mode, func.sum(Payment.amount_paise)).where(*where).group_by(Payment.mode).order_by(Payment.mode)
    )
    taken = {mode: int(paise) for mode, paise in rows}
    if last is None:
        return TillNow(1, None, 0, taken)
    return TillNow(last.number + 1, last.closed_at, last.kept_paise, taken)


def _read(command: CloseTill, now: TillNow) -> tuple[dict[int, int], int, str]:
    reader = Reader()
    if reader.whole_number("number", command.number, "Closing", low=0, high=10**9) != now.number:
        raise Conflict("The till was closed meanwhile.", remedy="Look at it, then count what is there now.")
    counts = read_counts(reader, command.counts)
    counted = worth(counts)
    nothing: int | None = 0
    kept = reader.by("kept", parse_rupees, command.kept, label="What stays in the drawer", instead=nothing) or 0
    if kept > counted:
        reader.refuse("kept", f"Only {format_rupees(counted)} is in the drawer.")
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    if counted != now.expected and not reason:
        reader.refuse("reason", f"{format_rupees(counted - now.expected)} against what should be there. What happened?")
    reader.done()
    return counts, kept, reason


def _view(row: TillClosing, who: str) -> ClosingView:
    return ClosingView(
        row.number, row.day, row.closed_at, who, row.opening_paise, row.expected_paise, row.counted_paise,
        row.kept_paise, row.taken, row.reason,
    )  # fmt: skip
