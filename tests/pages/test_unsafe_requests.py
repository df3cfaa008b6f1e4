"""Approving a request that is not safe: the list, the card and the row on Today ask whoever may for a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.requests import Requests
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import note


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    """Its haircut needs a patch test, and its booking is a request of somebody who has none."""
    shop = fresh_database.a

    def ask(uow: UnitOfWork) -> None:
        uow.session.execute(
            text("UPDATE services SET patch_test_days = 180 WHERE id = :service"), {"service": shop.service_id}
        )
        kept = text("UPDATE bookings SET status = 'pending_approval', expires_at = now() + interval '3 hours'")
        uow.session.execute(kept)

    act_as(shop.actor(), ask)
    return shop


def status_of(shop: Shop) -> str:
    query = text("SELECT status FROM bookings WHERE id = :id")
    return str(act_as(shop.actor(), lambda uow: uow.session.execute(query, {"id": shop.booking_id}).scalar_one()))


async def by_list(tab: Tab, shop: Shop) -> Any:
    await tab.send(Requests.load)
    [row] = (await tab.state(Requests)).rows
    return await tab.send(Requests.approve, booking_id=row.booking_id, version=row.version)


async def by_card(tab: Tab, shop: Shop) -> Any:
    await tab.send(Card.open, item_id=str(shop.booking_item_id))
    return await tab.send(Card.step, status="booked")


async def by_row(tab: Tab, shop: Shop) -> Any:
    return await tab.send(TodayPage.step, booking_id=str(shop.booking_id), status="booked")


WAYS = pytest.mark.parametrize("way", [by_list, by_card, by_row])


@WAYS
async def test_it_is_refused_and_goes_past_with_a_reason(
    server: Server, shop: Shop, way: Callable[[Tab, Shop], Any]
) -> None:
    tab = server.tab(sign_in(shop.users[Role.MANAGER], shop.business_id), "/today" if way is by_row else "/calendar")
    answer = await way(tab, shop)
    assert not answer.refusals and not answer.crashes
    assert "none is recorded" in (await tab.state(Requests)).unsafe and status_of(shop) == "pending_approval"
    assert (await tab.send(Requests.approve_anyway, form={"safety_reason": " "})).codes == ["invalid"]
    assert "safety_reason" in (await tab.state(AppState)).errors and (await tab.state(Requests)).unsafe
    assert (await tab.send(Requests.approve_anyway, form={"safety_reason": "x" * 500})).codes == ["invalid"]
    assert not (await tab.send(Requests.approve_anyway, form={"safety_reason": "Tested elsewhere"})).refusals
    assert (await tab.state(Requests)).unsafe == "" and status_of(shop) == "booked"
    again = await tab.send(Requests.approve_anyway, form={"safety_reason": "Twice"})
    assert not again.refusals and not again.crashes


@WAYS
async def test_whose_reason_counts_for_nothing_is_told_why(
    server: Server, shop: Shop, way: Callable[[Tab, Shop], Any]
) -> None:
    act_as(shop.actor(), change_policy, ChangePolicy(0, is_override_allowed=False))
    tab = server.tab(sign_in(shop.users[Role.MANAGER], shop.business_id), "/calendar")
    assert (await way(tab, shop)).codes == ["not_safe"]
    assert (await tab.state(Requests)).unsafe == ""
    assert "none is recorded" in (await tab.state(AppState)).notices[-1].text
    await tab.send(Requests.approve_anyway, form={"safety_reason": "All the same"})
    assert status_of(shop) == "pending_approval"


async def test_the_question_can_be_left_and_somebody_faster_closes_it(server: Server, shop: Shop) -> None:
    tab = server.tab(sign_in(shop.users[Role.OWNER], shop.business_id), "/calendar")
    await by_list(tab, shop)
    await tab.send(Requests.leave_unsafe)
    await tab.send(Requests.approve_anyway, form={"safety_reason": "Late"})
    assert (await tab.state(Requests)).unsafe == "" and status_of(shop) == "pending_approval"
    await by_list(tab, shop)
    away = text("UPDATE bookings SET status = 'cancelled_by_business' WHERE id = :id")
    act_as(shop.actor(), lambda uow: uow.session.execute(away, {"id": shop.booking_id}))
    assert (await tab.send(Requests.approve_anyway, form={"safety_reason": "Late"})).codes == ["conflict"]
    state = await tab.state(Requests)
    assert state.unsafe == "" and state.rows == []


@pytest.mark.parametrize("typed", [{}, {"safety_reason": ["a"]}, {"safety_reason": None}, {"safety_reason": 7}])
async def test_hostile_forms_approve_nothing(server: Server, shop: Shop, typed: dict[str, Any]) -> None:
    tab = server.tab(sign_in(shop.users[Role.OWNER], shop.business_id), "/calendar")
    await by_list(tab, shop)
    answer = await tab.send(Requests.approve_anyway, form=typed)
    assert answer.codes == ["invalid"] and not answer.crashes and status_of(shop) == "pending_approval"


async def test_whoever_is_told_of_an_allergy_by_a_refusal_stands_in_the_log(server: Server, shop: Shop) -> None:
    def allergic(uow: UnitOfWork) -> int:
        uow.session.execute(text("UPDATE services SET patch_test_days = NULL, substances = 'PPD'"))
        return note(uow, shop.customer_id, "allergy", wiring.sealer(), substance="PPD", severity="severe")

    record = act_as(shop.actor(), allergic)
    tab = server.tab(sign_in(shop.users[Role.OWNER], shop.business_id), "/calendar")
    await by_list(tab, shop)
    state = await tab.state(Requests)
    assert "speaks against" in state.unsafe
    assert (state.against, state.records) == (str(record), f"/customer/records?id={shop.customer_id}")
    openings = text("SELECT purpose, member_id FROM record_openings")
    told = act_as(shop.actor(), lambda uow: uow.session.execute(openings).all())
    assert [tuple(one) for one in told] == [("safety", shop.members[Role.OWNER])]
