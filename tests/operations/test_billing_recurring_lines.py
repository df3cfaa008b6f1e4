"""What stands on a bill that comes again is changed from the next one on, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document
from microcrm.models.records import AuditEvent
from microcrm.operations.billing.pricing import LineWish
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.recurring import RepeatBill, end_recurring, recurring_bills, repeat_bill
from microcrm.operations.billing.recurring_lines import (
    ChangePlan,
    change_plan,
    recurring_plan,
    use_lines_from_now_on,
)
from microcrm.operations.billing.recurring_run import write_next_due
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.state.recurring_lines import plan_lines, wishes_of
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.shops import Shop
from tests.support.till import cut, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    """It is 24 November 2026; a bill of Rs 525 comes again on 1 December."""
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        bill = issued(uow, shop, cut("500", discount="10%", quantity="2", sac="999721"), discount="")
        repeat_bill(uow, RepeatBill(bill.document_id, "month", "1", "2026-12-01"))
        yield uow


def series(uow: UnitOfWork) -> Any:
    uow.session.expire_all()
    [one] = recurring_bills(uow)
    return one


def write(uow: UnitOfWork, shop: Shop, days: int = 7) -> Any:
    """What the worker does then, and the bill that it wrote."""
    later: datetime = MORNING + timedelta(days=days)
    assert write_next_due(replace(uow, actor=replace(system(shop.business_id), zone="Asia/Kolkata"), now=later))
    query = select(Document.id).where(Document.recurring_id.is_not(None)).order_by(Document.id.desc()).limit(1)
    return view_document(uow, uow.session.execute(query).scalar_one())


def changed(uow: UnitOfWork, *lines: LineWish, **more: Any) -> Any:
    one = series(uow)
    return change_plan(uow, ChangePlan(one.id, one.version, list(lines), **more))


def test_the_next_bill_has_the_new_lines_prices_and_text(till: UnitOfWork, shop: Shop) -> None:
    plan = recurring_plan(till, series(till).id)
    assert [(line.description, line.price, line.quantity, line.discount) for line in plan.lines] == [
        ("Haircut", "500", "2", "10%")
    ]
    [line] = plan.lines
    done = changed(
        till, replace(line, price="600", discount=""), cut("100", description="Beard"), discount="50", text="As agreed."
    )
    assert done.total == 131_300 and series(till).total == 131_300  # (1200 + 100 - 50) and 5 % of it, to the rupee
    bill = write(till, shop)
    assert [(one.description, one.price, one.quantity, one.sac) for one in bill.lines] == [
        ("Haircut", 60_000, 2_000, "999721"),
        ("Beard", 10_000, 1_000, "999721"),
    ]
    assert (bill.total, bill.note) == (131_300, "As agreed.\nFor 01 Dec 2026")
    actions = till.session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "recurring_bill")).all()
    assert actions == ["recurring.made", "recurring.lines_changed", "recurring.written"]


def test_it_is_taken_back_unless_it_was_used(till: UnitOfWork, shop: Shop) -> None:
    before = recurring_plan(till, series(till).id)
    done = changed(till, cut("900"))
    take_back(till, done.undo)
    after = recurring_plan(till, series(till).id)
    assert (after.lines, after.text, series(till).total) == (before.lines, "", 94_500)
    with pytest.raises(Conflict):
        take_back(till, done.undo)
    again = changed(till, cut("800"))
    write(till, shop)
    with pytest.raises(Conflict, match="changed again"):
        take_back(till, again.undo)


def test_a_bill_s_own_lines_are_taken_back_too(till: UnitOfWork, shop: Shop) -> None:
    changed(till, cut("700"), text="Kept")
    bill = write(till, shop)
    changed(till, cut("900"), text="Kept")
    done = use_lines_from_now_on(till, bill.id)
    assert (done.total, recurring_plan(till, series(till).id).text) == (73_500, "Kept")
    assert use_lines_from_now_on(till, bill.id).undo == ""  # nothing was different
    take_back(till, done.undo)
    assert series(till).total == 94_500


@pytest.mark.parametrize(
    ("lines", "more", "field"),
    [
        ((), {}, "lines"),
        ((cut("-1"),), {}, "lines.0.price"),
        ((cut("1"), cut("x")), {}, "lines.1.price"),
        ((cut("5", description=""),), {}, "lines.0.description"),
        ((cut("5", quantity="many"),), {}, "lines.0.quantity"),
        ((cut("5", discount="110%"),), {}, "lines.0.discount"),
        ((cut("5", tax_class="nonsense"),), {}, "lines.0.tax_class"),
        ((cut("5", description={"a": 1}),), {}, "lines.0.description"),
        ((cut("5"),), {"discount": "much"}, "discount"),
        ((cut("5"),), {"text": "x" * 501}, "text"),
        (tuple(cut("1") for _ in range(101)), {}, "lines"),
    ],
)
def test_what_no_bill_could_have_is_refused(till: UnitOfWork, lines: Any, more: Any, field: str) -> None:
    before = recurring_plan(till, series(till).id)
    with pytest.raises(Invalid) as refused:
        changed(till, *lines, **more)
    assert field in refused.value.fields
    assert recurring_plan(till, series(till).id) == before


def test_whoever_comes_second_or_has_no_right_changes_nothing(till: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    one = series(till)
    changed(till, cut("600"))
    with pytest.raises(Conflict):
        change_plan(till, ChangePlan(one.id, one.version, [cut("700")]))
    now = series(till)
    with pytest.raises(Forbidden):
        change_plan(replace(till, actor=shop.actor(Role.STAFF)), ChangePlan(one.id, now.version, [cut("700")]))
    with pytest.raises(NotFound):
        change_plan(replace(till, actor=neighbour.actor()), ChangePlan(one.id, now.version, [cut("700")]))
    with pytest.raises(NotFound):
        recurring_plan(replace(till, actor=neighbour.actor()), one.id)
    end_recurring(till, one.id, now.version)
    with pytest.raises(Conflict, match="ended"):
        changed(till, cut("700"))


def test_the_form_keeps_what_it_does_not_show(till: UnitOfWork) -> None:
    plan = recurring_plan(till, series(till).id)
    rows = plan_lines(plan)
    assert [(row.description, row.with_tax) for row in rows] == [
        ("Haircut", "before GST"),
        ("", "before GST"),
        ("", "before GST"),
    ]
    form = {f"{name}-{row.at}": getattr(row, name) for row in rows for name in ("description", "price", "tax_class")}
    assert wishes_of(form | {"quantity-0": "2", "discount-0": "10%"}, plan.lines) == {0: plan.lines[0]}
    other = wishes_of(form | {"tax_class-0": "standard", "description-2": "Spa", "price-2": "90"}, plan.lines)
    assert (other[0].sac, other[2].description, other[2].is_with_tax) == ("", "Spa", False)
    assert wishes_of({"description-0": "", "price-0": ""}, plan.lines) == {}
    for odd in (None, [], "x", {"description-0": ["x"]}, {"description-0": None, "price-7": "5"}):
        wishes_of(odd, plan.lines)
