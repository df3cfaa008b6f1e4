"""The owner destroys a customer's key: typed name, reason, log, mail to each owner; afterwards the page says when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, RecordErased
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.models.records import AuditEvent, OutboxMessage
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.erasing import EraseSealed, erasable, erase_sealed, last_erasure
from microcrm.operations.vault.reading import list_records
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.shops import Shop
from tests.support.vault import PLANTED, correct, note, opened


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def name_of(uow: UnitOfWork, shop: Shop) -> str:
    return uow.session.get_one(Customer, shop.customer_id).name


def press(uow: UnitOfWork, shop: Shop, **typed: Any) -> int:
    given = {"customer_id": shop.customer_id, "name": name_of(uow, shop), "reason": "asked"}
    return erase_sealed(uow, EraseSealed(**(given | typed)))


def mails(uow: UnitOfWork) -> list[dict[str, Any]]:
    rows = uow.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "mail")).all()
    return [row.payload for row in rows if row.payload["template"] == "records_destroyed"]


def test_it_says_what_would_go_and_then_everything_sealed_is_gone(desk: UnitOfWork, shop: Shop) -> None:
    first, second = note(desk, shop.customer_id), note(desk, shop.customer_id, "allergy")
    correct(desk, first, 1)
    found = erasable(desk, shop.customer_id)
    assert (found.name, found.records, found.files) == (name_of(desk, shop), 2, 0)
    assert last_erasure(desk, shop.customer_id) is None
    assert press(desk, shop) == 1
    assert last_erasure(desk, shop.customer_id) == MORNING
    assert all(line.is_erased for line in list_records(desk, shop.customer_id).lines)
    for record in (first, second):
        with pytest.raises(RecordErased):
            opened(desk, record)
    assert erasable(desk, shop.customer_id).records == 0
    [event] = desk.session.scalars(select(AuditEvent).where(AuditEvent.action == "vault.destroyed"))
    assert event.facts["reason"] == "asked" and event.member_id == shop.members[Role.OWNER]


def test_every_owner_gets_a_mail_without_the_customer_s_name(desk: UnitOfWork, shop: Shop) -> None:
    note(desk, shop.customer_id)
    press(desk, shop)
    [mail] = mails(desk)
    assert mail["data"]["path"] == f"/customer/records?id={shop.customer_id}"
    assert name_of(desk, shop) not in str(mail) and PLANTED not in str(mail)


def test_what_is_written_later_has_a_new_key_and_can_go_as_well(desk: UnitOfWork, shop: Shop) -> None:
    note(desk, shop.customer_id)
    press(desk, shop)
    later = note(desk, shop.customer_id, "allergy")
    opened(desk, later)
    assert erasable(desk, shop.customer_id).records == 1
    assert press(desk, shop, reason="over") == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "Somebody Else"}, "name"),
        ({"name": ""}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x" * 100_000}, "name"),
        ({"reason": ""}, "reason"),
        ({"reason": "because"}, "reason"),
        ({"reason": None}, "reason"),
    ],
)
def test_a_press_that_is_not_meant_destroys_nothing(
    desk: UnitOfWork, shop: Shop, typed: dict[str, Any], field: str
) -> None:
    record = note(desk, shop.customer_id)
    with pytest.raises(Invalid) as caught:
        press(desk, shop, **typed)
    assert set(caught.value.fields) == {field}
    assert opened(desk, record) and mails(desk) == []


def test_where_nothing_is_sealed_there_is_nothing_to_destroy(desk: UnitOfWork, shop: Shop) -> None:
    with pytest.raises(Conflict, match="Nothing is sealed"):
        press(desk, shop)
    assert mails(desk) == []


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_nobody_but_the_owner(desk: UnitOfWork, shop: Shop, role: Role) -> None:
    record = note(desk, shop.customer_id)
    other = replace(desk, actor=shop.actor(role))
    for call in (lambda: press(other, shop), lambda: erasable(other, shop.customer_id)):
        with pytest.raises(Forbidden):
            call()
    looking = replace(desk, actor=replace(shop.actor(), is_viewing_as=True))
    with pytest.raises(Forbidden):
        press(looking, shop)
    assert opened(desk, record)


@pytest.mark.parametrize("raw", ["", "x", None, 10**15, -1, ["1"]])
def test_a_customer_who_is_not_there(desk: UnitOfWork, shop: Shop, raw: Any) -> None:
    for call in (
        lambda: press(desk, shop, customer_id=raw),
        lambda: erasable(desk, raw),
        lambda: last_erasure(desk, raw),
    ):
        with pytest.raises(NotFound):
            call()


def test_another_shop_s_customer_is_not_there(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    for call in (
        lambda: press(desk, shop, customer_id=neighbour.customer_id),
        lambda: erasable(desk, neighbour.customer_id),
        lambda: last_erasure(desk, neighbour.customer_id),
    ):
        with pytest.raises(NotFound):
            call()
