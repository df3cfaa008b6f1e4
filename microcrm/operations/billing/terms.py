"""How the shop bills: its registration, rounding, number patterns, UPI address, what stands at the foot of a bill."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import defer

from microcrm.domain.documents import Registration, check_pattern, financial_year, number_from
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.registration import Registrations, registrations
from microcrm.domain.taxbook import GST_BEGAN
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import BillingProfile, NumberSeries
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
    """``registration`` is today's; ``version`` 0: nothing was ever set."""

    registrations: Registrations
    registration: Registration
    gstin: str
    legal_name: str
    is_rounded: bool
    is_price_with_tax: bool
    upi_id: str
    upi_name: str
    bank: str
    terms: str
    footer: str
    second_language: str
    due_days: int
    patterns: Mapping[str, str]
    locked_through: date | None
    is_quarterly: bool
    e_invoice_gstins: tuple[str, ...]
    version: int

    @property
    def has_e_invoices(self) -> bool:
        """Whether bills to businesses under today's GSTIN are reported for an IRN."""
        return self.gstin in self.e_invoice_gstins


@dataclass(frozen=True, slots=True)
class ChangeBillingTerms:
    """As typed; what is ``None`` stays. ``registered_from`` empty: from today. ``patterns``: kind
    to pattern; those left out stay."""

    version: Any
    registration: Any = None
    registered_from: Any = None
    is_rounded: Any = None
    is_price_with_tax: Any = None
    upi_id: Any = None
    upi_name: Any = None
    bank: Any = None
    terms: Any = None
    footer: Any = None
    second_language: Any = None
    due_days: Any = None
    patterns: Any = None
    is_quarterly: Any = None
    has_e_invoices: Any = None  # under today's GSTIN


def billing_terms(uow: UnitOfWork) -> BillingTerms:
    uow.require(Permission.INVOICES_VIEW)
    return read_terms(uow)


def change_billing_terms(uow: UnitOfWork, command: ChangeBillingTerms) -> str:
    """Returns the undo token, or "" when nothing was different. A shop with a GSTIN is registered and the other way round:
    ``Invalid`` says which is amiss."""
    uow.require(Permission.BUSINESS_EDIT)
    row, business = _stored(uow)
    same_version(command.version, row.version if row else 0)
    kept = row or _usual(uow, business.gstin)
    values = _read(command, business.gstin, kept, today_in(zone_of(business.zone), uow.now))
    if row is None:
        values = {"registration": kept.registration, **values}
        return create(uow, "billing_profile", BillingProfile(business_id=uow.business_id, **values), "Billing")
    return amend(uow, "billing_profile", row, values, "Billing")


def preview_number(uow: UnitOfWork, kind: Any, pattern: Any) -> str:
    """The next number of today under that pattern. ``Invalid`` says under ``pattern_<kind>`` what is wrong with it."""
    uow.require(Permission.BUSINESS_EDIT)
    if not isinstance(kind, str) or kind not in PATTERNS:
        raise Invalid("Choose from the list of documents.")
    reader = Reader()
    checked = _pattern(reader, kind, pattern)
    reader.done()
    today = today_in(zone_of(uow.actor.zone), uow.now)
    return number_from(checked, today, _running(uow, today).get(kind, 0) + 1)


def read_terms(uow: UnitOfWork) -> BillingTerms:
    """The terms, for operations that have asked for their own permission already."""
    return read_seller(uow)[0]


def read_seller(uow: UnitOfWork) -> tuple[BillingTerms, Business]:
    """The terms and the business (without its logo), in one statement."""
    profile, business = _stored(uow)
    today = today_in(zone_of(business.zone), uow.now)
    terms = terms_of(profile or _usual(uow, business.gstin), business, today)
    return (terms if profile else replace(terms, version=0)), business


def terms_of(row: BillingProfile, business: Business, today: date) -> BillingTerms:
    history = registrations(row.registration, row.registration_changes)
    return BillingTerms(
        registrations=history,
        registration=history.on(today),
        gstin=business.gstin,
        legal_name=business.legal_name,
        is_rounded=row.is_rounded,
        is_price_with_tax=row.is_price_with_tax,
        upi_id=row.upi_id,
        upi_name=row.upi_name or business.name,
        bank=row.bank,
        terms=row.terms,
        footer=row.footer,
        second_language=row.second_language,
        due_days=row.due_days,
        patterns={**PATTERNS, **row.patterns},
        locked_through=row.locked_through,
        is_quarterly=row.is_quarterly,
        e_invoice_gstins=tuple(row.e_invoice_gstins),
        version=row.version,
    )


def next_numbers(uow: UnitOfWork) -> dict[str, str]:
    """By kind of document, the number that the next one of today would get."""
    uow.require(Permission.INVOICES_VIEW)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    running = _running(uow, today)
    return {
        kind: number_from(pattern, today, running.get(kind, 0) + 1)
        for kind, pattern in read_terms(uow).patterns.items()
    }


def own_profile(uow: UnitOfWork) -> BillingProfile:
    """The row, locked; made with what holds anyway when nothing was ever set."""
    query = select(BillingProfile).where(BillingProfile.business_id == uow.business_id)
    row = uow.session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()
    if row is None:
        row = _usual(uow, read_terms(uow).gstin)
        uow.session.add(row)
        uow.session.flush()
    return row


def _usual(uow: UnitOfWork, gstin: str) -> BillingProfile:
    """What holds while nothing is set."""
    usual = Registration.REGULAR if gstin else Registration.NONE
    return BillingProfile(business_id=uow.business_id, registration=usual.value)


def _running(uow: UnitOfWork, today: date) -> dict[str, int]:
    rows = uow.session.execute(
        select(NumberSeries.kind, NumberSeries.last).where(
            NumberSeries.business_id == uow.business_id, NumberSeries.began == financial_year(today)
        )
    )
    return {row.kind: row.last for row in rows}


def _stored(uow: UnitOfWork) -> tuple[BillingProfile | None, Business]:
    query = (
        select(BillingProfile, Business)
        .select_from(Business)
        .join(BillingProfile, BillingProfile.business_id == Business.id, isouter=True)
        .where(Business.id == uow.business_id)
        .options(defer(Business.logo))
    )
    profile, business = uow.session.execute(query).one()
    return profile, business


def _read(command: ChangeBillingTerms, gstin: str, row: BillingProfile, today: date) -> dict[str, Any]:
    reader = Reader()
    read: dict[str, Callable[[Any], Any]] = {
        "is_rounded": lambda raw: reader.flag("is_rounded", raw, "Rounding"),
        "is_price_with_tax": lambda raw: reader.flag("is_price_with_tax", raw, "Prices"),
        "upi_id": lambda raw: _upi(reader, raw),
        "upi_name": lambda raw: reader.text("upi_name", raw, "Name at the bank", limit=80, required=False),
        "bank": lambda raw: reader.note("bank", raw, "Bank details", limit=300),
        "terms": lambda raw: reader.note("terms", raw, "Terms", limit=600),
        "footer": lambda raw: reader.text("footer", raw, "Last line", limit=120, required=False),
        "second_language": lambda raw: reader.choice("second_language", raw, "Language", ("hi", "kn"), default=""),
        "due_days": lambda raw: reader.whole_number("due_days", raw, "Days to pay", low=0, high=365, default=0),
        "is_quarterly": lambda raw: reader.flag("is_quarterly", raw, "Returns by the quarter"),
        "patterns": lambda raw: {**row.patterns, **_patterns(reader, raw, row.patterns)},
    }
    values = {name: parse(raw) for name, parse in read.items() if (raw := getattr(command, name)) is not None}
    if command.has_e_invoices is not None:
        values["e_invoice_gstins"] = _e_invoices(reader, command.has_e_invoices, gstin, row)
    if command.registration is not None:
        values |= _registration(reader, command, gstin, row, today)
    reader.done()
    return values


def _registration(
    reader: Reader, command: ChangeBillingTerms, gstin: str, row: BillingProfile, today: date
) -> dict[str, Any]:
    kind = reader.member("registration", command.registration, "Registration", Registration)
    if bool(gstin) == (kind is Registration.NONE):
        reader.refuse(
            "registration",
            "Your business profile has a GSTIN. Remove it there, or choose a registered kind."
            if gstin
            else "Add your GSTIN in the business profile first.",
        )
    since = reader.optional_day("registered_from", command.registered_from, "First day", earliest=GST_BEGAN)
    history = registrations(row.registration, row.registration_changes).changed(kind, since or today)
    return {"registration": history.first.value, "registration_changes": history.plain()}


def _e_invoices(reader: Reader, raw: Any, gstin: str, row: BillingProfile) -> list[str]:
    """Other registrations keep theirs."""
    is_on = reader.flag("has_e_invoices", raw, "E-invoices")
    if is_on and not gstin:
        reader.refuse("has_e_invoices", "Add your GSTIN in the business profile first.")
    return sorted({*row.e_invoice_gstins} - {gstin} | ({gstin} if is_on and gstin else set()))


def _upi(reader: Reader, raw: Any) -> str:
    upi = reader.text("upi_id", raw, "UPI ID", limit=130, required=False)
    if upi and not _UPI.fullmatch(upi):
        reader.refuse("upi_id", "A UPI ID looks like name@bank.")
    return upi


def _patterns(reader: Reader, raw: Any, kept: Mapping[str, str]) -> dict[str, str]:
    """Each kind's pattern, checked; no two kinds may give the same numbers."""
    if not isinstance(raw, dict) or not set(raw) <= set(PATTERNS):
        reader.refuse("patterns", "Choose from the list of documents.")
        return {}
    found = {kind: _pattern(reader, kind, pattern) for kind, pattern in raw.items()}
    taken: dict[str, str] = {}
    for kind, pattern in {**PATTERNS, **kept, **found}.items():
        if pattern in taken:
            reader.refuse(f"pattern_{kind}", "Another document has this pattern already.")
        taken[pattern] = kind
    return found


def _pattern(reader: Reader, kind: str, raw: Any) -> str:
    name = f"pattern_{kind}"
    pattern = reader.text(name, raw, "Pattern", limit=30)
    try:
        return check_pattern(pattern) if pattern else PATTERNS[kind]
    except Invalid as refusal:
        reader.refuse(name, refusal.fields.get("pattern", refusal.message))
        return PATTERNS[kind]
