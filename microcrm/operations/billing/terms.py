"""How the shop bills: its registration, rounding, number patterns, UPI address, what stands at the foot of a bill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import select

from microcrm.domain.documents import Registration, check_pattern, number_from
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import BillingProfile
from microcrm.models.business import Business
from microcrm.operations.parts.rows import amend, create, same_version
from microcrm.operations.unit_of_work import UnitOfWork

PATTERNS: Mapping[str, str] = {
    "estimate": "EST/{FY}/{NNNN}",
    "tax_invoice": "INV/{FY}/{NNNN}",
    "bill_of_supply": "BOS/{FY}/{NNNN}",
    "invoice_cum_bill": "ICB/{FY}/{NNNN}",
    "plain_bill": "BILL/{FY}/{NNNN}",
    "receipt_voucher": "RV/{FY}/{NNNN}",
    "refund_voucher": "RFV/{FY}/{NNNN}",
    "credit_note": "CN/{FY}/{NNNN}",
    "debit_note": "DN/{FY}/{NNNN}",
}
_UPI = re.compile(r"[A-Za-z0-9._-]{2,64}@[A-Za-z][A-Za-z0-9.-]{1,63}")


@dataclass(frozen=True, slots=True)
class BillingTerms:
    """``previews``: the number of a first document by kind. ``version`` 0: nothing was ever set."""

    registration: Registration
    gstin: str
    is_rounded: bool
    is_price_with_tax: bool
    upi_id: str
    upi_name: str
    bank: str
    terms: str
    second_language: str
    due_days: int
    patterns: Mapping[str, str]
    previews: Mapping[str, str]
    locked_through: date | None
    version: int


@dataclass(frozen=True, slots=True)
class ChangeBillingTerms:
    """As typed. ``patterns``: kind to pattern; those left out stay."""

    version: Any
    registration: Any
    is_rounded: Any = True
    is_price_with_tax: Any = True
    upi_id: Any = ""
    upi_name: Any = ""
    bank: Any = ""
    terms: Any = ""
    second_language: Any = ""
    due_days: Any = 0
    patterns: Any = None
    locked_through: Any = None


def billing_terms(uow: UnitOfWork) -> BillingTerms:
    uow.require(Permission.INVOICES_VIEW)
    return read_terms(uow)


def change_billing_terms(uow: UnitOfWork, command: ChangeBillingTerms) -> str:
    """Returns the undo token. A shop with a GSTIN is registered and the other way round: ``Invalid`` says which is amiss."""
    uow.require(Permission.BUSINESS_EDIT)
    row, business = _profile(uow), _business(uow)
    same_version(command.version, row.version if row else 0)
    values = _read(command, business.gstin, row.patterns if row else {})
    if row is None:
        return create(uow, "billing_profile", BillingProfile(business_id=uow.business_id, **values), "Billing")
    return amend(uow, "billing_profile", row, values, "Billing")


def read_terms(uow: UnitOfWork) -> BillingTerms:
    """The terms, for operations that have asked for their own permission already."""
    row, business = _profile(uow), _business(uow)
    usual = Registration.REGULAR if business.gstin else Registration.NONE
    row_or_usual = row or BillingProfile(business_id=uow.business_id, registration=usual)
    patterns = {**PATTERNS, **row_or_usual.patterns}
    today = today_in(zone_of(business.zone), uow.now)
    return BillingTerms(
        registration=Registration(row_or_usual.registration),
        gstin=business.gstin,
        is_rounded=row_or_usual.is_rounded,
        is_price_with_tax=row_or_usual.is_price_with_tax,
        upi_id=row_or_usual.upi_id,
        upi_name=row_or_usual.upi_name or business.name,
        bank=row_or_usual.bank,
        terms=row_or_usual.terms,
        second_language=row_or_usual.second_language,
        due_days=row_or_usual.due_days,
        patterns=patterns,
        previews={kind: number_from(pattern, today, 1) for kind, pattern in patterns.items()},
        locked_through=row_or_usual.locked_through,
        version=row.version if row else 0,
    )


def _profile(uow: UnitOfWork) -> BillingProfile | None:
    return uow.session.exec(select(BillingProfile).where(BillingProfile.business_id == uow.business_id)).first()


def _business(uow: UnitOfWork) -> Business:
    return uow.session.exec(select(Business).where(Business.id == uow.business_id)).one()


def _read(command: ChangeBillingTerms, gstin: str, kept: Mapping[str, str]) -> dict[str, Any]:
    reader = Reader()
    registration = reader.member("registration", command.registration, "Registration", Registration)
    if bool(gstin) == (registration is Registration.NONE):
        reader.refuse(
            "registration",
            "Your business profile has a GSTIN. Remove it there, or choose a registered kind."
            if gstin
            else "Add your GSTIN in the business profile first.",
        )
    upi = reader.text("upi_id", command.upi_id, "UPI ID", limit=130, required=False)
    if upi and not _UPI.fullmatch(upi):
        reader.refuse("upi_id", "A UPI ID looks like name@bank.")
    values = {
        "registration": registration.value,
        "is_rounded": reader.flag("is_rounded", command.is_rounded, "Rounding"),
        "is_price_with_tax": reader.flag("is_price_with_tax", command.is_price_with_tax, "Prices"),
        "upi_id": upi,
        "upi_name": reader.text("upi_name", command.upi_name, "Name at the bank", limit=80, required=False),
        "bank": reader.note("bank", command.bank, "Bank details", limit=300),
        "terms": reader.note("terms", command.terms, "Terms", limit=600),
        "second_language": reader.choice(
            "second_language", command.second_language, "Language", ("hi", "kn"), default=""
        ),
        "due_days": reader.whole_number("due_days", command.due_days, "Days to pay", low=0, high=365, default=0),
        "locked_through": reader.optional_day("locked_through", command.locked_through, "Last filed day"),
        "patterns": {**kept, **_patterns(reader, command.patterns, kept)},
    }
    reader.done()
    return values


def _patterns(reader: Reader, raw: Any, kept: Mapping[str, str]) -> dict[str, str]:
    """Each kind's pattern, checked; no two kinds may give the same numbers."""
    if raw is None:
        return {}
    if not isinstance(raw, dict) or not set(raw) <= set(PATTERNS):
        reader.refuse("patterns", "Choose from the list of documents.")
        return {}
    found: dict[str, str] = {}
    for kind, pattern in raw.items():
        try:
            found[kind] = check_pattern(reader.text(f"pattern_{kind}", pattern, "Pattern", limit=30))
        except Invalid as refusal:
            reader.refuse(f"pattern_{kind}", refusal.fields.get("pattern", refusal.message))
    taken: dict[str, str] = {}
    for kind, pattern in {**PATTERNS, **kept, **found}.items():
        if pattern in taken:
            reader.refuse(f"pattern_{kind}", "Another document has this pattern already.")
        taken[pattern] = kind
    return found
