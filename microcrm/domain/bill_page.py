"""What stands on a printed bill, as words: everything that CGST Rules r.46, r.49 and r.53 ask for, ready to be set.

Pure: the same bill gives the same page, byte for byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcrm.domain.amount_words import in_words
from microcrm.domain.bill import QUANTITY_ONE
from microcrm.domain.documents import COMPOSITION_WORDS, OWED, VOUCHERS, DocumentKind, Registration
from microcrm.domain.formatting import format_day
from microcrm.domain.gstin import display_gstin
from microcrm.domain.money import MINUS, format_rupees, group_indian
from microcrm.domain.paper_words import labels
from microcrm.domain.states import STATES
from microcrm.domain.upi import pay_link, reference_of

_TAXED = {
    DocumentKind.ESTIMATE,
    DocumentKind.TAX_INVOICE,
    DocumentKind.INVOICE_CUM_BILL,
    DocumentKind.CREDIT_NOTE,
    DocumentKind.DEBIT_NOTE,
    DocumentKind.RECEIPT_VOUCHER,
    DocumentKind.REFUND_VOUCHER,
}


@dataclass(frozen=True, slots=True)
class PageLine:
    """Paise, thousandths, basis points. ``amount`` is what the customer pays for it."""

    description: str
    sac: str
    quantity: int
    price: int
    discount: int
    taxable: int
    rate_bp: int
    cgst: int
    sgst: int
    igst: int
    is_exempt: bool
    amount: int
    unit: str = ""  # of goods (r.46(i))


@dataclass(frozen=True, slots=True)
class PageBill:
    """A document as it is stored. ``seller`` and ``buyer`` are the copies made when it was issued. ``advances``: number, day
    and paise of each receipt voucher that pays a part of it."""

    kind: DocumentKind
    title: str
    state: str
    number: str
    day: date | None
    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    place_state: str
    heads: str
    registration: Registration
    lines: Sequence[PageLine]
    taxable: int
    cgst: int
    sgst: int
    igst: int
    round_off: int
    total: int
    tip: int
    paid: int
    note: str
    terms: str
    footer: str
    bank: str
    upi_id: str
    upi_name: str
    second_language: str
    advances: Sequence[tuple[str, date | None, int]] = ()


def page_of(bill: PageBill) -> dict[str, Any]:
    """JSON for the typesetter: strings only, no sums left to do."""
    is_taxed = bill.kind in _TAXED and bill.heads != "none"
    due = max(0, bill.total + bill.tip - bill.paid) if bill.kind in OWED else 0
    return {
        "title": bill.title,
        "labels": _labels(bill),
        "language": "en",
        "top": COMPOSITION_WORDS.capitalize() if bill.registration is Registration.COMPOSITION else "",
        "mark": {"draft": "draft", "cancelled": "cancelled"}.get(bill.state, ""),
        "number": bill.number,
        "date": format_day(bill.day) if bill.day else "",
        "against": _against(bill.buyer),
        "seller": _seller(bill.seller),
        "buyer": _buyer(bill.buyer),
        "place": f"{STATES[bill.place_state].name} ({bill.place_state})" if is_taxed and bill.place_state else "",
        "is_taxed": is_taxed,
        "lines": [_line(place, line, is_taxed=is_taxed) for place, line in enumerate(bill.lines, 1)],
        "rates": _rates(bill) if is_taxed else [],
        "heads": _heads(bill.heads) if is_taxed else [],
        "sums": _sums(bill, is_taxed=is_taxed),
        "total": format_rupees(bill.total),
        "words": in_words(bill.total),
        "after": _after(bill, due),
        "note": bill.note,
        "terms": bill.terms,
        "footer": bill.footer,
        "bank": bill.bank if bill.kind not in VOUCHERS else "",
        "upi": _upi(bill, due),
    }


def _labels(bill: PageBill) -> dict[str, str]:
    """A voucher says who paid or was paid, and that its sum is an advance."""
    words = labels(bill.second_language)
    if bill.kind is DocumentKind.RECEIPT_VOUCHER:
        return words | {"billed_to": words["received_from"], "total": words["advance"]}
    if bill.kind is DocumentKind.REFUND_VOUCHER:
        return words | {"billed_to": words["given_to"], "total": words["given_back"]}
    return words


def _against(buyer: Mapping[str, Any]) -> str:
    if "corrects" not in buyer:
        return ""
    return f"{buyer['corrects']}, {format_day(date.fromisoformat(str(buyer['corrects_on'])))}"


def _seller(seller: Mapping[str, Any]) -> list[str]:
    legal = seller.get("legal_name", "")
    rows = [
        str(seller.get("name", "")),
        str(legal) if legal and legal != seller.get("name") else "",
        str(seller.get("address", "")),
        " ".join(str(seller[key]) for key in ("city", "pin") if seller.get(key)),
        f"{seller['state']} ({seller['state_code']})" if seller.get("state") else "",
        f"GSTIN {display_gstin(str(seller['gstin']))}" if seller.get("gstin") else "",
    ]
    return [row for row in rows if row]


def _buyer(buyer: Mapping[str, Any]) -> list[str]:
    rows = [
        str(buyer.get("name", "") or "Walk-in customer"),
        str(buyer.get("address", "")),
        f"{buyer['state']} ({buyer['state_code']})" if buyer.get("state") else "",
        f"GSTIN {display_gstin(str(buyer['gstin']))}" if buyer.get("gstin") else "",
    ]
    return [row for row in rows if row]


def _line(place: int, line: PageLine, *, is_taxed: bool) -> dict[str, str]:
    rate = "Exempt" if line.is_exempt else percent(line.rate_bp)
    return {
        "place": str(place),
        "item": line.description,
        "sac": f"SAC/HSN {line.sac}" if line.sac else "",
        "quantity": f"{quantity(line.quantity)} {line.unit}".rstrip(),
        "price": amount(line.price),
        "discount": amount(line.discount) if line.discount else "–",
        "taxable": amount(line.taxable),
        "rate": rate if is_taxed else "",
    }


def _heads(heads: str) -> list[str]:
    return {"igst": ["IGST"], "cgst_utgst": ["CGST", "UTGST"]}.get(heads, ["CGST", "SGST"])


def _rates(bill: PageBill) -> list[list[str]]:
    """Taxable value and tax by rate: one row a rate, as the return wants it."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for line in bill.lines:
        row = found[0 if line.is_exempt else line.rate_bp]
        for place, paise in enumerate((line.taxable, line.cgst, line.sgst, line.igst)):
            row[place] += paise
    is_split = bill.heads != "igst"
    rows = []
    for rate, (taxable, cgst, sgst, igst) in sorted(found.items()):
        parts = [cgst, sgst] if is_split else [igst]
        each = percent(rate // 2) if is_split and rate % 2 == 0 else f"{rate / 200:g} %" if is_split else percent(rate)
        rows.append([percent(rate), amount(taxable), *(f"{each}  {amount(part)}" for part in parts)])
    return rows


def _sums(bill: PageBill, *, is_taxed: bool) -> list[list[str]]:
    """Label's key or plain words, and the amount."""
    if not is_taxed:
        return [["round_off", amount(bill.round_off)]] if bill.round_off else []
    taxes = {"IGST": bill.igst, "CGST": bill.cgst, "SGST": bill.sgst, "UTGST": bill.sgst}
    rows = [["subtotal", amount(bill.taxable)], *([head, amount(taxes[head])] for head in _heads(bill.heads))]
    return [*rows, ["round_off", amount(bill.round_off)]] if bill.round_off else rows


def _after(bill: PageBill, due: int) -> list[list[str]]:
    rows = [["tip", amount(bill.tip)]] if bill.tip else []
    if bill.paid and bill.kind in OWED:
        rows += [["paid", amount(bill.paid)]]
        rows += [[advance_words(number, day), amount(paise)] for number, day, paise in bill.advances]
        rows += [["balance", amount(due)]]
    return rows


def advance_words(number: str, day: date | None) -> str:
    """Like "of it advance RV/2627/0001, 12 Nov 2026"."""
    return f"of it advance {number}" + (f", {format_day(day)}" if day else "")


def _upi(bill: PageBill, due: int) -> dict[str, str]:
    """What the QR holds. None on drafts, estimates, notes, cancelled and settled bills: nobody should pay those."""
    if not (bill.upi_id and bill.number and due and bill.state in ("issued", "part_paid")):
        return {}
    reference = reference_of(bill.number)
    link = pay_link(bill.upi_id, bill.upi_name, due, f"Bill {bill.number}", reference)
    return {"link": link, "amount": format_rupees(due), "address": bill.upi_id, "reference": reference}


def amount(paise: int) -> str:
    """Like "12,345.00", without the sign of the rupee: a column says it once."""
    whole, rest = divmod(abs(paise), 100)
    return f"{MINUS if paise < 0 else ''}{group_indian(whole)}.{rest:02d}"


def percent(rate_bp: int) -> str:
    return f"{rate_bp / 100:g} %"


def quantity(thousandths: int) -> str:
    return f"{thousandths / QUANTITY_ONE:g}"
