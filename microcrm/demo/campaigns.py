"""A campaign that the demo shops have sent: an offer by WhatsApp to those who had agreed to offers, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from microcrm.demo.consents import agreed_by
from microcrm.demo.diary import Visit
from microcrm.demo.outline import Outline
from microcrm.demo.people import Customer
from microcrm.demo.rows import Rows
from microcrm.demo.setting import Opened
from microcrm.domain.campaigns import GOOD_FOR, subject_of
from microcrm.domain.consent import ConsentPurpose
from microcrm.domain.names import given_name
from microcrm.domain.segments import Rules, as_json
from microcrm.domain.zones import INDIA, to_instant, to_wall, zone_of

_AGO = timedelta(days=12)
_AT = 11 * 60
_PACE = 60
_WORDS = (
    "{customer}, 20% off on weekday mornings until the end of the month. Book a time: {link} Reply STOP to end these."
)
_TEXT = "Hello from {shop}: " + _WORDS
# Of so many, by their place: one did not arrive, most were read.
_FAILED_ONE_IN, _UNREAD_ONE_IN = 11, 4


def write_campaign(
    rows: Rows, outline: Outline, shop: Opened, customers: Sequence[Customer], customer_ids: Sequence[int], visits: Sequence[Visit],
    now: datetime,
) -> None:  # fmt: skip
    """Over for some days. Who had not agreed by then got nothing."""
    zone = zone_of(INDIA)
    at = to_instant(to_wall(now - _AGO, zone)[0], _AT, zone)
    agreed = agreed_by(shop, visits, at, ConsentPurpose.WHATSAPP_OFFERS)
    people = [place for place in agreed if customers[place].phone and not customers[place].sharing]
    name = str(outline.business["name"])
    mine = {"business_id": shop.business_id}
    [campaign_id] = rows.add("campaigns", [
        {**mine, "name": "Weekday mornings", "state": "done", "segment_key": "", "segment_name": "Came at least once",
         "rules": as_json(Rules(least_visits=1)), "channels": ["whatsapp"], "words": {"whatsapp-en": {"text": _TEXT}}, "pace": _PACE,
         "begins_at": at, "next_at": at, "reached_id": max(customer_ids), "examined": len(customer_ids),
         "left_out": {"no_consent": len(customer_ids) - len(people)}, "is_planned": True, "member_id": shop.members[0],
         "created_at": at - timedelta(days=1), "started_at": at - timedelta(hours=20), "finished_at": at + timedelta(hours=1),
         "version": 3}
    ])  # fmt: skip
    rows.add("messages", [
        {**mine, "customer_id": customer_ids[place], "campaign_id": campaign_id,
         "subject": subject_of(campaign_id, customer_ids[place]), "step": "campaign", "channel": "whatsapp", "language": "en",
         **_became(turn, at + timedelta(minutes=1) * turn / _PACE),
         "text": _TEXT.format(shop=name, customer=given_name(customers[place].name), link=f"/b/{outline.business['slug']}")}
        for turn, place in enumerate(people)
    ])  # fmt: skip


def _became(turn: int, at: datetime) -> dict[str, Any]:
    has_failed = turn % _FAILED_ONE_IN == 5
    state = "failed" if has_failed else "delivered" if turn % _UNREAD_ONE_IN == 1 else "read"
    return {
        "state": state, "reason": "63024" if has_failed else "", "created_at": at, "due_at": at, "expires_at": at + GOOD_FOR,
        "handed_at": None if has_failed else at, "finished_at": at if has_failed else None,
        "subject_version": 1, "details": {}, "attempts": 1, "looks": 0, "segments": 1,
    }  # fmt: skip
