"""E-invoices: form INV-01 of an issued document to a registered customer, ready for the portal, and its IRN.

CGST Rules r.48(4) and (5); notification 10/2023-Central Tax: above Rs 5 crore a year. Bills of supply and bills to others stay
outside. Nothing is sent from here: the file is uploaded on the portal, which registers and signs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcrm.domain.bill import QUANTITY_ONE
from microcrm.domain.documents import DocumentKind, financial_year, invoice_reference
from microcrm.domain.gstr1_json import percent, rupees
from microcrm.domain.money import half_up
from microcrm.domain.states import STATES

Json = dict[str, Any]
VERSION = "1.1"
CODES: Mapping[DocumentKind, str] = {
    DocumentKind.TAX_INVOICE: "INV", DocumentKind.CREDIT_NOTE: "CRN", DocumentKind.DEBIT_NOTE: "DBN",
}  # fmt: skip
_PIN = re.compile(r"(?<!\d)([1-9]\d{2})\s?(\d{3})(?!\d)")
_GOODS, _SERVICES = "NOS", "OTH"  # units


@dataclass(frozen=True, slots=True)
class ELine:
    """Paise, thousandths, basis points. ``reduction``: discounts, in the terms of the price."""

    description: str
    sac: str
    quantity: int
    price: int
    reduction: int
    rate_bp: int
    is_exempt: bool
    taxable: int
    igst: int
    cgst: int
    sgst: int
    unit: str = ""  # of goods

    @property
    def total(self) -> int:
        return self.taxable + self.igst + self.cgst + self.sgst


@dataclass(frozen=True, slots=True)
class EDocument:
    """``seller`` and ``buyer``: the copies on the document. ``total`` with tax and round-off, without a tip."""

    kind: DocumentKind
    number: str
    day: date
    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    place: str
    round_off: int
    total: int
    lines: Sequence[ELine]


def is_reported(kind: DocumentKind, buyer_gstin: str) -> bool:
    """Whether such a document is one for the portal."""
    return kind in CODES and bool(buyer_gstin)


def reference_number(document: EDocument) -> str:
    """The IRN: what the portal works out from GSTIN, year, kind and number."""
    gstin = str(document.seller.get("gstin", ""))
    return invoice_reference(gstin, financial_year(document.day), CODES[document.kind], document.number)


def missing(document: EDocument) -> list[str]:
    """What the form asks for and the document does not carry, as sentences."""
    found = []
    seller, buyer = document.seller, document.buyer
    if not (seller.get("address") and len(str(seller.get("city", ""))) >= 3 and seller.get("pin")):
        found.append(
            "Your address, city and PIN code: add them in Settings, Business and GST, before the bill is issued."
        )
    if len(str(buyer.get("name", ""))) < 3:
        found.append("The customer’s name, of three letters or more.")
    if not str(buyer.get("address", "")).strip():
        found.append("The customer’s address.")
    if any(len(line.sac) < 4 for line in document.lines):
        found.append("A HSN or SAC for each line.")
    return found


def inv01(document: EDocument) -> Json:
    """The form. ``missing`` must have found nothing."""
    lines = document.lines
    values = {
        "AssVal": rupees(sum(line.taxable for line in lines)),
        "CgstVal": rupees(sum(line.cgst for line in lines)),
        "SgstVal": rupees(sum(line.sgst for line in lines)),
        "IgstVal": rupees(sum(line.igst for line in lines)),
        "RndOffAmt": rupees(document.round_off),
        "TotInvVal": rupees(document.total),
    }
    form: Json = {
        "Version": VERSION,
        "Irn": reference_number(document),
        "TranDtls": {"TaxSch": "GST", "SupTyp": "B2B", "RegRev": "N", "IgstOnIntra": "N"},
        "DocDtls": {"Typ": CODES[document.kind], "No": document.number, "Dt": _day(document.day)},
        "SellerDtls": _seller(document.seller),
        "BuyerDtls": _buyer(document.buyer, document.place),
        "ItemList": [_item(place, line) for place, line in enumerate(lines, 1)],
        "ValDtls": values,
    }
    if "corrects" in document.buyer:
        before = date.fromisoformat(str(document.buyer["corrects_on"]))
        form["RefDtls"] = {"PrecDocDtls": [{"InvNo": document.buyer["corrects"], "InvDt": _day(before)}]}
    return form


def _seller(seller: Mapping[str, Any]) -> Json:
    gstin, name = str(seller["gstin"]), str(seller["name"])
    found = {
        "Gstin": gstin,
        "LglNm": _long(str(seller.get("legal_name") or name)),
        "TrdNm": _long(name),
        **_address(str(seller["address"])),
        "Loc": str(seller["city"])[:50],
        "Pin": int(str(seller["pin"])),
        "Stcd": gstin[:2],
    }
    digits = "".join(filter(str.isdigit, str(seller.get("phone", ""))))[-12:]
    return found | ({"Ph": digits} if len(digits) >= 6 else {})


def _buyer(buyer: Mapping[str, Any], place: str) -> Json:
    """The address is one text; its PIN code and its last part are looked for in it."""
    gstin, address = str(buyer["gstin"]), str(buyer["address"])
    pin = _PIN.search(address)
    parts = [part.strip(" .-") for part in re.split(r"[,\n]", _PIN.sub("", address))]
    towns = [part for part in parts if 3 <= len(part) <= 100]
    return {
        "Gstin": gstin,
        "LglNm": str(buyer["name"])[:100],
        "Pos": place or gstin[:2],
        **_address(address),
        "Loc": towns[-1] if len(towns) > 1 else STATES[gstin[:2]].name,
        **({"Pin": int(pin[1] + pin[2])} if pin else {}),
        "Stcd": gstin[:2],
    }


def _address(address: str) -> Json:
    """A hundred characters a line, two lines."""
    text = " ".join(address.split())
    first, rest = text[:100], text[100:200].strip()
    return {"Addr1": first} | ({"Addr2": rest} if len(rest) >= 3 else {})


def _item(place: int, line: ELine) -> Json:
    """A price with tax in it is given without: what is taxable, by the piece. Discounts show where the price has none."""
    gross = half_up(line.price * line.quantity, QUANTITY_ONE)
    is_plain = gross - line.reduction == line.taxable
    total, discount = (gross, line.reduction) if is_plain else (line.taxable, 0)
    is_service = not line.unit and line.sac.startswith("99")
    return {
        "SlNo": str(place),
        "PrdDesc": _long(line.description, 300),
        "IsServc": "Y" if is_service else "N",
        "HsnCd": line.sac,
        "Qty": line.quantity / QUANTITY_ONE,
        "Unit": _SERVICES if is_service else line.unit or _GOODS,
        "UnitPrice": half_up(total * QUANTITY_ONE * 10, line.quantity) / 1000,  # rupees with three decimals
        "TotAmt": rupees(total),
        "Discount": rupees(discount),
        "AssAmt": rupees(line.taxable),
        "GstRt": 0 if line.is_exempt else percent(line.rate_bp),
        "IgstAmt": rupees(line.igst),
        "CgstAmt": rupees(line.cgst),
        "SgstAmt": rupees(line.sgst),
        "TotItemVal": rupees(line.total),
    }


def _long(text: str, most: int = 100) -> str:
    """At least three characters, which the form wants."""
    return text[:most].ljust(3, ".")


def _day(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year}"
