"""Consents on a customer's page, through the gate: lights in words, the form of one purpose, mistakes at their fields, undo."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from microcrm.domain.permissions import Role
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.family import TieFamily, tie_family
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_consents import CustomerConsents
from microcrm.state.customer_glance import CustomerGlance
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, customer_id: int | None = None) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/customer?id={customer_id or shop.customer_id}")
    await tab.open(CustomerPage.load, CustomerGlance.load)
    return tab


async def test_lights_say_in_words_how_it_stands(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop)
    state = await tab.state(CustomerConsents)
    assert [(light.label, light.words, light.is_on) for light in state.lights] == [
        ("Visit messages", "no objection", True)
    ]
    assert state.not_asked == "WhatsApp offers, SMS offers, email offers, photos, photos in public, health notes"
    for decision, words, is_on in (("given", "given", True), ("withdrawn", "withdrawn", False)):
        await tab.send(CustomerConsents.begin, purpose="photos", decision=decision)
        answer = await tab.send(CustomerConsents.save, typed={"way": "paper", "day": "2026-01-05"})
        assert answer.codes == []
        await tab.send(CustomerGlance.load)
        state = await tab.state(CustomerConsents)
        light = next(light for light in state.lights if light.key == "photos")
        assert (light.words, light.is_on) == (f"{words} 05 Jan 2026", is_on)
        assert "photos, " not in state.not_asked


async def test_the_form_shows_the_words_and_mistakes_stand_at_their_fields(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop, Role.STAFF)
    await tab.send(CustomerConsents.show)
    state = await tab.state(CustomerConsents)
    photos = next(line for line in state.lines if line.purpose == "photos")
    assert (state.is_open, photos.words, photos.can_give, photos.no) == (True, "Not asked yet", True, "refused")
    await tab.send(CustomerConsents.begin, purpose="photos", decision="given")
    form = (await tab.state(CustomerConsents)).form
    assert form.title == "Photos: the customer says yes" and form.notice.startswith("Asha's Salon would like to take")
    await tab.send(CustomerConsents.save, typed={"way": "", "day": "2199-01-01"})
    state = await tab.state(CustomerConsents)
    assert set(state.errors) == {"way", "day"} and state.form == form and not state.is_saving
    await tab.send(CustomerConsents.go_back)
    state = await tab.state(CustomerConsents)
    assert (state.errors, state.form.purpose, state.is_open) == ({}, "", True)


async def test_a_record_is_offered_to_be_undone_and_stays_in_the_story(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop)
    await tab.send(CustomerConsents.begin, purpose="health", decision="given")
    await tab.send(CustomerConsents.save, typed={"way": "in_person", "evidence": "Folder B"})
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.text == "Health notes: consent given"
    await tab.send(AppState.undo, token=notice.undo)
    await tab.send(CustomerConsents.show)
    line = next(one for one in (await tab.state(CustomerConsents)).lines if one.purpose == "health")
    assert (line.words, [step.is_void for step in line.steps]) == ("Not asked yet", [True])
    assert line.steps[0].text.endswith(
        "Written down by Plain owner. Text version 1. Folder B. Taken back as a mistake."
    )


async def test_an_odd_purpose_opens_no_form(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop)
    for purpose, decision in (("photos", "void"), ("photos", "<b>"), ("everything", "given")):
        await tab.send(CustomerConsents.begin, purpose=purpose, decision=decision)
        assert (await tab.state(CustomerConsents)).form.purpose == ""


async def test_the_page_of_a_stranger_shows_no_lights(server: Server, shop: Shop, fresh_database: TwoShops) -> None:
    tab = await tab_of(server, shop, customer_id=fresh_database.b.customer_id)
    state = await tab.state(CustomerConsents)
    assert (state.lights, state.lines, state.not_asked) == ([], [], "")


async def test_of_a_child_a_parent_is_named_and_stands_in_the_story(server: Server, shop: Shop) -> None:
    def tied(uow: UnitOfWork) -> tuple[int, int]:
        born = (uow.now.date() - timedelta(days=3000)).isoformat()
        child, mother = add(uow, AddCustomer("Kabir Rao", birthday=born)).id, add(uow, AddCustomer("Asha Rao")).id
        tie_family(uow, TieFamily(child, mother, "parent"))
        return child, mother

    child, mother = act_as(shop.actor(), tied)
    tab = await tab_of(server, shop, Role.FRONT_DESK, customer_id=child)
    await tab.send(CustomerConsents.begin, purpose="photos", decision="given")
    form = (await tab.state(CustomerConsents)).form
    assert form.is_child and [(one.value, one.label) for one in form.speakers] == [
        (str(mother), "Asha Rao, parent"), ("other", "Another parent or guardian"),
    ]  # fmt: skip
    await tab.send(CustomerConsents.save, typed={"way": "paper"})
    assert set((await tab.state(CustomerConsents)).errors) == {"by"}
    for strange in ("<b>", str(shop.customer_id), "other"):
        await tab.send(CustomerConsents.pick_by, by=strange)
        assert (await tab.state(CustomerConsents)).by == ("other" if strange == "other" else "")
    typed = {"way": "paper", "by": str(mother), "guardian_proof": "known"}
    assert (await tab.send(CustomerConsents.save, typed=typed)).codes == []
    await tab.send(CustomerConsents.show)
    photos = next(line for line in (await tab.state(CustomerConsents)).lines if line.purpose == "photos")
    [step] = photos.steps
    assert "By Asha Rao (parent; known to us as an adult)." in step.text
    assert step.guardian_href == f"/customer?id={mother}"


async def test_a_childs_own_yes_is_shown_as_wanting_a_parents(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop)
    await tab.send(CustomerConsents.begin, purpose="photos", decision="given")
    await tab.send(CustomerConsents.save, typed={"way": "paper"})
    born = text("UPDATE customers SET birthday = current_date - 3000 WHERE id = :id")
    act_as(shop.actor(), lambda uow: uow.session.execute(born, {"id": shop.customer_id}))
    await tab.send(CustomerConsents.show)
    state = await tab.state(CustomerConsents)
    light = next(one for one in state.lights if one.key == "photos")
    assert (light.words, light.is_on) == ("needs a parent’s yes", False)
    photos = next(line for line in state.lines if line.purpose == "photos")
    assert (photos.tone, photos.can_give, photos.no) == ("warn", True, "withdrawn") and "under 18" in photos.detail


async def test_who_is_of_age_speaks_for_themselves_unless_somebody_else_does(server: Server, shop: Shop) -> None:
    tab = await tab_of(server, shop)
    await tab.send(CustomerConsents.begin, purpose="photos", decision="given")
    form = (await tab.state(CustomerConsents)).form
    assert not form.is_child and [one.label for one in form.speakers] == ["A parent or guardian"]
    assert (await tab.send(CustomerConsents.save, typed={"way": "paper", "by": ""})).codes == []
