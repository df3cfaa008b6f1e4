"""Whether an owner wants the mail at seven."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053b"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "members", sa.Column("wants_morning_note", sa.Boolean(), nullable=False, server_default=sa.text("true"))
    )


def downgrade() -> None:
    op.drop_column("members", "wants_morning_note")
