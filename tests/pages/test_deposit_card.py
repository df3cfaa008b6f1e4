"""The deposit on a visit's card and in the dialogs that end a visit, through the gate."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from microcrm.domain.permissions import Role
from microcrm.models.business import Member
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_deposit import DepositForm
from microcrm.state.booking_fee import FeeForm
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.deposits import DEPOSIT, ask_ahead, book_online, captured, days_ahead, hear, money_of, order_for
from tests.support.online import connected_shop
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import register


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    shop = fresh_database.a

    def ready(uow: UnitOfWork) -> None:
        register(uow, shop)
        ask_ahead(uow)
        uow.session.execute(update(Member).values(is_bookable=Member.id == shop.members[Role.MANAGER]))

    act_as(shop.actor(), ready)
    connected_shop(shop)
    return shop


def paid_visit(shop: Shop, **changes: Any) -> tuple[int, int]:
    """The visit and its first item."""
    done = act_as(VISITOR, book_online, shop, "10:00", days_ahead())
    act_as(system(shop.business_id), order_for, done.token)
    act_as(system(shop.business_id), hear, captured(**changes))
    return done.booking_id, done.item_ids[0]


def tab_of(server: Server, shop: Shop, role: Role = Role.MANAGER, path: str = "/calendar") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


async def test_the_card_says_what_was_paid_and_gives_it_back(server: Server, shop: Shop) -> None:
    booking, item = paid_visit(shop)
    tab = tab_of(server, shop)
    await tab.send(Card.open, item_id=str(item))
    shown = (await tab.state(Card)).card.deposit
    assert (shown.line, shown.mark) == ("Deposit of ₹200.00 paid online", "No money moves: test")
    await tab.send(DepositForm.ask, is_asking=True)
    assert (await tab.state(DepositForm)).is_asking
    assert (await tab.send(DepositForm.give_back)).refusals == []
    assert not (await tab.state(DepositForm)).is_asking
    assert (await tab.send(DepositForm.give_back)).codes == ["conflict"]
    assert act_as(system(shop.business_id), money_of, booking) == (DEPOSIT, 0, DEPOSIT)


async def test_the_dialogs_say_what_becomes_of_it(server: Server, shop: Shop) -> None:
    booking, item = paid_visit(shop)
    tab = tab_of(server, shop)
    await tab.send(Card.open, item_id=str(item))
    await tab.send(CancelForm.begin, form="cancel", booking_id=str(booking))
    assert (await tab.state(CancelForm)).late_back == "The deposit of ₹200.00 goes back."
    await tab.send(FeeForm.miss, booking_id=str(booking))
    form = await tab.state(FeeForm)
    assert (form.form, form.fee, form.deposit) == ("missed", "", "The deposit of ₹200.00 goes back.")
    await tab.send(CancelForm.save, form={"who": "business"})
    assert act_as(system(shop.business_id), money_of, booking) == (DEPOSIT, 0, DEPOSIT)


async def test_another_sum_is_put_before_the_owner_and_may_be_left(server: Server, shop: Shop) -> None:
    _, item = paid_visit(shop, amount=12_300)
    tab = tab_of(server, shop, Role.OWNER, "/today")
    await tab.open(TodayPage.load)
    row = (await tab.state(TodayPage)).attention[0]
    assert "₹123.00" in row.title and "Book the visit, or give it back" in row.text
    assert row.href.endswith(f"&booking={item}")
    await tab.send(Card.open, item_id=str(item))
    await tab.send(DepositForm.leave_it)
    assert not (await tab.state(Card)).card.deposit.may_leave


async def test_the_front_desk_sees_it_and_gives_nothing_back(server: Server, shop: Shop) -> None:
    _, item = paid_visit(shop)
    tab = tab_of(server, shop, Role.FRONT_DESK)
    await tab.send(Card.open, item_id=str(item))
    shown = (await tab.state(Card)).card.deposit
    assert (shown.line, shown.may_give_back) == ("Deposit of ₹200.00 paid online", False)
    assert (await tab.send(DepositForm.give_back)).codes == ["forbidden"]
