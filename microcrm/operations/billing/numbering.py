"""The number of a document whose content stands, and what is copied of the seller onto it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from microcrm.domain.documents import Registration, financial_year, keep_until, number_from
from microcrm.domain.states import STATES
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Document
from microcrm.models.business import Business
from microcrm.operations.billing.filing import refuse_if_filed
from microcrm.operations.billing.ledger import post_document
from microcrm.operations.billing.terms import BillingTerms
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork

# The row is locked by this statement until the transaction ends, so a number is given once and none is left out.
_NEXT = fixed(
    "INSERT INTO number_series AS s (business_id, kind, began, last) VALUES (:business, :kind, :began, 1) "
    "ON CONFLICT (business_id, kind, began) DO UPDATE SET last = s.last + 1 RETURNING last"
)


@dataclass(frozen=True, slots=True)
class Issued:
    document_id: int
    number: str
    version: int
    total_paise: int


def give_number(uow: UnitOfWork, document: Document, terms: BillingTerms) -> Issued:
    """Number, dates and ledger of a document whose content stands. ``Invalid`` in a month that is filed."""
    day = document.issued_on or today_in(zone_of(uow.actor.zone), uow.now)
    document.issued_on, document.issued_at = day, uow.now
    document.began = financial_year(day)
    document.keep_until = keep_until(document.began)
    document.due_on = day + timedelta(days=terms.due_days)
    key = {"business": uow.business_id, "kind": document.kind, "began": document.began}
    with uow.session.no_autoflush:  # the document is written once, with its number
        running = uow.session.connection().execute(_NEXT, key).scalar_one()
        refuse_if_filed(uow, day)  # after the number: who files a month waits for those who have one
    document.running, document.number = running, number_from(terms.patterns[document.kind], day, running)
    document.state = "issued"
    document.version += 1
    uow.session.add(document)
    uow.session.flush()
    post_document(uow, document)
    uow.audit("invoice.issued", "document", document.id, number=document.number, total=document.total_paise)
    return Issued(document.id or 0, document.number, document.version, document.total_paise)


def seller_of(business: Business, terms: BillingTerms, day: date | None) -> dict[str, Any]:
    """What is copied of the seller onto a bill, as it holds on the bill's day."""
    registration = terms.registrations.on(day) if day else terms.registration
    return {
        "name": business.name,
        "legal_name": business.legal_name,
        "address": business.address,
        "city": business.city,
        "pin": business.pin,
        "state_code": business.state_code,
        "state": STATES[business.state_code].name if business.state_code in STATES else "",
        "gstin": "" if registration is Registration.NONE else business.gstin,
        "registration": registration.value,
        "phone": business.phone,
        "terms": terms.terms,
        "footer": terms.footer,
    }
