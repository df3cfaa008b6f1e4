"""Tell by default: whether the desk's forms begin with "Tell the customer" ticked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "booking_policies", sa.Column("is_telling_usual", sa.Boolean(), server_default="true", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("booking_policies", "is_telling_usual")
