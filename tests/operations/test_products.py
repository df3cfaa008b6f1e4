"""Products: saved, found, archived, taken back; nobody sees or touches a neighbour's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations import products
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.products import SaveProduct
from microcrm.operations.undo import take_back
from tests.conftest import Work
from tests.support.goods import SERUM, shelve, stock_of
from tests.support.shops import Shop
from tests.support.till import register


def names(uow: Any, **asked: Any) -> list[str]:
    return [row.name for row in products.list_products(uow, **asked).rows]


def test_a_product_is_saved_found_archived_and_taken_back(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id, token = products.save_product(uow, SERUM)
        card = products.open_product(uow, product_id).product
        assert card is not None
        assert (card.price_paise, card.hsn, card.unit, card.low_at, card.stock) == (74_000, "33059090", "BTL", 2000, 0)
        assert names(uow, query="HAIR") == names(uow, query="2000000000015") == names(uow, shelf="low") == [SERUM.name]
        assert names(uow, query="nothing") == []
        away = products.archive_product(uow, product_id)
        assert (names(uow), names(uow, shelf="archive")) == ([], [SERUM.name])
        take_back(uow, away)
        assert names(uow) == [SERUM.name]
        with pytest.raises(Conflict, match="changed again"):
            take_back(uow, token)


def test_added_by_mistake_it_is_archived_by_undo(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        _, token = products.save_product(uow, SERUM)
        take_back(uow, token)
        assert (names(uow), names(uow, shelf="archive")) == ([], [SERUM.name])


def test_a_change_needs_the_version_that_was_seen_and_stock_is_no_change(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow)
        card = products.open_product(uow, product_id).product
        assert card is not None and card.stock == 6000
        dearer = replace(SERUM, product_id=product_id, version=card.version, price="800")
        _, token = products.save_product(uow, dearer)
        with pytest.raises(Conflict):
            products.save_product(uow, dearer)
        shelve_more = stock_of(uow, product_id)
        take_back(uow, token)
        after = products.open_product(uow, product_id).product
        assert after is not None and (after.price_paise, after.stock) == (74_000, shelve_more * 1000)


def test_names_and_barcodes_are_unique_in_the_shop_and_only_there(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id, _ = products.save_product(uow, SERUM)
        with pytest.raises(Invalid) as caught:
            products.save_product(uow, SERUM)
        assert set(caught.value.fields) == {"name", "barcode"}
        products.archive_product(uow, product_id)
        with pytest.raises(Invalid) as caught:
            products.save_product(uow, replace(SERUM, name="Another"))
        assert "archived" in caught.value.fields["barcode"]
        for name in ("One", "Two"):  # without a barcode there is nothing to clash
            products.save_product(uow, replace(SERUM, name=name, barcode=""))
    with unit_of_work(neighbour.actor()) as uow:
        products.save_product(uow, SERUM)


def test_a_name_that_is_taken_by_now_is_not_forced_back(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id, _ = products.save_product(uow, SERUM)
        _, token = products.save_product(uow, replace(SERUM, product_id=product_id, version=1, name="Serum, small"))
        products.save_product(uow, replace(SERUM, barcode=""))
        with pytest.raises(Conflict, match="changed again"):
            take_back(uow, token)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"price": ""}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": "1e9"}, "price"),
        ({"price": ["740"]}, "price"),
        ({"hsn": "999721"}, "hsn"),
        ({"hsn": "33"}, "hsn"),
        ({"barcode": "<script>"}, "barcode"),
        ({"unit": "nos; drop"}, "unit"),
        ({"tax_class": "hair"}, "tax_class"),
        ({"tax_class": ""}, "tax_class"),
        ({"low": "-1"}, "low"),
        ({"low": "lots"}, "low"),
        ({"is_price_with_tax": "perhaps"}, "is_price_with_tax"),
    ],
)
def test_mistakes_are_named(unit_of_work: Work, shop: Shop, changes: dict[str, Any], field: str) -> None:
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises(Invalid) as caught:
            products.save_product(uow, replace(SERUM, **changes))
        assert list(caught.value.fields) == [field]


def test_a_registered_shop_needs_the_code(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        products.save_product(uow, replace(SERUM, hsn=""))
        register(uow, shop)
        with pytest.raises(Invalid) as caught:
            products.save_product(uow, replace(SERUM, hsn="", name="Another", barcode=""))
        assert set(caught.value.fields) == {"hsn"} and products.open_product(uow).needs_hsn


def test_what_stock_is_worth_is_for_those_who_buy_or_keep_the_books(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        shelve(uow)
        shelve(uow, replace(SERUM, name="Comb", barcode=""), cost="")
        page = products.list_products(uow)
        assert (page.worth_paise, page.without_cost, page.low) == (6 * 45_000, 1, 0)
    for role, knows in ((Role.FRONT_DESK, False), (Role.STAFF, False), (Role.ACCOUNTANT, True)):
        with unit_of_work(shop.actor(role)) as uow:
            page = products.list_products(uow)
            assert (page.worth_paise is not None, page.rows[0].cost_paise is not None) == (knows, knows)
            story = products.open_product(uow, page.rows[0].id).story
            assert (story[0].cost_paise is not None) == knows


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_others_look_and_do_not_touch(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow)
    with unit_of_work(shop.actor(role)) as uow:
        assert names(uow) == [SERUM.name]
        for act in (
            lambda: products.save_product(uow, SaveProduct("X", "1", "goods")),
            lambda: products.archive_product(uow, product_id),
            lambda: products.restore_product(uow, product_id),
        ):
            with pytest.raises(Forbidden):
                act()


def test_a_neighbour_s_product_is_not_there(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow)
    with unit_of_work(neighbour.actor()) as uow:
        assert names(uow) == []
        for act in (
            lambda: products.open_product(uow, product_id),
            lambda: products.save_product(uow, replace(SERUM, product_id=product_id, version=1)),
            lambda: products.archive_product(uow, product_id),
            lambda: products.restore_product(uow, product_id),
        ):
            with pytest.raises(NotFound):
                act()


def test_the_log_has_words_for_it(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow)
        products.save_product(uow, replace(SERUM, product_id=product_id, version=1, price="800", low=""))
        said = [row.what for row in list_activity(uow, ListActivity(kind="products")).rows]
    assert said == [
        "changed a product (low-stock line, price)", "noted a delivery of a product", "added a product",
    ]  # fmt: skip
