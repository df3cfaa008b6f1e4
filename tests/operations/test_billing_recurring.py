"""Bills that come again: one for each period, however often the worker comes, dies or is late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document
from microcrm.models.customers import Customer
from microcrm.models.records import AuditEvent
from microcrm.models.recurring import RecurringBill
from microcrm.operations.billing.filing import file_period
from microcrm.operations.billing.reading import view_document
from microcrm.operations.billing.recurring import (
    ChangeRecurring,
    RecurringView,
    RepeatBill,
    change_recurring,
    end_recurring,
    pause_recurring,
    recurring_bills,
    repeat_bill,
    resume_recurring,
)
from microcrm.operations.billing.recurring_lines import use_lines_from_now_on
from microcrm.operations.billing.recurring_run import businesses_with_due_bills, write_next_due
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.shops import Shop, TwoShops
from tests.support.till import cut, draft, issued, register

CLOCK = Callable[[datetime], Callable[[], datetime]]


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: CLOCK) -> Iterator[UnitOfWork]:
    """It is 24 November 2026."""
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def monthly(uow: UnitOfWork, shop: Shop, next_on: str = "2026-12-01", **changes: Any) -> int:
    bill = issued(uow, shop, cut("500"), cut("200", discount="10%", quantity="1.5"), discount="30")
    return repeat_bill(
        uow, RepeatBill(bill.document_id, **{"unit": "month", "step": "1", "next_on": next_on} | changes)
    )


def first_bill(uow: UnitOfWork) -> int:
    """Out of which the series was made."""
    return int(uow.session.scalars(select(Document.id).order_by(Document.id).limit(1)).one() or 0)


def series(uow: UnitOfWork, series_id: int) -> RecurringView:
    uow.session.expire_all()
    return next(one for one in recurring_bills(uow) if one.id == series_id)


def written(uow: UnitOfWork) -> list[Document]:
    query = select(Document).where(Document.recurring_id.is_not(None)).order_by(Document.period)
    return list(uow.session.scalars(query))


def run(unit_of_work: Work, shop: Shop, moment: datetime, at: CLOCK, most: int = 50) -> int:
    """What the worker does at that moment."""
    for count in range(most):
        with unit_of_work(system(shop.business_id), clock=at(moment)) as uow:
            if not write_next_due(uow):
                return count
    return most


def test_it_writes_a_draft_on_its_day_with_the_lines_of_the_bill(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK
) -> None:
    series_id = monthly(till, shop)
    assert run(unit_of_work, shop, MORNING + timedelta(days=6), at) == 0, "30 November"
    assert run(unit_of_work, shop, MORNING + timedelta(days=7), at) == 1
    [document] = written(till)
    view, first = view_document(till, document.id), view_document(till, first_bill(till))
    assert (view.state, view.total, view.customer_id, view.note) == (
        "draft",
        first.total,
        shop.customer_id,
        "For 01 Dec 2026",
    )
    assert [(line.description, line.quantity, line.reduction) for line in view.lines] == [
        (line.description, line.quantity, line.reduction) for line in first.lines
    ]
    assert str(view.day) == "2026-12-01"
    found = series(till, series_id)
    assert (str(found.next_on), found.written, found.state) == ("2027-01-01", 1, "active")
    assert run(unit_of_work, shop, MORNING + timedelta(days=7), at) == 0


def test_it_issues_by_itself_when_the_owner_says_so(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK
) -> None:
    series_id = monthly(till, shop, is_issuing="on")
    run(unit_of_work, shop, MORNING + timedelta(days=7), at)
    assert [one.number for one in written(till)] == ["INV/2627/0002"]
    assert series(till, series_id).last_number == "INV/2627/0002"
    actions = till.session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "recurring_bill")).all()
    assert actions == ["recurring.made", "recurring.written"]


def test_several_missed_periods_get_a_bill_each(till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK) -> None:
    """Dated the day on which they are written, so that numbers and dates go the same way; the note says what for."""
    series_id = monthly(till, shop, next_on="2026-11-30", is_issuing="on")
    later = datetime(2027, 3, 5, 4, tzinfo=MORNING.tzinfo)
    assert run(unit_of_work, shop, later, at) == 4
    documents = written(till)
    assert [one.note for one in documents] == [
        "For 30 Nov 2026",
        "For 30 Dec 2026",
        "For 30 Jan 2027",
        "For 28 Feb 2027",
    ]
    assert {str(one.issued_on) for one in documents} == {"2027-03-05"}
    assert [one.period for one in documents] == [0, 1, 2, 3]
    assert str(series(till, series_id).next_on) == "2027-03-30"


def test_a_period_is_written_once_by_the_database(till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK) -> None:
    series_id = monthly(till, shop)
    run(unit_of_work, shop, MORNING + timedelta(days=7), at)
    row = till.session.get(RecurringBill, series_id)
    assert row
    till.session.refresh(row)
    row.next_period, row.next_on = 0, date(2026, 12, 1)  # as if the worker had died before it moved on
    till.session.flush()
    with (
        pytest.raises(Conflict),
        unit_of_work(system(shop.business_id), clock=at(MORNING + timedelta(days=7))) as uow,
    ):
        write_next_due(uow)


def test_it_ends_with_its_last_day(till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK) -> None:
    series_id = monthly(till, shop, unit="week", step="2", next_on="2026-12-01", ends_on="2026-12-20")
    assert run(unit_of_work, shop, MORNING + timedelta(days=90), at) == 2
    assert series(till, series_id).state == "ended"
    with pytest.raises(Conflict, match="ended"):
        pause_recurring(till, series_id, series(till, series_id).version)


def test_paused_it_writes_nothing_and_leaves_out_what_fell_due(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK
) -> None:
    series_id = monthly(till, shop)
    pause_recurring(till, series_id, 1)
    later = datetime(2027, 2, 10, 4, tzinfo=MORNING.tzinfo)
    assert run(unit_of_work, shop, later, at) == 0
    with pytest.raises(Conflict):
        pause_recurring(till, series_id, 2)
    with unit_of_work(shop.actor(), clock=at(later)) as uow:
        assert resume_recurring(uow, series_id, 2) == date(2027, 3, 1)
        with pytest.raises(Conflict):
            resume_recurring(uow, series_id, 3)
    assert run(unit_of_work, shop, later, at) == 0
    assert run(unit_of_work, shop, later + timedelta(days=30), at) == 1
    assert [one.period for one in written(till)] == [3]


def test_a_change_holds_from_the_next_bill_on(till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK) -> None:
    series_id = monthly(till, shop)
    run(unit_of_work, shop, MORNING + timedelta(days=7), at)
    version = series(till, series_id).version
    change_recurring(till, ChangeRecurring(series_id, version, "week", "1", "2026-12-10", "", "on"))
    assert run(unit_of_work, shop, MORNING + timedelta(days=24), at) == 2  # 10 and 17 December
    assert [(one.period, one.state) for one in written(till)] == [(0, "draft"), (1, "issued"), (2, "issued")]
    with pytest.raises(Conflict):
        change_recurring(till, ChangeRecurring(series_id, version, "week", "1", "2026-12-10"))
    end_recurring(till, series_id, series(till, series_id).version)
    assert run(unit_of_work, shop, MORNING + timedelta(days=400), at) == 0


def test_the_next_ones_take_the_lines_of_one_of_them(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK
) -> None:
    monthly(till, shop)
    run(unit_of_work, shop, MORNING + timedelta(days=7), at)
    [document] = written(till)
    with unit_of_work(shop.actor(), clock=at(MORNING + timedelta(days=8))) as uow:
        draft(uow, shop, cut("900"), document_id=document.id, version=document.version)
        use_lines_from_now_on(uow, document.id)
        with pytest.raises(Conflict):
            use_lines_from_now_on(uow, first_bill(uow))
    run(unit_of_work, shop, MORNING + timedelta(days=40), at)
    till.session.expire_all()
    assert view_document(till, written(till)[1].id).taxable == 90_000


def test_what_cannot_be_issued_stays_a_draft_and_says_why(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK
) -> None:
    bill = draft(till, shop, cut("60000"))  # the law wants an address on that
    series_id = repeat_bill(till, RepeatBill(bill.document_id, "month", "1", "2026-12-01", "", "on"))
    run(unit_of_work, shop, MORNING + timedelta(days=7), at)
    assert [one.state for one in written(till)] == ["draft"]
    found = series(till, series_id)
    assert "address" in found.trouble and (found.state, str(found.next_on)) == ("active", "2027-01-01")
    customer = till.session.get(Customer, shop.customer_id)
    assert customer
    customer.address = "4 Hill Road"
    till.session.flush()
    run(unit_of_work, shop, MORNING + timedelta(days=40), at)
    assert (series(till, series_id).trouble, [one.state for one in written(till)]) == ("", ["draft", "issued"])


def test_what_cannot_even_be_drafted_pauses_and_stops_no_other(
    till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK
) -> None:
    broken, sound = monthly(till, shop), monthly(till, shop)
    row = till.session.get(RecurringBill, broken)
    assert row
    row.plan = {**row.plan, "lines": [row.plan["lines"][0] | {"price": "five hundred"}]}
    till.session.flush()
    assert run(unit_of_work, shop, MORNING + timedelta(days=7), at) == 2
    assert (series(till, broken).state, series(till, sound).written) == ("paused", 1)
    assert "amount" in series(till, broken).trouble


def test_a_filed_month_stops_nothing(till: UnitOfWork, unit_of_work: Work, shop: Shop, at: CLOCK) -> None:
    monthly(till, shop, next_on="2026-11-25", is_issuing="on")
    later = datetime(2026, 12, 2, 4, tzinfo=MORNING.tzinfo)
    with unit_of_work(shop.actor(), clock=at(later)) as uow:
        file_period(uow, "2026-11")
    assert run(unit_of_work, shop, later, at) == 1
    assert [one.number for one in written(till)] == ["INV/2627/0002"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"unit": "day"}, "unit"),
        ({"unit": None}, "unit"),
        ({"step": "0"}, "step"),
        ({"step": "53"}, "step"),
        ({"step": "often"}, "step"),
        ({"next_on": ""}, "next_on"),
        ({"next_on": "2026-11-01"}, "next_on"),
        ({"next_on": "2099-01-01"}, "next_on"),
        ({"ends_on": "2026-11-30"}, "ends_on"),
        ({"ends_on": "never"}, "ends_on"),
        ({"is_issuing": "perhaps"}, "is_issuing"),
    ],
)
def test_mistakes_are_told_at_their_field(till: UnitOfWork, shop: Shop, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        monthly(till, shop, **changes)
    assert field in caught.value.fields


def test_which_bills_come_again(till: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    for bill in (issued(till, shop, is_estimate=True), issued(till, shop, customer_id=None)):
        with pytest.raises(Conflict):
            repeat_bill(till, RepeatBill(bill.document_id, "month", "1", "2026-12-01"))
    with unit_of_work(neighbour.actor()) as uow:
        theirs = issued(uow, neighbour).document_id
    for odd in (theirs, None, "x", 10**30):
        with pytest.raises(NotFound):
            repeat_bill(till, RepeatBill(odd, "month", "1", "2026-12-01"))
    with pytest.raises(NotFound):
        pause_recurring(till, 10**12, 1)


def test_who_may(till: UnitOfWork, unit_of_work: Work, shop: Shop) -> None:
    series_id = monthly(till, shop)
    with unit_of_work(shop.actor(Role.FRONT_DESK)) as desk:
        pause_recurring(desk, series_id, 1)
    with unit_of_work(shop.actor(Role.STAFF)) as staff:
        for ask in (lambda: recurring_bills(staff), lambda: end_recurring(staff, series_id, 2)):
            with pytest.raises(Forbidden):
                ask()


def test_workers_that_come_at_once_write_each_bill_once(fresh_database: TwoShops) -> None:
    """Six workers, two series, three periods each. Another shop's days are its own."""
    shop, today = fresh_database.a, datetime.now(MORNING.tzinfo).date()

    def ready(uow: UnitOfWork) -> None:
        register(uow, shop)
        for _ in range(2):
            bill = issued(uow, shop).document_id
            repeat_bill(uow, RepeatBill(bill, "week", "1", str(today), str(today + timedelta(days=14)), "on"))

    act_as(shop.actor(), ready)
    moment = datetime.now(MORNING.tzinfo) + timedelta(days=15)

    def work() -> None:
        while True:
            with wiring.unit_of_work(system(shop.business_id), clock=lambda: moment) as uow:
                if not write_next_due(uow):
                    return

    with wiring.unit_of_work(system(), realm="worker", clock=lambda: moment) as uow:
        assert [one.business_id for one in businesses_with_due_bills(uow)] == [shop.business_id]
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()
    with wiring.unit_of_work(shop.actor()) as uow:
        made = uow.session.execute(
            select(Document.recurring_id, Document.period, Document.number).where(Document.recurring_id.is_not(None))
        ).all()
        assert len(made) == 6 and len({(one, period) for one, period, _ in made}) == 6
        assert len({number for *_, number in made}) == 6
        assert {one.state for one in recurring_bills(uow)} == {"ended"}
