"""Classes moved alone: a class that was moved by itself stays where it is when the others of its series move."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "class_sessions", sa.Column("is_moved_from_series", sa.Boolean(), server_default="false", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("class_sessions", "is_moved_from_series")
