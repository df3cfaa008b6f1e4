"""At the till of a test shop: short ways to a bill, and to look at what the ledger says."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from microcrm.models.billing import Document, LedgerEntry
from microcrm.models.business import Business
from microcrm.operations.billing.drafts import DraftSaved, SaveDraft, save_draft
from microcrm.operations.billing.issuing import Issued, issue
from microcrm.operations.billing.payments import PaidPart, TakePayment
from microcrm.operations.billing.pricing import LineWish
from microcrm.operations.unit_of_work import UnitOfWork
from tests.support.shops import Shop

GSTIN = "29ABCFS1234K1Z3"  # of the shop, in Karnataka
BUYER = "24AANFA2641L1ZF"  # of a customer in Gujarat


def register(uow: UnitOfWork, shop: Shop, gstin: str = GSTIN) -> None:
    """Give the shop a GSTIN (or none), as its business page does."""
    business = uow.session.get(Business, shop.business_id)
    assert business
    business.gstin, business.state_code = gstin, gstin[:2] or "29"
    uow.session.flush()


def cut(price: str = "500", **changes: Any) -> LineWish:
    return LineWish(**({"description": "Haircut", "price": price, "tax_class": "hair", "is_with_tax": False} | changes))


def draft(uow: UnitOfWork, shop: Shop, *lines: LineWish, **changes: Any) -> DraftSaved:
    values = {"lines": list(lines or (cut(),)), "customer_id": shop.customer_id} | changes
    return save_draft(uow, SaveDraft(**values))


def issued(uow: UnitOfWork, shop: Shop, *lines: LineWish, **changes: Any) -> Issued:
    saved = draft(uow, shop, *lines, **changes)
    return issue(uow, saved.document_id, saved.version)


def paying(document_id: int, *parts: PaidPart, key: str = "first press") -> TakePayment:
    return TakePayment(document_id, list(parts), key)


def document_of(session: Session, document_id: int) -> Document:
    session.expire_all()
    return session.execute(select(Document).where(Document.id == document_id)).scalar_one()


def balances(session: Session, business_id: int) -> dict[str, int]:
    """What each account of the ledger stands at, the empty ones left out."""
    total = func.sum(LedgerEntry.amount_paise)
    rows = session.execute(
        select(LedgerEntry.account, total).where(LedgerEntry.business_id == business_id).group_by(LedgerEntry.account)
    )
    return {account: int(paise) for account, paise in rows if paise}
