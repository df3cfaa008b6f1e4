"""What was changed of the customer's own details, for those who may change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from microcrm.domain.activity_words import sentence
from microcrm.domain.field_words import changed_words
from microcrm.domain.permissions import Permission
from microcrm.operations.timeline.kind import Filter, Found, Kind, Said, Setting, by

_SAID = {
    "add": "Added as a customer",
    "archive": "Moved to the archive",
    "restore": "Brought back from the archive",
    "undo": "A change taken back",
}


def _change(found: Found, _: Setting) -> Said:
    return Said(
        icon="pencil", title=_words(found.facts["action"], found.facts["facts"]), detail=by(found.who or "MicroCRM")
    )


def _words(action: str, facts: Mapping[str, Any]) -> str:
    if action == "change":
        return f"Changed: {changed_words(facts) or 'details'}"
    words = _SAID.get(action) or sentence(action, "customer", facts)
    return words[:1].upper() + words[1:]


CHANGE = Kind(
    name="change",
    filter=Filter.CHANGES,
    needs=Permission.CUSTOMERS_EDIT,
    source="audit_events t",
    customer="t.subject_id",
    at="t.at",
    where="t.subject = 'customer'",
    facts="jsonb_build_object('action', t.action, 'facts', t.facts)",
    write=_change,
)
