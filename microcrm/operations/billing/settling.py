"""How much of a document is paid, and the state that follows from it."""

from __future__ import annotations

from sqlalchemy import func, select

from microcrm.domain.documents import DocumentKind
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.operations.unit_of_work import UnitOfWork

OPEN = ("issued", "part_paid")  # states in which a bill takes money


def due_of(document: Document) -> int:
    return document.total_paise + document.tip_paise - document.paid_paise


def settle(uow: UnitOfWork, document: Document, paise: int) -> None:
    """So much more (or less) of it is paid. For operations that have asked already."""
    document.paid_paise += paise
    if document.state != "cancelled":
        document.state = "paid" if due_of(document) <= 0 else "part_paid" if document.paid_paise else "issued"
    document.version += 1
    uow.session.add(document)
    uow.session.flush()


def settle_anew(uow: UnitOfWork, document: Document) -> None:
    """After something that counted has gone: what counts as paid is summed again."""
    settle(uow, document, _standing(uow, document) - document.paid_paise)


def freed_of(uow: UnitOfWork, document: Document) -> int:
    """Paise that were paid beyond what the bill comes to after its credit notes: they are the customer's."""
    return max(0, _counted(uow, document) - document.total_paise - document.tip_paise)


def _standing(uow: UnitOfWork, document: Document) -> int:
    """What counts as paid, up to the bill itself. A refund of what a note has credited leaves the bill paid."""
    return min(document.total_paise + document.tip_paise, _counted(uow, document))


def _counted(uow: UnitOfWork, document: Document) -> int:
    """Allocations and credit notes together."""
    paid = select(func.coalesce(func.sum(Allocation.amount_paise), 0)).join(
        Payment, (Payment.business_id == Allocation.business_id) & (Payment.id == Allocation.payment_id)
    )
    allocated = uow.session.execute(
        paid.where(
            Allocation.business_id == uow.business_id,
            Allocation.document_id == document.id,
            Payment.voided_at.is_(None),
        )
    ).scalar_one()
    credited = uow.session.execute(
        select(func.coalesce(func.sum(Document.total_paise), 0)).where(
            Document.business_id == uow.business_id,
            Document.corrects_id == document.id,
            Document.kind == DocumentKind.CREDIT_NOTE,
            Document.state.not_in(("draft", "cancelled")),
        )
    ).scalar_one()
    return int(allocated) + int(credited)
