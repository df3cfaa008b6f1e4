"""What a customer owes, read for each row of the list of customers, walks the few bills that are open instead of all of them."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_documents_open",
        "documents",
        ["business_id", "customer_id"],
        postgresql_where="state in ('issued', 'part_paid')",
    )


def downgrade() -> None:
    op.drop_index("ix_documents_open", "documents")
