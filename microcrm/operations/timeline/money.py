"""Bills and payments on the timeline, for those who may see bills."""

from __future__ import annotations

from microcrm.domain.documents import OWED, TITLES, DocumentKind
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations.timeline.kind import Filter, Found, Kind, Said, Setting, by, sentence_of

_STATES = {
    "issued": ("Due", "warn"),
    "part_paid": ("Part paid", "warn"),
    "paid": ("Paid", "ok"),
}
_MODES = {"upi": "UPI", "card": "card", "cash": "cash", "bank": "bank transfer", "wallet": "wallet"}
_PROVED = {"webhook", "statement"}  # not only claimed by the desk


def _bill(found: Found, _: Setting) -> Said:
    facts = found.facts
    kind = DocumentKind(facts["kind"])
    is_off = facts["state"] == "cancelled"
    status, tone = ("Cancelled", "neutral") if is_off else _STATES[facts["state"]] if kind in OWED else ("", "neutral")
    return Said(
        icon="receipt_indian_rupee",
        title=f"{TITLES[kind]} {facts['number']}",
        detail=sentence_of(format_rupees(facts["paise"]), by(found.who)),
        status=status,
        tone=tone,
        href=f"/invoice?id={found.id}",
    )


def _payment(found: Found, _: Setting) -> Said:
    facts = found.facts
    paise, mode = facts["paise"], _MODES.get(facts["mode"], "Razorpay")
    amount = format_rupees(abs(paise))
    is_void, is_proved = facts["is_void"], facts["evidence"] in _PROVED
    return Said(
        icon="indian_rupee",
        title=f"{amount} received, {mode}" if paise > 0 else f"{amount} given back, {mode}",
        detail=sentence_of(
            f"For {facts['number']}" if facts["number"] else "",
            f"Reference {facts['proof']}" if facts["proof"] else "",
            by(found.who),
        ),
        status="Void" if is_void else "Verified" if is_proved else "",
        tone="ok" if is_proved and not is_void else "neutral",
        href=f"/invoice?id={facts['document']}" if facts["document"] else "",
    )


BILL = Kind(
    name="bill",
    filter=Filter.MONEY,
    needs=Permission.INVOICES_VIEW,
    source="documents t",
    at="t.issued_at",
    member="t.created_by_member_id",
    where="t.state <> 'draft'",
    facts="jsonb_build_object('kind', t.kind, 'state', t.state, 'number', t.number, 'paise', t.total_paise + t.tip_paise)",
    write=_bill,
)
# What a payment settles first, or the voucher that was given for it.
_SETTLES = (
    "LEFT JOIN LATERAL (SELECT d.id, d.number FROM allocations a JOIN documents d ON d.business_id = a.business_id "
    "AND d.id = a.document_id WHERE a.business_id = t.business_id AND a.payment_id = t.id ORDER BY a.id LIMIT 1) d ON true"
)
PAYMENT = Kind(
    name="payment",
    filter=Filter.MONEY,
    needs=Permission.INVOICES_VIEW,
    source=f"payments t {_SETTLES}",
    at="t.received_at",
    facts=(
        "jsonb_build_object('mode', t.mode, 'paise', t.amount_paise, 'proof', t.proof, 'evidence', t.evidence, "
        "'is_void', t.voided_at IS NOT NULL, 'document', d.id, 'number', d.number)"
    ),
    write=_payment,
)
