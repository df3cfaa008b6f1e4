"""The e-invoice of one document: whether it needs one, what is missing, and the form for the portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from microcrm.domain.einvoice import EDocument, ELine, Json, inv01, is_reported, missing, reference_number
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.permissions import Permission
from microcrm.operations.billing.reading import DocumentView, read_document
from microcrm.operations.billing.terms import read_terms
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class EInvoiceView:
    """``lacking``: what the form asks for and the document does not carry."""

    irn: str
    lacking: Sequence[str]


def look_at_e_invoice(uow: UnitOfWork, document_id: Any) -> EInvoiceView | None:
    """Nothing for a document that needs none, or while e-invoices are off for its GSTIN."""
    uow.require(Permission.INVOICES_VIEW)
    view = read_document(uow, document_id)
    if not _is_due(uow, view):
        return None
    document = _document(view)
    return EInvoiceView(reference_number(document), missing(document))


def e_invoice(uow: UnitOfWork, document_id: Any) -> tuple[Json, str]:
    """Form INV-01, and the document's number. Raises: Conflict, for a document that needs none; Invalid, for one that lacks
    something."""
    uow.require(Permission.RETURNS_VIEW)
    view = read_document(uow, document_id)
    if not _is_due(uow, view):
        raise Conflict(
            "This document needs no e-invoice.",
            remedy="Only tax invoices and notes to customers with a GSTIN do, once it is switched on in Settings, Billing.",
        )
    document = _document(view)
    if lacking := missing(document):
        raise Invalid(f"The e-invoice lacks something. {' '.join(lacking)}", remedy="Credit it and bill again.")
    uow.audit("return.taken", "gst_return", view.id, file="e-invoice", number=view.number)
    return inv01(document), view.number


def _is_due(uow: UnitOfWork, view: DocumentView) -> bool:
    """A credit note written too late carries no heads of tax and is a matter between the two."""
    is_document = bool(view.number) and view.state != "cancelled" and view.heads != "none"
    if not is_document or not is_reported(view.kind, view.buyer_gstin):
        return False
    return view.seller.get("gstin") in read_terms(uow).e_invoice_gstins


def _document(view: DocumentView) -> EDocument:
    lines = [
        ELine(
            line.description, line.sac, line.quantity, line.price, line.reduction, line.rate_bp, line.is_exempt, line.taxable,
            line.igst, line.cgst, line.sgst,
        )
        for line in view.lines
    ]  # fmt: skip
    if view.day is None:
        raise ValueError("an issued document has a day")
    return EDocument(
        view.kind, view.number, view.day, view.seller, view.buyer, view.place_state, view.round_off, view.total, lines
    )
