"""Stock that is noted by hand: each change is one movement, and the count is their sum."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations import products
from microcrm.operations.stock import NoteStock, note_stock
from microcrm.operations.today import today
from microcrm.operations.undo import take_back
from tests.conftest import Work
from tests.support.goods import SERUM, moves_of, shelve, stock_of
from tests.support.shops import Shop


def test_deliveries_counts_and_breakage(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow, stock="6", cost="450")
        note_stock(uow, NoteStock(product_id, "damaged", "1", note="Fell off the shelf"))
        done = note_stock(uow, NoteStock(product_id, "counted", "3", note="Year's end"))
        assert done.stock == 3000 and done.label == "Argan hair serum, 100 ml: counted, 3 in stock"
        note_stock(uow, NoteStock(product_id, "received", "2.5", "460", ""))
        assert stock_of(uow, product_id) == 5500
        assert moves_of(uow, product_id) == [("received", 6), ("damaged", -1), ("counted", -2), ("received", 2)]
        card = products.open_product(uow, product_id)
        assert card.product is not None and card.product.cost_paise == 46_000
        assert [(one.kind, one.note) for one in card.story][-1] == ("received", "Beauty Depot")


def test_what_the_shop_used_is_not_what_broke(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow, stock="6")
        done = note_stock(uow, NoteStock(product_id, "used", "1.5", note="For colouring"))
        assert done.label == "Argan hair serum, 100 ml: own use, 4.5 in stock"
        note_stock(uow, NoteStock(product_id, "damaged", "1", note="Broken"))
        assert stock_of(uow, product_id) == 3500
        take_back(uow, done.undo)
        assert stock_of(uow, product_id) == 5
        assert [kind for kind, _ in moves_of(uow, product_id)] == ["received", "used", "damaged", "undone"]


def test_a_count_that_agrees_is_noted_as_well(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow)
        note_stock(uow, NoteStock(product_id, "counted", "6", note="Monday"))
        assert moves_of(uow, product_id)[-1] == ("counted", 0)


def test_each_can_be_taken_back_once_and_the_story_keeps_both(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow, stock="6", cost="450")
        done = note_stock(uow, NoteStock(product_id, "received", "10", "900", "Wrong shop"))
        note_stock(uow, NoteStock(product_id, "damaged", "1", note="Broken"))  # in between
        take_back(uow, done.undo)
        assert stock_of(uow, product_id) == 5
        card = products.open_product(uow, product_id).product
        assert card is not None and card.cost_paise == 45_000
        with pytest.raises(Conflict, match="already"):
            take_back(uow, done.undo)
        assert moves_of(uow, product_id)[-1] == ("undone", -10)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "sold"}, "kind"),
        ({"kind": "undone"}, "kind"),
        ({"kind": None}, "kind"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "-5"}, "quantity"),
        ({"quantity": "1e9"}, "quantity"),
        ({"quantity": {"a": 1}}, "quantity"),
        ({"cost": "-1"}, "cost"),
        ({"cost": "dear"}, "cost"),
        ({"kind": "opening"}, "kind"),
        ({"kind": "damaged", "note": ""}, "note"),
        ({"kind": "used", "note": ""}, "note"),
        ({"kind": "counted", "note": " "}, "note"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_mistakes_are_named_and_nothing_moves(
    unit_of_work: Work, shop: Shop, changes: dict[str, Any], field: str
) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow)
        values = {"kind": "received", "quantity": "1", "note": "Depot"} | changes
        with pytest.raises(Invalid) as caught:
            note_stock(uow, NoteStock(product_id, **values))
        assert list(caught.value.fields) == [field]
        assert stock_of(uow, product_id) == 6


def test_no_shelf_is_endless(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow, stock="")
        for _ in range(100):
            note_stock(uow, NoteStock(product_id, "received", "100000"))
        with pytest.raises(Invalid) as caught:
            note_stock(uow, NoteStock(product_id, "received", "1"))
        assert "more than any shop" in caught.value.fields["quantity"]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_it_takes_the_right_to_change_the_catalogue(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow)
    with unit_of_work(shop.actor(role)) as uow, pytest.raises(Forbidden):
        note_stock(uow, NoteStock(product_id, "received", "1"))


@pytest.mark.parametrize("raw", ["0", "-1", "1 or 1=1", None, 10**30, [], "999999"])
def test_odd_ids_and_neighbours_are_not_found(unit_of_work: Work, shop: Shop, neighbour: Shop, raw: object) -> None:
    with unit_of_work(shop.actor()) as uow:
        mine = shelve(uow)
        with pytest.raises(NotFound):
            note_stock(uow, NoteStock(raw, "received", "1"))
    with unit_of_work(neighbour.actor()) as uow, pytest.raises(NotFound):
        note_stock(uow, NoteStock(mine, "received", "1"))


def test_movements_are_never_changed_or_deleted(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        shelve(uow)
        for statement in ("UPDATE stock_movements SET quantity = 1", "DELETE FROM stock_movements"):
            with pytest.raises(DBAPIError, match="permission denied"), uow.session.begin_nested():
                uow.session.execute(text(statement))


def test_today_says_what_runs_low_to_those_who_sell(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        product_id = shelve(uow, stock="3")
        assert today(uow).attention.low_count == 0
        note_stock(uow, NoteStock(product_id, "damaged", "1", note="Broken"))
        seen = today(uow).attention
        assert (seen.low, seen.low_count) == ((SERUM.name,), 1)
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert today(uow).attention.low_count == 0
