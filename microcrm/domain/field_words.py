"""What the parts of a row that can be changed are called, in the words of their fields; by column, or by set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIELDS: Mapping[str, str] = {
    "address": "address",
    "approval_hours": "time to answer",
    "barcode": "barcode",
    "buffer_after_min": "time after",
    "buffer_before_min": "time before",
    "cancel_cutoff_min": "late cancelling",
    "category_id": "category",
    "channels": "ways to send it",
    "city": "city",
    "colour": "colour",
    "deposit_kind": "deposit",
    "deposit_paise": "deposit",
    "deposit_percent": "deposit",
    "description": "description",
    "due_on": "day",
    "duration_min": "duration",
    "email": "e-mail",
    "fee_ladder": "fees",
    "gap_after_min": "gap",
    "gap_min": "gap",
    "gstin": "GSTIN",
    "hold_min": "time kept",
    "horizon_days": "days ahead",
    "hsn": "HSN",
    "is_bookable": "takes bookings",
    "is_online": "online booking",
    "is_pinned": "on top",
    "is_override_allowed": "booking outside the rules",
    "is_price_with_tax": "price with GST",
    "is_queue_on": "walk-in queue",
    "is_waitlist_on": "waiting list",
    "kind": "kind",
    "low_at": "low-stock line",
    "member_id": "who does it",
    "min_notice_min": "notice",
    "most_per_day": "most a day",
    "name": "name",
    "needs_approval": "approval",
    "no_show_percent": "fee for not coming",
    "note": "note",
    "notes": "notes",
    "offer_band": "people asked at once",
    "offer_min": "time to answer an offer",
    "offer_sender": "header for offers",
    "patch_test_days": "patch test",
    "pace": "pace",
    "phone": "phone",
    "pin": "PIN code",
    "price_paise": "price",
    "rest_days": "days between sessions",
    "substances": "what it uses",
    "needed_form_id": "the form that it needs",
    "needed_form_months": "how long that form is good",
    "reschedule_cutoff_min": "late changes",
    "sac": "SAC",
    "segment_key": "segment",
    "seats": "seats",
    "service_members": "who does it",
    "service_resources": "what it needs",
    "slot_step_min": "start times",
    "slug": "booking address",
    "tags": "tags",
    "tax_class": "kind for GST",
    "title": "what to do",
    "unit": "unit",
    "words": "text",
}


def changed_words(facts: Mapping[str, Any]) -> str:
    """Like "duration, price"; what has no word is left out."""
    fields = facts.get("fields")
    names = [FIELDS.get(str(one), "") for one in fields] if isinstance(fields, list) else []
    return ", ".join(dict.fromkeys(name for name in names if name))
