"""Words are looked up one by one in two statements instead of a loop of four: a single new customer pays a quarter of it."""

from __future__ import annotations

from alembic import op

from microcrm.models.customers import FORGET_SPELLINGS, KEEP_SPELLINGS

revision = "0048"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(KEEP_SPELLINGS)
    op.execute(FORGET_SPELLINGS)


def downgrade() -> None:
    """The functions stay: they do the same."""
