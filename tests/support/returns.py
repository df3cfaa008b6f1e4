"""A month of bills for the tests of returns: every kind of document that a table asks about."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson

from microcrm.models.business import Business
from microcrm.models.customers import Customer
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.issuing import cancel_unsent
from microcrm.operations.billing.reading import view_document
from microcrm.operations.returns.gstr1 import WriteGstr1, write_gstr1
from microcrm.operations.unit_of_work import UnitOfWork
from tests.support.shops import Shop
from tests.support.till import BUYER, cut, issued, register

MONTH = "2026-11"  # of MORNING, on which the tests' clock stands
ELSEWHERE = "29ABCFS1234K1Z3"  # a business in Karnataka
SELLER = "27ABCFS1234K1Z7"  # the shop, in Maharashtra


def advice(price: str, **changes: Any) -> Any:
    return cut(price, **({"tax_class": "standard", "sac": "998313", "description": "Consulting"} | changes))


def address(uow: UnitOfWork, shop: Shop) -> None:
    """The customer's, which the law wants on some bills."""
    customer = uow.session.get(Customer, shop.customer_id)
    assert customer
    customer.address = "1 Main Road, Pune"
    uow.session.flush()


def at_home(uow: UnitOfWork, shop: Shop) -> None:
    """The shop's own address, which e-invoices carry."""
    business = uow.session.get(Business, shop.business_id)
    assert business
    business.address, business.city, business.pin = "12 Fergusson Road", "Pune", "411004"
    uow.session.flush()


def full_month(uow: UnitOfWork, shop: Shop) -> dict[str, int]:
    """The month of the shared notes (section 4.9), with our own series; ids by a word."""
    register(uow, shop, SELLER)
    address(uow, shop)
    done = {
        "b2b": issued(uow, shop, cut("1000"), buyer_gstin=BUYER, day="2026-11-03"),
        "igst": issued(uow, shop, advice("1234.56"), buyer_gstin=ELSEWHERE, day="2026-11-04"),
        "small": issued(uow, shop, cut("500"), day="2026-11-05"),
        "goods": issued(uow, shop, cut("333.33"), advice("167.80", sac="85163100", quantity="3"), day="2026-11-06"),
        "large": issued(uow, shop, cut("118000", tax_class="beauty"), performed_in="29", day="2026-11-12"),
        "exempt": issued(uow, shop, cut("750", tax_class="health"), day="2026-11-13"),
        "void": issued(uow, shop, cut("200"), day="2026-11-14"),
    }
    cancel_unsent(uow, done["void"].document_id, done["void"].version, "Written twice")
    ids = {word: one.document_id for word, one in done.items()}
    ids["note"] = part_back(uow, ids["b2b"], 200)
    ids["small_note"] = part_back(uow, ids["small"], 200)
    return ids


def part_back(uow: UnitOfWork, document_id: int, thousandths: int) -> int:
    """A credit note over a part of the bill's only line."""
    bill = view_document(uow, document_id)
    return credit(uow, CreditNote(bill.id, bill.version, "Too much", quantities={1: thousandths})).note.document_id


def gstr1_of(uow: UnitOfWork, period: str = MONTH, gstin: str = "") -> dict[str, Any]:
    out = io.BytesIO()
    write_gstr1(uow, WriteGstr1(period, "GST3.2.4", gstin), orjson.dumps, out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found
