"""All tables in one place: importing this module fills ``SQLModel.metadata``. Also the walls, per kind of table."""

from __future__ import annotations

from sqlmodel import SQLModel

from microcrm.models import (
    accounts,
    bank,
    bell,
    billing,
    bookings,
    business,
    campaigns,
    catalogue,
    classes,
    codes,
    consents,
    customer_notes,
    customers,
    family,
    filing,
    form_links,
    forms,
    gateway,
    imports,
    links,
    merging,
    message_plan,
    messages,
    messaging,
    person_files,
    policy,
    products,
    records,
    recurring,
    replies,
    retention,
    reveals,
    schedule,
    till,
    vault,
    waiting,
)

METADATA = SQLModel.metadata
MODULES = (
    accounts,
    business,
    catalogue,
    policy,
    schedule,
    customers,
    family,
    consents,
    customer_notes,
    classes,
    bookings,
    waiting,
    links,
    codes,
    recurring,
    products,
    billing,
    filing,
    till,
    bank,
    gateway,
    messaging,
    message_plan,
    forms,
    vault,
    form_links,
    reveals,
    imports,
    person_files,
    merging,
    replies,
    campaigns,
    messages,
    retention,
    records,
    bell,
)

# Seen only in the accounts realm (see models/accounts.py).
ACCOUNT_TABLES = ("users", "sign_ups", "sessions", "devices", "recovery_codes", "mail_tokens", "throttles")
# No business's data, or a business that may be absent; each has a policy of its own in the migration.
OTHER_TABLES = ("outbox", "inbox", "mailbox", "heartbeats")
TENANT_TABLES = tuple(
    sorted(t.fullname for t in METADATA.tables.values() if t.name not in (*ACCOUNT_TABLES, *OTHER_TABLES))
)
