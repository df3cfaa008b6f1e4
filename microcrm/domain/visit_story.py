"""The steps of a visit in words, for its card and its customer's page."""

from __future__ import annotations

from microcrm.domain.booking import LABELS, BookingStatus

_SAID = {
    "booked": "Booked",
    "requested": "Asked for",
    "approved": "Approved",
    "to_pay": "Approved, waits for the deposit",
    "paid": "Deposit paid online",
    "deposit_returned": "Deposit given back",
    "declined": "Declined",
    "moved": "Moved",
    "handed_over": "Handed to somebody else",
    "fee_waived": "Fee waived",
    "fee_stands": "Fee asked for",
    "cancelled": "Cancelled",
    "undone": "Taken back",
}
# What the visit itself says by its status and by who made it.
PLAIN = ("booked", "confirmed", "arrived", "started", "finished")


def said(kind: str, to_status: str) -> str:
    """``kind`` and ``to_status`` of an event as it is stored."""
    if kind in _SAID:
        return _SAID[kind]
    return LABELS[BookingStatus(to_status)] if to_status in LABELS else "Changed"
