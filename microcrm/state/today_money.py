"""Online payments that need a look, as rows of Today. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from microcrm.domain.formatting import format_count, format_day, format_time
from microcrm.domain.money import format_rupees
from microcrm.domain.zones import zone_of
from microcrm.operations.online.attention import MoneyMatter
from microcrm.operations.online.refunds import Concern
from microcrm.state.deposit_words import CONCERNS, dispute_words
from microcrm.state.today_view import AttentionRow

MOST = 5  # of each kind


def money_rows(concerns: Sequence[Concern], matters: Sequence[MoneyMatter], zone: str) -> list[AttentionRow]:
    """Disputes first, since they have a last day; then what did not go back, and what does not fit what was asked for."""
    return [
        *[_matter(one, zone) for one in matters][:MOST],
        *_bills([one for one in concerns if one.document_id is not None]),
        *[_deposit(one, zone) for one in concerns if one.document_id is None][:MOST],
    ]


def _bills(concerns: Sequence[Concern]) -> list[AttentionRow]:
    """Together: each bill says what to do."""
    if not concerns:
        return []
    first = concerns[0]
    more = "" if len(concerns) > 1 else f": {first.number}"
    text = (
        f"{format_rupees(first.amount)} did not fit the bill."
        if first.currency == "INR"
        else "It came in another currency."
    )
    title = f"{format_count(len(concerns), 'online payment')} to look at{more}"
    return [AttentionRow("indian_rupee", "warn", title, text, f"/invoice?id={first.document_id}", "Open")]


def _deposit(one: Concern, zone: str) -> AttentionRow:
    amount = format_rupees(one.amount) if one.currency == "INR" else f"{one.currency} {one.amount / 100:,.2f}"
    title = f"Deposit of {one.customer or 'a visit'}, {_when(one.starts_at, zone)}: {amount}"
    return AttentionRow(
        "indian_rupee", "warn", title, CONCERNS[one.why], _visit(one.item_id, one.starts_at, zone), "Open"
    )


def _matter(one: MoneyMatter, zone: str) -> AttentionRow:
    if one.document_id is None and one.item_id is None:
        return _unknown(one, zone)
    about = one.number or f"{one.customer or 'a visit'}, {_when(one.starts_at, zone)}"
    href = f"/invoice?id={one.document_id}" if one.document_id else _visit(one.item_id, one.starts_at, zone)
    if one.what == "refund":
        title, text = f"{format_rupees(one.amount)} did not go back: {about}", "Try again, or give it back in Razorpay."
        return AttentionRow("indian_rupee", "bad", title, text, href, "Open")
    words = dispute_words(one.what, one.respond_by, zone)
    if one.what == "lost" and one.document_id:
        words += " The bill is due again."
    title, tone = f"Dispute about {format_rupees(one.amount)}: {about}", "warn" if one.what == "under_review" else "bad"
    return AttentionRow("indian_rupee", tone, title, words, href, "Open")


def _unknown(one: MoneyMatter, zone: str) -> AttentionRow:
    """A dispute about a payment of the shop's account that was made elsewhere, or has not been heard of yet."""
    words = f"This payment was not asked for here. {dispute_words(one.what, one.respond_by, zone)}"
    title = f"Dispute about {format_rupees(one.amount)}: payment {one.payment}"
    return AttentionRow("indian_rupee", "bad", title, words, "", "")


def _visit(item_id: int | None, starts_at: datetime | None, zone: str) -> str:
    day = starts_at.astimezone(zone_of(zone)).date().isoformat() if starts_at else ""
    return f"/calendar?date={day}&booking={item_id}"


def _when(starts_at: datetime | None, zone: str) -> str:
    if starts_at is None:
        return ""
    clock = zone_of(zone)
    return f"{format_day(starts_at.astimezone(clock).date())}, {format_time(starts_at, clock)}"
