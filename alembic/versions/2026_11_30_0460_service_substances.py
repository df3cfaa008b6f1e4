"""A service may say what it uses, for customers who are allergic to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("services", sa.Column("substances", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("services", "substances")
