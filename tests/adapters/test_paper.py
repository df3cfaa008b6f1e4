"""The printed bill: read back as text, its QR code decoded, the same bytes twice, every sheet numbered."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from microcrm.adapters.paper.typeset import Size, set_bill
from microcrm.domain.bill_page import PageBill, PageLine, page_of
from microcrm.domain.documents import DocumentKind, Registration

CUT = PageLine("Haircut", "999721", 1000, 50_000, 0, 50_000, 500, 1_250, 1_250, 0, False, 52_500)
SERUM = PageLine(
    "Argan serum 100 ml", "33059090", 2000, 74_000, 5_514, 142_486, 1800, 12_824, 12_824, 0, False, 168_134
)
BILL = PageBill(
    kind=DocumentKind.TAX_INVOICE,
    title="Tax Invoice",
    state="part_paid",
    number="INV/2627/0042",
    day=date(2026, 11, 25),
    seller={
        "name": "Glow Salon", "legal_name": "Glow LLP", "address": "12 Hill Road", "city": "Bengaluru", "pin": "560038",
        "state": "Karnataka", "state_code": "29", "gstin": "29ABCFS1234K1Z3",
    },
    buyer={"name": "Kavya Shetty", "gstin": ""},
    place_state="29",
    heads="cgst_sgst",
    registration=Registration.REGULAR,
    lines=[CUT, SERUM],
    taxable=192_486,
    cgst=14_074,
    sgst=14_074,
    igst=0,
    round_off=-34,
    total=220_600,
    tip=0,
    paid=100_000,
    note="",
    terms="Thank you.",
    footer="",
    bank="",
    upi_id="glowsalon@okaxis",
    upi_name="Glow Salon & Spa",
    second_language="",
)  # fmt: skip


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("size", ["A4", "80mm"])
def test_all_that_the_rule_asks_for_can_be_read(size: Size) -> None:
    """CGST Rules r.46: seller, number, date, buyer, SAC, taxable value, rate and tax by head, place of supply."""
    text = text_of(set_bill(page_of(BILL), size))
    for words in (
        "Tax Invoice", "Glow Salon", "29 ABCFS1234K 1Z3", "INV/2627/0042", "25 Nov 2026", "Kavya Shetty", "999721",
        "33059090", "500.00", "1,424.86", "CGST", "SGST", "Karnataka (29)", "2,206.00", "Reverse charge",
        "Rupees Two Thousand Two Hundred Six Only", "1,206.00",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("size", ["A4", "80mm"])
def test_a_voucher_says_what_rules_50_and_51_ask_for(size: Size) -> None:
    """Seller, number, date, from whom, for what, the advance, rate and tax by head, place of supply; and a refund voucher
    the receipt voucher that it goes back on."""
    line = replace(CUT, description="Advance for Haircut", price=52_500)
    voucher = replace(
        BILL, kind=DocumentKind.RECEIPT_VOUCHER, title="Receipt Voucher", number="RV/2627/0007", lines=[line],
        taxable=50_000, cgst=1_250, sgst=1_250, round_off=0, total=52_500, paid=10_000, note="Received by UPI, 12",
    )  # fmt: skip
    text = text_of(set_bill(page_of(voucher), size))
    for words in (
        "Receipt Voucher", "RV/2627/0007", "Received from", "Kavya Shetty", "Advance for Haircut", "999721", "500.00",
        "2.5 %", "12.50", "Karnataka (29)", "Reverse charge", "Advance received", "525.00",
        "Received by UPI, 12",
    ):  # fmt: skip
        assert words in text, words
    assert "Balance" not in text and "Billed to" not in text
    against = {"corrects": "RV/2627/0007", "corrects_on": "2026-11-25"}
    refund = replace(voucher, kind=DocumentKind.REFUND_VOUCHER, title="Refund Voucher", buyer=BILL.buyer | against)
    text = text_of(set_bill(page_of(refund), size))
    for words in ("Refund Voucher", "RV/2627/0007, 25 Nov 2026", "Given back to", "Given back"):
        assert words in text, words


@pytest.mark.parametrize("size", ["A4", "80mm"])
def test_a_bill_names_the_advance_that_paid_a_part(size: Size) -> None:
    bill = replace(BILL, advances=[("RV/2627/0007", date(2026, 11, 20), 50_000)])
    assert "of it advance RV/2627/0007, 20 Nov 2026 500.00" in text_of(set_bill(page_of(bill), size))


def test_the_file_is_tagged_titled_and_the_same_every_time() -> None:
    once, twice = (set_bill(page_of(BILL)) for _ in range(2))
    assert once == twice
    reader = PdfReader(io.BytesIO(once))
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"] is True or catalogue["/MarkInfo"]["/Marked"].value is True
    assert catalogue["/Lang"] == "en"
    assert reader.metadata and reader.metadata.title == "Tax Invoice INV/2627/0042"


def test_a_long_bill_has_numbered_sheets_and_its_head_on_each() -> None:
    pdf = set_bill(page_of(replace(BILL, lines=[replace(CUT, description=f"Line {n}") for n in range(60)])))
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
    assert sum("Description" in page for page in pages) >= 2


@pytest.mark.parametrize("size", ["A4", "80mm"])
def test_the_code_asks_for_what_is_due(size: Size) -> None:
    picture = Image.open(io.BytesIO(set_bill(page_of(BILL), size, "png")))
    [found] = zxingcpp.read_barcodes(picture)
    link = urlsplit(found.text)
    assert (link.scheme, link.netloc) == ("upi", "pay")
    asked = {name: values[0] for name, values in parse_qs(link.query, strict_parsing=True).items()}
    assert asked == {
        "pa": "glowsalon@okaxis",
        "pn": "Glow Salon & Spa",
        "am": "1206.00",
        "cu": "INR",
        "tn": "Bill INV/2627/0042",
        "tr": "INV26270042",
    }
    assert "+" not in found.text


@pytest.mark.parametrize(
    "change",
    [
        {"state": "draft", "number": ""},
        {"state": "cancelled"},
        {"state": "paid", "paid": 220_600},
        {"upi_id": ""},
        {"kind": DocumentKind.ESTIMATE, "state": "issued"},
        {"kind": DocumentKind.CREDIT_NOTE, "state": "issued"},
    ],
)
def test_nobody_is_asked_to_pay_what_is_not_due(change: dict[str, Any]) -> None:
    picture = Image.open(io.BytesIO(set_bill(page_of(replace(BILL, **change)), "A4", "png")))
    assert zxingcpp.read_barcodes(picture) == []


@pytest.mark.parametrize(("language", "words"), [("hi", "कुल"), ("kn", "ಒಟ್ಟು")])
def test_labels_come_in_a_second_language(language: str, words: str) -> None:
    page = page_of(replace(BILL, second_language=language))
    assert page["labels"]["total"] == f"Total · {words}"
    fonts = {str(font) for sheet in PdfReader(io.BytesIO(set_bill(page))).pages for font in fonts_of(sheet)}
    script = {"hi": "Devanagari", "kn": "Kannada"}[language]
    assert any(script in font for font in fonts), "shaped with the script's own font"


def fonts_of(sheet: Any) -> list[str]:
    return [font.get_object()["/BaseFont"] for font in sheet["/Resources"]["/Font"].values()]


def test_a_composition_dealer_says_so_on_top() -> None:
    bill = replace(
        BILL,
        kind=DocumentKind.BILL_OF_SUPPLY,
        title="Bill of Supply",
        heads="none",
        registration=Registration.COMPOSITION,
    )
    text = text_of(set_bill(page_of(bill)))
    assert "composition taxable person, not eligible to collect tax on supplies" in text.lower().replace("  ", " ")
    assert "CGST" not in text


def test_words_of_a_customer_cannot_become_markup() -> None:
    bill = replace(BILL, buyer={"name": '#panic("x") *bold* $1$ <b>', "gstin": ""})
    assert '#panic("x") *bold* $1$ <b>' in text_of(set_bill(page_of(bill)))


def test_an_estimate_says_what_tax_it_counts_with() -> None:
    text = text_of(
        set_bill(page_of(replace(BILL, kind=DocumentKind.ESTIMATE, title="Estimate", state="issued", paid=0)))
    )
    assert "CGST" in text and "1,924.86" in text and "2,206.00" in text and "Scan to pay" not in text
