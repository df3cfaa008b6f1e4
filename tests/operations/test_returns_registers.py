"""Registers: every document once, every entry of the ledger once, sums that agree with the return."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from microcrm.domain.activity_words import RETURN_FILES
from microcrm.domain.errors import Forbidden, Invalid
from microcrm.domain.permissions import Role
from microcrm.domain.sheet import Holds
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.returns.registers import SHEETS, sheet
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import MONTH, SELLER, full_month, gstr1_of
from tests.support.shops import Shop
from tests.support.till import cut, issued, paying, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, SELLER)
        yield uow


def rows(uow: UnitOfWork, name: str, period: str = MONTH) -> list[Any]:
    return list(sheet(uow, period, name).rows)


def total(found: list[Any], at: int) -> int:
    return sum(row[at] or 0 for row in found)


def test_the_sales_register_has_every_document_once(till: UnitOfWork, shop: Shop) -> None:
    full_month(till, shop)
    found = rows(till, "register")
    assert [row[1] for row in found] == [
        "INV/2627/0001", "INV/2627/0002", "INV/2627/0003", "INV/2627/0004", "INV/2627/0005", "BOS/2627/0001", "INV/2627/0006",
        "CN/2627/0001", "CN/2627/0002",
    ]  # fmt: skip
    void, note = found[6], found[7]
    assert void[2] == "Tax Invoice, cancelled" and set(void[6:12]) == {None}
    assert (note[6], note[11], note[12]) == (-20_000, -21_000, "INV/2627/0001")
    assert found[1][3:6] == ("Plain Iyer", "29ABCFS1234K1Z3", "29 Karnataka")


def test_registers_and_tables_and_ledger_agree(till: UnitOfWork, shop: Shop) -> None:
    full_month(till, shop)
    book = {
        row[0]: -int(row[1])
        for row in till.session.execute(
            text("SELECT account, sum(amount_paise) FROM ledger_entries WHERE business_id = :b GROUP BY account"),
            {"b": shop.business_id},
        )
    }
    found = rows(till, "register")
    assert [total(found, at) for at in (6, 7, 8, 9, 10)] == [
        book["sales"], book["igst"], book["cgst"], book["sgst"], book.get("round_off", 0),
    ]  # fmt: skip
    codes = rows(till, "hsn")
    assert [total(codes, at) for at in (6, 7, 8, 9)] == [total(found, at) for at in (6, 7, 8, 9)]
    listed = {name: total(rows(till, name), 7) for name in ("b2b", "b2cl", "cdnr", "cdnur")}
    untaxed = sum(total(rows(till, "nil"), at) for at in (1, 2, 3))
    small = total(rows(till, "b2cs"), 3)
    assert listed["b2b"] + listed["b2cl"] - listed["cdnr"] - listed["cdnur"] + small + untaxed == book["sales"]


def test_the_day_book_has_every_entry_of_the_ledger(till: UnitOfWork, shop: Shop) -> None:
    ids = full_month(till, shop)
    take_payment(till, paying(ids["small"], PaidPart("upi", "100", "412345678901")))
    found = rows(till, "day-book")
    many = till.session.execute(
        text("SELECT count(*) FROM ledger_entries WHERE business_id = :b"), {"b": shop.business_id}
    ).scalar_one()
    assert len(found) == many
    assert total(found, 6) == total(found, 7) > 0
    assert [row[0] for row in found] == sorted(row[0] for row in found)
    paid = [row for row in found if row[2] == "Payment"]
    assert {(row[3], row[4], row[5]) for row in paid} == {
        ("412345678901", "Plain Iyer", "UPI"), ("412345678901", "Plain Iyer", "Customers owe"),
    }  # fmt: skip


def test_the_register_of_a_shop_without_gst(till: UnitOfWork, shop: Shop) -> None:
    register(till, shop, "")
    issued(till, shop, cut("500"), day="2026-11-02")
    assert [(row[2], row[6], row[11]) for row in rows(till, "register")] == [("Bill", 50_000, 50_000)]
    assert rows(till, "b2b") == rows(till, "hsn") == rows(till, "documents") == []


def test_the_list_of_numbers_is_table_13(till: UnitOfWork, shop: Shop) -> None:
    full_month(till, shop)
    wanted = [
        (kind["doc_typ"], row["from"], row["to"], row["totnum"], row["cancel"], row["net_issue"])
        for kind in gstr1_of(till)["doc_issue"]["doc_det"]
        for row in kind["docs"]
    ]
    assert sorted(rows(till, "documents")) == sorted(wanted)


@pytest.mark.parametrize("name", SHEETS)
def test_each_sheet_fits_its_columns_and_has_words_in_the_log(till: UnitOfWork, shop: Shop, name: str) -> None:
    full_month(till, shop)
    found = sheet(till, MONTH, name)
    kinds = {Holds.TEXT: str, Holds.DAY: object}
    for row in found.rows:
        assert len(row) == len(found.columns)
        for column, cell in zip(found.columns, row, strict=True):
            assert cell is None or isinstance(cell, kinds.get(column.holds, int))
    assert name in RETURN_FILES
    facts = till.session.execute(text("SELECT facts FROM audit_events ORDER BY id DESC LIMIT 1")).scalar_one()
    assert facts == {"period": MONTH, "file": name}


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF])
def test_who_keeps_no_books_gets_none(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow, pytest.raises(Forbidden):
        sheet(uow, MONTH, "register")


def test_no_sheet_for_no_month(till: UnitOfWork) -> None:
    with pytest.raises(Invalid):
        sheet(till, "2026-13", "register")


def test_the_neighbour_s_books_are_not_in_it(
    unit_of_work: Work, shop: Shop, neighbour: Shop, at: Callable[..., Any]
) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        full_month(uow, shop)
    with unit_of_work(neighbour.actor(), clock=at(MORNING)) as uow:
        register(uow, neighbour, SELLER)
        assert [rows(uow, name) for name in SHEETS] == [[]] * len(SHEETS)
