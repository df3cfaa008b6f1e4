"""What the activity page says about an event: a sentence of one verb and one noun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from microcrm.domain.activity_tables import ACTIONS, SUBJECTS
from microcrm.domain.errors import Invalid
from microcrm.domain.field_words import changed_words
from microcrm.domain.formatting import format_count
from microcrm.domain.return_period import parse_period

MESSAGES = {"bookings": " about their bookings", "offer": " with an offer"}
CUSTOMER_FILES = {"csv": " as CSV", "xlsx": " for Excel", "vcf": " as contact cards"}
RETURN_FILES: dict[str, str] = {
    "gstr1": "the GSTR-1 file",
    "iff": "the IFF file",
    "register": "the sales register",
    "day-book": "the day-book",
    "b2b": "table 4A (customers with a GSTIN)",
    "b2cl": "table 5 (large bills to other States)",
    "b2cs": "table 7 (other customers)",
    "cdnr": "table 9B (notes to customers with a GSTIN)",
    "cdnur": "table 9B (notes on large bills)",
    "nil": "table 8 (nil rated and exempt)",
    "at": "table 11A (advances received)",
    "txpd": "table 11B (earlier advances used)",
    "e-invoice": "the e-invoice",
    "hsn": "the summary by HSN and SAC",
    "documents": "the list of documents issued",
}
FIRST_STEPS: dict[str, str] = {
    "trade": "kind of business",
    "business": "address and GST",
    "hours": "opening hours",
    "services": "services and prices",
    "share": "booking link",
}


def sentence(action: str, subject: str, facts: Mapping[str, Any]) -> str:
    """What happened, to follow the person's name: "changed a service"."""
    if action == "onboarding":
        return _first_step(facts)
    noun = SUBJECTS.get(subject, subject.replace("_", " "))
    if noun == "visit":
        number = facts.get("number")
        noun = f"visit {number}" if isinstance(number, int) else "a visit"
    if subject == "gst_return":
        noun = _return_file(facts)
    if subject == "filed_month" and isinstance(facts.get("month"), str):
        noun = f"the return of {parse_period(facts['month']).words}"
    if noun == "bill":
        noun = str(facts["number"]) if "number" in facts else "a bill"
    verb = ACTIONS.get(action) or action.rpartition(".")[2].replace("_", " ")
    changed = changed_words(facts) if action == "change" else ""
    return f"{verb} {_counted(action, subject, facts) or noun}{f' ({changed})' if changed else ''}"


def _counted(action: str, subject: str, facts: Mapping[str, Any]) -> str:
    """How many visits of a series or a class, how many classes or customers; "" for everything else."""
    customers = facts.get("count") if subject == "customers" else None
    if isinstance(customers, int):
        count = format_count(customers, "customer") + MESSAGES.get(str(facts.get("about")), "")
        return f"a list of {count}{CUSTOMER_FILES.get(str(facts.get('file')), '')}" if action == "export" else count
    visits, classes = facts.get("visits"), facts.get("classes")
    if subject == "series" and isinstance(visits, int):
        count = format_count(visits, "visit")
        return f"a series of {count}" if action == "series.created" else f"{count} of a series"
    if subject == "class_session" and isinstance(classes, int):
        return format_count(classes, "class", "classes")
    if subject == "class_session" and isinstance(visits, int) and visits:
        return f"a class with {format_count(visits, 'booking')}"
    return ""


def _return_file(facts: Mapping[str, Any]) -> str:
    """Like "the GSTR-1 file of October 2026"."""
    try:
        period = f" of {parse_period(facts.get('period')).words}"
    except Invalid:
        period = ""
    number = f" {facts['number']}" if "number" in facts else ""
    return f"{RETURN_FILES.get(str(facts.get('file')), 'a file of the GST return')}{number}{period}"


def _first_step(facts: Mapping[str, Any]) -> str:
    words = FIRST_STEPS.get(str(facts.get("step")))
    if words is None:
        return "put off a part of setting up the shop"
    return f"{'skipped' if facts.get('outcome') == 'skipped' else 'finished'} a first step: {words}"
