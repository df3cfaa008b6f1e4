"""Sealed records on the timeline: of which kind, and who wrote it. What it says stays sealed."""

from __future__ import annotations

from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import reading_rule_of
from microcrm.domain.trades import Trade
from microcrm.operations.timeline.kind import Filter, Found, Kind, Said, Setting, by, sentence_of


def _record(found: Found, _: Setting) -> Said:
    facts = found.facts
    return Said(
        icon="lock",
        title=reading_rule_of(Trade(facts["trade"]), facts["kind"]).label,
        detail=sentence_of("Sealed record", "Corrected since" if facts["version"] > 1 else "", by(found.who)),
        href=f"/customer?id={facts['customer']}&tab=records",
    )


RECORD = Kind(
    name="record",
    filter=Filter.RECORDS,
    needs=Permission.RECORDS_OPEN,
    source="sealed_records t JOIN businesses b ON b.id = t.business_id",
    at="t.created_at",
    facts="jsonb_build_object('kind', t.kind, 'version', t.version, 'customer', t.customer_id, 'trade', b.trade)",
    write=_record,
)
