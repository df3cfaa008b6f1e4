"""Bills: how a shop bills, its number series, documents and their lines. A draft is free to change. Once issued a document
never changes again (a trigger sees to it) save for what has been paid, whether it was called off before anybody had it, and
when it was sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from microcrm.models.base import (
    belongs_to_business,
    defaulted,
    identity,
    instant,
    json_list,
    json_object,
    maybe_instant,
    reference,
    tenant_key,
    within_business,
)

KINDS = (
    "estimate", "tax_invoice", "bill_of_supply", "invoice_cum_bill", "plain_bill", "receipt_voucher", "refund_voucher",
    "credit_note", "debit_note",
)  # fmt: skip


def _paise() -> Any:
    return Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))


class BillingProfile(SQLModel, table=True):
    """One row a business. ``registration`` holds until the first of ``registration_changes`` (``domain/registration.py``).
    ``patterns``: number pattern by kind of document, where it is not the usual one.
    ``locked_through``: the last day of the last filed month (``filing.py``); nothing is dated on or before it any more."""

    __tablename__ = "billing_profiles"
    id: int | None = identity()
    business_id: int = tenant_key()
    registration: str = "none"
    registration_changes: list[dict[str, Any]] = json_list()
    is_rounded: bool = True
    is_price_with_tax: bool = True  # of a line typed by hand; services know their own
    upi_id: str = ""
    upi_name: str = ""
    bank: str = ""
    terms: str = ""
    footer: str = defaulted("")  # the last line of a bill, as "Thank you, visit again"
    second_language: str = ""  # hi or kn: labels of the printed document in two languages
    due_days: int = 0
    patterns: dict[str, Any] = json_object()
    locked_through: date | None = None
    is_quarterly: bool = defaulted(False)  # returns by the quarter (QRMP)
    e_invoice_gstins: list[str] = json_list()  # registrations whose bills to businesses are reported for an IRN
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id"),
        CheckConstraint("registration in ('regular', 'composition', 'none')", name="registration"),
        CheckConstraint("second_language in ('', 'hi', 'kn')", name="second_language"),
        CheckConstraint("due_days between 0 and 365", name="due_days"),
    )


class ShopTaxRate(SQLModel, table=True):
    """A rate of the shop's own, which goes before the book's. ``sac`` empty: for the whole class."""

    __tablename__ = "tax_rates"
    id: int | None = identity()
    business_id: int = tenant_key()
    tax_class: str
    sac: str = ""
    rate_bp: int
    is_exempt: bool = False
    valid_from: date
    valid_to: date | None = None
    citation: str = ""
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id", "tax_class", "sac", "valid_from"),
        CheckConstraint("rate_bp between 0 and 10000 and not (is_exempt and rate_bp <> 0)", name="rate"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="days"),
    )


class NumberSeries(SQLModel, table=True):
    """The last running number given out, per kind of document and financial year (``began``: 2026 for 2026-27). The row
    is locked by the issuing transaction, so that numbers have no gap."""

    __tablename__ = "number_series"
    id: int | None = identity()
    business_id: int = tenant_key()
    kind: str
    began: int
    last: int = 0
    __table_args__ = (*belongs_to_business(), UniqueConstraint("business_id", "kind", "began"))


class Document(SQLModel, table=True):
    """``seller`` and ``buyer`` are copied when it is issued. ``corrects_id``: the document that a note corrects, or the receipt
    voucher whose advance a refund voucher gives back. ``payment_id``: the money of a voucher. ``estimate_id``: what it came
    from. ``recurring_id``, ``period``: the series that wrote it, and for when. ``reason``: why the place of supply is what it
    is. Paise; ``paid_paise`` counts notes as well, and on a receipt voucher what is used or given back of the advance."""

    __tablename__ = "documents"
    id: int | None = identity()
    business_id: int = tenant_key()
    kind: str
    state: str = "draft"
    number: str | None = Field(default=None, sa_column=Column(Text(collation="C"), nullable=True))
    began: int | None = None  # financial year
    running: int | None = None  # place in the series of its kind and year: 1, 2, ...
    issued_on: date | None = None
    issued_at: datetime | None = maybe_instant()
    due_on: date | None = None
    customer_id: int | None = reference(nullable=True)
    booking_id: int | None = reference(nullable=True)
    corrects_id: int | None = reference(nullable=True)
    payment_id: int | None = reference(nullable=True)
    estimate_id: int | None = reference(nullable=True)
    recurring_id: int | None = reference(nullable=True)
    period: int | None = None
    seller: dict[str, Any] = json_object()
    buyer: dict[str, Any] = json_object()
    buyer_gstin: str = ""
    place_state: str = ""
    heads: str = "none"
    reason: str = ""
    discount_paise: int = _paise()
    taxable_paise: int = _paise()
    cgst_paise: int = _paise()
    sgst_paise: int = _paise()
    igst_paise: int = _paise()
    round_off_paise: int = _paise()
    total_paise: int = _paise()
    tip_paise: int = _paise()  # kept apart: no part of the supply
    paid_paise: int = _paise()
    note: str = ""
    cancel_reason: str = ""
    cancelled_at: datetime | None = maybe_instant()
    sent_at: datetime | None = maybe_instant()
    keep_until: date | None = None
    created_at: datetime = instant()
    created_by_member_id: int | None = reference(nullable=True)
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("booking_id", "bookings"),
        within_business("corrects_id", "documents"),
        within_business("payment_id", "payments"),
        within_business("estimate_id", "documents"),
        within_business("recurring_id", "recurring_bills"),
        within_business("created_by_member_id", "members"),
        UniqueConstraint("business_id", "began", "number"),
        UniqueConstraint("business_id", "kind", "began", "running"),
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("state in ('draft', 'issued', 'part_paid', 'paid', 'cancelled')", name="state"),
        CheckConstraint("(state = 'draft') = (number is null)", name="number"),
        CheckConstraint("heads in ('cgst_sgst', 'cgst_utgst', 'igst', 'none')", name="heads"),
        CheckConstraint(
            "total_paise = taxable_paise + cgst_paise + sgst_paise + igst_paise + round_off_paise", name="total"
        ),
        CheckConstraint("cgst_paise = sgst_paise", name="halves"),
        CheckConstraint("tip_paise >= 0 and paid_paise >= 0 and total_paise >= 0", name="amounts"),
        Index("ix_documents_issued", "business_id", "issued_on", "id"),
        Index("ix_documents_state", "business_id", "state", "issued_on"),
        Index("ix_documents_number", "business_id", "number"),
        Index("ix_documents_customer", "business_id", "customer_id", "issued_at", "id"),
        Index("ix_documents_open", "business_id", "customer_id", postgresql_where="state in ('issued', 'part_paid')"),
        Index("ix_documents_booking", "business_id", "booking_id"),
        Index("ix_documents_corrects", "business_id", "corrects_id", postgresql_where="corrects_id is not null"),
        Index("ix_documents_estimate", "business_id", "estimate_id", postgresql_where="estimate_id is not null"),
        Index(
            "uq_documents_period",
            "business_id",
            "recurring_id",
            "period",
            unique=True,
            postgresql_where="recurring_id is not null",
        ),
        Index(
            "uq_documents_payment", "business_id", "payment_id", unique=True, postgresql_where="payment_id is not null"
        ),
    )


class DocumentLine(SQLModel, table=True):
    """As typed, and as worked out (``domain/bill.py``). Quantities are thousandths, rates basis points, money paise."""

    __tablename__ = "document_lines"
    id: int | None = identity()
    business_id: int = tenant_key()
    document_id: int = reference()
    place: int
    description: str
    sac: str = ""
    quantity: int = 1000
    price_paise: int = _paise()
    is_with_tax: bool = True
    discount_bp: int = 0
    discount_paise: int = _paise()
    tax_class: str = ""
    rate_bp: int = 0
    is_exempt: bool = False
    service_id: int | None = reference(nullable=True)
    product_id: int | None = reference(nullable=True)
    unit: str = defaulted("")  # of goods, as the return names it: NOS, BTL
    member_id: int | None = reference(nullable=True)
    booking_item_id: int | None = reference(nullable=True)
    bill_discount_paise: int = _paise()
    taxable_paise: int = _paise()
    cgst_paise: int = _paise()
    sgst_paise: int = _paise()
    igst_paise: int = _paise()
    __table_args__ = (
        *belongs_to_business(),
        within_business("document_id", "documents", ondelete="CASCADE"),
        within_business("service_id", "services"),
        within_business("product_id", "products"),
        within_business("member_id", "members"),
        within_business("booking_item_id", "booking_items"),
        UniqueConstraint("business_id", "document_id", "place"),
        CheckConstraint("quantity > 0 and price_paise >= 0", name="amounts"),
        CheckConstraint("rate_bp between 0 and 10000 and discount_bp between 0 and 10000", name="rates"),
        CheckConstraint("cgst_paise = sgst_paise", name="halves"),
    )


class Payment(SQLModel, table=True):
    """Money that came in (or, negative, went back). ``evidence``: claimed by the desk, said by the provider's webhook, or
    found on a statement."""

    __tablename__ = "payments"
    id: int | None = identity()
    business_id: int = tenant_key()
    customer_id: int | None = reference(nullable=True)
    mode: str
    amount_paise: int = Field(sa_column=Column(BigInteger, nullable=False))
    evidence: str = "claimed"
    proof: str = ""  # UTR, approval code, slip number
    received_at: datetime = instant()
    member_id: int | None = reference(nullable=True)
    request_key: str | None = None
    voided_at: datetime | None = maybe_instant()
    void_reason: str = ""
    __table_args__ = (
        *belongs_to_business(),
        within_business("customer_id", "customers"),
        within_business("member_id", "members"),
        UniqueConstraint("business_id", "request_key"),
        CheckConstraint("mode in ('cash', 'upi', 'card', 'bank', 'wallet', 'razorpay')", name="mode"),
        CheckConstraint("evidence in ('claimed', 'webhook', 'statement')", name="evidence"),
        CheckConstraint("amount_paise <> 0", name="amount"),
        Index("ix_payments_received", "business_id", "received_at"),
        Index("ix_payments_customer", "business_id", "customer_id", "received_at", "id"),
    )


class Allocation(SQLModel, table=True):
    """How much of a payment settles which document. What is not allocated is the customer's advance."""

    __tablename__ = "allocations"
    id: int | None = identity()
    business_id: int = tenant_key()
    payment_id: int = reference()
    document_id: int = reference()
    amount_paise: int = Field(sa_column=Column(BigInteger, nullable=False))
    __table_args__ = (
        *belongs_to_business(),
        within_business("payment_id", "payments"),
        within_business("document_id", "documents"),
        CheckConstraint("amount_paise <> 0", name="amount"),
        Index("ix_allocations_payment", "business_id", "payment_id"),
        Index("ix_allocations_document", "business_id", "document_id"),
    )


class AdvanceUse(SQLModel, table=True):
    """What of a line of a receipt voucher has been set off: against a bill, or against the refund voucher that gave it back
    (``document_id``). Its tax was due when the advance came in, and is no longer (GSTR-1 table 11B). Never changed; the
    uses of a cancelled voucher do not count."""

    __tablename__ = "advance_uses"
    id: int | None = identity()
    business_id: int = tenant_key()
    voucher_id: int = reference()
    place: int  # the voucher's line
    document_id: int = reference()
    on_day: date
    rate_bp: int = 0
    is_exempt: bool = False
    taxable_paise: int = _paise()
    cgst_paise: int = _paise()
    sgst_paise: int = _paise()
    igst_paise: int = _paise()
    __table_args__ = (
        *belongs_to_business(),
        within_business("voucher_id", "documents"),
        within_business("document_id", "documents"),
        CheckConstraint("cgst_paise = sgst_paise", name="halves"),
        Index("ix_advance_uses_voucher", "business_id", "voucher_id"),
        Index("ix_advance_uses_document", "business_id", "document_id"),
        Index("ix_advance_uses_day", "business_id", "on_day"),
    )


class LedgerEntry(SQLModel, table=True):
    """Double entry: the amounts of one ``posting`` sum to zero (a deferred trigger looks). Debit positive, credit negative."""

    __tablename__ = "ledger_entries"
    id: int | None = identity()
    business_id: int = tenant_key()
    posting: int = Field(sa_column=Column(BigInteger, nullable=False))
    account: str
    amount_paise: int = Field(sa_column=Column(BigInteger, nullable=False))
    on_day: date
    document_id: int | None = reference(nullable=True)
    payment_id: int | None = reference(nullable=True)
    __table_args__ = (
        *belongs_to_business(),
        within_business("document_id", "documents"),
        within_business("payment_id", "payments"),
        CheckConstraint("amount_paise <> 0", name="amount"),
        Index("ix_ledger_entries_posting", "business_id", "posting"),
        Index("ix_ledger_entries_account", "business_id", "account", "on_day"),
    )


# What may still change once a document is issued, and in which direction its state may go.
ISSUED_STAYS = """
CREATE FUNCTION issued_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.number IS NULL OR NOT EXISTS (SELECT FROM businesses WHERE id = OLD.business_id) THEN
      RETURN OLD;
    END IF;
    RAISE EXCEPTION 'an issued document stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.number IS NOT NULL AND (to_jsonb(NEW) - ARRAY['state', 'paid_paise', 'cancel_reason', 'cancelled_at', 'sent_at', 'version'])
     <> (to_jsonb(OLD) - ARRAY['state', 'paid_paise', 'cancel_reason', 'cancelled_at', 'sent_at', 'version']) THEN
    RAISE EXCEPTION 'an issued document does not change' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.number IS NOT NULL AND (NEW.state = 'draft' OR (OLD.state = 'cancelled' AND NEW.state <> 'cancelled')) THEN
    RAISE EXCEPTION 'an issued document does not go back' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""
LINES_STAY = """
CREATE FUNCTION issued_lines_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held boolean;
BEGIN
  SELECT number IS NOT NULL INTO held FROM documents
   WHERE business_id = coalesce(NEW.business_id, OLD.business_id) AND id = coalesce(NEW.document_id, OLD.document_id);
  IF held AND EXISTS (SELECT FROM businesses WHERE id = coalesce(NEW.business_id, OLD.business_id)) THEN
    RAISE EXCEPTION 'the lines of an issued document do not change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$
"""
POSTINGS_BALANCE = """
CREATE FUNCTION postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  off bigint;
BEGIN
  SELECT sum(amount_paise) INTO off FROM ledger_entries WHERE business_id = NEW.business_id AND posting = NEW.posting;
  IF off <> 0 THEN
    RAISE EXCEPTION 'a posting does not sum to zero' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""
GUARDS = [
    "CREATE SEQUENCE postings",
    ISSUED_STAYS,
    LINES_STAY,
    POSTINGS_BALANCE,
    "CREATE TRIGGER issued_stays BEFORE UPDATE OR DELETE ON documents FOR EACH ROW EXECUTE FUNCTION issued_stays()",
    """
CREATE TRIGGER issued_lines_stay BEFORE INSERT OR UPDATE OR DELETE ON document_lines
FOR EACH ROW EXECUTE FUNCTION issued_lines_stay()
""",
    """
CREATE CONSTRAINT TRIGGER postings_balance AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION postings_balance()
""",
]
