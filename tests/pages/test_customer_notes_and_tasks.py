"""Notes and tasks on a customer's page and on Today, through the gate: forms, undo, two tablets, and what is heard elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.customer_notes import EditNote, WriteNote, edit_note, notes_of, write_note
from microcrm.operations.customer_tasks import AddTask, add_task, finish_task
from microcrm.state.base import AppState
from microcrm.state.customer_notes import CustomerNotes
from microcrm.state.customer_tasks import CustomerTasks
from microcrm.state.customer_timeline import CustomerTimeline
from microcrm.state.today import TodayPage
from microcrm.state.today_tasks import TodayTasks
from tests.conftest import act_as
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in

LONG_AGO = "2020-01-06"


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER, path: str = "") -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path or f"/customer?id={shop.customer_id}")


async def notices(tab: Tab) -> list[str]:
    return [notice.text for notice in (await tab.state(AppState)).notices]


async def last_undo(tab: Tab) -> str:
    return str((await tab.state(AppState)).notices[-1].undo)


async def test_a_note_is_written_changed_pinned_deleted_and_brought_back(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop, Role.FRONT_DESK)
    await tab.open(CustomerNotes.load)
    await tab.send(CustomerNotes.begin)
    assert (await tab.send(CustomerNotes.save, typed={"words": "Window chair"})).codes == []
    state = await tab.state(CustomerNotes)
    assert [(row.words, row.is_pinned, row.may_change) for row in state.rows] == [("Window chair", False, True)]
    assert state.rows[0].about.startswith("Plain front_desk, ") and not state.form.is_open
    note = state.rows[0].id
    await tab.send(CustomerNotes.begin_editing, note=note)
    assert (await tab.state(CustomerNotes)).form.words == "Window chair"
    await tab.send(CustomerNotes.save, typed={"words": "Window chair, tea", "is_pinned": "on"})
    state = await tab.state(CustomerNotes)
    assert [(row.words, row.is_pinned) for row in state.pinned] == [("Window chair, tea", True)]
    await tab.send(CustomerNotes.pin, note=note)
    assert (await tab.state(CustomerNotes)).pinned == []
    await tab.send(CustomerNotes.remove, note=note)
    assert (await tab.state(CustomerNotes)).rows == []
    await tab.send(AppState.undo, token=await last_undo(tab))
    await tab.send(CustomerNotes.load)
    assert [row.words for row in (await tab.state(CustomerNotes)).rows] == ["Window chair, tea"]


async def test_a_mistake_and_a_newer_version_leave_the_form_open(server: Server, shop: Shop) -> None:
    saved = act_as(shop.actor(), write_note, WriteNote(shop.customer_id, "Tea"))
    tab = tab_of(server, shop)
    await tab.open(CustomerNotes.load)
    await tab.send(CustomerNotes.begin_editing, note=str(saved.id))
    assert (await tab.send(CustomerNotes.save, typed={"words": ""})).codes == ["invalid"]
    state = await tab.state(CustomerNotes)
    assert (state.form.is_open, state.is_saving, set(state.errors)) == (True, False, {"words"})
    act_as(shop.actor(Role.MANAGER), edit_note, EditNote(saved.id, 1, "Coffee"))
    assert (await tab.send(CustomerNotes.save, typed={"words": "Water"})).codes == ["conflict"]
    assert (await tab.state(CustomerNotes)).form.is_open
    assert [one.words for one in act_as(shop.actor(), notes_of, shop.customer_id)] == ["Coffee"]


async def test_staff_cannot_open_the_form_of_somebody_elses_note(server: Server, shop: Shop) -> None:
    saved = act_as(shop.actor(), write_note, WriteNote(shop.customer_id, "Tea"))
    tab = tab_of(server, shop, Role.STAFF)
    await tab.open(CustomerNotes.load)
    assert not (await tab.state(CustomerNotes)).rows[0].may_change
    await tab.send(CustomerNotes.begin_editing, note=str(saved.id))
    assert not (await tab.state(CustomerNotes)).form.is_open
    for handler in (CustomerNotes.pin, CustomerNotes.remove):
        assert (await tab.send(handler, note=str(saved.id))).codes == ["forbidden"]


async def test_a_task_is_added_changed_done_and_opened_again(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop, Role.FRONT_DESK)
    await tab.open(CustomerTasks.load)
    await tab.send(CustomerTasks.begin)
    form = (await tab.state(CustomerTasks)).form
    assert form.is_open and form.member_id == str(shop.members[Role.FRONT_DESK]) and form.day
    assert len((await tab.state(CustomerTasks)).takers) == 5
    typed: dict[str, Any] = {"title": "Call", "due_on": LONG_AGO, "member_id": str(shop.members[Role.STAFF])}
    assert (await tab.send(CustomerTasks.save, typed={**typed, "title": ""})).codes == ["invalid"]
    assert (await tab.state(CustomerTasks)).form.is_open
    assert (await tab.send(CustomerTasks.save, typed=typed)).codes == []
    (row,) = (await tab.state(CustomerTasks)).rows
    assert (row.title, row.who, row.is_late) == ("Call", "Plain staff", True) and row.due.endswith("days late")
    await tab.send(CustomerTasks.begin_editing, task=row.id)
    await tab.send(CustomerTasks.save, typed={**typed, "title": "Call twice"})
    assert [one.title for one in (await tab.state(CustomerTasks)).rows] == ["Call twice"]
    await tab.send(CustomerTasks.finish, task=row.id)
    assert (await tab.state(CustomerTasks)).rows == [] and (await notices(tab))[-1] == "Done: Call twice"
    await tab.send(AppState.undo, token=await last_undo(tab))
    await tab.send(CustomerTasks.load)
    await tab.send(CustomerTasks.remove, task=row.id)
    assert (await tab.state(CustomerTasks)).rows == []


async def test_the_second_tablet_is_told_and_sees_how_it_stands(server: Server, shop: Shop) -> None:
    saved = act_as(shop.actor(), add_task, AddTask(shop.customer_id, "Call", LONG_AGO))
    for path, state, load in (
        ("", CustomerTasks, CustomerTasks.load),
        ("/today", TodayTasks, TodayTasks.load),
    ):
        tab = tab_of(server, shop, path=path)
        await tab.open(load)
        assert [row.id for row in (await tab.state(state)).rows] == [str(saved.id)]
        if path:
            act_as(shop.actor(Role.FRONT_DESK), finish_task, saved.id, 1)
            assert (await tab.send(state.finish, task=str(saved.id))).codes == ["conflict"]
            assert "was done by Plain front_desk" in (await notices(tab))[-1]
            assert (await tab.state(state)).rows == []


async def test_today_shows_ones_own_and_managers_everything(server: Server, shop: Shop) -> None:
    mine = AddTask(shop.customer_id, "Staff", LONG_AGO, shop.members[Role.STAFF])
    act_as(shop.actor(), add_task, mine)
    act_as(shop.actor(), add_task, AddTask(shop.customer_id, "Owner", LONG_AGO))
    seen = {}
    for role in Role:
        tab = tab_of(server, shop, role, "/today")
        assert (await tab.open(TodayTasks.load)).codes == []
        state = await tab.state(TodayTasks)
        seen[role] = ([row.title for row in state.rows], state.words, state.is_everybodys)
    assert seen[Role.OWNER] == seen[Role.MANAGER] == (["Staff", "Owner"], "2 tasks", True)
    assert seen[Role.STAFF] == (["Staff"], "1 task", False)
    assert seen[Role.FRONT_DESK] == seen[Role.ACCOUNTANT] == ([], "0 tasks", False)


async def test_what_is_written_elsewhere_is_heard_where_it_matters(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop)
    await tab.open(CustomerTimeline.load, CustomerNotes.load, CustomerTasks.load)
    act_as(shop.actor(), write_note, WriteNote(shop.customer_id, "Tea"))
    await tab.send(
        CustomerTimeline.heard, changes=f"note {shop.customer_id + 1}, task {shop.customer_id + 1}, booking 1"
    )
    assert (await tab.state(CustomerNotes)).rows == []
    await tab.send(CustomerTimeline.heard, changes=f"note {shop.customer_id}")
    assert [row.words for row in (await tab.state(CustomerNotes)).rows] == ["Tea"]
    assert "Note" in {row.entry.title for row in (await tab.state(CustomerTimeline)).rows}
    act_as(shop.actor(), add_task, AddTask(shop.customer_id, "Call", LONG_AGO))
    await tab.send(CustomerTimeline.heard, changes="*")
    assert [row.title for row in (await tab.state(CustomerTasks)).rows] == ["Call"]
    today = tab_of(server, shop, path="/today")
    await today.open(TodayPage.load, TodayTasks.load)
    act_as(shop.actor(), add_task, AddTask(shop.customer_id, "Order", LONG_AGO))
    await today.send(TodayPage.heard, changes=f"task {shop.customer_id}")
    assert [row.title for row in (await today.state(TodayTasks)).rows] == ["Call", "Order"]


async def test_another_customer_has_notes_and_tasks_of_their_own(
    server: Server, shop: Shop, fresh_database: TwoShops
) -> None:
    other = fresh_database.b
    act_as(other.actor(), write_note, WriteNote(other.customer_id, f"{CANARY} tea"))
    act_as(shop.actor(), write_note, WriteNote(shop.customer_id, "Tea"))
    tab = tab_of(server, shop)
    await tab.open(CustomerNotes.load, CustomerTasks.load)
    await tab.send(CustomerNotes.begin)
    tab.path = f"/customer?id={other.customer_id}"
    answers = [await tab.send(CustomerNotes.load), await tab.send(CustomerTasks.load)]
    state = await tab.state(CustomerNotes)
    assert (state.rows, state.form.is_open) == ([], False)
    assert not [answer for answer in answers if CANARY in answer.text]
    await tab.send(CustomerNotes.begin)
    assert (await tab.send(CustomerNotes.save, typed={"words": "Mine now"})).codes == ["not_found"]
