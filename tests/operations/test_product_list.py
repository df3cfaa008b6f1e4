"""A list of products read in: a verdict on each row, and the same file twice changes nothing."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from microcrm.adapters.sheets import write_csv
from microcrm.domain.errors import Forbidden
from microcrm.domain.goods_list import BadList
from microcrm.domain.permissions import Role
from microcrm.domain.sheet import SheetColumn
from microcrm.models.products import Product, StockMovement
from microcrm.models.records import AuditEvent
from microcrm.operations.product_list import headings_of_list, rows_of_list, take_list
from microcrm.operations.stock import NoteStock, note_stock
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.goods import SERUM, moves_of, shelve, stock_of
from tests.support.shops import Shop

LIST = """Name,SKU,Price,Tax class,Stock,Cost
Comb,C-1,80,18%,12,35
Shampoo,S-1,250.50,5%,3.5,
Brush,,120,,,
"""


def take(uow: UnitOfWork, text: str = LIST) -> list[tuple[int, str, str]]:
    return [(one.row, one.outcome.value, one.words) for one in take_list(uow, text.encode())]


def by_name(uow: UnitOfWork, name: str) -> Any:
    uow.session.expire_all()
    return uow.session.scalars(select(Product).where(Product.name == name)).one()


def test_each_row_becomes_a_product_with_its_opening_stock(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert take(uow) == [(2, "added", "12 in stock."), (3, "added", "3.5 in stock."), (4, "added", "")]
        comb, shampoo = by_name(uow, "Comb"), by_name(uow, "Shampoo")
        assert (comb.barcode, comb.price_paise, comb.tax_class, comb.cost_paise) == ("C-1", 8_000, "goods", 3_500)
        assert (shampoo.price_paise, shampoo.tax_class, shampoo.cost_paise) == (25_050, "daily_goods", None)
        assert moves_of(uow, comb.id) == [("opening", 12)] and stock_of(uow, comb.id) == 12
        event = uow.session.scalars(select(AuditEvent).where(AuditEvent.action == "products.read")).one()
        assert event.facts == {"added": 3, "changed": 0, "same": 0, "refused": 0}


def test_the_same_file_again_changes_nothing(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        take(uow)
        moves = uow.session.execute(select(func.count()).select_from(StockMovement)).scalar_one()
        assert take(uow) == [(2, "same", ""), (3, "same", ""), (4, "same", "")]
        assert uow.session.execute(select(func.count()).select_from(StockMovement)).scalar_one() == moves


def test_what_is_there_is_found_by_sku_then_by_name_and_keeps_what_the_file_does_not_say(
    unit_of_work: Work, shop: Shop
) -> None:
    with unit_of_work(shop.actor()) as uow:
        shelve(uow, stock="6")
        assert take(uow, f"Name,SKU,Price\nArgan serum,{SERUM.barcode},800\n") == [(2, "changed", "")]
        row = by_name(uow, "Argan serum")
        assert (row.price_paise, row.hsn, row.unit, row.low_at, row.is_price_with_tax) == (
            80_000,
            "33059090",
            "BTL",
            2000,
            False,
        )
        assert take(uow, "Name,Price\nArgan serum,810\n") == [(2, "changed", "")]
        assert by_name(uow, "Argan serum").barcode == SERUM.barcode


def test_a_stock_that_has_moved_is_never_overwritten(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        take(uow)
        note_stock(uow, NoteStock(by_name(uow, "Comb").id, "damaged", "1", note="Broken"))
        assert take(uow, "Name,Price,Stock\nComb,80,12\n") == [
            (2, "same", "Its stock stays 11: note a count to change it.")
        ]
        assert stock_of(uow, by_name(uow, "Comb").id) == 11
        assert take(uow, "Name,Price,Stock\nBrush,120,4\n") == [(2, "changed", "4 in stock.")]


def test_a_bad_row_changes_nothing_and_stops_no_other(unit_of_work: Work, shop: Shop) -> None:
    text = """Name,SKU,Price,Tax class,Stock
Comb,C-1,much,,1
,C-2,80,,1
Brush,C-3,80,12%,1
Towel,C-4,80,,-1
Soap,C-5,80,,2
Soap,C-6,90,,2
Sponge,C-5,90,,2
Gel,C 7!,90,,
Good,C-8,90,,5
"""
    with unit_of_work(shop.actor()) as uow:
        found = take_list(uow, text.encode())
        assert [(one.row, one.outcome) for one in found] == [
            (2, "refused"), (3, "refused"), (4, "refused"), (5, "refused"), (6, "added"), (7, "refused"), (8, "refused"),
            (9, "refused"), (10, "added"),
        ]  # fmt: skip
        words = {one.row: one.words for one in found}
        assert "Price" in words[2] and "Name" in words[3] and "Stock" in words[5]
        assert (words[7], words[8]) == ("Row 6 has the same name.", "Row 6 has the same SKU.")
        assert sorted(uow.session.scalars(select(Product.name))) == ["Good", "Soap"]
        assert stock_of(uow, by_name(uow, "Soap").id) == 2


def test_what_is_written_is_read_again(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        take(uow)
        shelve(uow, replace(SERUM, name="=cmd()"), stock="6")
        out = io.BytesIO()
        write_csv(out, [SheetColumn(words) for words in headings_of_list()], rows_of_list(uow))
        text = out.getvalue().decode("utf-8-sig")
        assert text.splitlines()[0] == "Name,SKU,Price,Tax class,Stock,HSN,Unit,Low from,Cost"
        assert "'=cmd()" in text
        assert {outcome for _, outcome, _ in take(uow, text)} == {"same"}


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_it_takes_the_right_to_change_the_catalogue(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        for ask in (lambda: take(uow), lambda: rows_of_list(uow)):
            with pytest.raises(Forbidden):
                ask()


def test_a_file_that_is_none_changes_nothing_and_shops_have_their_own(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    with unit_of_work(neighbour.actor()) as uow:
        take(uow)
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises(BadList):
            take(uow, "nothing of that kind")
        assert list(rows_of_list(uow)) == []
        assert [outcome for _, outcome, _ in take(uow)] == ["added"] * 3
