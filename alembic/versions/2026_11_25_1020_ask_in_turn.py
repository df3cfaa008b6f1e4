"""Ask in turn: an offer of the waiting list remembers whose time it was, and a ticket can have been called in vain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATES = "state in ('waiting', 'called', 'serving', 'done', 'left', 'missed')"


def upgrade() -> None:
    op.add_column("waitlist_offers", sa.Column("freed_booking_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_waitlist_offers_business_id_freed_booking_id"),
        "waitlist_offers",
        "bookings",
        ["business_id", "freed_booking_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index("ix_waitlist_offers_freed", "waitlist_offers", ["business_id", "freed_booking_id"])
    op.drop_constraint(op.f("ck_queue_tickets_state"), "queue_tickets", type_="check")
    op.create_check_constraint(op.f("ck_queue_tickets_state"), "queue_tickets", STATES)


def downgrade() -> None:
    op.execute("UPDATE queue_tickets SET state = 'left' WHERE state = 'missed'")
    op.drop_constraint(op.f("ck_queue_tickets_state"), "queue_tickets", type_="check")
    op.create_check_constraint(op.f("ck_queue_tickets_state"), "queue_tickets", STATES.replace(", 'missed'", ""))
    op.drop_index("ix_waitlist_offers_freed", table_name="waitlist_offers")
    op.drop_constraint(op.f("fk_waitlist_offers_business_id_freed_booking_id"), "waitlist_offers", type_="foreignkey")
    op.drop_column("waitlist_offers", "freed_booking_id")
