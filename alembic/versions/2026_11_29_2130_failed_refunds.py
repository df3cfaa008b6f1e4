"""Refunds that Razorpay refused are found without reading all that went through."""

from __future__ import annotations

from alembic import op

revision = "0019b"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_gateway_refunds_failed", "gateway_refunds", ["business_id", "id"], postgresql_where="status = 'failed'"
    )


def downgrade() -> None:
    op.drop_index("ix_gateway_refunds_failed", "gateway_refunds")
