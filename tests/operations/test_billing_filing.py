"""A month that is filed stays as it is: nothing is issued or called off in it, whoever comes first; opened again only with a reason."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from microcrm import wiring
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document
from microcrm.models.filing import FiledMonth
from microcrm.models.records import AuditEvent
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.filing import file_period, filed_months, open_month
from microcrm.operations.billing.issuing import cancel_unsent, issue
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.shops import Shop, TwoShops
from tests.support.till import document_of, draft, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    """It is 24 November 2026."""
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def test_nothing_is_issued_in_a_filed_month_and_the_refusal_says_what_to_do(till: UnitOfWork, shop: Shop) -> None:
    waiting = draft(till, shop, day="2026-10-31")
    file_period(till, "2026-10")
    with pytest.raises(Invalid) as caught, till.session.begin_nested():
        issue(till, waiting.document_id, waiting.version)
    assert caught.value.fields["day"] == "The return of October 2026 is filed. Give it a date after 31 Oct 2026."
    for day in ("2026-10-01", "2026-09-30"):  # what comes before a filed month is closed as well
        with pytest.raises(Invalid), till.session.begin_nested():
            issued(till, shop, day=day)
    assert issued(till, shop, day="2026-11-01").number == "INV/2627/0001", "a refusal uses no number up"


def test_what_is_dated_in_it_is_corrected_by_a_note_of_today(till: UnitOfWork, shop: Shop) -> None:
    bill = issued(till, shop, day="2026-10-31")
    file_period(till, "2026-10")
    with pytest.raises(Conflict, match="return is filed") as caught:
        cancel_unsent(till, bill.document_id, bill.version, "Wrong")
    assert "credit note" in caught.value.remedy
    note = document_of(till.session, credit(till, CreditNote(bill.document_id, bill.version, "Wrong")).note.document_id)
    assert str(note.issued_on) == "2026-11-24"


def test_the_database_refuses_it_as_well(till: UnitOfWork, shop: Shop) -> None:
    waiting, bill = draft(till, shop, day="2026-10-31"), issued(till, shop, day="2026-10-30")
    file_period(till, "2026-10")
    for values in ({"id": waiting.document_id, "number": "INV/2627/0099", "state": "issued"},
                   {"id": bill.document_id, "state": "cancelled"}):  # fmt: skip
        with pytest.raises(DBAPIError, match="month is filed"), till.session.begin_nested():
            till.session.execute(update(Document).where(Document.id == values.pop("id")).values(**values))


def test_a_month_is_filed_once_it_is_over_and_once_only(till: UnitOfWork) -> None:
    for running in ("2026-11", "2026-12", "2026-Q3"):
        with pytest.raises(Conflict, match="not over"):
            file_period(till, running)
    file_period(till, "2026-10")
    for again in ("2026-10", "2026-08", "2026-Q2"):
        with pytest.raises(Conflict, match="filed already"):
            file_period(till, again)
    for odd in (None, "", "2026-13", "October", 7, ["2026-10"], "2026-10-01", "9" * 400):
        with pytest.raises(Invalid):
            file_period(till, odd)


def test_a_quarter_files_its_months(till: UnitOfWork) -> None:
    file_period(till, "2026-08")
    file_period(till, "2026-Q2")
    assert [(one.period.key, one.is_filed, one.is_last) for one in filed_months(till)][:5] == [
        ("2026-11", False, False), ("2026-10", False, False), ("2026-09", True, True), ("2026-08", True, False),
        ("2026-07", True, False),
    ]  # fmt: skip
    assert len(till.session.scalars(select(FiledMonth)).all()) == 2


def test_opening_asks_why_and_stays_in_the_log(till: UnitOfWork, shop: Shop) -> None:
    file_period(till, "2026-09")
    file_period(till, "2026-10")
    with pytest.raises(Invalid) as caught:
        open_month(till, "2026-10", " ")
    assert "reason" in caught.value.fields
    with pytest.raises(Conflict) as refused:
        open_month(till, "2026-09", "A bill was forgotten")
    assert refused.value.remedy == "Open October 2026 first."
    open_month(till, "2026-10", "A bill was forgotten")
    assert issued(till, shop, day="2026-10-31").number
    with pytest.raises(Invalid):
        issued(till, shop, day="2026-09-30")
    row = till.session.scalars(select(FiledMonth).where(FiledMonth.opened_at.is_not(None))).one()
    assert (str(row.month), row.reason) == ("2026-10-01", "A bill was forgotten")
    actions = till.session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "filed_month")).all()
    assert actions == ["month.filed", "month.filed", "month.opened"]
    file_period(till, "2026-10")
    with pytest.raises(Invalid):
        issued(till, shop, day="2026-10-31")
    for odd in ("2026-12", "2026-11"):
        with pytest.raises(Conflict):
            open_month(till, odd, "Why not")


def test_the_list_says_who_filed_and_what_is_waiting(till: UnitOfWork, shop: Shop) -> None:
    draft(till, shop, day="2026-10-05")
    file_period(till, "2026-09")
    rows = {one.period.key: one for one in filed_months(till)}
    assert len(rows) == 6
    assert (rows["2026-11"].is_over, rows["2026-10"].drafts, rows["2026-10"].is_filed) == (False, 1, False)
    assert (rows["2026-09"].filed_at, rows["2026-09"].who) == (MORNING, "Plain owner")
    assert (rows["2026-08"].is_filed, rows["2026-08"].filed_at) == (True, None)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_only_the_owner_marks_months(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        with pytest.raises(Forbidden):
            file_period(uow, "2026-10")
        with pytest.raises(Forbidden):
            open_month(uow, "2026-10", "Why not")


def test_a_neighbour_s_months_are_their_own(till: UnitOfWork, unit_of_work: Work, neighbour: Shop, at: Any) -> None:
    file_period(till, "2026-10")
    with unit_of_work(neighbour.actor(), clock=at(MORNING)) as uow:
        assert not any(one.is_filed for one in filed_months(uow))
        assert issued(uow, neighbour, day="2026-10-31").number


def test_who_issues_while_somebody_files(fresh_database: TwoShops) -> None:
    """Six bills of last month against one mark: each is there before it, or refused; none slips in after it."""
    shop = fresh_database.a
    actor = shop.actor()

    def ready(uow: UnitOfWork) -> list[tuple[int, int]]:
        register(uow, shop)
        first = issued(uow, shop)
        day = str(document_of(uow.session, first.document_id).issued_on)[:8] + "01"
        last = uow.session.execute(text("SELECT CAST(:day AS date) - 1"), {"day": day}).scalar_one()
        drafts = [draft(uow, shop, day=str(last)) for _ in range(6)]
        return [(one.document_id, one.version) for one in drafts] + [(0, last.year * 100 + last.month)]

    *drafts, (_, month) = act_as(actor, ready)
    answers: list[str] = []

    def go(document_id: int, version: int) -> None:
        try:
            answers.append(act_as(actor, issue, document_id, version).number[:3])
        except DomainError as refusal:
            answers.append(refusal.code)

    threads = [threading.Thread(target=go, args=one) for one in drafts]
    filing = threading.Thread(target=lambda: act_as(actor, file_period, f"{month // 100}-{month % 100:02d}"))
    for thread in [*threads[:3], filing, *threads[3:]]:
        thread.start()
    for thread in [*threads, filing]:
        thread.join()
    assert len(answers) == 6 and set(answers) <= {"INV", "invalid"}
    with wiring.unit_of_work(actor) as uow:
        numbers = uow.session.scalars(
            select(Document.running).where(Document.kind == "tax_invoice").order_by(Document.running)
        ).all()
        kept = [number for number in numbers if number is not None]
        assert kept == list(range(1, len(kept) + 1)) and len(kept) == 1 + answers.count("INV")
