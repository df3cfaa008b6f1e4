"""The numbers at the head of a customer's page, and who is told which."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from microcrm.domain.money import format_rupees, format_rupees_whole
from microcrm.domain.permissions import Permission, Role
from microcrm.models.bookings import Booking, BookingItem
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.customer_view import CustomerView, view
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.shops import VISIT_AT, Shop
from tests.support.till import document_of, issued, paying, register

MORNING = VISIT_AT.replace(hour=2)  # 7:30 am of the day of the visit that is there


def add_visit(uow: UnitOfWork, shop: Shop, at: datetime, status: str = "finished", role: Role = Role.STAFF) -> int:
    """Returns the id of the booking."""
    mine: dict[str, Any] = {"business_id": shop.business_id}
    span = {"starts_at": at, "ends_at": at + timedelta(minutes=45)}
    booking = Booking(**mine, **span, customer_id=shop.customer_id, status=status, created_at=at - timedelta(days=2))
    uow.session.add(booking)
    uow.session.flush()
    uow.session.add(
        BookingItem(
            **mine, **span, booking_id=booking.id, service_id=shop.service_id, member_id=shop.members[role],
            duration_min=45, price_paise=60_000, is_live=status == "finished",
        )
    )  # fmt: skip
    uow.session.flush()
    return booking.id or 0


@pytest.fixture
def seen(unit_of_work: Work, shop: Shop, at: Any) -> Any:
    def look(**changes: Any) -> CustomerView:
        with unit_of_work(shop.actor(**changes), clock=at(MORNING)) as uow:
            return view(uow, shop.customer_id)

    return look


def facts(view: CustomerView) -> dict[str, tuple[str, str]]:
    return {fact.name: (fact.value, fact.note) for fact in view.facts}


def test_a_customer_with_one_booking_to_come(seen: Any, shop: Shop) -> None:
    found = seen()
    assert facts(found) == {
        "Visits": ("0", "none yet"),
        "Did not come": ("0", "of 1 booking"),
        "Lifetime": ("₹0", ""),
        "Dues": ("₹0", "all paid"),
        "Own rhythm": ("–", "known from 4 visits on"),
        "Next visit": ("Today", "11:00 am"),
    }
    assert (found.coming.when, found.coming.what, found.coming.who) == (
        "Today, 11:00 am – 11:45 am", "Plain haircut", "Plain staff",
    )  # fmt: skip
    assert (found.coming.price, found.coming.status) == ("₹600.00", "Confirmed")
    assert found.coming.href == f"/calendar?date=2026-11-25&booking={shop.booking_item_id}"
    assert found.usual == ""


def test_a_regular_has_a_rhythm_and_a_usual(unit_of_work: Work, seen: Any, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        for weeks in (5, 10, 15, 20):
            add_visit(uow, shop, VISIT_AT - timedelta(weeks=weeks))
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=7), "no_show")
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=8), "late_cancelled")
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=9), "cancelled_by_business")
    found = seen()
    told = facts(found)
    assert told["Visits"] == ("4", "last 21 Oct 2026")
    assert told["Did not come"] == ("1", "of 8 bookings, 1 cancelled late")
    assert told["Own rhythm"] == ("5 weeks", "due about 25 Nov")
    assert found.usual == "Plain haircut with Plain staff"


def test_a_rhythm_that_was_missed_says_so(unit_of_work: Work, seen: Any, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        for weeks in (10, 12, 14, 16):
            add_visit(uow, shop, VISIT_AT - timedelta(weeks=weeks))
    assert facts(seen())["Own rhythm"] == ("2 weeks", "was due about 30 Sep")


def test_money_is_counted_from_bills(unit_of_work: Work, seen: Any, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        register(uow, shop)
        first, second = issued(uow, shop), issued(uow, shop)
        take_payment(uow, paying(first.document_id, PaidPart("cash", "100")))
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=5))
        total = document_of(uow.session, second.document_id).total_paise
    told = facts(seen())
    assert told["Lifetime"] == (format_rupees_whole(2 * total), f"{format_rupees_whole(2 * total)} a visit")
    assert told["Dues"][0] == format_rupees(2 * total - 100_00)


@pytest.mark.parametrize("role", [Role.STAFF, Role.OWNER])
def test_nothing_of_money_leaves_the_server_for_those_who_may_not_see_it(seen: Any, shop: Shop, role: Role) -> None:
    permissions = shop.actor().permissions - {Permission.INVOICES_VIEW} if role is Role.OWNER else None
    changes = {"role": role} | ({"permissions": permissions} if permissions else {})
    assert set(facts(seen(**changes))) == {"Visits", "Did not come", "Own rhythm", "Next visit"}


def test_one_calendar_counts_its_own_visits_only(unit_of_work: Work, seen: Any, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        for weeks in (5, 10, 15, 20):
            add_visit(uow, shop, VISIT_AT - timedelta(weeks=weeks), role=Role.OWNER)
    assert facts(seen(role=Role.STAFF))["Visits"] == ("0", "none yet")
    assert facts(seen())["Visits"][0] == "4"


def test_whoever_has_no_calendar_is_not_sent_there(seen: Any) -> None:
    assert seen(role=Role.ACCOUNTANT).coming.href == ""
