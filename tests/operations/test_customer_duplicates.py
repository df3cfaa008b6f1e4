"""Who may be there twice: found through what two share, remembered when they are two people, nobody else's, and few statements however
many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from microcrm import wiring
from microcrm.domain.errors import Forbidden, Invalid, NotFound
from microcrm.domain.merging import Choice
from microcrm.domain.permissions import Permission, Role
from microcrm.operations.customer_duplicates import duplicates, tell_apart
from microcrm.operations.customer_merge import MergeCustomers, merge_customers
from microcrm.operations.customers import AddCustomer, add, archive
from microcrm.operations.merge_preview import compare
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.glance import merges_of
from tests.support.shops import Shop
from tests.support.vault import SEALER


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def person(uow: UnitOfWork, name: str, phone: str = "", **more: Any) -> int:
    return add(uow, AddCustomer(name, phone, **more)).id


def pairs(uow: UnitOfWork) -> list[set[int]]:
    return [{pair.first.id, pair.second.id} for pair in duplicates(uow)]


def test_each_way_to_be_there_twice_is_found(desk: UnitOfWork) -> None:
    by_phone = {person(desk, "Lakshmi Rao", "98860 20001"), person(desk, "Laxmi Rao", "98860 20001", is_family=True)}
    mail, born = {"email": "Meera@glow.example"}, {"birthday": "1990-01-02"}
    by_mail = {
        person(desk, "Meera Nair", **mail),
        person(desk, "Meera Nair", "98860 20002", email="meera@glow.example"),
    }
    by_birthday = {person(desk, "Kavya Shetty", "98860 20003", **born), person(desk, "ಕಾವ್ಯ ಶೆಟ್ಟಿ", "98860 20004", **born)}
    by_name = {person(desk, "Zoya Khan Sheikh", "98860 20005"), person(desk, "zoya khan sheikh")}
    found = pairs(desk)
    for wanted in (by_phone, by_mail, by_birthday, by_name):
        assert wanted in found
    assert len(found) == 4


def test_families_namesakes_and_the_archive_are_not(desk: UnitOfWork) -> None:
    person(desk, "Asha Menon", "98860 20001")
    person(desk, "Ravi Menon", "98860 20001", is_family=True)
    person(desk, "Priya Sharma", "98860 20002")
    person(desk, "Priya Sharma", "98860 20003")
    person(desk, "Kiran", "98860 20004")
    person(desk, "Kiran")
    person(desk, "Deepa Iyengar", "98860 20005", birthday="1990-01-02")
    person(desk, "Sunil Kulkarni", "98860 20006", birthday="1990-01-02")
    person(desk, "Zoya Khan", "98860 20007")
    archive(desk, person(desk, "Zoya Khan"))
    assert pairs(desk) == []


def test_two_people_are_not_suggested_again(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    one, other = person(desk, "Zoya Khan", "98860 20007"), person(desk, "Zoya Khan")
    assert pairs(desk) == [{one, other}]
    for wrong in ((one, one), (one, neighbour.customer_id), (one, 10**12), ("x", one), (None, None)):
        with pytest.raises(NotFound):
            tell_apart(desk, *wrong)
    tell_apart(desk, other, one)
    tell_apart(desk, one, other)
    assert pairs(desk) == []
    for role in (Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT):
        with pytest.raises(Forbidden):
            duplicates(replace(desk, actor=shop.actor(role)))
    theirs = replace(desk, actor=neighbour.actor())
    assert duplicates(theirs) == ()


def test_who_was_merged_is_no_duplicate_any_more(desk: UnitOfWork) -> None:
    one, other = person(desk, "Zoya Khan", "98860 20007"), person(desk, "Zoya Khan")
    merge_customers(desk, MergeCustomers(one, other, 1, 1), SEALER)
    assert pairs(desk) == []
    (line,) = merges_of(desk, one)
    assert (line.gone, line.since) == ("Zoya Khan", ())
    assert merges_of(desk, other) == merges_of(desk, "x") == ()


def test_the_two_side_by_side(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    one = person(desk, "Zoya Khan", "98860 20007", tags="VIP")
    other = person(desk, "Zoya Khan", email="zoya@glow.example", tags="Bridal")
    found = compare(desk, one, other)
    assert {field.name: (field.options, field.default) for field in found.fields if field.options} == {
        "phone": ((Choice.KEPT,), Choice.KEPT),
        "email": ((Choice.GONE, Choice.KEPT), Choice.GONE),
        "tags": ((Choice.BOTH, Choice.KEPT, Choice.GONE), Choice.BOTH),
    }
    less = shop.actor(permissions=shop.actor().permissions - {Permission.CUSTOMERS_CONTACT})
    masked = {field.name: (field.kept, field.gone) for field in compare(replace(desk, actor=less), one, other).fields}
    assert (masked["phone"], masked["email"]) == (("•••• 20007", ""), ("", "z•••@glow.example"))
    with pytest.raises(Invalid):
        compare(desk, one, one)
    for wrong in (neighbour.customer_id, 10**12, "x", None):
        with pytest.raises(NotFound):
            compare(desk, one, wrong)


def test_always_the_same_number_of_statements(desk: UnitOfWork) -> None:
    asked: list[str] = []

    def note(*args: Any) -> None:
        asked.append(str(args[2]))

    def count() -> int:
        asked.clear()
        event.listen(wiring.engine(), "before_cursor_execute", note)
        try:
            duplicates(desk)
        finally:
            event.remove(wiring.engine(), "before_cursor_execute", note)
        return len(asked)

    person(desk, "Zoya Khan", "98860 20007")
    person(desk, "Zoya Khan")
    few = count()
    for number in range(30):
        person(desk, f"Asha {'abcdefghijklmnopqrstuvwxyzäöüß'[number]}akhan Rao", f"98860 21{number:03}")
        person(desk, f"Asha {'abcdefghijklmnopqrstuvwxyzäöüß'[number]}akhan Rao")
    assert count() == few == 7
    assert len(pairs(desk)) == 30
