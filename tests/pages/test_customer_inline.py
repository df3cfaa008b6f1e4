"""Fields changed where they stand, through the gate: begun, left, refused with what was typed kept, saved, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.customers import AddCustomer, EditField, add, edit_field, field_now
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_field import CustomerField
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in

PHONE = "98860 55555"


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def asha(shop: Shop) -> int:
    return int(act_as(shop.actor(), add, AddCustomer("Asha Rao", PHONE, "asha@x.example")).id)


async def tab_of(server: Server, shop: Shop, customer_id: int, role: Role = Role.OWNER) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/customer?id={customer_id}")
    await tab.open(CustomerPage.load, CustomerField.load)
    return tab


def save(name: str, typed: str, is_family: bool = False) -> dict[str, Any]:
    return {"name": name, "typed": typed, "is_family": is_family}


async def test_a_field_is_begun_left_and_saved_with_a_way_back(server: Server, shop: Shop, asha: int) -> None:
    tab = await tab_of(server, shop, asha)
    await tab.send(CustomerField.begin, name="name")
    state = await tab.state(CustomerField)
    assert (state.field, state.start) == ("name", "Asha Rao")
    await tab.send(CustomerField.cancel)
    assert (await tab.state(CustomerField)).field == ""
    await tab.send(CustomerField.begin, name="name")
    answer = await tab.send(CustomerField.save, **save("name", "Asha Menon"))
    assert answer.codes == []
    state = await tab.state(CustomerField)
    assert (state.field, state.is_saving) == ("", False)
    await tab.send(CustomerPage.load)
    assert (await tab.state(CustomerPage)).person.name == "Asha Menon"
    await tab.send(AppState.undo, token=(await tab.state(AppState)).notices[-1].undo)
    await tab.send(CustomerPage.load)
    assert (await tab.state(CustomerPage)).person.name == "Asha Rao"


async def test_a_mistake_stays_open_at_its_field(server: Server, shop: Shop, asha: int) -> None:
    tab = await tab_of(server, shop, asha)
    await tab.send(CustomerField.begin, name="email")
    await tab.send(CustomerField.save, **save("email", "no mail"))
    state = await tab.state(CustomerField)
    assert state.field == "email" and set(state.errors) == {"email"} and not state.is_saving
    assert state.start == "asha@x.example"  # the box keeps what was typed by itself
    await tab.send(CustomerField.save, **save("email", "new@x.example"))
    state = await tab.state(CustomerField)
    assert (state.field, state.errors) == ("", {})


async def test_what_somebody_else_wrote_is_shown_before_it_is_replaced(server: Server, shop: Shop, asha: int) -> None:
    tab = await tab_of(server, shop, asha)
    await tab.send(CustomerField.begin, name="email")

    def theirs(uow: Any) -> None:
        now = field_now(uow, asha, "email")
        edit_field(uow, EditField(asha, "email", "theirs@x.example", now.version, now.value))

    act_as(shop.actor(Role.MANAGER), theirs)
    await tab.send(CustomerField.save, **save("email", "mine@x.example"))
    state = await tab.state(CustomerField)
    assert state.field == "email"
    assert state.errors["email"].startswith("It says “theirs@x.example” now: somebody changed it meanwhile.")
    await tab.send(CustomerField.save, **save("email", "mine@x.example"))
    await tab.send(CustomerPage.load)
    assert (await tab.state(CustomerPage)).person.email == "mine@x.example"


async def test_a_phone_of_somebody_else_offers_the_family(server: Server, shop: Shop, asha: int) -> None:
    other = int(act_as(shop.actor(), add, AddCustomer("Ravi")).id)
    tab = await tab_of(server, shop, other)
    await tab.send(CustomerField.begin, name="phone")
    await tab.send(CustomerField.save, **save("phone", PHONE))
    state = await tab.state(CustomerField)
    assert state.errors == {"phone": "Asha Rao has this number already."} and state.family
    await tab.send(CustomerField.save, **save("phone", PHONE, is_family=True))
    assert (await tab.state(CustomerField)).field == ""
    await tab.send(CustomerPage.load)
    assert (await tab.state(CustomerPage)).person.phone == "+91 98860 55555"


async def test_another_customer_closes_what_was_open(server: Server, shop: Shop, asha: int) -> None:
    tab = await tab_of(server, shop, asha)
    await tab.send(CustomerField.begin, name="name")
    tab.path = f"/customer?id={shop.customer_id}"
    await tab.open(CustomerPage.load, CustomerField.load)
    assert (await tab.state(CustomerField)).field == ""
