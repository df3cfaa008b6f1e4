"""Numbers of all shops together, for whoever runs the installation; what failed is found without reading everything."""

from __future__ import annotations

from alembic import op

from microcrm.models import monitoring

revision = "0055"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("outbox", "inbox"):
        op.create_index(f"ix_{table}_failed", table, ["finished_at"], postgresql_where="state = 'failed'")
    op.execute(monitoring.MESSAGES_IN_ALL)
    op.execute(f"REVOKE ALL ON FUNCTION {monitoring.MESSAGES_IN_ALL_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {monitoring.MESSAGES_IN_ALL_NAME} TO microcrm_app")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {monitoring.MESSAGES_IN_ALL_NAME}")
    for table in ("outbox", "inbox"):
        op.drop_index(f"ix_{table}_failed", table)
