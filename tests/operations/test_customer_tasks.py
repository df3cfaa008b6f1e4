"""Tasks for customers: who does what by when, done once however many tablets, and who sees which on Today."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations.customer_tasks import (
    MOST_SHOWN,
    AddTask,
    EditTask,
    add_task,
    due_tasks,
    edit_task,
    finish_task,
    remove_task,
    takers,
    tasks_of,
)
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import VISITOR, Actor
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.shops import CANARY, Shop, TwoShops

TODAY, TOMORROW, LATE = "2026-11-24", "2026-11-25", "2026-11-20"


@pytest.fixture
def run(unit_of_work: Work, shop: Shop, at: Any) -> Any:
    """One operation in a unit of work of its own, as the owner unless told otherwise; a minute after the one before."""
    minutes = iter(range(10_000))

    def go(operation: Any, *args: Any, actor: Actor | None = None) -> Any:
        clock = at(MORNING + timedelta(minutes=next(minutes)))
        with unit_of_work(actor or shop.actor(), clock=clock) as uow:
            return operation(uow, *args)

    return go


def wish(shop: Shop, title: str = "Call", due_on: Any = TODAY, role: Role = Role.STAFF, **changes: Any) -> AddTask:
    values = {"customer_id": shop.customer_id, "title": title, "due_on": due_on, "member_id": shop.members[role]}
    return AddTask(**(values | changes))


def open_ones(run: Any, shop: Shop) -> list[str]:
    return [one.title for one in run(tasks_of, shop.customer_id)]


def test_the_most_urgent_comes_first(run: Any, shop: Shop) -> None:
    for title, due in (("Later", TOMORROW), ("Late", LATE), ("Now", TODAY)):
        run(add_task, wish(shop, title, due))
    assert open_ones(run, shop) == ["Late", "Now", "Later"]
    (late, *_) = run(tasks_of, shop.customer_id)
    assert (late.member, late.customer, late.due_on.isoformat()) == ("Plain staff", "Plain Iyer", LATE)


def test_nobody_named_means_oneself(run: Any, shop: Shop) -> None:
    run(add_task, wish(shop, member_id=""), actor=shop.actor(Role.MANAGER))
    assert run(tasks_of, shop.customer_id)[0].member == "Plain manager"


def test_done_changed_deleted_and_each_taken_back(run: Any, shop: Shop) -> None:
    saved = run(add_task, wish(shop))
    changed = run(edit_task, EditTask(saved.id, 1, "Call at noon", TOMORROW, shop.members[Role.OWNER]))
    (line,) = run(tasks_of, shop.customer_id)
    assert (line.title, line.member, line.version) == ("Call at noon", "Plain owner", 2)
    run(take_back, changed.undo)
    (line,) = run(tasks_of, shop.customer_id)
    assert (line.title, line.member, line.due_on.isoformat()) == ("Call", "Plain staff", TODAY)
    done = run(finish_task, saved.id, 3)
    assert open_ones(run, shop) == []
    run(take_back, done.undo)
    assert open_ones(run, shop) == ["Call"]
    gone = run(remove_task, saved.id, 5)
    assert open_ones(run, shop) == []
    run(take_back, gone.undo)
    assert open_ones(run, shop) == ["Call"]
    with pytest.raises(Conflict):
        run(take_back, saved.undo)
    other = run(add_task, wish(shop, "Other"))
    run(take_back, other.undo)
    assert open_ones(run, shop) == ["Call"]


def test_the_second_tablet_is_told_who_was_first(run: Any, shop: Shop) -> None:
    saved = run(add_task, wish(shop))
    run(finish_task, saved.id, 1, actor=shop.actor(Role.FRONT_DESK))
    for attempt in (
        lambda: run(finish_task, saved.id, 1),
        lambda: run(edit_task, EditTask(saved.id, 1, "Other", TODAY)),
        lambda: run(remove_task, saved.id, 1),
    ):
        with pytest.raises(Conflict, match="“Call” was done by Plain front_desk at 9:31 am meanwhile"):
            attempt()
    stale = run(add_task, wish(shop, "Order"))
    run(edit_task, EditTask(stale.id, 1, "Order two", TODAY))
    with pytest.raises(Conflict):
        run(finish_task, stale.id, 1)
    gone = run(remove_task, stale.id, 2)
    with pytest.raises(NotFound, match="deleted meanwhile"):
        run(finish_task, stale.id, 3)
    assert gone.undo


def test_of_many_who_press_done_at_once_one_has_done_it(fresh_database: TwoShops) -> None:
    shop, start = fresh_database.a, Barrier(6)
    saved = act_as(shop.actor(), add_task, wish(shop))

    def press(_: int) -> bool:
        start.wait()
        try:
            act_as(shop.actor(Role.FRONT_DESK), finish_task, saved.id, 1)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(press, range(6))) == 1
    assert act_as(shop.actor(), tasks_of, shop.customer_id) == ()


def test_today_shows_what_is_due_to_whom_it_is_assigned_and_everything_to_managers(run: Any, shop: Shop) -> None:
    run(add_task, wish(shop, "Staff, late", LATE))
    run(add_task, wish(shop, "Staff, today"))
    run(add_task, wish(shop, "Staff, tomorrow", TOMORROW))
    run(add_task, wish(shop, "Desk", role=Role.FRONT_DESK))
    done = run(add_task, wish(shop, "Done"))
    run(finish_task, done.id, 1)

    def seen(role: Role) -> tuple[list[str], int, bool]:
        found = run(due_tasks, actor=shop.actor(role))
        return [one.title for one in found.lines], found.count, found.is_everybodys

    everything = ["Staff, late", "Staff, today", "Desk"]
    assert seen(Role.STAFF) == (everything[:2], 2, False)
    assert seen(Role.FRONT_DESK) == (["Desk"], 1, False)
    assert seen(Role.MANAGER) == seen(Role.OWNER) == (everything, 3, True)
    assert seen(Role.ACCOUNTANT) == ([], 0, False)


def test_more_than_fit_are_counted(run: Any, shop: Shop) -> None:
    for n in range(MOST_SHOWN + 3):
        run(add_task, wish(shop, f"Task {n}"))
    found = run(due_tasks)
    assert (len(found.lines), found.count) == (MOST_SHOWN, MOST_SHOWN + 3)
    assert len(run(tasks_of, shop.customer_id)) == MOST_SHOWN


def test_whoever_is_asked_to_do_something_may_do_it_and_sees_no_more_of_the_customer(run: Any, shop: Shop) -> None:
    other = run(add, AddCustomer("Not Mine", "98860 55555"))
    staff = shop.actor(Role.STAFF)
    mine = run(add_task, wish(shop, customer_id=other.id))
    theirs = run(add_task, wish(shop, "Desk", role=Role.FRONT_DESK, customer_id=other.id))
    (line,) = run(due_tasks, actor=staff).lines
    assert (line.customer, line.opens_customer) == ("Not Mine", False)
    assert run(tasks_of, other.id, actor=staff) == ()
    with pytest.raises(NotFound):
        run(finish_task, theirs.id, 1, actor=staff)
    with pytest.raises(NotFound):
        run(add_task, wish(shop, customer_id=other.id), actor=staff)
    run(finish_task, mine.id, 1, actor=staff)
    assert [one.opens_customer for one in run(tasks_of, other.id)] == [True]


def test_who_may_not_write_does_not(run: Any, shop: Shop) -> None:
    saved = run(add_task, wish(shop))
    for actor in (shop.actor(Role.ACCOUNTANT), shop.actor(is_viewing_as=True)):
        for attempt in (
            lambda actor=actor: run(add_task, wish(shop), actor=actor),
            lambda actor=actor: run(finish_task, saved.id, 1, actor=actor),
            lambda actor=actor: run(remove_task, saved.id, 1, actor=actor),
            lambda actor=actor: run(takers, actor=actor),
        ):
            with pytest.raises(Forbidden):
                attempt()
        assert len(run(tasks_of, shop.customer_id, actor=actor)) == 1
    with pytest.raises(DomainError):
        run(due_tasks, actor=VISITOR)


def test_the_neighbours_tasks_are_as_absent_as_those_that_never_were(run: Any, shop: Shop, neighbour: Shop) -> None:
    theirs = run(add_task, wish(neighbour, f"{CANARY} call"), actor=neighbour.actor())
    assert run(tasks_of, neighbour.customer_id) == () and run(due_tasks).lines == ()
    for attempt in (
        lambda: run(add_task, wish(shop, customer_id=neighbour.customer_id)),
        lambda: run(edit_task, EditTask(theirs.id, 1, "Mine now", TODAY)),
        lambda: run(finish_task, theirs.id, 1),
        lambda: run(remove_task, theirs.id, 1),
        lambda: run(take_back, theirs.undo),
    ):
        with pytest.raises(NotFound) as refusal:
            attempt()
        assert CANARY not in str(refusal.value)
    with pytest.raises(Invalid) as wrong:
        run(add_task, wish(shop, member_id=neighbour.members[Role.STAFF]))
    assert set(wrong.value.fields) == {"member_id"}
    assert [one.title for one in run(tasks_of, neighbour.customer_id, actor=neighbour.actor())] == [f"{CANARY} call"]


def test_somebody_who_has_left_takes_nothing_on(run: Any, unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        uow.session.execute(
            text("UPDATE members SET deactivated_at = :at WHERE id = :id"),
            {"at": MORNING, "id": shop.members[Role.STAFF]},
        )
    assert shop.members[Role.STAFF] not in dict(run(takers))
    with pytest.raises(Invalid) as refusal:
        run(add_task, wish(shop))
    assert set(refusal.value.fields) == {"member_id"}


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"title": ""}, {"title"}), ({"title": None}, {"title"}), ({"title": "x" * 201}, {"title"}), ({"title": ["a"]}, {"title"}),
        ({"title": "a\x00b"}, {"title"}), ({"due_on": ""}, {"due_on"}), ({"due_on": "31/02/2026"}, {"due_on"}),
        ({"due_on": "tomorrow"}, {"due_on"}), ({"due_on": 20261124}, {"due_on"}), ({"due_on": "9999-01-01"}, {"due_on"}),
        ({"member_id": "abc"}, {"member_id"}), ({"member_id": 2**70}, {"member_id"}), ({"member_id": [1]}, {"member_id"}),
        ({"title": "", "due_on": "", "member_id": -1}, {"title", "due_on", "member_id"}),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_at_its_field(
    run: Any, shop: Shop, values: dict[str, Any], fields: set[str]
) -> None:
    saved = run(add_task, wish(shop))
    as_it_was = {
        "task_id": saved.id,
        "version": 1,
        "title": "Call",
        "due_on": TODAY,
        "member_id": shop.members[Role.STAFF],
    }
    for attempt in (
        lambda: run(add_task, wish(shop, **values)),
        lambda: run(edit_task, EditTask(**(as_it_was | values))),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert set(refusal.value.fields) == fields
    assert open_ones(run, shop) == ["Call"]


@pytest.mark.parametrize("strange", [None, "", "abc", -1, 0, 2**70, "9" * 5000, [1], {"id": 1}, True, 1.5, "1\x00"])
def test_a_strange_id_is_simply_not_there(run: Any, shop: Shop, strange: Any) -> None:
    assert run(tasks_of, strange) == ()
    for attempt in (
        lambda: run(add_task, wish(shop, customer_id=strange)),
        lambda: run(edit_task, EditTask(strange, 1, "Call", TODAY)),
        lambda: run(finish_task, strange, 1),
        lambda: run(remove_task, strange, 1),
    ):
        with pytest.raises(NotFound):
            attempt()
