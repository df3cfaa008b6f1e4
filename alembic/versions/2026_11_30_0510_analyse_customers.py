"""Statistics are made anew while a list of customers is taken over."""

from __future__ import annotations

from alembic import op

from microcrm.models.imports import ANALYSE_CUSTOMERS, LATER_FUNCTION_NAMES

revision = "0045"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(ANALYSE_CUSTOMERS)
    for name in LATER_FUNCTION_NAMES:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {LATER_FUNCTION_NAMES[0]}")
