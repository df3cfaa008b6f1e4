"""What stands on a bill that comes again: its lines, prices and text, changed from the next one on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.models.records import Undo
from microcrm.models.recurring import RecurringBill
from microcrm.operations.billing.drafts import SaveDraft, try_out
from microcrm.operations.billing.pricing import LineWish
from microcrm.operations.billing.recurring import plan_of, running
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class RecurringPlan:
    """As somebody would type it again."""

    version: int
    lines: tuple[LineWish, ...]
    discount: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """As typed. ``text`` stands on each bill, before the day that it is for."""

    recurring_id: Any
    version: Any
    lines: Sequence[LineWish]
    discount: Any = ""
    text: Any = ""


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """``total``: what the next bill comes to at the rates of today, in paise. ``undo``: a token, "" when nothing was different."""

    total: int
    undo: str


def recurring_plan(uow: UnitOfWork, recurring_id: Any) -> RecurringPlan:
    uow.require(Permission.INVOICES_VIEW)
    row = find(uow, RecurringBill, recurring_id, is_locked=False)
    lines = tuple(LineWish(**line) for line in row.plan.get("lines", ()))
    return RecurringPlan(row.version, lines, row.plan.get("discount", ""), row.plan.get("text", ""))


def change_plan(uow: UnitOfWork, command: ChangePlan) -> PlanChanged:
    """Errors name their line, as on a bill. ``Conflict`` when somebody changed it or it wrote a bill meanwhile."""
    uow.require(Permission.INVOICES_EDIT)
    reader = Reader()
    text = reader.note("text", command.text, "Text", limit=MOST_TEXT)
    reader.done()
    row = running(uow, command.recurring_id, command.version)
    lines = [replace(line, booking_item_id=None) for line in command.lines]
    wish = SaveDraft(
        lines=lines,
        customer_id=row.customer_id,
        buyer_gstin=row.plan.get("buyer_gstin", ""),
        performed_in=row.plan.get("performed_in", ""),
        discount=command.discount,
    )
    total = try_out(uow, wish).bill.total
    plan = row.plan | {"lines": [asdict(line) for line in lines], "discount": command.discount or "", "text": text}
    return PlanChanged(total, _give(uow, row, plan, total))


def use_lines_from_now_on(uow: UnitOfWork, document_id: Any) -> PlanChanged:
    """The next bills of the series look like this one of its bills; the text stays."""
    uow.require(Permission.INVOICES_EDIT)
    document = find(uow, Document, document_id)
    if document.recurring_id is None:
        raise Conflict("This bill does not come again.")
    row = find(uow, RecurringBill, document.recurring_id)
    if row.state == "ended":
        raise Conflict("This series has ended.", remedy="Let the bill come again from here instead.")
    plan = plan_of(uow, document) | {"text": row.plan.get("text", "")}
    return PlanChanged(document.total_paise, _give(uow, row, plan, document.total_paise))


def put_plan_back(uow: UnitOfWork, undo: Undo) -> bool:
    """For undo; false when it was changed or has written a bill since."""
    row = find(uow, RecurringBill, undo.entity_id)
    before = undo.before or {}
    if row.version != undo.after_version:
        return False
    row.plan, row.total_paise, row.version = before["plan"], before["total_paise"], row.version + 1
    uow.session.flush()
    return True


def _give(uow: UnitOfWork, row: RecurringBill, plan: dict[str, Any], total: int) -> str:
    before = {"plan": row.plan, "total_paise": row.total_paise}
    if before == {"plan": plan, "total_paise": total}:
        return ""
    row.plan, row.total_paise, row.trouble = plan, total, ""
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
    event = uow.audit("recurring.lines_changed", "recurring_bill", row.id, total=total)
    label = f"the lines of a recurring bill of {format_rupees(before['total_paise'])}"
    token = uow.undoable(
        label, "recurring_lines", row.id or 0, before=before, after_version=row.version, audit_event_id=event
    )
    return str(token)
