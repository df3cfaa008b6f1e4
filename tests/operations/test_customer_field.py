"""One field of a customer, changed alone: what others wrote elsewhere stays, what they wrote there is shown first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, FieldChanged, Forbidden, Invalid, NotFound, PhoneTaken
from microcrm.domain.permissions import Permission, Role
from microcrm.models.customers import Customer
from microcrm.operations.customer_search import search
from microcrm.operations.customers import AddCustomer, EditField, SavedCustomer, add, edit_field, field_now
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.glance import family_of
from tests.support.shops import Shop

PHONE = "98860 55555"


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


@pytest.fixture
def asha(owner: UnitOfWork) -> int:
    return add(
        owner,
        AddCustomer("Asha Rao", PHONE, "asha@x.example", "12 MG Road", "05/12/1990", "VIP, Bridal"),
    ).id


def change(uow: UnitOfWork, customer_id: int, field: str, value: Any, **more: Any) -> SavedCustomer:
    """As the page does, unless ``more`` says what was seen before."""
    if "version" not in more:
        now = field_now(uow, customer_id, field)
        more |= {"version": now.version, "seen": now.value}
    return edit_field(uow, EditField(customer_id, field, value, **more))


def row(uow: UnitOfWork, customer_id: int) -> Customer:
    uow.session.expire_all()
    return uow.session.get_one(Customer, customer_id)


@pytest.mark.parametrize(
    ("field", "start", "typed", "stored"),
    [
        ("name", "Asha Rao", "  Asha   Menon", "Asha Menon"),
        ("phone", "9886055555", "98450-12345", "+919845012345"),
        ("phone", "9886055555", "", ""),
        ("email", "asha@x.example", "Asha@Y.example", "Asha@y.example"),
        ("birthday", "1990-12-05", "1991-01-02", "1991-01-02"),
        ("birthday", "1990-12-05", "", "None"),
        ("address", "12 MG Road", "1 Hill\nPune", "1 Hill\nPune"),
        ("tags", "VIP, Bridal", "vip, New, new", "['vip', 'New']"),
    ],
)
def test_a_field_is_changed_alone_and_comes_back(
    owner: UnitOfWork, asha: int, field: str, start: str, typed: str, stored: str
) -> None:
    before = {name: getattr(row(owner, asha), name) for name in Customer.model_fields}
    assert field_now(owner, asha, field).value == start
    done = change(owner, asha, field, typed)
    after = row(owner, asha)
    assert str(getattr(after, field)) == stored
    untouched = {"name", "phone", "email", "birthday", "address", "tags"} - {field}
    assert {name: getattr(after, name) for name in untouched} == {name: before[name] for name in untouched}
    take_back(owner, done.undo)
    assert getattr(row(owner, asha), field) == before[field]


def test_who_is_found_by_a_name_is_found_by_the_new_one(owner: UnitOfWork, asha: int) -> None:
    change(owner, asha, "name", "Zarina Khan")
    change(owner, asha, "phone", "98450 12345")
    for words, is_found in (("zarina", True), ("rao", False), ("12345", True), ("55555", False)):
        assert (asha in [one.id for one in search(owner, words)]) is is_found


def test_the_same_again_changes_nothing(owner: UnitOfWork, asha: int) -> None:
    version = row(owner, asha).version
    assert change(owner, asha, "name", "Asha Rao").undo == ""
    assert row(owner, asha).version == version


def test_what_somebody_wrote_elsewhere_is_no_conflict_and_in_the_field_it_is(owner: UnitOfWork, asha: int) -> None:
    seen = field_now(owner, asha, "email")
    change(owner, asha, "name", "Asha Menon")
    mine = {"version": seen.version, "seen": seen.value}
    change(owner, asha, "email", "mine@x.example", **mine)
    assert row(owner, asha).name == "Asha Menon"
    with pytest.raises(FieldChanged) as caught:
        change(owner, asha, "email", "again@x.example", **mine)
    assert caught.value.now == "mine@x.example" and "mine@x.example" in caught.value.fields["email"]
    change(owner, asha, "email", "again@x.example", version=caught.value.version, seen=caught.value.now)
    assert row(owner, asha).email == "again@x.example"


@pytest.mark.parametrize("version", [None, "", "x", -1, 10**30, [1]])
def test_an_odd_version_goes_by_what_was_seen(owner: UnitOfWork, asha: int, version: Any) -> None:
    with pytest.raises(FieldChanged):
        change(owner, asha, "name", "New", version=version, seen="Somebody")
    change(owner, asha, "name", "New", version=version, seen="Asha Rao")
    assert row(owner, asha).name == "New"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "!!"), ("name", "x" * 121), ("name", {"a": 1}), ("phone", "12"), ("phone", ["98860"]),
        ("email", "no mail"), ("birthday", "2199-01-01"), ("birthday", 5.5), ("address", "a\x01b"), ("tags", ",".join("abcdefghijk")),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_the_field_and_nothing_changes(
    owner: UnitOfWork, asha: int, field: str, value: Any
) -> None:
    with pytest.raises(Invalid) as caught:
        change(owner, asha, field, value)
    assert set(caught.value.fields) == {field} and row(owner, asha).version == 1


@pytest.mark.parametrize("field", ["notes", "version", "business_id", "archived_at", "", None, ["name"], "__class__"])
def test_only_fields_of_the_page_are_changed(owner: UnitOfWork, asha: int, field: Any) -> None:
    for step in (
        lambda: field_now(owner, asha, field),
        lambda: edit_field(owner, EditField(asha, field, "x", 1, "")),
    ):
        with pytest.raises(NotFound):
            step()


def test_a_phone_that_somebody_has_is_shared_only_when_ticked(owner: UnitOfWork, asha: int) -> None:
    other = add(owner, AddCustomer("Ravi", "98450 12345")).id
    with pytest.raises(PhoneTaken):
        change(owner, other, "phone", PHONE)
    change(owner, other, "phone", PHONE, is_family=True)
    assert row(owner, other).is_sharing_phone
    assert [(line.id, line.tie_id > 0) for line in family_of(owner, other)] == [(asha, True)]


def test_who_sees_no_contact_details_replaces_them_unseen(unit_of_work: Work, shop: Shop, asha: int) -> None:
    actor = shop.actor()
    blind = shop.actor(permissions=actor.permissions - {Permission.CUSTOMERS_CONTACT})
    with unit_of_work(blind) as uow:
        assert {field: field_now(uow, asha, field).value for field in ("phone", "email", "address")} == {
            "phone": "", "email": "", "address": "",
        }  # fmt: skip
        assert change(uow, asha, "email", "").undo == ""
        assert row(uow, asha).email == "asha@x.example"
        change(uow, asha, "email", "new@x.example")
        with pytest.raises(FieldChanged) as caught:
            change(uow, asha, "email", "other@x.example", version=1, seen="asha@x.example")
        assert caught.value.now == "" and "new@x.example" not in str(caught.value.fields)


def test_who_may_change_and_whose(unit_of_work: Work, shop: Shop, neighbour: Shop, asha: int) -> None:
    for actor in (shop.actor(Role.STAFF), shop.actor(Role.ACCOUNTANT), shop.actor(is_viewing_as=True)):
        with unit_of_work(actor) as uow:
            with pytest.raises(Forbidden):
                field_now(uow, asha, "name")
            with pytest.raises(Forbidden):
                edit_field(uow, EditField(asha, "name", "x", 1, "Asha Rao"))
    with unit_of_work(neighbour.actor()) as uow:
        with pytest.raises(NotFound):
            field_now(uow, asha, "name")
        with pytest.raises(NotFound):
            edit_field(uow, EditField(asha, "name", "x", 1, "Asha Rao"))


def test_an_undo_after_somebody_else_s_change_is_refused(owner: UnitOfWork, asha: int) -> None:
    done = change(owner, asha, "name", "Asha Menon")
    change(owner, asha, "email", "new@x.example")
    with pytest.raises(Conflict):
        take_back(owner, done.undo)
