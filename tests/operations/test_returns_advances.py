"""Advances in a return: 11A when they come in, 11B when an earlier one is used or given back; table 13 counts the vouchers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from microcrm.domain.gstr1 import Amounts, Table
from microcrm.models.catalogue import Service
from microcrm.operations.billing.accounts import use_advance
from microcrm.operations.billing.advances import GiveBackAdvance, TakeAdvance, give_back_advance, take_advance
from microcrm.operations.billing.payments import void_payment
from microcrm.operations.returns.behind import Behind, behind
from microcrm.operations.returns.overview import view_return
from microcrm.operations.returns.registers import sheet
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import SELLER, gstr1_of
from tests.support.shops import Shop
from tests.support.till import GSTIN, cut, issued, register

EARLIER = MORNING - timedelta(days=35)  # 20 October
Visit = Callable[[datetime], Any]


@pytest.fixture
def on(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Visit:
    """The owner's unit of work at a moment; later ones see what earlier ones did."""
    with unit_of_work(shop.actor(), clock=at(EARLIER)) as uow:
        register(uow, shop, SELLER)
        service = uow.session.get(Service, shop.service_id)
        assert service
        service.tax_class, service.sac, service.name = "hair", "999721", "Haircut"
    return lambda moment: unit_of_work(shop.actor(), clock=at(moment))


def took(uow: UnitOfWork, shop: Shop, amount: str, key: str, **changes: Any) -> Any:
    values = {"customer_id": shop.customer_id, "amount": amount, "mode": "upi", "service_id": shop.service_id} | changes
    return take_advance(uow, TakeAdvance(**values, request_key=key))


def sums(uow: UnitOfWork, period: str) -> dict[str, tuple[int, Amounts]]:
    return {one.table.value: (one.count, one.amounts) for one in view_return(uow, period).tables}


def item(taxable: float, half: float) -> list[dict[str, Any]]:
    return [
        {
            "pos": "27", "sply_ty": "INTRA",
            "itms": [{"rt": 5, "ad_amt": taxable, "camt": half, "samt": half, "csamt": 0}],
        }
    ]  # fmt: skip


def test_an_advance_is_reported_when_it_comes_in_and_when_it_is_used(on: Visit, shop: Shop) -> None:
    with on(EARLIER) as uow:
        voucher = took(uow, shop, "1050", "the first one")
        assert gstr1_of(uow, "2026-10")["at"] == item(1000.0, 25.0)
    with on(MORNING) as uow:
        use_advance(uow, issued(uow, shop, cut("500"), day="2026-11-24").document_id)
        october, november = gstr1_of(uow, "2026-10"), gstr1_of(uow, "2026-11")
        assert october["at"] == item(1000.0, 25.0) and "txpd" not in october
        assert november["txpd"] == item(500.0, 12.5) and "at" not in november
        assert [row["txval"] for row in november["b2cs"]] == [500.0], "the bill itself is reported as ever"
        give_back_advance(
            uow, GiveBackAdvance(voucher.voucher_id, "525", "cash", "Called off", request_key="give it back")
        )
        assert gstr1_of(uow, "2026-11")["txpd"] == item(1000.0, 25.0)
        kinds = {kind["doc_num"]: kind["docs"][0]["from"] for kind in gstr1_of(uow, "2026-11")["doc_issue"]["doc_det"]}
        assert kinds == {1: "INV/2627/0001", 8: "RFV/2627/0001"}
        assert view_return(uow, "2026-11").footing.holds and view_return(uow, "2026-10").footing.holds


def test_what_comes_in_and_is_used_in_one_period_is_in_neither_table(on: Visit, shop: Shop) -> None:
    with on(MORNING) as uow:
        took(uow, shop, "525", "used at once")
        use_advance(uow, issued(uow, shop, cut("500"), day="2026-11-24").document_id)
        file = gstr1_of(uow, "2026-11")
        assert not {"at", "txpd"} & set(file)
        assert sums(uow, "2026-11")["at"] == (0, Amounts())
        assert behind(uow, Behind("2026-11", table="at")).rows == []


def test_a_quarter_nets_its_months(on: Visit, shop: Shop) -> None:
    with on(EARLIER) as uow:
        took(uow, shop, "1050", "the first one")
    with on(MORNING) as uow:
        use_advance(uow, issued(uow, shop, cut("500"), day="2026-11-24").document_id)
        file = gstr1_of(uow, "2026-Q3")
        assert file["at"] == item(500.0, 12.5) and "txpd" not in file


def test_a_void_payment_takes_its_voucher_out(on: Visit, shop: Shop) -> None:
    with on(MORNING) as uow:
        done = took(uow, shop, "525", "a mistake")
        void_payment(uow, done.payment_id, "Typed twice")
        file = gstr1_of(uow, "2026-11")
        assert "at" not in file
        assert file["doc_issue"]["doc_det"][0]["docs"] == [
            {"num": 1, "from": "RV/2627/0001", "to": "RV/2627/0001", "totnum": 1, "cancel": 1, "net_issue": 0}
        ]


def test_no_tax_on_an_advance_for_what_is_exempt(on: Visit, shop: Shop) -> None:
    with on(MORNING) as uow:
        service = uow.session.get(Service, shop.service_id)
        assert service
        service.tax_class, service.sac = "health", "999312"
        uow.session.flush()
        took(uow, shop, "500", "for the doctor")
        file = gstr1_of(uow, "2026-11")
        assert not {"at", "nil", "hsn"} & set(file)


def test_each_number_leads_to_its_vouchers(on: Visit, shop: Shop) -> None:
    with on(EARLIER) as uow:
        took(uow, shop, "1050", "the first one")
        took(uow, shop, "2100", "the other one")
        page = behind(uow, Behind("2026-10", table="at"))
        assert [(row.number, row.amounts.taxable) for row in page.rows] == [
            ("RV/2627/0001", 100_000),
            ("RV/2627/0002", 200_000),
        ]
        assert (page.count, page.total) == sums(uow, "2026-10")["at"] == (2, Amounts(300_000, 0, 7_500, 7_500))
    with on(MORNING) as uow:
        use_advance(uow, issued(uow, shop, cut("500"), day="2026-11-24").document_id)
        page = behind(uow, Behind("2026-11", table="txpd"))
        assert [(row.number, row.amounts.taxable) for row in page.rows] == [("RV/2627/0001", 50_000)]
        assert (page.count, page.total) == sums(uow, "2026-11")["txpd"]
        for table in (Table.AT, Table.TXPD):
            rows = list(sheet(uow, "2026-11", table.value).rows)
            assert [row[3] for row in rows] == ([50_000] if table is Table.TXPD else [])


def test_vouchers_are_in_the_day_book_and_are_no_sales(on: Visit, shop: Shop) -> None:
    with on(MORNING) as uow:
        took(uow, shop, "1050", "the first one")
        assert list(sheet(uow, "2026-11", "register").rows) == []
        rows = list(sheet(uow, "2026-11", "day-book").rows)
        many = uow.session.execute(
            text("SELECT count(*) FROM ledger_entries WHERE business_id = :b"), {"b": shop.business_id}
        ).scalar_one()
        assert len(rows) == many and "Tax on advances" in {row[5] for row in rows}
        assert view_return(uow, "2026-11").documents == 0


def test_another_registration_s_advances_are_in_its_own_return(on: Visit, shop: Shop) -> None:
    with on(MORNING) as uow:
        took(uow, shop, "1050", "the first one")
        register(uow, shop)
        assert "at" not in gstr1_of(uow, "2026-11", GSTIN)
        assert "at" in gstr1_of(uow, "2026-11", SELLER)


def test_an_earlier_registration_s_advance_that_is_used_later_stays_to_be_reported(on: Visit, shop: Shop) -> None:
    with on(EARLIER) as uow:
        took(uow, shop, "1050", "the first one")
    with on(MORNING) as uow:
        register(uow, shop)
        use_advance(uow, issued(uow, shop, cut("500"), day="2026-11-24").document_id)
        assert view_return(uow, "2026-11").gstins == (GSTIN, SELLER)
        assert "txpd" not in gstr1_of(uow, "2026-11")
        assert gstr1_of(uow, "2026-11", SELLER)["txpd"][0]["itms"][0]["ad_amt"] == 500.0
