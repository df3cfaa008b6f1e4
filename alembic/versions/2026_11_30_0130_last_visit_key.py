"""The order by last visit is one that PostgreSQL searches in behind a policy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models.customers import LAST_VISIT_KEY

revision = "0029b"
down_revision = "0024"
branch_labels = None
depends_on = None

_BEFORE = "coalesce(last_visit_at, '1970-01-01 00:00:00+00'::timestamptz)"


def upgrade() -> None:
    op.drop_index("ix_customers_last_visit", table_name="customers")
    op.add_column(
        "customers",
        sa.Column("last_visit_key", postgresql.TIMESTAMP(timezone=True), sa.Computed(LAST_VISIT_KEY, persisted=True)),
    )
    op.create_index("ix_customers_last_visit", "customers", ["business_id", "last_visit_key", "id"])


def downgrade() -> None:
    op.drop_index("ix_customers_last_visit", table_name="customers")
    op.drop_column("customers", "last_visit_key")
    op.create_index("ix_customers_last_visit", "customers", ["business_id", sa.text(_BEFORE), "id"])
