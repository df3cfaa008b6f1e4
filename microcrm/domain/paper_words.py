"""Labels of the printed bill, in English and in the second language of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "billed_to": "Billed to",
        "received_from": "Received from",
        "given_to": "Given back to",
        "advance": "Advance received",
        "given_back": "Given back",
        "number": "Number",
        "date": "Date",
        "place": "Place of supply",
        "reverse": "Reverse charge",
        "no": "No",
        "item": "Description",
        "quantity": "Qty",
        "rate": "Rate",
        "discount": "Disc.",
        "taxable": "Taxable",
        "gst": "GST",
        "amount": "Amount",
        "subtotal": "Taxable value",
        "round_off": "Round-off",
        "total": "Total",
        "tip": "Tip, no part of the supply",
        "paid": "Received",
        "balance": "Balance",
        "scan": "Scan to pay by UPI",
        "against": "Against",
        "page": "Page",
        "of": "of",
        "computer": "Computer generated, no signature needed",
        "draft": "Draft: not a bill yet",
        "cancelled": "Cancelled",
    }
)
HINDI: Mapping[str, str] = MappingProxyType(
    {
        "billed_to": "ग्राहक",
        "received_from": "प्राप्त हुआ",
        "given_to": "वापस दिया",
        "advance": "प्राप्त अग्रिम",
        "given_back": "वापस",
        "number": "संख्या",
        "date": "तारीख",
        "place": "आपूर्ति का स्थान",
        "reverse": "रिवर्स चार्ज",
        "item": "विवरण",
        "quantity": "मात्रा",
        "rate": "दर",
        "discount": "छूट",
        "taxable": "कर योग्य",
        "gst": "जीएसटी",
        "amount": "राशि",
        "subtotal": "कर योग्य मूल्य",
        "round_off": "पूर्णांक",
        "total": "कुल",
        "paid": "प्राप्त",
        "balance": "शेष",
        "scan": "यूपीआई से भुगतान के लिए स्कैन करें",
    }
)
KANNADA: Mapping[str, str] = MappingProxyType(
    {
        "billed_to": "ಗ್ರಾಹಕರು",
        "received_from": "ಇವರಿಂದ ಪಡೆದದ್ದು",
        "given_to": "ಇವರಿಗೆ ಹಿಂತಿರುಗಿಸಿದ್ದು",
        "advance": "ಮುಂಗಡ",
        "given_back": "ಹಿಂತಿರುಗಿಸಿದ್ದು",
        "number": "ಸಂಖ್ಯೆ",
        "date": "ದಿನಾಂಕ",
        "place": "ಪೂರೈಕೆಯ ಸ್ಥಳ",
        "reverse": "ರಿವರ್ಸ್ ಚಾರ್ಜ್",
        "item": "ವಿವರ",
        "quantity": "ಪ್ರಮಾಣ",
        "rate": "ದರ",
        "discount": "ರಿಯಾಯಿತಿ",
        "taxable": "ತೆರಿಗೆಯ ಮೌಲ್ಯ",
        "gst": "ಜಿಎಸ್‌ಟಿ",
        "amount": "ಮೊತ್ತ",
        "subtotal": "ತೆರಿಗೆಯ ಮೌಲ್ಯ",
        "round_off": "ಪೂರ್ಣಾಂಕ",
        "total": "ಒಟ್ಟು",
        "paid": "ಪಡೆದದ್ದು",
        "balance": "ಬಾಕಿ",
        "scan": "ಯುಪಿಐ ಪಾವತಿಗೆ ಸ್ಕ್ಯಾನ್ ಮಾಡಿ",
    }
)
SECOND: Mapping[str, Mapping[str, str]] = MappingProxyType({"": {}, "hi": HINDI, "kn": KANNADA})


def labels(second: str) -> dict[str, str]:
    """Each label, with the second language after a dot where there is one: "Total · कुल"."""
    other = SECOND[second]
    return {key: f"{words} · {other[key]}" if key in other else words for key, words in ENGLISH.items()}
