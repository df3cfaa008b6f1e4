"""A bill behind a secret link, for the customer it is for: to look at, to pay, to keep as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, text

from microcrm.domain.bill_page import PageBill
from microcrm.domain.documents import OWED, DocumentKind, Registration, title_of
from microcrm.domain.errors import Conflict
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Document
from microcrm.models.business import Business
from microcrm.models.customers import Customer
from microcrm.operations.billing.paper import give, paper_inside
from microcrm.operations.links import enter_behind, make_link
from microcrm.operations.parts.online_mode import Mode, online_mode
from microcrm.operations.parts.rows import find
from microcrm.operations.public_shop import PublicShop, shop_inside
from microcrm.operations.unit_of_work import UnitOfWork

LINK_LASTS = timedelta(days=400)
_BEHIND = text("SELECT * FROM bill_behind(:hash, :now)")


@dataclass(frozen=True, slots=True)
class Shared:
    """``token`` is said here once. ``words``: a message that a person may send along, without the address of the page.
    ``phone`` and ``email`` of the customer, where this member may see them."""

    token: str
    words: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class PublicBill:
    """``due_on``: until when it is to be paid. ``today``: by the shop's clock. ``online``: how it can be paid there."""

    shop: PublicShop
    page: PageBill
    due_on: date | None
    today: date
    online: Mode


def share_bill(uow: UnitOfWork, document_id: Any) -> Shared:
    """A new link to the bill; from now on it counts as given to the customer. ``Conflict`` for drafts and what was called
    off: nobody should have those."""
    uow.require(Permission.INVOICES_EDIT)
    document = find(uow, Document, document_id)
    if document.number is None or document.state == "cancelled":
        raise Conflict("Only an issued bill can be shared.", remedy="Issue it first.")
    token = make_link(uow, document_id=document.id, expires_at=uow.now + LINK_LASTS)
    give(uow, document)
    uow.audit("invoice.shared", "document", document.id, number=document.number)
    phone, email = _contact(uow, document.customer_id)
    shop = uow.session.execute(select(Business.name).where(Business.id == uow.business_id)).scalar_one()
    words = f"Your {_noun(document)} {document.number} of {format_rupees(document.total_paise)} from {shop}:"
    return Shared(token, words, phone, email)


def public_bill(uow: UnitOfWork, token: Any) -> PublicBill:
    """Raises ``NotFound`` for a link that was never made, has run out, or leads to something else."""
    uow.require_public()
    page, due_on = paper_inside(uow, bill_inside(uow, token))
    return PublicBill(shop_inside(uow), page, due_on, today_in(zone_of(uow.actor.zone), uow.now), online_mode(uow))


def business_of_bill(uow: UnitOfWork, token: Any) -> int:
    """Whose bill is behind the link. Raises: NotFound."""
    uow.require_public()
    bill_inside(uow, token)
    return uow.business_id


def bill_inside(uow: UnitOfWork, token: Any) -> int:
    """The bill behind the link; from here on the transaction is inside its business. Raises: NotFound."""
    return int(enter_behind(uow, _BEHIND, token).document_id)


def _noun(document: Document) -> str:
    kind = DocumentKind(document.kind)
    return "bill" if kind in OWED else title_of(kind, Registration(document.seller["registration"])).lower()


def _contact(uow: UnitOfWork, customer_id: int | None) -> tuple[str, str]:
    """Phone and address of the customer; "" for a member who may not see them."""
    if customer_id is None or not uow.may(Permission.CUSTOMERS_CONTACT):
        return "", ""
    row = uow.session.execute(
        select(Customer.phone, Customer.email).where(
            Customer.business_id == uow.business_id, Customer.id == customer_id
        )
    ).one()
    return row.phone, row.email
