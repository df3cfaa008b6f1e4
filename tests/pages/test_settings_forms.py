"""The forms of the settings, through the gate: the list, the editor's drafts, and mistakes that stay at their fields."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.state.settings_forms import FormSettings
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in

STARTING = ["Colour formula", "Patch test", "Allergy", "Skin or scalp note", "Consent to a chemical treatment"]


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), "/settings/forms")


def typed(*fields: dict[str, Any], publish: bool = True, title: str = "Before your facial") -> dict[str, Any]:
    text = {"title": title, "day_label": "Filled in on", "fields": list(fields)}
    return {"text": text, "readers": ["owner", "staff"], "writers": ["owner"], "is_published": publish}


async def test_the_forms_of_the_trade_are_there_and_open_in_the_editor(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(FormSettings.load)
    state = await tab.state(FormSettings)
    assert [row.name for row in state.rows] == STARTING
    assert (
        state.rows[0].about.startswith("Version 1, since ") and "5 questions, not filled in yet" in state.rows[0].about
    )
    await tab.send(FormSettings.start, form_id=state.rows[4].id)
    form = (await tab.state(FormSettings)).form
    assert (form.title, form.issued) == (STARTING[4], 1)
    assert [(one.only_if.name, one.only_if.value) for one in form.fields][1] == ("reacted", "yes")


async def test_a_form_is_written_published_retired_and_brought_back(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(FormSettings.load)
    await tab.send(FormSettings.start, form_id="")
    question = {"name": "new_1", "label": "Do you use retinol?", "shape": "yes_no"}
    assert (await tab.send(FormSettings.save, typed=typed(question, publish=False))).codes == []
    state = await tab.state(FormSettings)
    assert not state.is_open and state.rows[-1].has_draft and state.rows[-1].is_new
    await tab.send(FormSettings.start, form_id=state.rows[-1].id)
    await tab.send(FormSettings.save, typed=typed({**question, "name": "f1"}))
    state = await tab.state(FormSettings)
    assert not state.rows[-1].has_draft and state.rows[-1].about.startswith("Version 1")
    form = state.rows[-1].id
    await tab.send(FormSettings.move, form_id=form, direction="up")
    assert (await tab.state(FormSettings)).rows[-2].id == form
    await tab.send(FormSettings.retire, form_id=form)
    assert form not in [row.id for row in (await tab.state(FormSettings)).rows]
    await tab.send(FormSettings.pick_list, which="retired")
    assert [row.id for row in (await tab.state(FormSettings)).rows] == [form]
    await tab.send(FormSettings.restore, form_id=form)
    await tab.send(FormSettings.pick_list, which="use")
    assert form in [row.id for row in (await tab.state(FormSettings)).rows]


async def test_a_draft_is_thrown_away(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(FormSettings.load)
    await tab.send(FormSettings.start, form_id="")
    await tab.send(FormSettings.save, typed=typed({"name": "new_1", "label": "A", "shape": "line"}, publish=False))
    form = (await tab.state(FormSettings)).rows[-1].id
    await tab.send(FormSettings.discard, form_id=form)
    assert [row.name for row in (await tab.state(FormSettings)).rows] == STARTING
    assert (await tab.send(FormSettings.start, form_id=form)).codes == ["not_found"]


async def test_mistakes_stand_at_their_fields_and_the_editor_stays_open(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(FormSettings.load)
    await tab.send(FormSettings.start, form_id="")
    wrong = typed({"name": "new_1", "label": "", "shape": "choices"}, title="")
    assert (await tab.send(FormSettings.save, typed=wrong)).codes == ["invalid"]
    state = await tab.state(FormSettings)
    assert {"title", "fields.0.label", "fields.0.options"} <= set(state.errors)
    assert state.is_open and not state.is_saving


@pytest.mark.parametrize(
    "sent", [{}, {"text": 5}, {"text": {"fields": "x"}}, {"text": {"fields": [[1]] * 3}, "readers": {"a": 1}}]
)
async def test_hostile_forms_are_refused_in_words(server: Server, shop: Shop, sent: dict[str, Any]) -> None:
    tab = tab_of(server, shop)
    await tab.open(FormSettings.load)
    await tab.send(FormSettings.start, form_id="")
    answer = await tab.send(FormSettings.save, typed=sent)
    assert answer.codes == ["invalid"] and answer.crashes == []


async def test_the_forms_of_the_trade_are_added_once(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(FormSettings.load)
    await tab.send(FormSettings.add_starting)
    state = await tab.state(FormSettings)
    assert [row.name for row in state.rows] == STARTING
    assert state.notices[-1].text == "All forms of your trade are here already"
