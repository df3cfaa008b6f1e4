"""Everything that names a customer, and what becomes of it when the customer is merged with another. A law
(``tests/laws/test_merge_register.py``) fails for a link that is not here."""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """MOVES: the survivor's from then on, and back when the two are taken apart. SEALED: the same, sealed anew. TIED: the
    same, unless the survivor has a tie with that person or is that person. STAYS: tells of that record alone."""

    MOVES = "moves"
    SEALED = "sealed"
    TIED = "tied"
    STAYS = "stays"


# By table and column. What moves has a trigger besides (``models/merging.py``), so that nothing is hung on a record that went.
LINKS: dict[tuple[str, str], Fate] = {
    ("bookings", "customer_id"): Fate.MOVES,
    ("booking_events", "customer_id"): Fate.MOVES,
    ("contact_reveals", "customer_id"): Fate.MOVES,
    ("customer_notes", "customer_id"): Fate.MOVES,
    ("customer_tasks", "customer_id"): Fate.MOVES,
    ("documents", "customer_id"): Fate.MOVES,
    ("file_openings", "customer_id"): Fate.MOVES,
    ("form_links", "customer_id"): Fate.MOVES,
    ("inbound_messages", "customer_id"): Fate.MOVES,
    ("messages", "customer_id"): Fate.MOVES,
    ("payments", "customer_id"): Fate.MOVES,
    ("queue_tickets", "customer_id"): Fate.MOVES,
    ("record_openings", "customer_id"): Fate.MOVES,
    ("recurring_bills", "customer_id"): Fate.MOVES,
    ("series", "customer_id"): Fate.MOVES,
    ("waitlist_entries", "customer_id"): Fate.MOVES,
    ("customers", "merged_into_id"): Fate.MOVES,  # of those who were merged into this one before
    ("family_ties", "customer_id"): Fate.TIED,
    ("family_ties", "relative_id"): Fate.TIED,
    ("person_files", "customer_id"): Fate.SEALED,
    ("sealed_records", "customer_id"): Fate.SEALED,
    ("keys.customer_keys", "customer_id"): Fate.STAYS,  # opens what is left under it, and seals again when taken apart
    (
        "consents",
        "customer_id",
    ): Fate.STAYS,  # said for that record; a no of either holds for both (operations/merge_consents.py)
    ("consents", "guardian_id"): Fate.STAYS,  # who it was then; a merge and its way back are followed when it is read
    ("customer_words", "customer_id"): Fate.STAYS,  # made from the name; out of use with the record
    ("customer_merges", "kept_id"): Fate.STAYS,
    ("customer_merges", "gone_id"): Fate.STAYS,
    ("distinct_customers", "low_id"): Fate.STAYS,  # said of these two records
    ("distinct_customers", "high_id"): Fate.STAYS,
}
# Columns of the customer itself: chosen (``domain/merging.py``), made from the chosen ones, counted anew, or the record's own.
MADE = frozenset({"name_key", "phone_reversed", "email_key", "birth_key", "last_visit_key"})
COUNTED = frozenset({"visit_count", "last_visit_at", "billed_paise"})
OWN = frozenset({"id", "business_id", "merged_into_id", "archived_at", "created_at", "version"})

MOVES = tuple(link for link, fate in LINKS.items() if fate is Fate.MOVES)
