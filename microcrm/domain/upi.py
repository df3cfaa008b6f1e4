"""The link behind a UPI QR code: who is paid, how much, for what (NPCI, UPI linking specification; india.md 1.8).

An app's own word that it has paid proves nothing: what arrives is matched by the reference.
"""

from __future__ import annotations

import re
from urllib.parse import quote

MOST_NOTE = 50
MOST_REFERENCE = 35
_PLAIN = re.compile(r"[^A-Z0-9]")


def reference_of(number: str) -> str:
    """A bill's number as a transaction reference: letters and digits only."""
    return _PLAIN.sub("", number.upper())[:MOST_REFERENCE]


def pay_link(address: str, name: str, paise: int, note: str, reference: str) -> str:
    """Blanks become %20, since some apps show a plus sign. Rupees always with two decimals.

    ``ValueError`` for an amount that is not more than nothing.
    """
    if paise <= 0:
        raise ValueError("paise must be more than nothing")
    parts = {
        "pa": quote(address, safe="@.-_"),
        "pn": quote(name, safe=""),
        "am": f"{paise // 100}.{paise % 100:02d}",
        "cu": "INR",
        "tn": quote(note[:MOST_NOTE], safe=""),
        "tr": reference,
    }
    return "upi://pay?" + "&".join(f"{key}={value}" for key, value in parts.items())
