"""A shop that changed its GSTIN: each registration has its own return, in every month that it billed in."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from microcrm.adapters.sheets import write_csv
from microcrm.domain.errors import Conflict
from microcrm.operations.returns.behind import Behind, behind
from microcrm.operations.returns.overview import view_return
from microcrm.operations.returns.registers import sheet
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.returns_view import card_lines, gstin_choices, head_of, warning_lines
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.returns import SELLER, gstr1_of
from tests.support.shops import Shop
from tests.support.till import GSTIN, cut, issued, register

# Maharashtra until the middle of October, Karnataka since.
SEPTEMBER, OCTOBER, NOVEMBER = "2026-09", "2026-10", "2026-11"


@pytest.fixture
def moved(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, SELLER)
        issued(uow, shop, cut("100"), day="2026-09-10")
        for _ in range(2):
            issued(uow, shop, cut("200"), day="2026-10-10")
        register(uow, shop, GSTIN)
        issued(uow, shop, cut("400"), day="2026-10-20")
        issued(uow, shop, cut("800"), day="2026-11-20")
        yield uow


def taxable(uow: UnitOfWork, period: str, gstin: Any = "") -> tuple[str, int, int]:
    view = view_return(uow, period, gstin)
    assert view.footing.holds
    return view.gstin, view.documents, view.footing.documents.taxable


def test_each_month_opens_with_the_registration_that_billed_in_it(moved: UnitOfWork) -> None:
    assert taxable(moved, SEPTEMBER) == (SELLER, 1, 10_000)
    assert taxable(moved, OCTOBER) == (GSTIN, 1, 40_000)
    assert taxable(moved, NOVEMBER) == (GSTIN, 1, 80_000)
    assert taxable(moved, "2026-05") == (GSTIN, 0, 0)


def test_a_month_of_two_registrations_has_two_returns(moved: UnitOfWork) -> None:
    view = view_return(moved, OCTOBER)
    assert (view.gstins, view.own_gstin) == ((GSTIN, SELLER), GSTIN)
    assert taxable(moved, OCTOBER, SELLER) == (SELLER, 2, 40_000)
    assert taxable(moved, OCTOBER, GSTIN) == (GSTIN, 1, 40_000)
    assert [(one.value, one.label.split(" (")[1]) for one in gstin_choices(view)] == [
        (GSTIN, "today)"),
        (SELLER, "before)"),
    ]
    assert gstin_choices(view_return(moved, NOVEMBER)) == []
    old = view_return(moved, OCTOBER, SELLER)
    assert "a registration of before" in head_of(old).former and head_of(view).former == ""
    assert head_of(old).whose == f"?gstin={SELLER}" and head_of(view_return(moved, NOVEMBER)).whose == ""
    assert all(f"gstin={SELLER}" in one.href and f"gstin={SELLER}" in one.file for one in card_lines(old))
    assert any("outside this return" in one.title for one in warning_lines(old))


def test_what_the_period_does_not_know_is_not_asked_for(moved: UnitOfWork) -> None:
    for odd in ("27ABCFS1234K1Z0", "x", None, 7, [SELLER], "' OR true --"):
        assert taxable(moved, OCTOBER, odd) == (GSTIN, 1, 40_000)
    assert taxable(moved, NOVEMBER, SELLER)[0] == GSTIN


def test_files_and_numbers_are_of_the_registration_that_is_asked_for(moved: UnitOfWork) -> None:
    assert gstr1_of(moved, SEPTEMBER)["gstin"] == SELLER
    for gstin, documents in ((SELLER, 2), (GSTIN, 1)):
        file = gstr1_of(moved, OCTOBER, gstin)
        assert (file["gstin"], file["b2cs"][0]["txval"]) == (gstin, 400.0)
        assert [kind["docs"][0]["totnum"] for kind in file["doc_issue"]["doc_det"]] == [documents]
        assert behind(moved, Behind(OCTOBER, table="b2cs", gstin=gstin)).count == documents
        out = io.BytesIO()
        found = sheet(moved, OCTOBER, "documents", gstin)
        write_csv(out, found.columns, found.rows)
        assert out.getvalue().decode("utf-8-sig").splitlines()[1].split(",")[3] == str(documents)
    whole = sheet(moved, OCTOBER, "register", SELLER)
    assert len(list(whole.rows)) == 3  # of the whole shop, whoever it was


def test_a_shop_that_gave_its_registration_up_still_files_the_last_months(moved: UnitOfWork, shop: Shop) -> None:
    register(moved, shop, "")
    view = view_return(moved, NOVEMBER)
    assert (view.gstin, view.own_gstin, view.documents) == (GSTIN, "", 1)
    assert "has no GSTIN today" in head_of(view).former
    assert gstr1_of(moved, NOVEMBER)["gstin"] == GSTIN
    assert view_return(moved, "2026-05").gstin == ""
    with pytest.raises(Conflict):
        gstr1_of(moved, "2026-05")


def test_a_neighbour_s_registration_is_not_ours(
    unit_of_work: Work, shop: Shop, neighbour: Shop, at: Callable[..., Any]
) -> None:
    with unit_of_work(neighbour.actor(), clock=at(MORNING)) as uow:
        register(uow, neighbour, SELLER)
        issued(uow, neighbour, cut("100"), customer_id=neighbour.customer_id, day="2026-10-12")
        assert view_return(uow, OCTOBER).documents == 1
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop, GSTIN)
        view = view_return(uow, OCTOBER, SELLER)
        assert (view.gstin, view.gstins, view.documents) == (GSTIN, (GSTIN,), 0)
