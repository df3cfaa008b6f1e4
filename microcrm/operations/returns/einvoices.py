"""The e-invoice of one document: the form for the portal, or what is missing for it."""

from __future__ import annotations

from typing import Any

from microcrm.domain.einvoice import EDocument, ELine, Json, inv01, missing
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.permissions import Permission
from microcrm.operations.billing.reading import DocumentView, read_document
from microcrm.operations.unit_of_work import UnitOfWork


def e_invoice(uow: UnitOfWork, document_id: Any) -> tuple[Json, str]:
    """Form INV-01, and the document's number. Raises: Conflict, for a document that needs none; Invalid, for one that lacks
    something."""
    uow.require(Permission.RETURNS_VIEW)
    view = read_document(uow, document_id)
    if not view.needs_e_invoice:
        raise Conflict(
            "This document needs no e-invoice.",
            remedy="Only tax invoices and notes to customers with a GSTIN do, once it is switched on in Settings, Billing.",
        )
    document = _document(view)
    if lacking := missing(document):
        raise Invalid(f"The e-invoice lacks something. {' '.join(lacking)}", remedy="Credit it and bill again.")
    uow.audit("return.taken", "gst_return", view.id, file="e-invoice", number=view.number)
    return inv01(document), view.number


def _document(view: DocumentView) -> EDocument:
    lines = [
        ELine(
            line.description, line.sac, line.quantity, line.price, line.reduction, line.rate_bp, line.is_exempt, line.taxable,
            line.igst, line.cgst, line.sgst, line.unit,
        )
        for line in view.lines
    ]  # fmt: skip
    if view.day is None:
        raise ValueError("an issued document has a day")
    return EDocument(
        view.kind, view.number, view.day, view.seller, view.buyer, view.place_state, view.round_off, view.total, lines
    )
