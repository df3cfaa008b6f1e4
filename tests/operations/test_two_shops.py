"""The ground that other tests stand on: two shops, and a wall between them."""

from __future__ import annotations

import pytest
from sqlmodel import select

from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from tests.conftest import Work
from tests.support.shops import CANARY, Shop


def names_seen(unit_of_work: Work, shop: Shop) -> list[str]:
    with unit_of_work(shop.actor(Role.OWNER)) as uow:
        return [customer.name for customer in uow.session.exec(select(Customer))]


def test_each_shop_sees_its_own_customers_even_without_a_filter(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    assert names_seen(unit_of_work, shop) == ["Plain Iyer"]
    assert names_seen(unit_of_work, neighbour) == [f"{CANARY} Iyer"]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_test_never_sees_what_another_has_written(unit_of_work: Work, shop: Shop, turn: str) -> None:
    assert len(names_seen(unit_of_work, shop)) == 1
    with unit_of_work(shop.actor()) as uow:
        uow.session.add(Customer(business_id=shop.business_id, name=turn, created_at=uow.now))
    assert len(names_seen(unit_of_work, shop)) == 2
