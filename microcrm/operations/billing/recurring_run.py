"""What the worker does with bills that recur: one bill at a time, each in a transaction of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from microcrm.domain.billing_cycle import Unit, due_day
from microcrm.domain.errors import DomainError
from microcrm.domain.formatting import format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.recurring import RecurringBill
from microcrm.operations.billing.drafts import DraftSaved, SaveDraft, write_draft
from microcrm.operations.billing.issuing import issue
from microcrm.operations.billing.pricing import LineWish
from microcrm.operations.unit_of_work import UnitOfWork

_DUE = text("SELECT business_id, zone FROM businesses_with_due_bills(:at)")


@dataclass(frozen=True, slots=True)
class DueBusiness:
    business_id: int
    zone: str


def businesses_with_due_bills(uow: UnitOfWork) -> list[DueBusiness]:
    uow.require(Permission.INVOICES_EDIT)
    return [DueBusiness(*row) for row in uow.session.execute(_DUE, {"at": uow.now})]


def write_next_due(uow: UnitOfWork) -> bool:
    """Writes one bill that is due and moves its series on; false when none is due or others are at it. A bill that cannot be
    issued stays a draft; one that cannot even be drafted pauses its series. Both say why."""
    uow.require(Permission.INVOICES_EDIT)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    query = select(RecurringBill).where(
        RecurringBill.business_id == uow.business_id, RecurringBill.state == "active", RecurringBill.next_on <= today
    )
    first = query.order_by(RecurringBill.next_on, RecurringBill.id).limit(1)
    row = uow.session.scalars(first.with_for_update(skip_locked=True)).first()
    if row is None:
        return False
    try:
        with uow.session.begin_nested():
            saved = write_draft(uow, _command(row), recurring_id=row.id, period=row.next_period)
    except DomainError as refusal:
        row.state, row.trouble = "paused", _words(refusal)
        _moved(uow, row, "recurring.stuck")
        return True
    row.trouble, row.total_paise = "", saved.priced.bill.total
    if row.is_issuing:
        row.trouble = _issue(uow, saved)
    _step(row)
    _moved(uow, row, "recurring.written")
    return True


def _issue(uow: UnitOfWork, saved: DraftSaved) -> str:
    """Why it could not be issued; "" when it is."""
    try:
        with uow.session.begin_nested():
            issue(uow, saved.document_id, saved.version)
    except DomainError as refusal:
        return _words(refusal)
    return ""


def _step(row: RecurringBill) -> None:
    """On to the next period, or to the end."""
    row.next_period += 1
    row.next_on = due_day(row.starts_on, Unit(row.unit), row.step, row.next_period - row.base)
    if row.ends_on is not None and row.next_on > row.ends_on:
        row.state = "ended"


def _moved(uow: UnitOfWork, row: RecurringBill, action: str) -> None:
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
    uow.audit(action, "recurring_bill", row.id, period=row.next_period)


def _command(row: RecurringBill) -> SaveDraft:
    """The bill of the next period, dated today: a number that is given later must not have an earlier date."""
    plan: dict[str, Any] = row.plan
    return SaveDraft(
        lines=[LineWish(**line) for line in plan["lines"]],
        customer_id=row.customer_id,
        buyer_gstin=plan["buyer_gstin"],
        performed_in=plan["performed_in"],
        discount=plan["discount"],
        note="\n".join(part for part in (plan.get("text", ""), f"For {format_day(row.next_on)}") if part),
    )


def _words(refusal: DomainError) -> str:
    return " ".join(refusal.fields.values()) or refusal.message
