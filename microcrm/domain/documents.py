"""Which document a sale calls for, its number, its dates.

A number has at most 16 of A-Z, 0-9, "/" and "-", is consecutive, and unique in the financial year (CGST Rules 2017
r.46(b)). The e-invoice portal refuses a first character 0, "/" or "-".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

from microcrm.domain.errors import Invalid

INDIA = timezone(timedelta(hours=5, minutes=30))  # the financial year is India's, wherever the shop's clock is
MOST_CHARACTERS = 16
_NUMBER = re.compile(r"[A-Z1-9][A-Z0-9/-]{0,15}")
_TOKEN = re.compile(r"\{(FY|YY|MM|N{1,8})\}")
COMPOSITION_WORDS = "composition taxable person, not eligible to collect tax on supplies"


class Registration(StrEnum):
    REGULAR = "regular"
    COMPOSITION = "composition"
    NONE = "none"


class DocumentKind(StrEnum):
    ESTIMATE = "estimate"
    TAX_INVOICE = "tax_invoice"
    BILL_OF_SUPPLY = "bill_of_supply"
    INVOICE_CUM_BILL = "invoice_cum_bill"
    PLAIN_BILL = "plain_bill"
    RECEIPT_VOUCHER = "receipt_voucher"
    REFUND_VOUCHER = "refund_voucher"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"


OWED = frozenset({  # what a customer is asked to pay
    DocumentKind.TAX_INVOICE, DocumentKind.BILL_OF_SUPPLY, DocumentKind.INVOICE_CUM_BILL, DocumentKind.PLAIN_BILL,
    DocumentKind.DEBIT_NOTE,
})  # fmt: skip
CORRECTED = OWED - {DocumentKind.DEBIT_NOTE}  # what notes are written about
TITLES = {
    DocumentKind.ESTIMATE: "Estimate",
    DocumentKind.TAX_INVOICE: "Tax Invoice",
    DocumentKind.BILL_OF_SUPPLY: "Bill of Supply",
    DocumentKind.INVOICE_CUM_BILL: "Invoice-cum-Bill of Supply",
    DocumentKind.PLAIN_BILL: "Bill",
    DocumentKind.RECEIPT_VOUCHER: "Receipt Voucher",
    DocumentKind.REFUND_VOUCHER: "Refund Voucher",
    DocumentKind.CREDIT_NOTE: "Credit Note",
    DocumentKind.DEBIT_NOTE: "Debit Note",
}

VOUCHERS = frozenset({DocumentKind.RECEIPT_VOUCHER, DocumentKind.REFUND_VOUCHER})
# Who is not registered gives a receipt, which must not be called a voucher: those belong to s.31.
_OF_UNREGISTERED = {
    DocumentKind.RECEIPT_VOUCHER: "Receipt for an Advance",
    DocumentKind.REFUND_VOUCHER: "Receipt for Money Given Back",
}


def title_of(kind: DocumentKind, seller: Registration) -> str:
    """What stands at the head of the paper."""
    if seller is Registration.NONE and kind in _OF_UNREGISTERED:
        return _OF_UNREGISTERED[kind]
    return TITLES[kind]


def kind_of_sale(seller: Registration, exempt_lines: Iterable[bool], *, is_buyer_registered: bool) -> DocumentKind:
    """The document for a sale: CGST Act s.31, CGST Rules r.46, r.46A, r.49.

    Exempt and taxable lines to a registered buyer need two documents: ``Invalid`` says so.
    """
    if seller is Registration.NONE:
        return DocumentKind.PLAIN_BILL
    exempt = list(exempt_lines)
    if seller is Registration.COMPOSITION or all(exempt):
        return DocumentKind.BILL_OF_SUPPLY
    if not any(exempt):
        return DocumentKind.TAX_INVOICE
    if is_buyer_registered:
        raise Invalid(
            "A customer with a GSTIN gets taxed and exempt services on two documents.",
            remedy="Put the exempt lines on a bill of their own.",
        )
    return DocumentKind.INVOICE_CUM_BILL


def financial_year(moment: datetime | date) -> int:
    """The year in which it began: April 2026 to March 2027 is 2026. Moments are read in Indian time."""
    day = moment.astimezone(INDIA).date() if isinstance(moment, datetime) else moment
    return day.year if day.month >= 4 else day.year - 1


def year_words(began: int) -> str:
    """Like "2026-27"."""
    return f"{began}-{(began + 1) % 100:02d}"


def check_pattern(pattern: str) -> str:
    """A pattern such as "SLN/{FY}/{NNNN}": {FY} gives 2627, {YY} 26, {MM} the month, {NNNN} the running number.

    ``Invalid`` when it has no running number, no financial year, or could grow past 16 characters.
    """
    text = pattern.strip().upper()
    tokens = _TOKEN.findall(text)
    if sum(token.startswith("N") for token in tokens) != 1:
        raise Invalid(fields={"pattern": "The pattern needs one running number, such as {NNNN}."})
    if "FY" not in tokens:
        raise Invalid(fields={"pattern": "The pattern needs {FY}, so that numbers begin anew each financial year."})
    if "{" in (rest := _TOKEN.sub("", text)) or "}" in rest:
        raise Invalid(fields={"pattern": "Only {FY}, {YY}, {MM} and {NNNN} stand in curly brackets."})
    sample = _filled(text, date(2026, 12, 31), 1)
    if not is_number(sample):
        raise Invalid(
            fields={
                "pattern": f"“{sample}” does not do: at most 16 letters, digits, / and -, not beginning with 0, / or -."
            }
        )
    return text


def number_from(pattern: str, day: date, running: int) -> str:
    """The number of a document of that day. It may come out too long once the running number outgrows its places:
    ``Invalid`` then, before anything is issued."""

    number = _filled(pattern, day, running)
    if len(number) > MOST_CHARACTERS:
        raise Invalid(
            f"The next number would be “{number}”, longer than 16 characters.",
            remedy="Shorten the pattern of this series in Settings.",
        )
    return number


def _filled(pattern: str, day: date, running: int) -> str:
    began = financial_year(day)
    words = {"FY": f"{began % 100:02d}{(began + 1) % 100:02d}", "YY": f"{day.year % 100:02d}", "MM": f"{day.month:02d}"}
    return _TOKEN.sub(lambda found: words.get(found[1]) or f"{running:0{len(found[1])}d}", pattern)


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def last_day_for_note(supplied: date) -> date:
    """Until when a credit note for a supply of that day lowers the tax: 30 November after the financial year (CGST Act
    s.34(2)), or the day the annual return is filed if that is earlier."""
    return date(financial_year(supplied) + 1, 11, 30)


def keep_until(began: int) -> date:
    """How long the papers of a financial year are kept: 72 months from the due date of its annual return, 31 December
    after the year (CGST Act s.36)."""
    return date(began + 1 + 6, 12, 31)


def invoice_reference(gstin: str, began: int, code: str, number: str) -> str:
    """The IRN: SHA-256 of GSTIN, year, INV, CRN or DBN, and number, written one after the other (e-invoice portal)."""
    return hashlib.sha256(f"{gstin}{year_words(began)}{code}{number}".encode()).hexdigest()
