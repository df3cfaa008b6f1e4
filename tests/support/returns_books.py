"""Fills shop B with last month's bills of every kind: ``python -m tests.support.returns_books``, in the environment of a site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from microcrm import wiring
from microcrm.domain.return_period import ReturnPeriod, month_of
from microcrm.operations.billing.issuing import cancel_unsent
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings
from tests.support import shops
from tests.support.returns import ELSEWHERE, SELLER, address, advice, at_home
from tests.support.shops import Shop
from tests.support.till import BUYER, cut, issued, register


def last_month() -> ReturnPeriod:
    today = (datetime.now(UTC) + timedelta(hours=5, minutes=30)).date()
    return month_of(month_of(today).first - timedelta(days=1))


def fill(uow: UnitOfWork, shop: Shop) -> None:
    register(uow, shop, SELLER)
    address(uow, shop)
    at_home(uow, shop)
    change_billing_terms(uow, ChangeBillingTerms(0, has_e_invoices="on"))
    first, last = str(last_month().first), str(last_month().last)
    issued(uow, shop, cut("1000"), cut("500", is_with_tax=True, discount="10%"), buyer_gstin=BUYER, day=first)
    issued(uow, shop, advice("1234.56"), buyer_gstin=ELSEWHERE, day=first)
    issued(uow, shop, cut("118000", tax_class="beauty"), performed_in="29", day=first)
    issued(uow, shop, cut("750", tax_class="health"), day=last)
    issued(uow, shop, advice("90", sac=""), day=last)
    void = issued(uow, shop, cut("200"), day=last)
    cancel_unsent(uow, void.document_id, void.version, "Written twice")
    for _ in range(60):
        issued(uow, shop, cut("400"), day=last)


if __name__ == "__main__":
    there = shops.find(settings().database_owner_url).b
    with wiring.unit_of_work(there.actor()) as work:
        fill(work, there)
