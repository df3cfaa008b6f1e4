"""Months whose return is filed. From then on nothing dated in them is issued or called off; what has to be corrected is
corrected by a note of today. Opening one again asks why, and stays in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.return_period import ReturnPeriod, month_of, parse_period, recent_periods
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import BillingProfile, Document, NumberSeries
from microcrm.models.business import Member
from microcrm.models.filing import FiledMonth
from microcrm.operations.billing.terms import own_profile
from microcrm.operations.unit_of_work import UnitOfWork

MONTHS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class MonthView:
    """``filed_at`` and ``who`` of a filed month; ``is_last``: the latest filed one, which alone can be opened again.
    ``drafts``: of that month, which will need another date. ``is_over`` is false for the running month."""

    period: ReturnPeriod
    is_over: bool
    is_filed: bool
    is_last: bool
    filed_at: datetime | None
    who: str
    drafts: int


def filed_months(uow: UnitOfWork) -> tuple[MonthView, ...]:
    """The newest first, the running one included. Three statements."""
    uow.require(Permission.INVOICES_VIEW)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    locked = locked_through(uow)
    rows = uow.session.execute(
        select(FiledMonth.month, FiledMonth.filed_at, Member.name)
        .outerjoin(Member, (Member.business_id == FiledMonth.business_id) & (Member.id == FiledMonth.member_id))
        .where(FiledMonth.business_id == uow.business_id, FiledMonth.opened_at.is_(None))
    )
    known = {month: (at, name or "") for month, at, name in rows}
    drafts = _drafts(uow, today)
    return tuple(
        MonthView(
            period=period,
            is_over=period.last < today,
            is_filed=locked is not None and period.last <= locked,
            is_last=period.last == locked,
            filed_at=known.get(period.first, (None, ""))[0],
            who=known.get(period.first, (None, ""))[1],
            drafts=drafts.get(period.first, 0),
        )
        for period in recent_periods(today, is_quarterly=False, months=MONTHS_SHOWN)
    )


def file_period(uow: UnitOfWork, raw_period: Any) -> ReturnPeriod:
    """Mark a month or quarter as filed, with everything before it. ``Conflict`` while it is not over or when it is filed."""
    uow.require(Permission.BUSINESS_EDIT)
    period = parse_period(raw_period)
    if period.last >= today_in(zone_of(uow.actor.zone), uow.now):
        raise Conflict(f"{period.words} is not over yet.", remedy="Mark it as filed once its return is filed.")
    _wait_for_numbers(uow)
    profile = own_profile(uow)
    if profile.locked_through and period.last <= profile.locked_through:
        raise Conflict(f"{period.words} is marked as filed already.")
    for month in period.months:
        if profile.locked_through is None or month.first > profile.locked_through:
            uow.session.add(
                FiledMonth(
                    business_id=uow.business_id, month=month.first, filed_at=uow.now, member_id=uow.actor.member_id
                )
            )
    profile.locked_through = period.last
    uow.session.add(profile)
    uow.session.flush()
    uow.audit("month.filed", "filed_month", None, month=period.key)
    return period


def open_month(uow: UnitOfWork, raw_month: Any, raw_reason: Any) -> ReturnPeriod:
    """Take the mark of the latest filed month back. ``Invalid`` without a reason, ``Conflict`` for any other month."""
    uow.require(Permission.BUSINESS_EDIT)
    reader = Reader()
    reason = reader.text("reason", raw_reason, "Reason", limit=200)
    reader.done()
    period = parse_period(raw_month)
    _wait_for_numbers(uow)
    profile = own_profile(uow)
    if profile.locked_through is None or period.last > profile.locked_through:
        raise Conflict(f"{period.words} is not marked as filed.")
    if period.is_quarter or period.last < profile.locked_through:
        last = month_of(profile.locked_through)
        raise Conflict(f"{last.words} is filed after it.", remedy=f"Open {last.words} first.")
    mine = select(FiledMonth).where(FiledMonth.business_id == uow.business_id, FiledMonth.opened_at.is_(None))
    for row in uow.session.scalars(mine.where(FiledMonth.month == period.first)):
        row.opened_at, row.opened_by_member_id, row.reason = uow.now, uow.actor.member_id, reason
    before = uow.session.execute(
        select(func.max(FiledMonth.month)).where(
            FiledMonth.business_id == uow.business_id,
            FiledMonth.opened_at.is_(None),
            FiledMonth.month < period.first,
        )
    ).scalar()
    profile.locked_through = month_of(before).last if before else None
    uow.session.flush()
    uow.audit("month.opened", "filed_month", None, month=period.key)
    return period


def locked_through(uow: UnitOfWork) -> date | None:
    """The last day on which nothing changes any more, as it stands now."""
    query = select(BillingProfile.locked_through).where(BillingProfile.business_id == uow.business_id)
    return uow.session.execute(query).scalar()


def refuse_if_filed(uow: UnitOfWork, day: date) -> None:
    """For operations that give a number. Only months that are over can be filed, so a document of this month asks nothing."""
    if day >= today_in(zone_of(uow.actor.zone), uow.now).replace(day=1):
        return
    locked = locked_through(uow)
    if locked is not None and day <= locked:
        raise Invalid(
            fields={"day": f"The return of {month_of(day).words} is filed. Give it a date after {locked:%d %b %Y}."}
        )


def _wait_for_numbers(uow: UnitOfWork) -> None:
    """Whoever has taken a number ends first; whoever takes one after this sees what is filed."""
    query = select(NumberSeries.id).where(NumberSeries.business_id == uow.business_id)
    uow.session.execute(query.order_by(NumberSeries.id).with_for_update()).all()


def _drafts(uow: UnitOfWork, today: date) -> dict[date, int]:
    first = recent_periods(today, is_quarterly=False, months=MONTHS_SHOWN)[-1].first
    month = func.date_trunc("month", Document.issued_on)
    rows = uow.session.execute(
        select(month, func.count())
        .where(Document.business_id == uow.business_id, Document.state == "draft", Document.issued_on >= first)
        .group_by(month)
    )
    return {moment.date(): int(count) for moment, count in rows}
