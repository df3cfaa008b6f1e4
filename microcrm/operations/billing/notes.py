"""A credit or debit note as it begins: what it has from the bill that it is about."""

from __future__ import annotations

from microcrm.domain.documents import DocumentKind
from microcrm.models.billing import Document
from microcrm.operations.unit_of_work import UnitOfWork


def note_about(uow: UnitOfWork, bill: Document, kind: DocumentKind, reason: str, **amounts: int) -> Document:
    """Seller, buyer, heads and place of the bill, and its number and day, which a note must name (CGST Rules r.53(1A)).
    ``amounts`` by column, in paise."""
    return Document(
        business_id=uow.business_id,
        kind=kind,
        corrects_id=bill.id,
        customer_id=bill.customer_id,
        seller=bill.seller,
        buyer={**bill.buyer, "corrects": bill.number, "corrects_on": str(bill.issued_on)},
        buyer_gstin=bill.buyer_gstin,
        place_state=bill.place_state,
        heads=bill.heads,
        reason=bill.reason,
        note=reason,
        created_at=uow.now,
        created_by_member_id=uow.actor.member_id,
        **amounts,
    )
