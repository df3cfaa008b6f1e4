"""Notes about customers: written, changed, pinned, deleted and back; by whom; and two tablets at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.records import AuditEvent
from microcrm.operations.customer_notes import (
    LATEST,
    MOST_PINNED,
    EditNote,
    NoteLine,
    WriteNote,
    edit_note,
    notes_of,
    pin_note,
    remove_note,
    write_note,
)
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import VISITOR, Actor
from tests.conftest import Work, act_as
from tests.support.desk import MORNING
from tests.support.shops import CANARY, Shop, TwoShops

PHONE = "98860 55555"


@pytest.fixture
def run(unit_of_work: Work, shop: Shop, at: Any) -> Any:
    """One operation in a unit of work of its own, as the owner unless told otherwise; a minute after the one before."""
    minutes = iter(range(10_000))

    def go(operation: Any, *args: Any, actor: Actor | None = None, **options: Any) -> Any:
        clock = at(MORNING + timedelta(minutes=next(minutes)))
        with unit_of_work(actor or shop.actor(), clock=clock) as uow:
            return operation(uow, *args, **options)

    return go


def lines(run: Any, shop: Shop, **options: Any) -> list[NoteLine]:
    return list(run(notes_of, shop.customer_id, **options))


def told(run: Any, shop: Shop) -> list[tuple[str, bool]]:
    return [(one.words, one.is_pinned) for one in lines(run, shop)]


def test_a_note_has_an_author_and_a_time(run: Any, shop: Shop) -> None:
    run(write_note, WriteNote(shop.customer_id, "  Likes the window chair \n\n and tea "), actor=shop.actor(Role.STAFF))
    (note,) = lines(run, shop)
    assert (note.words, note.author, note.is_pinned) == ("Likes the window chair\n\nand tea", "Plain staff", False)
    assert (note.at, note.edited_at, note.version) == (MORNING, None, 1)


def test_pinned_ones_come_first_and_then_the_latest(run: Any, shop: Shop) -> None:
    for n in range(LATEST + 2):
        run(write_note, WriteNote(shop.customer_id, f"Note {n}"))
    first = run(write_note, WriteNote(shop.customer_id, "Pinned", is_pinned="on"))
    run(write_note, WriteNote(shop.customer_id, "After it"))
    assert told(run, shop)[0] == ("Pinned", True)
    assert [words for words, _ in told(run, shop)][1:] == ["After it", "Note 6", "Note 5", "Note 4", "Note 3"]
    run(pin_note, first.id, 1, is_pinned=False)
    assert told(run, shop)[:2] == [("After it", False), ("Pinned", False)]


def test_a_change_is_marked_and_can_be_taken_back(run: Any, shop: Shop) -> None:
    saved = run(write_note, WriteNote(shop.customer_id, "Tea"))
    changed = run(edit_note, EditNote(saved.id, 1, "Coffee", is_pinned=True))
    (note,) = lines(run, shop)
    assert (note.words, note.is_pinned, note.version) == ("Coffee", True, 2) and note.edited_at > note.at
    run(take_back, changed.undo)
    (note,) = lines(run, shop)
    assert (note.words, note.is_pinned, note.edited_at) == ("Tea", False, None)
    assert run(edit_note, EditNote(saved.id, note.version, "Tea")).undo == "", "nothing was different"


def test_what_was_deleted_comes_back_and_what_was_added_goes(run: Any, shop: Shop) -> None:
    saved = run(write_note, WriteNote(shop.customer_id, "Tea", is_pinned=True))
    gone = run(remove_note, saved.id, 1)
    assert told(run, shop) == []
    with pytest.raises(NotFound):
        run(edit_note, EditNote(saved.id, 2, "Coffee"))
    run(take_back, gone.undo)
    assert told(run, shop) == [("Tea", True)]
    with pytest.raises(Conflict):
        run(take_back, saved.undo)  # it has changed since
    other = run(write_note, WriteNote(shop.customer_id, "Coffee"))
    run(take_back, other.undo)
    assert told(run, shop) == [("Tea", True)]


def test_whoever_comes_second_is_told(run: Any, shop: Shop) -> None:
    saved = run(write_note, WriteNote(shop.customer_id, "Tea"))
    run(edit_note, EditNote(saved.id, 1, "Coffee"))
    for attempt in (
        lambda: run(edit_note, EditNote(saved.id, 1, "Water")),
        lambda: run(pin_note, saved.id, 1, is_pinned=True),
        lambda: run(remove_note, saved.id, 1),
    ):
        with pytest.raises(Conflict):
            attempt()
    assert told(run, shop) == [("Coffee", False)]


def test_only_so_many_stand_on_top(run: Any, shop: Shop) -> None:
    ids = [run(write_note, WriteNote(shop.customer_id, f"Note {n}", is_pinned=True)).id for n in range(MOST_PINNED)]
    with pytest.raises(Conflict, match="on top already"):
        run(write_note, WriteNote(shop.customer_id, "One more", is_pinned=True))
    gone = run(remove_note, ids[0], 1)
    run(write_note, WriteNote(shop.customer_id, "One more", is_pinned=True))
    with pytest.raises(Conflict, match="on top already"):
        run(take_back, gone.undo)
    run(edit_note, EditNote(ids[1], 1, "Still on top", is_pinned=True))


def test_two_who_pin_at_once_are_counted_one_after_the_other(fresh_database: TwoShops) -> None:
    shop, start = fresh_database.a, Barrier(6)
    act_as(shop.actor(), lambda uow: [
        write_note(uow, WriteNote(shop.customer_id, f"Note {n}", is_pinned=True)) for n in range(MOST_PINNED - 1)
    ])  # fmt: skip

    def pin(n: int) -> bool:
        start.wait()
        try:
            act_as(shop.actor(), write_note, WriteNote(shop.customer_id, f"Race {n}", is_pinned=True))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(pin, range(6))) == 1
    assert len([one for one in act_as(shop.actor(), notes_of, shop.customer_id) if one.is_pinned]) == MOST_PINNED


def test_staff_change_their_own_notes_and_the_desk_everybodys(run: Any, shop: Shop) -> None:
    staff, desk = shop.actor(Role.STAFF), shop.actor(Role.FRONT_DESK)
    mine = run(write_note, WriteNote(shop.customer_id, "Mine"), actor=staff)
    theirs = run(write_note, WriteNote(shop.customer_id, "Theirs"), actor=desk)
    assert {(one.words, one.may_change) for one in lines(run, shop, actor=staff)} == {("Mine", True), ("Theirs", False)}
    assert all(one.may_change for one in lines(run, shop, actor=desk))
    assert not any(one.may_change for one in lines(run, shop, actor=shop.actor(Role.ACCOUNTANT)))
    run(edit_note, EditNote(mine.id, 1, "Mine, changed"), actor=staff)
    for attempt in (
        lambda: run(edit_note, EditNote(theirs.id, 1, "Taken over"), actor=staff),
        lambda: run(pin_note, theirs.id, 1, is_pinned=True, actor=staff),
        lambda: run(remove_note, theirs.id, 1, actor=staff),
        lambda: run(take_back, theirs.undo, actor=staff),
    ):
        with pytest.raises(Forbidden):
            attempt()
    run(edit_note, EditNote(mine.id, 2, "By the desk"), actor=desk)
    assert set(told(run, shop)) == {("By the desk", False), ("Theirs", False)}


def test_who_may_not_write_does_not(run: Any, shop: Shop) -> None:
    looking = shop.actor(is_viewing_as=True)
    for actor in (shop.actor(Role.ACCOUNTANT), looking):
        with pytest.raises(Forbidden):
            run(write_note, WriteNote(shop.customer_id, "No"), actor=actor)
        assert lines(run, shop, actor=actor) == []
    with pytest.raises(DomainError):
        run(write_note, WriteNote(shop.customer_id, "No"), actor=VISITOR)


def test_one_calendar_writes_only_about_its_own_customers(run: Any, shop: Shop) -> None:
    other = run(add, AddCustomer("Not Mine", PHONE, notes="Secret"))
    staff = shop.actor(Role.STAFF)
    assert run(notes_of, other.id, actor=staff) == ()
    with pytest.raises(NotFound):
        run(write_note, WriteNote(other.id, "Mine now"), actor=staff)
    (secret,) = run(notes_of, other.id)
    with pytest.raises(NotFound):
        run(remove_note, secret.id, 1, actor=staff)


def test_the_neighbours_notes_are_as_absent_as_those_that_never_were(run: Any, shop: Shop, neighbour: Shop) -> None:
    theirs = run(write_note, WriteNote(neighbour.customer_id, f"{CANARY} tea"), actor=neighbour.actor())
    assert run(notes_of, neighbour.customer_id) == ()
    for attempt in (
        lambda: run(write_note, WriteNote(neighbour.customer_id, "Mine now")),
        lambda: run(edit_note, EditNote(theirs.id, 1, "Mine now")),
        lambda: run(pin_note, theirs.id, 1, is_pinned=True),
        lambda: run(remove_note, theirs.id, 1),
        lambda: run(take_back, theirs.undo),
    ):
        with pytest.raises(NotFound) as refusal:
            attempt()
        assert CANARY not in str(refusal.value)
    assert [one.words for one in run(notes_of, neighbour.customer_id, actor=neighbour.actor())] == [f"{CANARY} tea"]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"words": ""}, {"words"}), ({"words": None}, {"words"}), ({"words": " \n\t "}, {"words"}), ({"words": 7}, {"words"}),
        ({"words": "x" * 4_001}, {"words"}), ({"words": "a\x00b"}, {"words"}), ({"words": ["a"]}, {"words"}),
        ({"words": "\ud800"}, {"words"}), ({"is_pinned": "perhaps"}, {"is_pinned"}),
        ({"words": "", "is_pinned": [1]}, {"words", "is_pinned"}),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_at_its_field(
    run: Any, shop: Shop, values: dict[str, Any], fields: set[str]
) -> None:
    note = run(write_note, WriteNote(shop.customer_id, "Tea"))
    for attempt in (
        lambda: run(write_note, WriteNote(**({"customer_id": shop.customer_id, "words": "Tea"} | values))),
        lambda: run(edit_note, EditNote(**({"note_id": note.id, "version": 1, "words": "Tea"} | values))),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert set(refusal.value.fields) == fields
    assert told(run, shop) == [("Tea", False)]


@pytest.mark.parametrize("strange", [None, "", "abc", -1, 0, 2**70, "9" * 5000, [1], {"id": 1}, True, 1.5, "1\x00"])
def test_a_strange_id_is_simply_not_there(run: Any, strange: Any) -> None:
    assert run(notes_of, strange) == ()
    for attempt in (
        lambda: run(write_note, WriteNote(strange, "Tea")),
        lambda: run(edit_note, EditNote(strange, 1, "Tea")),
        lambda: run(remove_note, strange, 1),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_the_first_note_of_a_new_customer_is_pinned(run: Any, shop: Shop) -> None:
    saved = run(add, AddCustomer("Asha Rao", PHONE, notes="Window chair"))
    assert [(one.words, one.is_pinned, one.author) for one in run(notes_of, saved.id)] == [
        ("Window chair", True, "Plain owner")
    ]
    assert run(notes_of, run(add, AddCustomer("Nobody")).id) == ()


def test_the_log_holds_no_words_of_a_note(run: Any, unit_of_work: Work, shop: Shop) -> None:
    saved = run(write_note, WriteNote(shop.customer_id, "Chrysanthemum"))
    run(edit_note, EditNote(saved.id, 1, "Chrysanthemum oil", is_pinned=True))
    run(remove_note, saved.id, 2)
    with unit_of_work(shop.actor()) as uow:
        query = select(AuditEvent).where(AuditEvent.subject == "customer_note").order_by(AuditEvent.id)
        events = uow.session.scalars(query).all()
    assert [event.action for event in events] == ["add", "change", "remove"]
    assert "hrysanthemum" not in repr([event.facts for event in events])
