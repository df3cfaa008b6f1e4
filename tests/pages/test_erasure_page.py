"""Destroying what is sealed of a customer, through the gate."""

from __future__ import annotations

import pytest

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.state.base import AppState
from microcrm.state.customer_erasure import Erasure
from microcrm.state.customer_records import CustomerRecords
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import note


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def records(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    path = f"/customer/records?id={shop.customer_id}"
    tab = server.tab(sign_in(shop.users[role], shop.business_id), path)
    assert not (await tab.open(CustomerRecords.load, Erasure.load)).crashes
    return tab


async def test_the_owner_types_the_name_and_the_page_says_when(server: Server, a: Shop) -> None:
    act_as(a.actor(), note, a.customer_id, "colour", wiring.sealer())
    name = act_as(a.actor(), lambda uow: uow.session.get_one(Customer, a.customer_id).name)
    tab = await records(server, a)
    await tab.send(Erasure.ask)
    state = await tab.state(Erasure)
    assert (state.name, state.what, state.destroyed) == (name, "1 filled-in form", "")
    await tab.send(Erasure.erase, form={"name": "Nobody", "reason": "asked"})
    assert "name" in (await tab.state(AppState)).errors and (await tab.state(Erasure)).name
    assert not (await tab.send(Erasure.erase, form={"name": name.upper(), "reason": "asked"})).refusals
    assert (await tab.state(Erasure)).name == ""
    await tab.send(Erasure.load)
    await tab.send(CustomerRecords.load)
    assert (await tab.state(Erasure)).destroyed
    assert all(row.is_erased for row in (await tab.state(CustomerRecords)).rows)


async def test_others_see_when_and_have_no_button_s_event(server: Server, a: Shop) -> None:
    tab = await records(server, a, Role.MANAGER)
    for event, payload in ((Erasure.ask, {}), (Erasure.erase, {"form": {"name": "x", "reason": "asked"}})):
        assert (await tab.send(event, **payload)).codes == ["forbidden"]


@pytest.mark.parametrize(
    "form", [{}, {"name": ["x"], "reason": {}}, {"name": None}, {"name": "x" * 99_999, "reason": "asked"}]
)
async def test_what_no_form_sends_is_refused(server: Server, a: Shop, form: dict[str, object]) -> None:
    tab = await records(server, a)
    answer = await tab.send(Erasure.erase, form=form)
    assert not answer.crashes and len(answer.refusals) == 1
