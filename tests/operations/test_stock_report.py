"""The stock of some days: what was there, what moved, what is left; it always adds up."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from microcrm.adapters.sheets import write_csv, write_xlsx
from microcrm.domain.errors import Invalid
from microcrm.domain.permissions import Role
from microcrm.models.products import Product
from microcrm.operations.products import archive_product
from microcrm.operations.stock import NoteStock, note_stock
from microcrm.operations.stock_report import (
    COLUMNS,
    MOVEMENT_COLUMNS,
    StockReport,
    StockRow,
    movement_sheet,
    stock_report,
    stock_sheet,
)
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.goods import SERUM, serum, shelve
from tests.support.shops import Shop
from tests.support.till import issued, register


def on(uow: UnitOfWork, days: int) -> UnitOfWork:
    """So many days after 24 November 2026."""
    return replace(uow, now=MORNING + timedelta(days=days))


def moved(row: StockRow) -> tuple[int, ...]:
    return tuple(
        quantity // 1000
        for quantity in (row.opening, row.came, row.sold, row.used, row.damaged, row.corrected, row.closing)
    )


def adds_up(found: StockReport) -> bool:
    return all(
        row.opening + row.came + row.sold + row.used + row.damaged + row.corrected == row.closing for row in found.rows
    )


@pytest.fixture
def at_work(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Any:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def test_each_kind_stands_in_its_column(at_work: UnitOfWork, shop: Shop) -> None:
    register(at_work, shop)
    product_id = shelve(on(at_work, -40), stock="20", cost="450")
    note_stock(on(at_work, -3), NoteStock(product_id, "received", "10"))
    issued(at_work, shop, serum(product_id, quantity="4"))
    note_stock(on(at_work, -2), NoteStock(product_id, "used", "3", note="Colouring"))
    note_stock(on(at_work, -1), NoteStock(product_id, "damaged", "2", note="Broken"))
    note_stock(on(at_work, 0), NoteStock(product_id, "counted", "20", note="Count"))
    slip = note_stock(on(at_work, 0), NoteStock(product_id, "received", "50"))
    take_back(at_work, slip.undo)
    found = stock_report(at_work)  # of November
    [row] = found.rows
    assert moved(row) == (20, 60, -4, -3, -2, -51, 20) and adds_up(found)
    assert (found.first.isoformat(), found.last.isoformat()) == ("2026-11-01", "2026-11-24")
    assert (row.worth, found.worth, found.used, found.damaged) == (900_000, 900_000, 135_000, 90_000)
    before = stock_report(at_work, "2026-10-01", "2026-10-31")
    assert moved(before.rows[0]) == (0, 20, 0, 0, 0, 0, 20) and before.worth == 900_000
    assert moved(stock_report(at_work, "2026-11-01", "2026-11-20").rows[0]) == (20, 0, 0, 0, 0, 0, 20)


def test_what_is_off_sale_stays_while_it_lies_there_or_moved(at_work: UnitOfWork) -> None:
    kept, gone = shelve(at_work), shelve(on(at_work, -60), replace(SERUM, name="Comb", barcode=""), stock="")
    archive_product(at_work, kept)
    archive_product(at_work, gone)
    found = stock_report(at_work)
    assert [row.name for row in found.rows] == [SERUM.name]
    assert not found.rows[0].is_low and found.low == 0


def test_what_runs_low_is_marked_and_costs_are_for_those_who_may_know(at_work: UnitOfWork, shop: Shop) -> None:
    shelve(at_work, stock="2")
    shelve(at_work, replace(SERUM, name="Comb", barcode="", low=""), stock="5", cost="")
    found = stock_report(at_work)
    assert [(row.name, row.is_low, row.worth) for row in found.rows] == [
        (SERUM.name, True, 90_000),
        ("Comb", False, None),
    ]
    assert (found.low, found.without_cost, found.worth) == (1, 1, 90_000)
    seen = stock_report(replace(at_work, actor=shop.actor(Role.FRONT_DESK)))
    assert [row.worth for row in seen.rows] == [None, None]
    assert (seen.worth, seen.used, seen.damaged, seen.without_cost) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-02", "2026-11-01"),
        ("soon", ""),
        ("", "2026-11-31"),
        ("2026-12-01", ""),
        ("2024-01-01", "2026-11-01"),
        ({}, []),
    ],
)
def test_days_that_make_no_sense_are_refused(at_work: UnitOfWork, first: Any, last: Any) -> None:
    with pytest.raises(Invalid):
        stock_report(at_work, first, last)


def test_the_files_say_the_same(at_work: UnitOfWork) -> None:
    shelve(at_work, replace(SERUM, name="=2+2", low=""), stock="6")
    _, _, rows = stock_sheet(at_work)
    out = io.BytesIO()
    write_csv(out, COLUMNS, rows)
    assert out.getvalue().decode("utf-8-sig").splitlines()[1] == "'=2+2,2000000000015,BTL,0,6,0,0,0,0,6,2700.00,"
    out = io.BytesIO()
    write_xlsx(out, "Stock", COLUMNS, stock_sheet(at_work)[2])
    assert out.getvalue().startswith(b"PK")


def test_each_movement_stands_in_a_file_of_its_own(at_work: UnitOfWork, shop: Shop) -> None:
    register(at_work, shop)
    product_id = shelve(on(at_work, -40), stock="20", cost="450")
    bill = issued(at_work, shop, serum(product_id, quantity="4"))
    note_stock(at_work, NoteStock(product_id, "used", "1.5", note="Colouring"))
    _, _, rows = movement_sheet(at_work)
    assert list(rows) == [
        ("2026-11-24 09:30", SERUM.name, SERUM.barcode, "Sold", -4000, 16000, None, "", bill.number, "Plain owner"),
        ("2026-11-24 09:30", SERUM.name, SERUM.barcode, "Own use", -1500, 14500, None, "Colouring", "", "Plain owner"),
    ]
    earlier = list(movement_sheet(at_work, "2026-10-01", "2026-10-31")[2])
    assert [(row[3], row[6], row[7]) for row in earlier] == [("Received", 45_000, "Beauty Depot")]
    desk = replace(at_work, actor=shop.actor(Role.FRONT_DESK))
    assert [row[6] for row in movement_sheet(desk, "2026-10-01", "2026-10-31")[2]] == [None]
    out = io.BytesIO()
    write_xlsx(out, "Movements", MOVEMENT_COLUMNS, movement_sheet(at_work)[2])
    assert out.getvalue().startswith(b"PK")


def test_a_neighbour_s_stock_is_not_ours_and_statements_do_not_grow(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    with unit_of_work(neighbour.actor()) as uow:
        shelve(uow)
    with unit_of_work(shop.actor()) as uow:
        assert list(movement_sheet(uow)[2]) == []
        counts = []
        for many in (0, 3):
            for number in range(many):
                shelve(uow, replace(SERUM, name=f"Comb {number}", barcode=""))
            seen: list[str] = []

            def count(*args: Any, seen: list[str] = seen) -> None:
                seen.append(args[2])

            connection = uow.session.connection()
            event.listen(connection, "before_cursor_execute", count)
            assert stock_report(uow).count == many
            event.remove(connection, "before_cursor_execute", count)
            counts.append(len(seen))
        assert counts == [2, 2]


MOVES = st.lists(
    st.tuples(st.sampled_from(["received", "used", "damaged", "counted"]), st.integers(1, 9), st.integers(-60, 0)),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, first=st.integers(-60, 0), length=st.integers(0, 40))
def test_whatever_moved_and_whatever_days_it_adds_up(
    at_work: UnitOfWork, moves: list[tuple[str, int, int]], first: int, length: int
) -> None:
    with at_work.session.begin_nested() as savepoint:
        product_id = shelve(on(at_work, -70), stock="30")
        for kind, quantity, day in sorted(moves, key=lambda one: one[2]):
            note_stock(on(at_work, day), NoteStock(product_id, kind, str(quantity), note="Any"))
        days = [(MORNING + timedelta(days=at)).date().isoformat() for at in (first, min(0, first + length))]
        found = stock_report(at_work, *days)
        assert adds_up(found)
        [row] = stock_report(at_work, (MORNING - timedelta(days=80)).date().isoformat(), "2026-11-24").rows
        stock = at_work.session.execute(select(Product.stock).where(Product.id == product_id)).scalar_one()
        assert (row.opening, row.closing) == (0, stock)
        savepoint.rollback()
    at_work.session.expire_all()
