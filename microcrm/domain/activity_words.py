"""What the activity page says about each kind of event: one verb for an action, one noun for its subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.field_words import changed_words
from microcrm.domain.formatting import format_count
from microcrm.domain.return_period import parse_period

ACTIONS: dict[str, str] = {
    "add": "added",
    "agree": "noted what was agreed to by",
    "apply_template": "filled in the starting list for",
    "archive": "archived",
    "change": "changed",
    "change_rights": "changed what may be done by",
    "contact.revealed": "looked at",
    "customer.merged": "merged another record into",
    "customer.unmerged": "took apart",
    "customer.told_apart": "said that two records are two people:",
    "deactivate": "deactivated",
    "export": "took away",
    "finish": "finished",
    "hand_over": "handed over visits of",
    "invite": "sent",
    "join": "joined as",
    "message": "prepared WhatsApp messages to",
    "move": "reordered",
    "onboarding": "set up",
    "open": "opened",
    "reactivate": "brought back",
    "remove": "removed",
    "resend": "sent again",
    "restore": "brought back",
    "revoke": "withdrew",
    "tag": "tagged",
    "undo": "took back a change of",
    "untag": "took a tag from",
    "view_as_start": "began to view the shop as",
    "view_as_stop": "stopped viewing the shop as",
    "booking.booked": "booked",
    "booking.cancelled": "cancelled",
    "booking.moved": "moved",
    "booking.without_form": "started without a form",
    "booking.unsafe": "went past a safety timer with",
    "booking.hold": "marked as hold",
    "booking.pending_approval": "marked as pending approval",
    "booking.pending_payment": "marked as pending payment",
    "booking.confirmed": "confirmed",
    "booking.arrived": "marked as arrived",
    "booking.started": "started",
    "booking.expired": "let lapse",
    "booking.declined": "declined",
    "booking.approved": "approved",
    "booking.to_pay": "approved and asked for the deposit of",
    "booking.deposit_returned": "gave back the deposit of",
    "booking.paid": "got the deposit of",
    "booking.requested": "was asked for",
    "booking.fee_waived": "waived the fee of",
    "booking.fee_stands": "asked for the fee of",
    "series.created": "made",
    "series.moved": "moved",
    "series.cancelled": "cancelled",
    "class.scheduled": "scheduled",
    "class.moved": "moved",
    "class.changed": "changed the seats or the note of",
    "class.cancelled": "cancelled",
    "booking.finished": "marked as finished",
    "booking.no_show": "marked as no-show",
    "waitlist.added": "added",
    "waitlist.changed": "changed",
    "waitlist.withdrawn": "withdrew",
    "waitlist.offered": "offered a time to",
    "waitlist.accepted": "noted a yes from",
    "waitlist.declined": "noted a no from",
    "waitlist.expired": "got no answer in time from",
    "waitlist.unpaid": "got no payment in time from",
    "waitlist.lost": "gave the offered time to somebody else than",
    "queue.drawn": "drew",
    "queue.called": "called",
    "queue.started": "began to serve",
    "queue.finished": "was done with",
    "queue.left": "took out of the queue",
    "queue.missed": "called in vain",
    "queue.booked": "booked a later time for",
    "invoice.drafted": "saved a draft of",
    "invoice.discarded": "threw away a draft of",
    "invoice.issued": "issued",
    "invoice.given": "gave the customer",
    "invoice.shared": "made a link to",
    "invoice.cancelled": "cancelled",
    "invoice.credited": "credited",
    "invoice.debited": "wrote a debit note about",
    "return.taken": "took",
    "payment.taken": "took",
    "payment.advance_taken": "took an advance in",
    "payment.advance_used": "used an advance for",
    "payment.credited_given_back": "gave back what a credit note freed in",
    "payment.advance_given_back": "gave back an advance in",
    "till.closed": "counted and closed",
    "month.filed": "marked as filed",
    "month.opened": "opened again",
    "recurring.made": "made",
    "recurring.changed": "changed",
    "recurring.paused": "paused",
    "recurring.resumed": "resumed",
    "recurring.ended": "ended",
    "recurring.lines_changed": "changed the lines of",
    "recurring.written": "wrote a bill of",
    "recurring.stuck": "could not write a bill of",
    "payment.voided": "declared void",
    "payment.asked": "asked online for the payment of",
    "payment.lost": "lost a dispute about",
    "payment.refunded": "gave back (through Razorpay)",
    "payment.given_back": "asked Razorpay to give back",
    "payment.odd": "has to look at",
    "payment.looked_at": "looked at",
    "stock.received": "noted a delivery of",
    "stock.counted": "counted",
    "stock.damaged": "wrote off some of",
    "stock.used": "used some of",
    "stock.opening": "noted the opening stock of",
    "products.read": "read in",
    "customers.brought_in": "imported",
    "customers.sent_back": "undid the import of",
    "bank.read": "read in",
    "bank.matched": "matched with a payment",
    "bank.aside": "set aside",
    "bank.open": "opened again",
    "gateway.connected": "connected",
    "gateway.removed": "disconnected",
    "consent.given": "recorded a yes in",
    "consent.refused": "recorded a no in",
    "consent.withdrawn": "recorded a withdrawal in",
    "form.drafted": "wrote a draft of",
    "form.asked": "sent a customer a link to fill in one of",
    "form.published": "published a version of",
    "form.discarded": "threw away a draft of",
    "form.retired": "retired",
    "form.restored": "brought back",
    "file.added": "added",
    "file.opened": "opened",
    "record.added": "added to",
    "record.corrected": "corrected one of",
    "record.opened": "opened some of",
    "vault.destroyed": "destroyed the key of",
    "vault.rotated": "renewed",
}
SUBJECTS: dict[str, str] = {
    "bank_row": "an amount of the bank statement",
    "bank_statement": "a bank statement",
    "billing_profile": "how bills are made",
    "booking": "visit",
    "booking_made": "a visit",
    "booking_moved": "a visit",
    "booking_policy": "the booking rules",
    "booking_status": "a visit",
    "booking_fee": "the fee of a visit",
    "segment": "a segment of customers",
    "series": "a series of visits",
    "series_made": "a series of visits",
    "series_moved": "a series of visits",
    "series_cancelled": "a series of visits",
    "class_session": "a class",
    "class_made": "a class",
    "classes_made": "classes",
    "class_moved": "a class",
    "classes_moved": "classes",
    "class_changed": "a class",
    "class_cancelled": "a class",
    "classes_cancelled": "classes",
    "business": "the business",
    "calendar_feed": "the calendar address of",
    "category": "a category",
    "category_order": "the order of categories",
    "consent": "the consents of a customer",
    "customer": "a customer",
    "customers": "customers",
    "customer_contact": "a customer’s number or email address",
    "customer_note": "a note about a customer",
    "customer_merge": "a customer",
    "customer_tags": "tags of customers",
    "customer_import": "a list of customers",
    "customer_task": "a task for a customer",
    "customer_key": "a customer’s sealed records",
    "customer_records": "a customer’s sealed records",
    "document": "bill",
    "family_tie": "the family of a customer",
    "filed_month": "the return of a month",
    "form": "a form",
    "form_order": "the order of forms",
    "forms": "forms",
    "gateway_account": "Razorpay",
    "gateway_payment": "an online payment",
    "gst_return": "a file of the GST return",
    "hand_over": "a hand-over",
    "holiday_state": "the State of the public holidays",
    "invitation": "an invitation",
    "leave": "a leave",
    "member": "a member",
    "member_hours": "the working hours of a member",
    "member_order": "the order of members",
    "member_services": "the services of a member",
    "queue_ticket": "a number of the queue",
    "payment": "a payment",
    "person_file": "a file of a customer",
    "waitlist_entry": "an entry of the waiting list",
    "waitlist_added": "an entry of the waiting list",
    "waitlist_changed": "an entry of the waiting list",
    "waitlist_withdrawn": "an entry of the waiting list",
    "product": "a product",
    "product_list": "a list of products",
    "recurring_bill": "a recurring bill",
    "recurring_lines": "the lines of a recurring bill",
    "reveal_budgets": "how many masked numbers may be looked at",
    "resource": "a room, chair or equipment",
    "resource_order": "the order of rooms and chairs",
    "service": "a service",
    "service_order": "the order of services",
    "tax_rate": "a tax rate",
    "till_closing": "the till",
    "vault_key": "the keys of sealed records",
    "stock": "the stock of a product",
    "shop_days": "days off and special hours",
    "shop_hours": "the opening hours",
}
_CUSTOMERS = frozenset({
    "consent", "customer", "customers", "customer_contact", "customer_import", "customer_key", "customer_merge",
    "customer_note",
    "customer_records", "customer_tags", "customer_task", "family_tie", "person_file", "segment",
})  # fmt: skip
_PEOPLE = frozenset({
    "member", "invitation", "member_hours", "member_services", "member_order", "leave", "reveal_budgets", "hand_over",
    "calendar_feed",
})  # fmt: skip
# What the filter offers: its name in the address, its words, and the subjects it covers.
KINDS: dict[str, tuple[str, frozenset[str]]] = {
    "visits": (
        "Visits",
        frozenset(
            {
                "booking",
                "booking_made",
                "booking_moved",
                "booking_status",
                "booking_fee",
            }
        ),
    ),
    "series": ("Series", frozenset({"series", "series_made", "series_moved", "series_cancelled"})),
    "classes": (
        "Classes",
        frozenset(
            {
                "class_session",
                "class_made",
                "classes_made",
                "class_moved",
                "classes_moved",
                "class_changed",
                "class_cancelled",
                "classes_cancelled",
            }
        ),
    ),
    "bills": (
        "Bills and payments",
        frozenset(
            {
                "document",
                "payment",
                "gateway_payment",
                "till_closing",
                "bank_row",
                "bank_statement",
                "gst_return",
                "recurring_bill",
                "recurring_lines",
                "filed_month",
            }
        ),
    ),
    "products": ("Products and stock", frozenset({"product", "product_list", "stock"})),
    "queue": (
        "Waiting list and queue",
        frozenset({"queue_ticket", "waitlist_entry", "waitlist_added", "waitlist_changed", "waitlist_withdrawn"}),
    ),
    "customers": ("Customers", _CUSTOMERS),
    "people": ("Staff and roles", _PEOPLE),
    "settings": (
        "Settings",
        frozenset(
            {
                "billing_profile",
                "booking_policy",
                "business",
                "category",
                "gateway_account",
                "category_order",
                "form",
                "form_order",
                "forms",
                "service",
                "service_order",
                "resource",
                "resource_order",
                "shop_days",
                "tax_rate",
                "shop_hours",
                "holiday_state",
                "vault_key",
            }
        ),
    ),
}


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
