"""How a shop bills: kinds of registration by day, rates of its own, where it is paid; nothing half-saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.domain.taxbook import TaxClass
from microcrm.models.catalogue import Service
from microcrm.operations.billing.paper import bill_paper
from microcrm.operations.billing.tax_rates import AddTaxRate, add_tax_rate, own_rates, remove_tax_rate
from microcrm.operations.billing.terms import (
    ChangeBillingTerms,
    billing_terms,
    change_billing_terms,
    next_numbers,
    preview_number,
)
from microcrm.operations.public_shop import shop_inside
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.shops import Shop
from tests.support.till import cut, document_of, draft, issued, register


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def rate(**changes: Any) -> AddTaxRate:
    values = {"tax_class": "hair", "rate": "12", "valid_from": "2026-11-01", "citation": "Notification 9/2026"}
    return AddTaxRate(**(values | changes))


def test_what_is_left_out_stays(till: UnitOfWork) -> None:
    change_billing_terms(till, ChangeBillingTerms(0, upi_id="glow@okaxis", footer="Thank you", due_days="7"))
    change_billing_terms(till, ChangeBillingTerms(1, second_language="hi", is_rounded=False))
    terms = billing_terms(till)
    assert (terms.upi_id, terms.footer, terms.due_days, terms.second_language) == ("glow@okaxis", "Thank you", 7, "hi")
    assert (terms.is_rounded, terms.is_price_with_tax, terms.registration, terms.version) == (False, True, "regular", 2)
    assert change_billing_terms(till, ChangeBillingTerms(2, footer="Thank you")) == ""


def test_a_change_can_be_taken_back(till: UnitOfWork) -> None:
    change_billing_terms(till, ChangeBillingTerms(0, terms="No refunds"))
    token = change_billing_terms(till, ChangeBillingTerms(1, terms="", registration="composition"))
    assert billing_terms(till).registration == "composition"
    take_back(till, token)
    terms = billing_terms(till)
    assert (terms.terms, terms.registration) == ("No refunds", "regular")


def test_the_registration_is_the_day_s(till: UnitOfWork, shop: Shop) -> None:
    """Composition until the end of October, regular since."""
    change_billing_terms(till, ChangeBillingTerms(0, registration="composition", registered_from="2017-07-01"))
    change_billing_terms(till, ChangeBillingTerms(1, registration="regular", registered_from="2026-11-01"))
    before, after = issued(till, shop, day="2026-10-31"), issued(till, shop, day="2026-11-01")
    assert [before.number[:3], after.number[:3]] == ["BOS", "INV"]
    assert "composition" in bill_paper(till, before.document_id).registration
    assert "regular" in bill_paper(till, after.document_id).registration


def test_before_the_gstin_bills_are_plain_and_do_not_show_it(till: UnitOfWork, shop: Shop) -> None:
    register(till, shop, "")
    change_billing_terms(till, ChangeBillingTerms(0, upi_id="glow@okaxis"))
    register(till, shop)
    with pytest.raises(Invalid, match="has a GSTIN"):
        issued(till, shop)
    change_billing_terms(till, ChangeBillingTerms(1, registration="regular", registered_from="2026-11-10"))
    early, late = (document_of(till.session, issued(till, shop, day=day).document_id) for day in ("2026-11-09", None))
    assert (early.kind, early.seller["gstin"]) == ("plain_bill", "")
    assert (late.kind, late.seller["gstin"]) == ("tax_invoice", "29ABCFS1234K1Z3")


def test_terms_stay_on_a_bill_as_they_were(till: UnitOfWork, shop: Shop) -> None:
    change_billing_terms(till, ChangeBillingTerms(0, terms="Pay within a week", footer="Thank you"))
    bill = issued(till, shop).document_id
    change_billing_terms(till, ChangeBillingTerms(1, terms="Pay at once", footer=""))
    page = bill_paper(till, bill)
    assert (page.terms, page.footer) == ("Pay within a week", "Thank you")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"registration": "none"}, "registration"),
        ({"registration": "gold"}, "registration"),
        ({"registration": "regular", "registered_from": "soon"}, "registered_from"),
        ({"upi_id": "98450 12345"}, "upi_id"),
        ({"upi_id": "a@b@c"}, "upi_id"),
        ({"second_language": "fr"}, "second_language"),
        ({"due_days": "400"}, "due_days"),
        ({"footer": "x" * 121}, "footer"),
        ({"patterns": {"tax_invoice": "SALON-INVOICES/{FY}/{NNNN}"}}, "pattern_tax_invoice"),
        ({"patterns": {"tax_invoice": "INV/{NNNN}"}}, "pattern_tax_invoice"),
        ({"patterns": {"gold": "G/{FY}/{N}"}}, "patterns"),
        ({"patterns": [1]}, "patterns"),
    ],
)
def test_mistakes_are_told_at_their_field(till: UnitOfWork, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        change_billing_terms(till, ChangeBillingTerms(0, **({"terms": "kept?"} | changes)))
    assert field in caught.value.fields
    assert billing_terms(till).version == 0 and billing_terms(till).terms == ""


def test_the_preview_is_the_next_number(till: UnitOfWork, shop: Shop) -> None:
    issued(till, shop)
    assert preview_number(till, "tax_invoice", "sln/{FY}/{NNN}") == "SLN/2627/002"
    assert next_numbers(till)["tax_invoice"] == "INV/2627/0002"
    with pytest.raises(Invalid) as caught:
        preview_number(till, "tax_invoice", "SALON/{FY}/{NNNNNNNN}")
    assert "16" in caught.value.fields["pattern_tax_invoice"]


def test_an_own_rate_goes_before_the_book_from_its_day(till: UnitOfWork, shop: Shop) -> None:
    add_tax_rate(till, rate())
    totals = [draft(till, shop, cut("100"), day=day).priced.bill.total for day in ("2026-10-31", "2026-11-01")]
    assert totals == [10_500, 11_200]
    assert draft(till, shop, cut("100", tax_class="beauty")).priced.bill.total == 10_500


def test_a_rate_for_a_code_goes_before_one_for_the_class_and_ends(till: UnitOfWork, shop: Shop) -> None:
    add_tax_rate(till, rate())
    add_tax_rate(till, rate(rate="18", sac="33059090", valid_from="2026-10-01", valid_to="2026-11-20"))
    days = ("2026-11-20", "2026-11-21")
    totals = [draft(till, shop, cut("100", sac="33059090"), day=day).priced.bill.total for day in days]
    assert totals == [11_800, 11_200]


def test_an_own_rate_can_exempt_and_be_taken_away_again(till: UnitOfWork, shop: Shop) -> None:
    add_tax_rate(till, rate(rate="", is_exempt=True))
    assert draft(till, shop).kind == "bill_of_supply"
    [mine] = own_rates(till)
    token = remove_tax_rate(till, mine.id)
    assert draft(till, shop).kind == "tax_invoice"
    take_back(till, token)
    assert draft(till, shop).kind == "bill_of_supply"
    take_back(till, add_tax_rate(till, rate(tax_class="beauty")))
    assert [one.rate.tax_class for one in own_rates(till)] == [TaxClass.HAIR]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rate": ""}, "rate"),
        ({"rate": "41"}, "rate"),
        ({"rate": "twelve"}, "rate"),
        ({"rate": "5", "is_exempt": True}, "rate"),
        ({"sac": "12345"}, "sac"),
        ({"valid_from": ""}, "valid_from"),
        ({"valid_from": "2016-01-01"}, "valid_from"),
        ({"valid_to": "2026-10-31"}, "valid_to"),
        ({"citation": ""}, "citation"),
        ({"tax_class": "gold"}, "tax_class"),
    ],
)
def test_odd_rates_are_refused(till: UnitOfWork, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        add_tax_rate(till, rate(**changes))
    assert field in caught.value.fields
    assert own_rates(till) == ()


def test_one_rate_a_day_and_class(till: UnitOfWork) -> None:
    add_tax_rate(till, rate())
    with pytest.raises(Conflict):
        add_tax_rate(till, rate(rate="5"))
    add_tax_rate(till, rate(valid_from="2026-11-02"))
    assert [one.rate.valid_from for one in own_rates(till)] == [date(2026, 11, 2), date(2026, 11, 1)]


def test_each_shop_has_its_own(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        add_tax_rate(uow, rate())
        [mine] = own_rates(uow)
    with unit_of_work(neighbour.actor()) as uow:
        assert own_rates(uow) == ()
        with pytest.raises(NotFound):
            remove_tax_rate(uow, mine.id)
        add_tax_rate(uow, rate(rate="5"))


@pytest.mark.parametrize(("role", "may"), [(Role.OWNER, True), (Role.MANAGER, False), (Role.ACCOUNTANT, False)])
def test_only_owners_change_them(unit_of_work: Work, shop: Shop, role: Role, may: bool) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        if may:
            assert add_tax_rate(uow, rate()) and change_billing_terms(uow, ChangeBillingTerms(0, footer="Thanks"))
            return
        for ask in (lambda: add_tax_rate(uow, rate()), lambda: change_billing_terms(uow, ChangeBillingTerms(0))):
            with pytest.raises(Forbidden):
                ask()


def test_prices_for_strangers_hold_the_shop_s_own_rate_and_no_tax_of_a_composition_dealer(
    till: UnitOfWork, shop: Shop
) -> None:
    service = till.session.get(Service, shop.service_id)
    assert service
    service.tax_class, service.is_price_with_tax, service.price_paise = "hair", False, 10_000
    till.session.flush()

    def shown() -> tuple[bool, int]:
        inside = shop_inside(till)
        found = inside.service(shop.service_id)
        assert found
        return inside.is_taxed, found.price_paise

    assert shown() == (True, 10_500)
    add_tax_rate(till, rate(rate="18"))
    assert shown() == (True, 11_800)
    change_billing_terms(till, ChangeBillingTerms(0, registration="composition"))
    assert shown() == (False, 10_000)
