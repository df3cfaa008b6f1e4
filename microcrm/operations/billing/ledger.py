"""Double entry. Debits are positive, credits negative; what one posting writes sums to zero, and the database checks it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from microcrm.domain.documents import VOUCHERS, DocumentKind
from microcrm.models.billing import Document
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork

RECEIVABLE, ADVANCES, SALES, ROUND_OFF, TIPS = "receivable", "advances", "sales", "round_off", "tips"
TAX_ON_ADVANCES = "tax_on_advances"  # due to the State already, earned only with the bill
# Words of the accounts in the day-book.
ACCOUNTS: Mapping[str, str] = MappingProxyType({
    RECEIVABLE: "Customers owe", ADVANCES: "Advances of customers", TAX_ON_ADVANCES: "Tax on advances", SALES: "Sales",
    "cgst": "CGST", "sgst": "SGST",
    "utgst": "UTGST", "igst": "IGST", ROUND_OFF: "Round-off", TIPS: "Tips", "cash": "Cash", "upi": "UPI", "card": "Card",
    "bank": "Bank", "wallet": "Wallet", "razorpay": "Razorpay", "safe": "Safe", "cash_difference": "Cash over or missing",
    "disputed": "In dispute at Razorpay",
})  # fmt: skip
_NO_EFFECT = {DocumentKind.ESTIMATE}
_CREDITS = {DocumentKind.CREDIT_NOTE, DocumentKind.REFUND_VOUCHER}
_POST = fixed(
    "WITH p AS MATERIALIZED (SELECT nextval('postings') AS posting) "
    "INSERT INTO ledger_entries (business_id, posting, account, amount_paise, on_day, document_id, payment_id) "
    "SELECT CAST(:business AS bigint), p.posting, e.account, e.paise, CAST(:day AS date), CAST(:document AS bigint), "
    "CAST(:payment AS bigint) FROM p, unnest(CAST(:accounts AS text[]), CAST(:amounts AS bigint[])) AS e (account, paise)"
)


def post_document(uow: UnitOfWork, document: Document, *, is_reversed: bool = False) -> None:
    """A bill: the customer owes, sales and taxes are earned. A credit note the other way round. A voucher: the tax of an
    advance; the money itself is posted with its payment."""
    sign = -1 if is_reversed else 1
    day = document.issued_on or uow.now.date()
    amounts = {account: sign * paise for account, paise in amounts_of(document).items()}
    post(uow, amounts, day, document_id=document.id)


def amounts_of(document: Document) -> dict[str, int]:
    """What a document posts, by account; nothing for an estimate."""
    if document.kind in _NO_EFFECT:
        return {}
    sign = -1 if document.kind in _CREDITS else 1
    if document.kind in VOUCHERS:
        taxes = (document.cgst_paise, document.sgst_paise, document.igst_paise)
        return advance_amounts(document.heads, *(sign * paise for paise in taxes))
    second = second_head(document.heads)
    amounts = {
        RECEIVABLE: document.total_paise + document.tip_paise,
        SALES: -document.taxable_paise,
        "cgst": -document.cgst_paise,
        second: -document.sgst_paise,
        "igst": -document.igst_paise,
        ROUND_OFF: -document.round_off_paise,
        TIPS: -document.tip_paise,
    }
    return {account: sign * paise for account, paise in amounts.items() if paise}


def second_head(heads: str) -> str:
    return "utgst" if heads == "cgst_utgst" else "sgst"


def advance_amounts(heads: str, cgst: int, sgst: int, igst: int) -> dict[str, int]:
    """What the tax on an advance posts; below nothing when it is due no longer."""
    amounts = {TAX_ON_ADVANCES: cgst + sgst + igst, "cgst": -cgst, second_head(heads): -sgst, "igst": -igst}
    return {account: paise for account, paise in amounts.items() if paise}


def payment_amounts(mode: str, paise: int, settled: int) -> dict[str, int]:
    """What money that came in posts: ``settled`` pays bills, the rest is the customer's advance."""
    amounts = {mode: paise, RECEIVABLE: -settled, ADVANCES: settled - paise}
    return {account: part for account, part in amounts.items() if part}


def closing_amounts(expected: int, counted: int, kept: int) -> dict[str, int]:
    """What a counted till posts: what is missing or over, and what goes from the drawer to the safe."""
    difference, away = counted - expected, counted - kept
    amounts = {"cash": difference - away, "safe": away, "cash_difference": -difference}
    return {account: part for account, part in amounts.items() if part}


def post(
    uow: UnitOfWork,
    amounts: dict[str, int],
    day: date,
    *,
    document_id: int | None = None,
    payment_id: int | None = None,
) -> None:
    """``ValueError`` when the amounts do not sum to zero: a mistake of ours, found before the database says it."""
    if sum(amounts.values()) != 0:
        raise ValueError("a posting must sum to zero")
    kept = [(account, paise) for account, paise in amounts.items() if paise]
    if kept:
        values = {
            "business": uow.business_id,
            "accounts": [account for account, _ in kept],
            "amounts": [paise for _, paise in kept],
            "day": day,
            "document": document_id,
            "payment": payment_id,
        }
        uow.session.flush()  # what it points at
        uow.session.connection().execute(_POST, values)
