"""Fees that stand are found without reading all visits."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_bookings_fees",
        "bookings",
        ["business_id", "starts_at"],
        postgresql_where="cancel_fee_paise > 0 AND fee_waiver = ''",
    )


def downgrade() -> None:
    op.drop_index("ix_bookings_fees", "bookings")
