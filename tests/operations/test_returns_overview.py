"""The return on its page: sums, footing, gaps, warnings, and the documents and lines behind each number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from microcrm import wiring
from microcrm.domain.errors import Forbidden, Invalid, NotFound
from microcrm.domain.gstr1 import Amounts
from microcrm.domain.permissions import Role
from microcrm.operations.billing.issuing import issue
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.returns.behind import Behind, BehindPage, behind, explain
from microcrm.operations.returns.overview import ReturnView, view_return
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import MONTH, SELLER, address, advice, full_month, part_back
from tests.support.shops import Shop, TwoShops
from tests.support.till import cut, draft, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, SELLER)
        yield uow


def sums(view: ReturnView) -> dict[str, tuple[int, Amounts]]:
    return {one.table.value: (one.count, one.amounts) for one in view.tables}


def titles(view: ReturnView) -> list[str]:
    return [one.title for one in view.warnings]


def test_the_sum_of_each_table(till: UnitOfWork, shop: Shop) -> None:
    full_month(till, shop)
    view = view_return(till, MONTH)
    assert (view.period.words, view.gstin, view.documents) == ("November 2026", SELLER, 8)
    assert sums(view) == {
        "b2b": (2, Amounts(223_456, 22_222, 2_500, 2_500)),
        "b2cl": (1, Amounts(11_800_000, 590_000)),
        "b2cs": (3, Amounts(123_673, 0, 6_364, 6_364)),
        "cdnr": (1, Amounts(20_000, 0, 500, 500)),
        "cdnur": (0, Amounts()),
        "nil": (1, Amounts(75_000)),
        "at": (0, Amounts()),
        "txpd": (0, Amounts()),
    }
    assert view.footing.holds and view.footing.documents.taxable == 223_456 + 11_800_000 + 123_673 - 20_000 + 75_000
    assert [(gap.number, gap.why) for gap in view.gaps] == [("INV/2627/0006", "Cancelled: Written twice")]
    assert titles(view) == ["This period is not over"]


def test_without_a_period_it_is_the_last_one_that_is_over(till: UnitOfWork, shop: Shop) -> None:
    assert view_return(till).period.key == view_return(till, "nonsense").period.key == "2026-10"
    change_billing_terms(till, ChangeBillingTerms(version=0, is_quarterly=True))
    view = view_return(till)
    assert (view.period.key, view.is_quarterly) == ("2026-Q2", True)
    assert [one.key for one in view.periods][:3] == ["2026-Q3", "2026-11", "2026-10"]


def test_a_shop_without_gstin_files_none(till: UnitOfWork, shop: Shop) -> None:
    register(till, shop, "")
    issued(till, shop, cut(), day="2026-11-02")
    view = view_return(till, MONTH)
    assert (view.gstin, view.documents, view.warnings) == ("", 0, [])


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE documents SET taxable_paise = taxable_paise + 1, total_paise = total_paise + 1 WHERE id = :id",
        "UPDATE document_lines SET taxable_paise = taxable_paise + 1 WHERE document_id = :id",
        "UPDATE ledger_entries SET amount_paise = amount_paise + 1 WHERE document_id = :id AND account = 'sales'",
        "UPDATE ledger_entries SET amount_paise = amount_paise + 1 WHERE document_id = :id AND account = 'cgst'",
        "DELETE FROM ledger_entries WHERE document_id = :id",
    ],
)
def test_a_document_that_does_not_foot_is_named(fresh_database: TwoShops, at: Callable[..., Any], damage: str) -> None:
    """What the guards forbid, done past them by somebody who owns the tables."""
    shop = fresh_database.a
    with wiring.unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        ids = full_month(uow, shop)
        assert view_return(uow, MONTH).footing.holds
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    with engine.begin() as connection:
        for table in ("documents", "document_lines", "ledger_entries"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(text(damage), {"id": ids["b2b"]})
    engine.dispose()
    with wiring.unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        footing = view_return(uow, MONTH).footing
    assert not footing.holds
    assert footing.different == [(ids["b2b"], "INV/2627/0001")]


def test_gaps_are_explained(till: UnitOfWork, shop: Shop) -> None:
    for day in ("2026-10-30", "2026-11-02", "2026-11-03", "2026-10-31"):
        issued(till, shop, cut(), day=day)
    october = view_return(till, "2026-10")
    assert [(gap.number, gap.why) for gap in october.gaps] == [
        ("INV/2627/0002", "Dated 02 Nov 2026, in another return"),
        ("INV/2627/0003", "Dated 03 Nov 2026, in another return"),
    ]
    assert [gap.document_id > 0 for gap in october.gaps] == [True, True]
    assert view_return(till, "2026-11").gaps == []


def test_a_number_that_nobody_got_is_grave(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop, cut(), day="2026-10-01")
    till.session.execute(
        text("UPDATE number_series SET last = 3 WHERE business_id = :b AND kind = 'tax_invoice'"),
        {"b": shop.business_id},
    )
    issued(till, shop, cut(), day="2026-10-02")
    view = view_return(till, "2026-10")
    assert titles(view) == ["2 numbers missing"] and view.warnings[0].is_grave


def test_what_to_look_at_before_filing(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop, advice("100", sac=""), day="2026-10-01")
    issued(till, shop, advice("100", sac="9983"), day="2026-10-02")
    draft(till, shop, cut(), day="2026-10-03")
    saved = draft(till, shop, cut("700"), day="2026-10-04")
    till.session.execute(
        text("UPDATE documents SET place_state = '', buyer_gstin = '29ABCFS1234K1Z4' WHERE id = :id"),
        {"id": saved.document_id},
    )
    odd = draft(till, shop, cut("900"), day="2026-10-05")
    till.session.execute(text("UPDATE documents SET place_state = '29' WHERE id = :id"), {"id": odd.document_id})
    till.session.expire_all()
    address(till, shop)
    for one in (saved, odd):
        issue(till, one.document_id, one.version)
    change_billing_terms(till, ChangeBillingTerms(version=0, registration="composition", registered_from="2026-10-20"))
    issued(till, shop, cut(), day="2026-10-21")
    view = view_return(till, "2026-10")
    assert titles(view) == [
        "29ABCFS1234K1Z4 is no good GSTIN", "Lines without HSN or SAC", "1 document with the wrong kind of tax",
        "Codes shorter than six digits", "1 document without place of supply", "1 draft not issued",
        "1 document outside this return",
    ]  # fmt: skip
    assert [one.is_grave for one in view.warnings] == [True] * 3 + [False] * 4
    assert view.footing.holds, "odd, but the sums agree"
    for only, number in (("no_code", 1), ("no_place", 1), ("wrong_heads", 1), ("nonsense", 4)):
        assert behind(till, Behind("2026-10", only=only)).count == number, only


def everything(uow: UnitOfWork, command: Behind) -> tuple[BehindPage, list[Any]]:
    page = first = behind(uow, command)
    rows = [*page.rows]
    while page.has_more:
        page = behind(uow, replace(command, after=rows[-1].id))
        rows += page.rows
    return first, rows


def test_each_number_leads_to_its_documents(till: UnitOfWork, shop: Shop) -> None:
    ids = full_month(till, shop)
    part_back(till, ids["exempt"], 500)
    part_back(till, ids["large"], 10)
    view = view_return(till, MONTH)
    for one in view.tables:
        page, rows = everything(till, Behind(MONTH, table=one.table.value))
        assert (page.count, page.total) == (one.count, one.amounts), one.table
        assert sum((row.amounts for row in rows), Amounts()) == one.amounts
    for is_registered, code in view.codes:
        asked = Behind(MONTH, sac=code["hsn_sc"], rate=round(code["rt"] * 100), side="b2b" if is_registered else "b2c")
        total = behind(till, asked).total
        assert (total.taxable, total.igst, total.cgst) == tuple(
            round(code[name] * 100) for name in ("txval", "iamt", "camt")
        )
    all_of_it = behind(till, Behind(MONTH))
    assert (all_of_it.count, all_of_it.total) == (view.documents, view.footing.documents)
    small = behind(till, Behind(MONTH, table="b2cs", rate="500", place="27"))
    assert [(row.number, row.amounts.taxable) for row in small.rows] == [
        ("INV/2627/0003", 50_000), ("INV/2627/0004", 33_333), ("CN/2627/0002", -10_000),
    ]  # fmt: skip


def test_documents_come_page_by_page(till: UnitOfWork, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microcrm.operations.returns.behind.PAGE_SIZE", 3)
    full_month(till, shop)
    page, rows = everything(till, Behind(MONTH))
    assert len(rows) == len({row.id for row in rows}) == page.count == 8
    assert [row.day for row in rows] == sorted(row.day for row in rows)


def test_lines_are_explained(till: UnitOfWork, shop: Shop) -> None:
    ids = full_month(till, shop)
    found = explain(till, ids["igst"])
    assert found.document.number == "INV/2627/0002"
    assert [list(words) for _, words in found.lines] == [
        ["1 × ₹1,234.56 = ₹1,234.56", "₹1,234.56 taxable", "IGST 18 % of it: ₹222.22"]
    ]


def test_a_stranger_s_document_is_not_found(
    unit_of_work: Work, shop: Shop, neighbour: Shop, at: Callable[..., Any]
) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        ids = full_month(uow, shop)
    with unit_of_work(neighbour.actor(), clock=at(MORNING)) as uow:
        register(uow, neighbour, SELLER)
        assert behind(uow, Behind(MONTH)).rows == [] and view_return(uow, MONTH).documents == 0
        for odd in (ids["b2b"], "x", None, 10**20, -1):
            with pytest.raises(NotFound):
                explain(uow, odd)


ODD: list[dict[str, Any]] = [
    {"table": "nothing"}, {"table": []}, {"rate": "x"}, {"rate": "9" * 40}, {"rate": []}, {"place": "99"}, {"place": {}},
    {"side": []}, {"side": "x"}, {"only": {}}, {"after": "x"}, {"after": 10**30}, {"sac": 5}, {"sac": "\u0967" * 6},
]  # fmt: skip


@pytest.mark.parametrize("asked", ODD)
def test_what_makes_no_sense_is_as_good_as_not_asked(till: UnitOfWork, shop: Shop, asked: dict[str, Any]) -> None:
    issued(till, shop, cut(), day="2026-11-02")
    assert behind(till, Behind(MONTH, **asked)).count == 1


def test_no_documents_behind_no_month(till: UnitOfWork) -> None:
    with pytest.raises(Invalid):
        behind(till, Behind("2026-13"))


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF])
def test_who_keeps_no_books_sees_none(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        for look in (lambda: view_return(uow, MONTH), lambda: behind(uow, Behind(MONTH)), lambda: explain(uow, 1)):
            with pytest.raises(Forbidden):
                look()


def test_statements_do_not_grow_with_the_month(till: UnitOfWork, shop: Shop) -> None:
    counts = []
    for _ in range(2):
        full_month(till, shop)
        seen: list[str] = []
        connection = till.session.connection()

        def count(*args: Any, seen: list[str] = seen) -> None:
            seen.append(args[2])

        event.listen(connection, "before_cursor_execute", count)
        view_return(till, MONTH)
        behind(till, Behind(MONTH, table="b2cs"))
        event.remove(connection, "before_cursor_execute", count)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 16
