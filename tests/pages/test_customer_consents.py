"""Consents on a customer's page, through the gate: lights in words, the form of one purpose, mistakes at their fields, undo."""

from __future__ import annotations

import pytest

from microcrm.domain.permissions import Role
from microcrm.state.base import AppState
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_consents import CustomerConsents
from microcrm.state.customer_glance import CustomerGlance
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
    assert state.not_asked == "WhatsApp offers, SMS offers, photos, photos in public, health notes"
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
