"""The customer screens, event by event through the gate, as a browser or anybody else's script would send them."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.customer_list import PAGE_SIZE
from microcrm.operations.customers import AddCustomer, add
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customers import Customers, NewCustomer
from microcrm.state.palette import PaletteState
from tests.conftest import act_as
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Answer, Server, Tab, sign_in

FORM = {
    "name": "Asha Rao",
    "phone": "98860 55555",
    "email": "",
    "address": "",
    "birthday": "",
    "tags": "VIP",
    "notes": "",
}
PAGE = "microcrm___state___base____app_state"


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, path: str = "/customers") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


def went_to(answer: Answer) -> str:
    """Where the answer sends the browser, or nowhere."""
    paths = [event.payload["path"] for update in answer.updates for event in update.events if event.name == "_redirect"]
    return paths[-1] if paths else ""


async def follow(tab: Tab, answer: Answer) -> Answer:
    tab.path = went_to(answer)
    return await tab.send(Customers.load)


async def names(tab: Tab) -> list[str]:
    return [row.name for row in (await tab.state(Customers)).rows]


async def notices(tab: Tab) -> list[str]:
    return [notice.text for notice in (await tab.state(AppState)).notices]


async def test_the_list_opens_with_its_own_shop_s_people(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    answer = await tab.open(Customers.load)
    assert not answer.crashes and not answer.refusals
    assert await names(tab) == ["Plain Iyer"]
    assert CANARY not in answer.text


async def test_what_is_searched_sorted_and_filtered_stands_in_the_address(server: Server, a: Shop) -> None:
    act_as(a.actor(), add, AddCustomer("Asha Rao", tags="VIP"))
    tab = tab_of(server, a)
    await tab.open(Customers.load)
    answer = await tab.send(Customers.typed, words="asha r")
    assert went_to(answer) == "/customers?q=asha+r"
    await follow(tab, answer)
    assert await names(tab) == ["Asha Rao"]
    answer = await tab.send(Customers.sort_by, column="visit")
    assert went_to(answer) == "/customers?q=asha+r&sort=visit&down=1"
    await follow(tab, answer)
    answer = await tab.send(Customers.sort_by, column="visit")
    assert went_to(answer) == "/customers?q=asha+r&sort=visit"
    answer = await tab.send(Customers.pick_tag, tag="VIP")
    assert went_to(answer) == "/customers?q=asha+r&sort=visit&down=1&tag=VIP"
    answer = await tab.send(Customers.clear)
    assert went_to(answer) == "/customers?sort=visit&down=1"
    answer = await tab.send(Customers.pick_show, show="archived")
    await follow(tab, answer)
    assert await names(tab) == []


async def test_a_late_answer_never_touches_what_is_being_typed(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    await tab.open(Customers.load)
    before = (await tab.state(Customers)).box
    first = await tab.send(Customers.typed, words="as")
    await tab.send(Customers.typed, words="asha")
    await follow(tab, first)  # the answer to "as" comes when "asha" is in the box
    assert (await tab.state(Customers)).box == before
    tab.path = "/customers?q=from+a+link"
    await tab.send(Customers.load)
    assert (await tab.state(Customers)).box == before + 1


async def test_pages_go_forward_and_back(server: Server, a: Shop) -> None:
    for number in range(PAGE_SIZE + 5):
        act_as(a.actor(), add, AddCustomer(f"Person {number:02}"))
    tab = tab_of(server, a)
    await tab.open(Customers.load)
    first = await names(tab)
    assert (await tab.state(Customers)).summary == "1–25 of 31"
    await follow(tab, await tab.send(Customers.next_page))
    state = await tab.state(Customers)
    assert (state.summary, state.about.has_previous, state.about.has_next) == ("26–31 of 31", True, False)
    assert not set(first) & set(await names(tab))
    await follow(tab, await tab.send(Customers.previous_page))
    assert await names(tab) == first


async def test_the_total_is_counted_anew_after_an_addition_here_and_kept_for_a_while_otherwise(
    server: Server, a: Shop
) -> None:
    for number in range(PAGE_SIZE + 5):
        act_as(a.actor(), add, AddCustomer(f"Person {number:02}"))
    tab = tab_of(server, a)
    await tab.open(Customers.load)
    act_as(a.actor(), add, AddCustomer("Added Elsewhere"))
    await tab.send(Customers.load)
    assert (await names(tab))[0] == "Added Elsewhere"
    assert (await tab.state(Customers)).summary == "1–25 of 31"
    tab.path = "/customers?q=person"
    await tab.send(Customers.load)
    assert (await tab.state(Customers)).summary == "1–25 of 30"
    tab.path = "/customers"
    await tab.send(NewCustomer.save, form=FORM)
    await tab.send(Customers.load)
    assert (await tab.state(Customers)).summary == "1–25 of 33"


async def test_a_new_customer_is_added_and_opened(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, Role.FRONT_DESK)
    await tab.open(Customers.load)
    await tab.send(NewCustomer.start)
    answer = await tab.send(NewCustomer.save, form=FORM)
    assert not answer.crashes and not answer.refusals
    tab.path = went_to(answer)
    await tab.send(CustomerPage.load)
    page = await tab.state(CustomerPage)
    assert (page.person.name, page.person.phone, page.person.tags) == ("Asha Rao", "+91 98860 55555", ("VIP",))
    assert await notices(tab) == ["Asha Rao added"]
    panel = await tab.state(NewCustomer)
    assert (panel.is_open, panel.is_saving) == (False, False)


async def test_the_address_can_ask_for_a_new_customer(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, path="/customers?new=1")
    await tab.open(Customers.load)
    assert (await tab.state(NewCustomer)).is_open
    assert went_to(await tab.send(NewCustomer.close)) == "/customers"
    staff = tab_of(server, a, Role.STAFF, path="/customers?new=1")
    answer = await staff.open(Customers.load)
    assert not answer.refusals and not (await staff.state(NewCustomer)).is_open


async def test_mistakes_stand_at_their_fields_and_the_panel_stays(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    await tab.open(Customers.load)
    await tab.send(NewCustomer.start)
    await tab.send(NewCustomer.save, form={**FORM, "name": "", "phone": "123"})
    panel = await tab.state(NewCustomer)
    assert set(panel.errors) == {"name", "phone"}
    assert (panel.is_open, panel.is_saving) == (True, False)


async def test_a_taken_phone_offers_the_family(server: Server, a: Shop) -> None:
    mother = act_as(a.actor(), add, AddCustomer("Sudha Rao", FORM["phone"]))
    tab = tab_of(server, a)
    await tab.open(Customers.load)
    await tab.send(NewCustomer.start)
    await tab.send(NewCustomer.save, form=FORM)
    panel = await tab.state(NewCustomer)
    assert (panel.offers_family, panel.taken_id, panel.taken_name) == (True, str(mother.id), "Sudha Rao")
    assert panel.errors["phone"] == "Sudha Rao has this number already."
    answer = await tab.send(NewCustomer.save, form={**FORM, "is_family": "on"})
    assert went_to(answer).startswith("/customer?id=")


async def test_editing_archiving_and_taking_it_back(server: Server, a: Shop) -> None:
    tab = tab_of(server, a, path=f"/customer?id={a.customer_id}")
    await tab.open(CustomerPage.load)
    await tab.send(CustomerPage.start_editing)
    await tab.send(CustomerPage.save, form={**FORM, "name": "Plain Gowda", "version": "1"})
    page = await tab.state(CustomerPage)
    assert (page.person.name, page.is_editing) == ("Plain Gowda", False)
    await tab.send(CustomerPage.move_to_archive)
    assert (await tab.state(CustomerPage)).person.is_archived
    undo = (await tab.state(AppState)).notices[-1].undo
    await tab.send(AppState.undo, token=undo)
    await tab.send(CustomerPage.load)
    assert not (await tab.state(CustomerPage)).person.is_archived


async def test_a_newer_version_is_a_conflict_and_the_form_stays(server: Server, a: Shop) -> None:
    tab, other = (tab_of(server, a, path=f"/customer?id={a.customer_id}") for _ in range(2))
    for one in (tab, other):
        await one.open(CustomerPage.load)
        await one.send(CustomerPage.start_editing)
    await tab.send(CustomerPage.save, form={**FORM, "name": "First", "version": "1"})
    answer = await other.send(CustomerPage.save, form={**FORM, "name": "Second", "version": "1"})
    assert answer.codes == ["conflict"]
    page = await other.state(CustomerPage)
    assert (page.is_editing, page.is_saving) == (True, False)
    await other.send(CustomerPage.load)
    assert (await other.state(CustomerPage)).person.name == "First"


async def test_staff_see_masked_details_of_their_own_customers_only(server: Server, a: Shop) -> None:
    stranger = act_as(a.actor(), add, AddCustomer("Not Mine", "98860 55555"))
    tab = tab_of(server, a, Role.STAFF, path=f"/customer?id={a.customer_id}")
    answer = await tab.open(CustomerPage.load)
    assert "•••• 12345" in answer.text and "98451" not in answer.text
    tab.path = f"/customer?id={stranger.id}"
    answer = await tab.send(CustomerPage.load)
    assert (await tab.state(CustomerPage)).is_missing and "Not Mine" not in answer.text
    refused = await tab.send(CustomerPage.move_to_archive)
    assert refused.codes == ["forbidden"]


@pytest.mark.parametrize("wanted", ["", "abc", "-1", "9" * 40, "1%00"])
async def test_an_address_that_names_nobody_says_so(server: Server, a: Shop, wanted: str) -> None:
    tab = tab_of(server, a, path=f"/customer?id={wanted}")
    answer = await tab.open(CustomerPage.load)
    assert not answer.crashes
    assert (await tab.state(CustomerPage)).is_missing and await notices(tab) == []


async def test_the_neighbour_s_customer_cannot_be_opened(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database.a, path=f"/customer?id={fresh_database.b.customer_id}")
    answer = await tab.open(CustomerPage.load)
    assert CANARY not in answer.text and (await tab.state(CustomerPage)).is_missing


async def test_the_palette_finds_people(server: Server, a: Shop) -> None:
    tab = tab_of(server, a)
    await tab.open()
    await tab.send(PaletteState.find, words="iye")
    (hit,) = (await tab.state(PaletteState)).hits
    assert (hit.href, hit.label, hit.hint) == (f"/customer?id={a.customer_id}", "Plain Iyer", "+91 98451 12345")
    await tab.send(PaletteState.find, words=CANARY)
    assert (await tab.state(PaletteState)).hits == []


HOSTILE: list[Any] = [None, 7, [], {}, "\x00", "\ud800", "<script>", "a" * 100_000, "../..", "-1"]


@pytest.mark.parametrize("strange", HOSTILE)
async def test_hostile_payloads_change_nothing(server: Server, a: Shop, strange: Any) -> None:
    tab = tab_of(server, a)
    await tab.open(Customers.load)
    for handler, name in (
        (Customers.typed, "words"), (Customers.sort_by, "column"), (Customers.pick_tag, "tag"), (Customers.pick_show, "show"),
    ):  # fmt: skip
        answer = await tab.send(handler, **{name: strange})
        assert not answer.crashes, handler
    await tab.send(NewCustomer.save, form=dict.fromkeys(FORM, strange))
    assert not (await tab.state(NewCustomer)).is_saving
    tab.path = "/customers"
    await tab.send(Customers.load)
    assert "Plain Iyer" in await names(tab)


async def test_a_visitor_gets_nothing(server: Server, a: Shop) -> None:
    tab = server.tab("", "/customers")
    answer = await tab.open(Customers.load, CustomerPage.load)
    assert set(answer.codes) == {"signed_out"} and "Plain Iyer" not in answer.text
