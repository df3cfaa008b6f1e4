"""The panel that writes to those who are ticked, event by event through the gate."""

from __future__ import annotations

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.customers import AddCustomer, add
from microcrm.state.customer_message import CustomerMessage
from microcrm.state.customer_picks import Picks
from microcrm.state.customers import Customers
from tests.conftest import act_as
from tests.pages.test_customers_page import tab_of
from tests.support import tabs
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def with_ticked(server: Server, shop: Shop, number: int = 2) -> Tab:
    tab = tab_of(server, shop)
    for n in range(number):
        act_as(shop.actor(), add, AddCustomer(f"Person{n:03} Rao", phone=f"97400 {n:05}"))
    silent = str(act_as(shop.actor(), add, AddCustomer("Silent Rao")).id)
    await tab.open(Customers.load)
    for row in (await tab.state(Customers)).rows:
        if row.name.startswith("Person") or row.id == silent:
            await tab.send(Picks.toggle, customer_id=row.id)
    return tab


async def test_a_text_becomes_links_that_are_ticked_off(server: Server, a: Shop) -> None:
    tab = await with_ticked(server, a)
    assert (await tab.send(CustomerMessage.start)).codes == []
    panel = await tab.state(CustomerMessage)
    assert (panel.is_open, panel.reach, panel.left) == (True, "Reaches 2 customers", ["1 without a mobile number"])
    await tab.send(CustomerMessage.type, text="Hello {name},\nwe are open")
    assert (await tab.state(CustomerMessage)).preview == "Hello Person000,\nwe are open"
    await tab.send(CustomerMessage.make, form={"about": "bookings", "text": "Hello {name},\nwe are open"})
    panel = await tab.state(CustomerMessage)
    assert [(row.name, row.number, row.called) for row in panel.rows] == [
        ("Person000 Rao", "919740000000", "Person000"), ("Person001 Rao", "919740000001", "Person001"),
    ]  # fmt: skip
    assert (panel.parts, panel.done) == (["Hello%20", "%2C%0Awe%20are%20open"], "0 of 2 opened")
    await tab.send(CustomerMessage.tick_off, customer_id=panel.rows[1].id)
    await tab.send(CustomerMessage.tick_off, customer_id=panel.rows[1].id)
    await tab.send(CustomerMessage.tick_off, customer_id="nobody")
    panel = await tab.state(CustomerMessage)
    assert ([row.is_opened for row in panel.rows], panel.done) == ([False, True], "1 of 2 opened")
    await tab.send(CustomerMessage.stop)
    await tab.send(CustomerMessage.start)
    panel = await tab.state(CustomerMessage)
    assert (panel.rows, panel.text, panel.is_open) == ([], "", True)


async def test_what_was_typed_stays_when_it_is_refused_or_put_away(server: Server, a: Shop) -> None:
    tab = await with_ticked(server, a)
    await tab.send(CustomerMessage.start)
    await tab.send(CustomerMessage.make, form={"about": "bookings", "text": ""})
    panel = await tab.state(CustomerMessage)
    assert (set(panel.errors), panel.is_open, panel.is_saving, panel.rows) == ({"text"}, True, False, [])
    await tab.send(CustomerMessage.type, text="Half a text")
    await tab.send(CustomerMessage.choose, about="offer")
    panel = await tab.state(CustomerMessage)
    assert (panel.about, panel.reach) == ("offer", "Reaches nobody")
    assert panel.left == ["1 without a mobile number", "2 without a yes to WhatsApp offers, or under 18"]
    answer = await tab.send(CustomerMessage.make, form={"about": "offer", "text": "Half a text"})
    assert answer.codes == ["invalid"] and (await tab.state(CustomerMessage)).is_open
    await tab.send(CustomerMessage.stop)
    await tab.send(CustomerMessage.start)
    panel = await tab.state(CustomerMessage)
    assert (panel.text, panel.errors) == ("Half a text", {})


async def test_more_than_a_hundred_and_strangers_open_no_panel(
    server: Server, a: Shop, fresh_database: TwoShops
) -> None:
    tab = await with_ticked(server, a, 101)
    await tab.send(Picks.pick_all)
    answer = await tab.send(CustomerMessage.start)
    assert answer.codes == ["invalid"] and "At most 100 customers" in answer.text
    await tab.send(Picks.clear)
    await tab.send(Picks.toggle, customer_id=str(fresh_database.b.customer_id))
    answer = await tab.send(CustomerMessage.start)
    assert answer.codes == ["invalid"] and CANARY not in answer.text
    assert not (await tab.state(CustomerMessage)).is_open


@pytest.mark.parametrize("role", [Role.STAFF, Role.ACCOUNTANT])
async def test_who_sees_numbers_masked_gets_no_panel(server: Server, a: Shop, role: Role) -> None:
    tab = tab_of(server, a, role)
    await tab.open(Customers.load)
    assert (await tab.send(CustomerMessage.start)).codes == ["forbidden"]
    assert (await tab.send(CustomerMessage.make, form={"about": "bookings", "text": "Hi"})).codes == ["forbidden"]


async def test_whoever_looks_as_somebody_else_makes_no_links(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    tabs.view_as(tab.session, a.members[Role.MANAGER])
    await tab.open(Customers.load)
    await tab.send(Picks.toggle, customer_id=(await tab.state(Customers)).rows[0].id)
    assert (await tab.send(CustomerMessage.start)).codes == []
    assert (await tab.send(CustomerMessage.make, form={"about": "bookings", "text": "Hi"})).codes == ["forbidden"]
    assert (await tab.state(CustomerMessage)).rows == []
