"""Sealed records on the timeline: of which form, and who wrote it. What it says stays sealed."""

from __future__ import annotations

from microcrm.domain.permissions import Permission
from microcrm.operations.timeline.kind import Filter, Found, Kind, Said, Setting, by, sentence_of


def _record(found: Found, _: Setting) -> Said:
    facts = found.facts
    return Said(
        icon="lock",
        title=facts["form"],
        detail=sentence_of("Sealed record", "Corrected since" if facts["version"] > 1 else "", by(found.who)),
        href=f"/customer/records?id={facts['customer']}",
    )


RECORD = Kind(
    name="record",
    filter=Filter.RECORDS,
    needs=Permission.RECORDS_OPEN,
    source="sealed_records t JOIN forms f ON f.business_id = t.business_id AND f.id = t.form_id",
    at="t.created_at",
    facts="jsonb_build_object('form', f.name, 'version', t.version, 'customer', t.customer_id)",
    write=_record,
)
