"""A bill as the typesetter wants it, and the note that somebody was given it."""

from __future__ import annotations

from datetime import date
from typing import Any

from microcrm.domain.bill_page import PageBill, PageLine
from microcrm.domain.documents import Registration
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.operations.billing.numbering import seller_of
from microcrm.operations.billing.reading import DocumentView, read_document
from microcrm.operations.billing.terms import read_seller
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork


def bill_paper(uow: UnitOfWork, document_id: Any) -> PageBill:
    """Drafts show the seller and buyer of today; issued bills the copies that they carry."""
    uow.require(Permission.INVOICES_VIEW)
    return _page(uow, read_document(uow, document_id))


def mark_given(uow: UnitOfWork, document_id: Any) -> None:
    """The customer has it now: from here on only a credit note changes anything."""
    uow.require(Permission.INVOICES_EDIT)
    document = find(uow, Document, document_id)
    if give(uow, document):
        uow.audit("invoice.given", "document", document.id, number=document.number)


def give(uow: UnitOfWork, document: Document) -> bool:
    """Note that the customer has an issued document; whether that was new."""
    if document.sent_at is not None or document.number is None:
        return False
    document.sent_at = uow.now
    document.version += 1
    uow.session.flush()
    return True


def paper_inside(uow: UnitOfWork, document_id: int) -> tuple[PageBill, date | None]:
    """The page and the day until which it is to be paid, for operations that have opened a link to it."""
    view = read_document(uow, document_id)
    return _page(uow, view), view.due_on


def _page(uow: UnitOfWork, view: DocumentView) -> PageBill:
    terms, business = read_seller(uow)
    seller, buyer = view.seller, view.buyer
    if not view.number:
        seller, buyer = seller_of(business, terms, view.day), {"name": view.customer, "gstin": view.buyer_gstin}
    return PageBill(
        kind=view.kind,
        title=view.title,
        state=view.state,
        number=view.number,
        day=view.day,
        seller=seller,
        buyer=buyer,
        place_state=view.place_state,
        heads=view.heads,
        registration=Registration(seller.get("registration", terms.registration)),
        lines=[
            PageLine(
                line.description, line.sac, line.quantity, line.price, line.reduction, line.taxable, line.rate_bp,
                line.cgst, line.sgst, line.igst, line.is_exempt, line.amount, line.unit,
            )
            for line in view.lines
        ],
        taxable=view.taxable,
        cgst=view.cgst,
        sgst=view.sgst,
        igst=view.igst,
        round_off=view.round_off,
        total=view.total,
        tip=view.tip,
        paid=view.paid,
        note=view.note,
        terms=str(seller.get("terms", terms.terms)),
        footer=str(seller.get("footer", terms.footer)),
        bank=terms.bank,
        upi_id=terms.upi_id,
        upi_name=terms.upi_name,
        second_language=terms.second_language,
        advances=[
            (one.voucher, one.voucher_day, one.amount) for one in view.payments if one.voucher and not one.is_void
        ],
    )  # fmt: skip
