"""What happened with a customer is read from the newest on, each kind from an index of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0036"
branch_labels = None
depends_on = None

_BY_CUSTOMER = {  # index -> table, the moment it is read by
    "ix_documents_customer": ("documents", "issued_at"),
    "ix_payments_customer": ("payments", "received_at"),
}


def upgrade() -> None:
    op.add_column("booking_events", sa.Column("customer_id", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE booking_events e SET customer_id = b.customer_id FROM bookings b "
        "WHERE b.business_id = e.business_id AND b.id = e.booking_id AND b.customer_id IS NOT NULL"
    )
    op.create_foreign_key(
        op.f("fk_booking_events_business_id_customer_id"),
        "booking_events",
        "customers",
        ["business_id", "customer_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index("ix_booking_events_customer", "booking_events", ["business_id", "customer_id", "at", "id"])
    op.execute("GRANT UPDATE (customer_id) ON booking_events TO microcrm_app")  # two customers may turn out to be one
    for name, (table, moment) in _BY_CUSTOMER.items():
        op.drop_index(name, table)
        op.create_index(name, table, ["business_id", "customer_id", moment, "id"])
    op.create_index("ix_sealed_records_written", "sealed_records", ["business_id", "customer_id", "created_at", "id"])
    op.create_index(
        "ix_audit_events_customer",
        "audit_events",
        ["business_id", "subject_id", "at", "id"],
        postgresql_where="subject = 'customer'",
    )


def downgrade() -> None:
    op.drop_index("ix_audit_events_customer", "audit_events")
    op.drop_index("ix_sealed_records_written", "sealed_records")
    for name, (table, _) in _BY_CUSTOMER.items():
        op.drop_index(name, table)
        op.create_index(name, table, ["business_id", "customer_id"])
    op.execute("REVOKE UPDATE (customer_id) ON booking_events FROM microcrm_app")
    op.drop_index("ix_booking_events_customer", "booking_events")
    op.drop_column("booking_events", "customer_id")
