"""Bills that come again: made from a bill, paused, changed and ended by hand, written by the worker.

What a series has written for a period is a document with that period, and the database has one of each at most: a worker that
dies, comes twice or comes late writes nothing twice and leaves nothing out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.billing_cycle import MOST_STEPS, Unit, due_day, period_from
from microcrm.domain.documents import CORRECTED
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.money import rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Document, DocumentLine
from microcrm.models.customers import Customer
from microcrm.models.recurring import RecurringBill
from microcrm.operations.billing.drafts import wish_of
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 500  # shown
AHEAD = timedelta(days=366 * 3)


@dataclass(frozen=True, slots=True)
class RepeatBill:
    """As typed. ``document_id``: the bill that comes again. ``unit`` week or month, ``step`` every how many of them;
    ``next_on`` the first day that the worker bills; ``ends_on`` empty: until it is ended."""

    document_id: Any
    unit: Any
    step: Any
    next_on: Any
    ends_on: Any = ""
    is_issuing: Any = False


@dataclass(frozen=True, slots=True)
class ChangeRecurring:
    """As typed, for a series that is there."""

    recurring_id: Any
    version: Any
    unit: Any
    step: Any
    next_on: Any
    ends_on: Any = ""
    is_issuing: Any = False


@dataclass(frozen=True, slots=True)
class RecurringView:
    """``written``: how many bills so far; ``last_id`` and ``last_number`` of the latest, "" while it is a draft."""

    id: int
    customer_id: int
    customer: str
    what: str
    total: int
    unit: Unit
    step: int
    next_on: date
    ends_on: date | None
    is_issuing: bool
    state: str
    trouble: str
    version: int
    written: int
    last_id: int | None
    last_number: str


def recurring_bills(uow: UnitOfWork) -> tuple[RecurringView, ...]:
    """Those that run first, by their next day; the ended ones last."""
    uow.require(Permission.INVOICES_VIEW)
    mine = (Document.business_id == RecurringBill.business_id) & (Document.recurring_id == RecurringBill.id)
    written = select(func.count()).select_from(Document).where(mine).correlate(RecurringBill).scalar_subquery()
    last = select(func.max(Document.id)).where(mine).correlate(RecurringBill).scalar_subquery()
    rows = uow.session.execute(
        select(RecurringBill, Customer.name, written, Document.id, Document.number)
        .join(
            Customer,
            (Customer.business_id == RecurringBill.business_id) & (Customer.id == RecurringBill.customer_id),
        )
        .outerjoin(Document, (Document.business_id == RecurringBill.business_id) & (Document.id == last))
        .where(RecurringBill.business_id == uow.business_id)
        .order_by(RecurringBill.state == "ended", RecurringBill.next_on, RecurringBill.id)
        .limit(MOST)
    )
    return tuple(_view(*row) for row in rows)


def repeat_bill(uow: UnitOfWork, command: RepeatBill) -> int:
    """A series with the bill's lines; the bill itself is not one of its bills. Returns its id. ``Conflict`` for a bill that
    nobody in particular is billed."""
    uow.require(Permission.INVOICES_EDIT)
    document = find(uow, Document, command.document_id)
    if document.kind not in CORRECTED or document.state == "cancelled":
        raise Conflict("Only a bill can come again.")
    if document.customer_id is None:
        raise Conflict("A bill that comes again needs its customer.", remedy="Choose the customer on the draft first.")
    values = _read(uow, command)
    row = RecurringBill(
        business_id=uow.business_id,
        customer_id=document.customer_id,
        plan=plan_of(uow, document),
        total_paise=document.total_paise,
        created_at=uow.now,
        created_by_member_id=uow.actor.member_id,
        starts_on=values["next_on"],
        **values,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.audit("recurring.made", "recurring_bill", row.id)
    return row.id or 0


def change_recurring(uow: UnitOfWork, command: ChangeRecurring) -> None:
    """Rhythm, next day, end, and whether bills are issued. ``Conflict`` when somebody changed it or it wrote a bill meanwhile."""
    uow.require(Permission.INVOICES_EDIT)
    row = running(uow, command.recurring_id, command.version)
    values = _read(uow, command)
    for name, value in values.items():
        setattr(row, name, value)
    row.starts_on, row.base, row.trouble = row.next_on, row.next_period, ""
    _changed(uow, row, "recurring.changed")


def pause_recurring(uow: UnitOfWork, recurring_id: Any, version: Any) -> None:
    """Nothing is written until it is resumed."""
    uow.require(Permission.INVOICES_EDIT)
    row = running(uow, recurring_id, version)
    if row.state == "paused":
        raise Conflict("It is paused already.")
    row.state = "paused"
    _changed(uow, row, "recurring.paused")


def resume_recurring(uow: UnitOfWork, recurring_id: Any, version: Any) -> date:
    """From the next day on that is not over. What fell due while it was paused is left out."""
    uow.require(Permission.INVOICES_EDIT)
    row = running(uow, recurring_id, version)
    if row.state != "paused":
        raise Conflict("It is not paused.")
    unit, today = Unit(row.unit), today_in(zone_of(uow.actor.zone), uow.now)
    row.next_period = max(row.next_period, row.base + period_from(row.starts_on, unit, row.step, today))
    row.next_on = due_day(row.starts_on, unit, row.step, row.next_period - row.base)
    if row.ends_on is not None and row.next_on > row.ends_on:
        raise Conflict("Its last day is over.", remedy="Change its last day first, or make a new one.")
    row.state, row.trouble = "active", ""
    _changed(uow, row, "recurring.resumed")
    return row.next_on


def end_recurring(uow: UnitOfWork, recurring_id: Any, version: Any) -> None:
    """For good. What it has written stays."""
    uow.require(Permission.INVOICES_EDIT)
    row = running(uow, recurring_id, version)
    row.state = "ended"
    _changed(uow, row, "recurring.ended")


def running(uow: UnitOfWork, recurring_id: Any, version: Any) -> RecurringBill:
    """Locked, for operations that have asked already. ``Conflict`` for one that has ended or is newer."""
    row = find(uow, RecurringBill, recurring_id)
    same_version(version, row.version)
    if row.state == "ended":
        raise Conflict("This series has ended.", remedy="Let a bill come again to begin a new one.")
    return row


def _changed(uow: UnitOfWork, row: RecurringBill, action: str) -> None:
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
    uow.audit(action, "recurring_bill", row.id)


def _read(uow: UnitOfWork, command: RepeatBill | ChangeRecurring) -> dict[str, Any]:
    reader = Reader()
    today = today_in(zone_of(uow.actor.zone), uow.now)
    unit = reader.member("unit", command.unit, "How often", Unit)
    step = reader.whole_number("step", command.step, "Every how many", low=1, high=MOST_STEPS, default=1)
    next_on = reader.day("next_on", command.next_on, "Next bill", earliest=today, latest=today + AHEAD)
    ends_on = reader.optional_day("ends_on", command.ends_on, "Last day", earliest=today)
    if ends_on is not None and ends_on < next_on:
        reader.refuse("ends_on", "The last day comes before the next bill.")
    is_issuing = reader.flag("is_issuing", command.is_issuing, "Issue")
    reader.done()
    return {"unit": unit.value, "step": step, "next_on": next_on, "ends_on": ends_on, "is_issuing": is_issuing}


def plan_of(uow: UnitOfWork, document: Document) -> dict[str, Any]:
    """The bill as somebody would type it again; for operations that have asked already."""
    query = select(DocumentLine).where(
        DocumentLine.business_id == uow.business_id, DocumentLine.document_id == document.id
    )
    lines = [asdict(wish_of(line)) for line in uow.session.scalars(query.order_by(DocumentLine.place))]
    if not lines:
        raise Invalid("A bill without lines cannot come again.")
    return {
        "lines": lines,
        "buyer_gstin": document.buyer_gstin,
        "performed_in": document.place_state if document.heads == "igst" else "",
        "discount": rupees_for_input(document.discount_paise),
    }


def _view(
    row: RecurringBill, customer: str, written: int, last_id: int | None, last_number: str | None
) -> RecurringView:
    lines = [str(line.get("description", "")) for line in row.plan.get("lines", [])]
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return RecurringView(
        id=row.id or 0, customer_id=row.customer_id, customer=customer, what=f"{lines[0] if lines else ''}{more}",
        total=row.total_paise, unit=Unit(row.unit), step=row.step, next_on=row.next_on, ends_on=row.ends_on,
        is_issuing=row.is_issuing, state=row.state, trouble=row.trouble, version=row.version, written=int(written),
        last_id=last_id, last_number=last_number or "",
    )  # fmt: skip
