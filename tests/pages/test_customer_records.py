"""The tab of sealed records, through the gate: what is shown unopened, the form, and that no State ever holds what they say."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_glance import CustomerGlance
from microcrm.state.customer_records import CustomerRecords
from tests.conftest import act_as
from tests.support import tabs
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import FORMULA, PLANTED, note, opened, values_of


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, part: str = "/records") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), f"/customer{part}?id={shop.customer_id}")


def written(shop: Shop, kind: str = "colour") -> int:
    return int(act_as(shop.actor(), lambda uow: note(uow, shop.customer_id, kind, wiring.sealer())))


async def begin(tab: Tab, label: str = "Colour formula") -> None:
    [form] = [one.value for one in (await tab.state(CustomerRecords)).kinds if one.label == label]
    await tab.send(CustomerRecords.begin, form_id=form)


async def everything(tab: Tab) -> bytes:
    """As Valkey would get it."""
    return (
        pickle.dumps((await tab.state(AppState))._get_root_state().dict())
        + repr((await tab.state(CustomerRecords)).__dict__).encode()
    )


async def test_unopened_records_are_listed_and_counted(server: Server, shop: Shop) -> None:
    record = written(shop)
    act_as(shop.actor(Role.STAFF), lambda uow: opened(uow, record, sealer=wiring.sealer(), purpose="safety"))
    tab = tab_of(server, shop)
    answer = await tab.open(CustomerPage.load, CustomerRecords.load)
    assert answer.codes == []
    state = await tab.state(CustomerRecords)
    assert (state.is_read, state.summary) == (True, "Opened 1 time in seven days")
    assert [(row.label, row.can_open, row.can_correct) for row in state.rows] == [("Colour formula", True, True)]
    assert [(row.who, row.what, row.why) for row in state.openings] == [
        ("Plain staff", "colour formula", "To check what is safe")
    ]
    assert [kind.label for kind in state.kinds] == [
        "Colour formula", "Patch test", "Allergy", "Skin or scalp note", "Consent to a chemical treatment",
    ]  # fmt: skip
    assert PLANTED not in answer.text


async def test_a_record_is_written_and_corrected_and_its_text_is_in_no_state(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop, Role.STAFF)
    await tab.open(CustomerPage.load, CustomerRecords.load)
    await begin(tab)
    form = (await tab.state(CustomerRecords)).form
    assert (form.title, [field.name for field in form.fields][:2]) == ("Colour formula", ["formula", "developer"])
    answer = await tab.send(CustomerRecords.save, typed={"day": "2026-01-05", "values": FORMULA})
    assert answer.codes == [] and PLANTED not in answer.text
    state = await tab.state(CustomerRecords)
    assert state.form.form_id == "" and [row.label for row in state.rows] == ["Colour formula"]
    record = state.rows[0].id
    await tab.send(CustomerRecords.begin_correcting, record_id=record)
    assert (await tab.state(CustomerRecords)).form.version == 1
    changed = FORMULA | {"formula": f"{PLANTED} 5 g"}
    assert (await tab.send(CustomerRecords.save, typed={"day": "2026-01-06", "values": changed})).codes == []
    assert PLANTED.encode() not in await everything(tab)

    def read(uow: UnitOfWork) -> dict[str, str]:
        return values_of(opened(uow, int(record), sealer=wiring.sealer())[0])

    assert act_as(shop.actor(), read) == changed
    assert "corrected on" in (await tab.state(CustomerRecords)).rows[0].detail


async def test_mistakes_stand_at_their_fields_and_the_form_stays(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(CustomerPage.load, CustomerRecords.load)
    await begin(tab, "Patch test")
    answer = await tab.send(CustomerRecords.save, typed={"day": "", "values": {"product": PLANTED}})
    state = await tab.state(CustomerRecords)
    assert answer.codes == ["invalid"] and {"day", "result"} <= set(state.errors)
    assert state.form.title == "Patch test" and not state.is_saving
    assert PLANTED not in answer.text
    await tab.send(CustomerRecords.close)
    state = await tab.state(CustomerRecords)
    assert state.form.form_id == "" and state.errors == {} and state.rows == []


async def test_a_stale_correction_is_a_conflict(server: Server, shop: Shop) -> None:
    record = written(shop)
    first, second = tab_of(server, shop), tab_of(server, shop, Role.MANAGER)
    for tab in (first, second):
        await tab.open(CustomerPage.load, CustomerRecords.load)
        await tab.send(CustomerRecords.begin_correcting, record_id=str(record))
    typed = {"day": "2026-01-05", "values": FORMULA}
    assert (await first.send(CustomerRecords.save, typed=typed)).codes == []
    assert (await second.send(CustomerRecords.save, typed=typed)).codes == ["conflict"]
    assert (await second.state(CustomerRecords)).form.title == "Correct: Colour formula"


async def test_the_other_part_of_the_page_asks_for_no_records(server: Server, shop: Shop) -> None:
    written(shop)
    tab = tab_of(server, shop, part="")
    await tab.open(CustomerPage.load, CustomerGlance.load)
    state = await tab.state(CustomerRecords)
    assert (state.is_read, state.rows) == (False, [])


async def test_an_allergy_is_announced_on_both_parts_without_a_word_of_it(server: Server, shop: Shop) -> None:
    for part in ("", "/records"):
        tab = tab_of(server, shop, Role.FRONT_DESK, part)
        await tab.open(CustomerPage.load, CustomerGlance.load)
        assert (await tab.state(CustomerRecords)).allergy == ""
    written(shop, "allergy")
    for part in ("", "/records"):
        tab = tab_of(server, shop, Role.FRONT_DESK, part)
        answer = await tab.open(CustomerPage.load, CustomerGlance.load)
        assert (await tab.state(CustomerRecords)).allergy == "05 Jan 2026" and PLANTED not in answer.text
    accountant = tab_of(server, shop, Role.ACCOUNTANT, "")
    await accountant.open(CustomerPage.load, CustomerGlance.load)
    assert (await accountant.state(CustomerRecords)).allergy == ""
    act_as(shop.actor(), destroy_customer_keys, shop.customer_id)
    await tab.open(CustomerPage.load, CustomerGlance.load)
    assert (await tab.state(CustomerRecords)).allergy == ""


@pytest.mark.parametrize("how", ["accountant", "viewing as"])
async def test_who_may_not_sees_that_they_may_not(server: Server, shop: Shop, how: str) -> None:
    written(shop)
    tab = tab_of(server, shop, Role.ACCOUNTANT if how == "accountant" else Role.OWNER)
    if how == "viewing as":
        tabs.view_as(tab.session, shop.members[Role.STAFF])
    await tab.open(CustomerPage.load, CustomerRecords.load)
    state = await tab.state(CustomerRecords)
    assert (state.is_refused, state.is_read, state.rows) == (True, False, [])
    calls: list[tuple[Any, dict[str, Any]]] = [
        (CustomerRecords.begin, {"form_id": "1"}),
        (CustomerRecords.save, {"typed": {"day": "2026-01-05", "values": FORMULA}}),
        (CustomerRecords.look_again, {}),
    ]
    for handler, payload in calls:
        assert (await tab.send(handler, **payload)).codes == ["forbidden"]


@pytest.mark.parametrize(
    "typed", [{}, {"day": 5, "values": "x"}, {"day": None, "values": [1]}, {"values": {"formula": 1}}]
)
async def test_hostile_forms_are_refused_in_words(server: Server, shop: Shop, typed: dict[str, Any]) -> None:
    tab = tab_of(server, shop)
    await tab.open(CustomerPage.load, CustomerRecords.load)
    assert (await tab.send(CustomerRecords.save, typed=typed)).codes == ["invalid"], "the form is closed"
    await begin(tab)
    answer = await tab.send(CustomerRecords.save, typed=typed)
    assert answer.codes == ["invalid"] and answer.crashes == []


async def test_the_next_customer_does_not_show_the_last_one_s(server: Server, shop: Shop) -> None:
    written(shop)
    tab = tab_of(server, shop)
    await tab.open(CustomerPage.load, CustomerRecords.load)
    tab.path = f"/customer/records?id={10**9}"
    await tab.open(CustomerPage.load, CustomerRecords.load)
    assert (await tab.state(CustomerRecords)).rows == []
