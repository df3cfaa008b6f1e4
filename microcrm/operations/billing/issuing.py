"""Issuing a bill: the number is taken, seller and buyer are copied, the ledger is posted, all in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from microcrm.domain.documents import VOUCHERS, DocumentKind, Registration
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.states import STATES
from microcrm.models.billing import Document
from microcrm.models.customers import Customer
from microcrm.operations.billing.accounts import set_off_deposit
from microcrm.operations.billing.drafts import open_draft
from microcrm.operations.billing.filing import locked_through
from microcrm.operations.billing.goods import call_back_goods, send_out_goods
from microcrm.operations.billing.ledger import post_document
from microcrm.operations.billing.numbering import Issued, give_number, seller_of
from microcrm.operations.billing.settling import settle_anew
from microcrm.operations.billing.terms import BillingTerms, read_seller
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

NAMED_FROM = 50_000_00  # paise: from here on the recipient's name and address stand on the bill (CGST Rules r.46(e))


def issue(uow: UnitOfWork, document_id: Any, version: Any) -> Issued:
    """Its goods leave the stock, and what its customer paid ahead for the visit is set off. ``Conflict`` when it is issued
    already or has changed; ``Invalid`` when it comes to nothing, the customer's part is incomplete, or its day lies in a
    month that is filed."""
    uow.require(Permission.INVOICES_EDIT)
    document = open_draft(uow, document_id, version)
    terms, business = read_seller(uow)
    _check(document, terms)
    document.seller, document.buyer = seller_of(business, terms, document.issued_on), _buyer(uow, document)
    issued = give_number(uow, document, terms)
    if document.kind != DocumentKind.ESTIMATE:
        send_out_goods(uow, document)
    set_off_deposit(uow, document)
    return replace(issued, version=document.version)


def cancel_unsent(uow: UnitOfWork, document_id: Any, version: Any, raw_reason: Any) -> None:
    """Call off a document that nobody has been given. Its number stays taken and is reported as cancelled (GSTR-1 table
    13). ``Conflict`` once it was sent or paid: then only a credit note helps."""
    uow.require(Permission.INVOICES_CORRECT)
    reader = Reader()
    reason = reader.text("reason", raw_reason, "Reason", limit=200)
    reader.done()
    document = find(uow, Document, document_id)
    same_version(version, document.version)
    if document.kind in VOUCHERS:
        raise Conflict(
            "A voucher stands as long as its payment does.",
            remedy="Declare the payment void, or give the advance back.",
        )
    if document.state != "issued" or document.sent_at is not None or document.paid_paise:
        raise Conflict(
            "Only a bill that nobody has been given can be cancelled.", remedy="Correct it with a credit note."
        )
    locked = locked_through(uow)
    if locked is not None and document.issued_on is not None and document.issued_on <= locked:
        raise Conflict(
            f"{document.number} is dated in a month whose return is filed.",
            remedy="Write a credit note instead: it counts in the return of today's month.",
        )
    document.state, document.cancel_reason, document.cancelled_at = "cancelled", reason, uow.now
    document.version += 1
    uow.session.flush()
    post_document(uow, document, is_reversed=True)
    call_back_goods(uow, document)
    if document.kind == DocumentKind.CREDIT_NOTE:  # what it took off the bill is due again
        settle_anew(uow, find(uow, Document, document.corrects_id))
    uow.audit("invoice.cancelled", "document", document.id, number=document.number)


def _check(document: Document, terms: BillingTerms) -> None:
    if terms.gstin and terms.registrations.last is Registration.NONE:
        raise Invalid(
            "Your business has a GSTIN, but its bills say it is not registered.",
            remedy="Choose the kind of registration and its first day in Settings, Billing.",
        )
    if document.total_paise == 0 and document.kind != DocumentKind.ESTIMATE:
        raise Invalid("A bill of nothing cannot be issued.", remedy="Change the lines, or throw the draft away.")


def _buyer(uow: UnitOfWork, document: Document) -> dict[str, Any]:
    """As little as the law asks: without a GSTIN and below Rs 50,000 only the name."""
    customer = None
    if document.customer_id is not None:
        customer = uow.session.execute(
            select(Customer.name, Customer.address).where(
                Customer.business_id == uow.business_id, Customer.id == document.customer_id
            )
        ).one()
    is_named = document.kind != DocumentKind.ESTIMATE and (
        bool(document.buyer_gstin) or document.taxable_paise >= NAMED_FROM
    )
    if is_named and (customer is None or not customer.address):
        why = "a customer with a GSTIN" if document.buyer_gstin else "a bill of ₹50,000 or more"
        raise Invalid(
            fields={"customer_id": f"The law wants name and address on {why}. Add them to the customer first."}
        )
    buyer = {"name": customer.name if customer else "", "gstin": document.buyer_gstin}
    if is_named and customer:
        state = document.buyer_gstin[:2] or document.place_state
        buyer |= {"address": customer.address, "state_code": state, "state": STATES[state].name if state else ""}
    return buyer
