"""Find the shops: which of them can be booked online, for search engines."""

from __future__ import annotations

from alembic import op

from microcrm.models.doors import PUBLIC_SHOPS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(PUBLIC_SHOPS)
    op.execute("REVOKE ALL ON FUNCTION public_shops() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION public_shops() TO microcrm_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION public_shops()")
