"""Fees that stand: on Today and among the dues until they are billed or waived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Forbidden
from microcrm.domain.permissions import Role
from microcrm.operations.billing.drafts import bill_of_visit, discard_draft
from microcrm.operations.billing.fees_due import FeesDue, fees_due
from microcrm.operations.book import book
from microcrm.operations.booking_fees import WaiveFee, restore_fee, waive_fee
from microcrm.operations.booking_policy import ChangePolicy, change_policy, policy_of
from microcrm.operations.booking_status import Step, step
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.today import today
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.today_view import AttentionRow, attention_of
from tests.conftest import Work
from tests.support.deposits import DEPOSIT, booked, open_till
from tests.support.desk import MORNING, wish
from tests.support.shops import Shop


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        open_till(uow, shop)
        change_policy(uow, ChangePolicy(policy_of(uow).version, no_show_percent="50"))
        yield uow


def missed(uow: UnitOfWork, shop: Shop, time: str = "10:00") -> BookingDone:
    done = book(uow, wish(shop, time))
    return step(uow, Step(done.booking_id, BookingStatus.NO_SHOW.value))


def rows(uow: UnitOfWork) -> list[AttentionRow]:
    return [row for row in attention_of(today(uow)) if "ee" in row.title and row.icon == "indian_rupee"]


def summed(found: FeesDue) -> tuple[int, int, int]:
    return len(found.rows), found.count, found.total


def test_a_fee_waits_until_its_bill_is_written(till: UnitOfWork, shop: Shop) -> None:
    done = missed(till, shop)
    found = fees_due(till)
    assert summed(found) == (1, 1, 30_000)
    [one] = found.rows
    assert (one.booking_id, one.fee, one.paid, one.is_missed) == (done.booking_id, 30_000, 0, True)
    [row] = rows(till)
    assert (row.title, row.act) == (f"Fee of {one.customer}: ₹300.00", "Open")
    assert row.text.startswith("Did not come on 30 Nov 2026, 10:00 am. Bill it")
    assert row.href == f"/calendar?date=2026-11-30&booking={one.item_id}"
    bill = bill_of_visit(till, done.booking_id)
    assert fees_due(till) == FeesDue() and rows(till) == []
    discard_draft(till, bill, 1)
    assert summed(fees_due(till)) == (1, 1, 30_000)


def test_a_fee_that_is_waived_waits_no_more(till: UnitOfWork, shop: Shop) -> None:
    done = missed(till, shop)
    waived = waive_fee(till, WaiveFee(done.booking_id, done.version, "Her train was late"))
    assert fees_due(till).rows == ()
    restore_fee(till, done.booking_id, waived.version)
    assert fees_due(till).count == 1


def test_several_are_one_row_that_leads_to_the_list(till: UnitOfWork, shop: Shop) -> None:
    for time in ("10:00", "11:00", "12:00"):
        missed(till, shop, time)
    assert summed(fees_due(till)) == (3, 3, 90_000)
    assert summed(fees_due(till, most=1)) == (1, 3, 90_000)
    [row] = rows(till)
    assert (row.title, row.href) == ("3 fees of cancelled and missed visits: ₹900.00", "/dues")


def test_what_was_paid_ahead_is_kept_for_it(till: UnitOfWork, shop: Shop) -> None:
    done = booked(till, shop)
    step(till, Step(done.booking_id, BookingStatus.NO_SHOW.value))
    [one] = fees_due(till).rows
    assert (one.fee, one.paid) == (30_000, DEPOSIT)
    assert "₹200.00 of it is paid" in rows(till)[0].text


def test_visits_that_cost_nothing_and_those_to_come_are_not_there(till: UnitOfWork, shop: Shop) -> None:
    book(till, wish(shop, "10:00"))
    change_policy(till, ChangePolicy(policy_of(till).version, no_show_percent="0"))
    missed(till, shop, "11:00")
    assert fees_due(till) == FeesDue()


def test_who_sees_them(till: UnitOfWork, shop: Shop) -> None:
    missed(till, shop)
    with pytest.raises(Forbidden):
        fees_due(replace(till, actor=shop.actor(Role.STAFF)))
    assert fees_due(replace(till, actor=shop.actor(Role.ACCOUNTANT))).count == 1
    assert rows(replace(till, actor=shop.actor(Role.STAFF))) == []


def test_the_index_finds_them(till: UnitOfWork, shop: Shop) -> None:
    missed(till, shop)
    till.session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = till.session.execute(
        text(
            "EXPLAIN SELECT id FROM bookings WHERE business_id = :b AND bookings.cancel_fee_paise > 0 "
            "AND bookings.fee_waiver = '' ORDER BY starts_at"
        ),
        {"b": shop.business_id},
    ).scalars()
    assert any("ix_bookings_fees" in line for line in plan)
