"""Family: linked once, seen from both sides, changed and taken back; never across shops."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, select

from microcrm import wiring
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, LimitReached, NotFound
from microcrm.domain.family import Side, Tie
from microcrm.domain.guardian import Bond
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.models.family import FamilyTie
from microcrm.models.records import AuditEvent
from microcrm.operations import family
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.family import (
    ChangeTie,
    FamilyLine,
    TiedFamily,
    TieFamily,
    change_tie,
    guardians_of,
    tie_family,
    untie_family,
)
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work, act_as
from tests.support.glance import family_of
from tests.support.shops import Shop, TwoShops


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def somebody(uow: UnitOfWork, name: str, **more: Any) -> int:
    return add(uow, AddCustomer(name, **more)).id


def tie(uow: UnitOfWork, one: int, other: int, kind: str = "child", **more: Any) -> TiedFamily:
    return tie_family(uow, TieFamily(one, other, kind, **more))


def seen(uow: UnitOfWork, customer_id: int) -> list[tuple[str, Tie, Side, Side]]:
    return [(line.name, line.tie, line.pays, line.told) for line in family_of(uow, customer_id)]


def first(uow: UnitOfWork, customer_id: int) -> FamilyLine:
    return family_of(uow, customer_id)[0]


def test_both_see_each_other_their_own_way(owner: UnitOfWork) -> None:
    mother, son = somebody(owner, "Sudha"), somebody(owner, "Ishaan")
    done = tie(owner, mother, son, "child", pays="customer", told="customer")
    assert done.name == "Ishaan"
    assert seen(owner, mother) == [("Ishaan", Tie.CHILD, Side.CUSTOMER, Side.CUSTOMER)]
    assert seen(owner, son) == [("Sudha", Tie.PARENT, Side.RELATIVE, Side.RELATIVE)]
    events = owner.session.scalars(select(AuditEvent).where(AuditEvent.subject == "family_tie")).all()
    assert [event.facts for event in events] == [{"relative": son}]


def test_two_people_are_linked_once_from_whichever_side(owner: UnitOfWork) -> None:
    one, other = somebody(owner, "One"), somebody(owner, "Other")
    tie(owner, one, other)
    for again in ((one, other), (other, one)):
        with pytest.raises(Conflict):
            tie(owner, *again, "sibling")
    assert seen(owner, one) == [("Other", Tie.CHILD, Side.NOBODY, Side.NOBODY)]


def test_a_change_from_the_other_side_means_the_same(owner: UnitOfWork) -> None:
    one, other = somebody(owner, "One"), somebody(owner, "Other")
    tie(owner, one, other, "child")
    line = first(owner, other)
    done = change_tie(owner, ChangeTie(line.tie_id, line.version, other, "guardian", "relative", ""))
    assert seen(owner, one) == [("Other", Tie.WARD, Side.CUSTOMER, Side.NOBODY)]
    assert seen(owner, other) == [("One", Tie.GUARDIAN, Side.RELATIVE, Side.NOBODY)]
    with pytest.raises(Conflict):
        change_tie(owner, ChangeTie(line.tie_id, line.version, one, "sibling"))
    line = first(owner, one)
    assert change_tie(owner, ChangeTie(line.tie_id, line.version, one, "ward", "customer")).undo == ""
    take_back(owner, done.undo)
    assert seen(owner, one) == [("Other", Tie.CHILD, Side.NOBODY, Side.NOBODY)]


def test_a_link_is_removed_and_comes_back_as_it_was(owner: UnitOfWork) -> None:
    one, other = somebody(owner, "One"), somebody(owner, "Other")
    tie(owner, one, other, "child", pays="customer")
    done = untie_family(owner, first(owner, other).tie_id, other)
    assert done.name == "One" and seen(owner, one) == []
    assert take_back(owner, done.undo) == "Undone: Other and One no longer linked"
    assert seen(owner, one) == [("Other", Tie.CHILD, Side.CUSTOMER, Side.NOBODY)]
    done = untie_family(owner, first(owner, one).tie_id, one)
    tie(owner, other, one, "sibling")
    with pytest.raises(Conflict):
        take_back(owner, done.undo)


def test_linking_is_taken_back_unless_it_has_changed(owner: UnitOfWork) -> None:
    one, other = somebody(owner, "One"), somebody(owner, "Other")
    take_back(owner, tie(owner, one, other).undo)
    assert seen(owner, one) == []
    done = tie(owner, one, other)
    line = first(owner, one)
    change_tie(owner, ChangeTie(line.tie_id, line.version, one, "spouse"))
    with pytest.raises(Conflict):
        take_back(owner, done.undo)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tie": "boss"}, "tie"), ({"tie": None}, "tie"), ({"pays": "bank"}, "pays"), ({"told": ["customer"]}, "told"),
        ({"relative_id": "x"}, "relative_id"), ({"relative_id": ""}, "relative_id"), ({"relative_id": -4}, "relative_id"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field(owner: UnitOfWork, shop: Shop, changes: dict[str, Any], field: str) -> None:
    other = somebody(owner, "Other")
    values = {"customer_id": shop.customer_id, "relative_id": other, "tie": "child"} | changes
    with pytest.raises(Invalid) as caught:
        tie_family(owner, TieFamily(**values))
    assert set(caught.value.fields) == {field}
    assert owner.session.scalars(select(FamilyTie)).all() == []


def test_nobody_is_their_own_family(owner: UnitOfWork, shop: Shop) -> None:
    with pytest.raises(Invalid):
        tie(owner, shop.customer_id, shop.customer_id)


def test_neither_neighbours_nor_strangers_are_reached(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    other, third = somebody(owner, "Other"), somebody(owner, "Third")
    tie(owner, shop.customer_id, other)
    line = first(owner, other)
    for one, two in ((neighbour.customer_id, other), (other, neighbour.customer_id), (10**15, other)):
        with pytest.raises(NotFound):
            tie(owner, one, two)
    with pytest.raises(NotFound):
        untie_family(owner, line.tie_id, third)
    with pytest.raises(NotFound):
        change_tie(owner, ChangeTie(line.tie_id, line.version, third, "child"))
    with unit_of_work(neighbour.actor()) as uow:
        assert family_of(uow, other) == ()
        for step in (
            lambda: untie_family(uow, line.tie_id, other),
            lambda: change_tie(uow, ChangeTie(line.tie_id, 1, other, "child")),
        ):
            with pytest.raises(NotFound):
                step()


def test_staff_see_only_the_family_that_they_may_see_and_change_nothing(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop
) -> None:
    other = somebody(owner, "Other")
    tie(owner, shop.customer_id, other)
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert family_of(uow, shop.customer_id) == ()
        with pytest.raises(Forbidden):
            tie(uow, shop.customer_id, other)
        assert family_of(uow, other) == ()
    with unit_of_work(shop.actor(Role.ACCOUNTANT)) as uow:
        assert [line.name for line in family_of(uow, shop.customer_id)] == ["Other"]


def test_who_shares_a_phone_without_a_link_is_offered(owner: UnitOfWork) -> None:
    one = somebody(owner, "One", phone="98860 55555")
    other = somebody(owner, "Other", phone="98860 55555", is_family=True)
    untie_family(owner, first(owner, one).tie_id, one)
    (line,) = family_of(owner, one)
    assert (line.id, line.tie_id, line.is_on_same_phone) == (other, 0, True)
    tie(owner, one, other, "spouse")
    (line,) = family_of(owner, one)
    assert line.tie_id > 0 and line.is_on_same_phone


def test_parents_and_guardians_answer_for_a_child(owner: UnitOfWork) -> None:
    birthday = (owner.now.date() - timedelta(days=3_000)).isoformat()
    child = somebody(owner, "Meera", birthday=birthday)
    mother, aunt, guardian = (somebody(owner, name) for name in ("Mother", "Aunt", "Guardian"))
    tie(owner, mother, child, "child")
    tie(owner, child, aunt, "relative")
    tie(owner, child, guardian, "guardian")
    answering = [(one.customer_id, one.name, one.bond) for one in guardians_of(owner, child)]
    assert answering == [(guardian, "Guardian", Bond.GUARDIAN), (mother, "Mother", Bond.PARENT)]
    assert guardians_of(owner, mother) == ()
    assert first(owner, mother).is_child


def test_a_family_has_an_end(owner: UnitOfWork, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family, "MOST", 1)
    tie(owner, shop.customer_id, somebody(owner, "One"))
    with pytest.raises(LimitReached):
        tie(owner, shop.customer_id, somebody(owner, "Other"))


def test_reading_costs_the_same_for_one_relative_and_for_many(owner: UnitOfWork, shop: Shop) -> None:
    def statements() -> int:
        count: list[str] = []
        connection = owner.session.connection()
        listen = lambda *args: count.append(args[2])  # noqa: E731
        event.listen(connection, "before_cursor_execute", listen)
        family_of(owner, shop.customer_id)
        event.remove(connection, "before_cursor_execute", listen)
        return len(count)

    tie(owner, shop.customer_id, somebody(owner, "One"))
    before = statements()
    for name in ("Two", "Three", "Four"):
        tie(owner, shop.customer_id, somebody(owner, name))
    assert statements() == before == 1


def test_two_who_link_the_same_pair_at_once_make_one_link(fresh_database: TwoShops) -> None:
    shop, barrier = fresh_database.a, Barrier(2)

    def make(uow: UnitOfWork) -> int:
        other = Customer(business_id=shop.business_id, name="Other", name_key="other", created_at=uow.now, tags=[])
        uow.session.add(other)
        uow.session.flush()
        return other.id or 0

    other = act_as(shop.actor(), make)

    def link(ends: tuple[int, int]) -> str:
        with wiring.unit_of_work(shop.actor()) as uow:
            barrier.wait(10)
            try:
                return tie(uow, *ends, "sibling").name
            except DomainError as error:
                return error.code

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(link, [(shop.customer_id, other), (other, shop.customer_id)]))
    assert sorted(said)[1] == "conflict" or sorted(said)[0] == "conflict"
    assert len(act_as(shop.actor(), family_of, other)) == 1
