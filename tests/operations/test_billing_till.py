"""Closing the till: counted by note, compared, a difference with its reason, and locked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from microcrm.domain.errors import Conflict, Forbidden, Invalid
from microcrm.domain.permissions import Role
from microcrm.models.billing import Payment
from microcrm.models.till import TillClosing
from microcrm.operations.billing.payments import PaidPart, take_payment, void_payment
from microcrm.operations.billing.till import CloseTill, close_till, closings, till_now
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.shops import Shop
from tests.support.till import balances, cut, issued, paying, register


@pytest.fixture
def day(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Callable[[int], Any]:
    """A unit of work so many hours after the morning."""
    return lambda hours: unit_of_work(shop.actor(), clock=at(MORNING + timedelta(hours=hours)))


def taking(uow: UnitOfWork, shop: Shop, rupees: str, mode: str = "cash") -> None:
    bill = issued(uow, shop, cut(rupees, tax_class="health")).document_id
    take_payment(uow, paying(bill, PaidPart(mode, rupees), key=f"{rupees} {mode} {uow.now}"))


def closing(number: int = 1, kept: str = "200", reason: str = "", **counts: str) -> CloseTill:
    return CloseTill(number, {name.removeprefix("n"): many for name, many in counts.items()}, kept, reason)


def test_cash_is_counted_locked_and_carried_to_the_next_day(day: Callable[[int], Any], shop: Shop) -> None:
    with day(0) as uow:
        register(uow, shop)
        taking(uow, shop, "700")
        taking(uow, shop, "300", "upi")
        now = till_now(uow)
        assert (now.number, now.opening, now.expected, dict(now.taken)) == (
            1,
            0,
            70_000,
            {"cash": 70_000, "upi": 30_000},
        )
        done = close_till(uow, closing(n500="1", n100="2"))
        assert (done.counted, done.difference, done.kept) == (70_000, 0, 20_000)
        assert {name: balances(uow.session, shop.business_id)[name] for name in ("cash", "safe")} == {
            "cash": 20_000, "safe": 50_000,
        }  # fmt: skip
    with day(1) as uow:
        taking(uow, shop, "50")
        now = till_now(uow)
        assert (now.number, now.opening, now.expected) == (2, 20_000, 25_000)
        [payment] = [one for one in uow.session.scalars(select(Payment)) if one.amount_paise == 70_000]
        with pytest.raises(Conflict, match="counted"):
            void_payment(uow, payment.id, "Mistake")
        [late] = [one for one in uow.session.scalars(select(Payment)) if one.amount_paise == 5_000]
        void_payment(uow, late.id, "Mistake")
        assert till_now(uow).expected == 20_000


def test_a_difference_needs_its_reason_and_is_posted(day: Callable[[int], Any], shop: Shop) -> None:
    with day(0) as uow:
        taking(uow, shop, "700")
        with pytest.raises(Invalid) as caught:
            close_till(uow, closing(n500="1", n100="1", n50="1"))
        assert set(caught.value.fields) == {"reason"} and "−₹50.00" in caught.value.fields["reason"]
        assert closings(uow) == ()
        done = close_till(uow, closing(n500="1", n100="1", n50="1", reason="Short by a note", kept=""))
        assert (done.difference, closings(uow)[0].reason) == (-5_000, "Short by a note")
        stands = balances(uow.session, shop.business_id)
        assert (stands.get("cash", 0), stands["cash_difference"], stands["safe"]) == (0, 5_000, 65_000)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (CloseTill(1, None, "", "x"), "counts"),
        (CloseTill(1, {"500": "two"}, "", "x"), "count_500"),
        (CloseTill(1, {"500": "-1"}, "", "x"), "count_500"),
        (CloseTill(1, {"500": "1"}, "600", "x"), "kept"),
        (CloseTill(1, {"500": "1"}, "lots", "x"), "kept"),
        (CloseTill(1, {"500": "1"}, "0", "x" * 201), "reason"),
    ],
)
def test_mistakes_are_told_at_their_field(day: Callable[[int], Any], command: CloseTill, field: str) -> None:
    with day(0) as uow:
        with pytest.raises(Invalid) as caught:
            close_till(uow, command)
        assert field in caught.value.fields and closings(uow) == ()


def test_the_same_till_is_closed_once(day: Callable[[int], Any], shop: Shop) -> None:
    with day(0) as uow:
        taking(uow, shop, "100")
        close_till(uow, closing(n100="1", kept="0"))
        with pytest.raises(Conflict):
            close_till(uow, closing(n100="1", kept="0"))
        assert close_till(uow, closing(2, kept="0")).counted == 0


def test_a_closed_till_never_changes(day: Callable[[int], Any], shop: Shop) -> None:
    with day(0) as uow:
        close_till(uow, closing(kept=""))
        with pytest.raises(DBAPIError, match="permission denied"), uow.session.begin_nested():
            uow.session.execute(update(TillClosing).values(counted_paise=1))


def test_each_shop_has_its_own_till(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        taking(uow, shop, "100")
    with unit_of_work(neighbour.actor()) as uow:
        assert (till_now(uow).expected, closings(uow)) == (0, ())


@pytest.mark.parametrize(("role", "may"), [(Role.FRONT_DESK, True), (Role.STAFF, False)])
def test_who_closes_it(unit_of_work: Work, shop: Shop, role: Role, may: bool) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        if may:
            assert close_till(uow, closing(kept="")).number == 1
        else:
            with pytest.raises(Forbidden):
                close_till(uow, closing(kept=""))
