"""Groups of customers by rules: what they were billed, when their birthday is, and the columns that a person looks at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls
from microcrm.models.customers import BIRTH_KEY, COUNT_BILLED

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_BILLED = """
UPDATE customers c SET billed_paise = b.paise FROM (
  SELECT business_id, customer_id, sum(billed_by(kind, state, total_paise)) AS paise FROM documents
  WHERE customer_id IS NOT NULL GROUP BY 1, 2) b
WHERE b.business_id = c.business_id AND b.customer_id = c.id AND b.paise <> 0
"""


def upgrade() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_segments_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_segments_business_id_id")),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_segments_business_id_name")),
    )
    for statement in walls.tenant_wall("segments"):
        op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.add_column(
        "members", sa.Column("customer_columns", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("customers", sa.Column("birth_key", sa.SmallInteger(), sa.Computed(BIRTH_KEY, persisted=True)))
    op.add_column("customers", sa.Column("billed_paise", sa.BigInteger(), server_default="0", nullable=False))
    for statement in (*COUNT_BILLED, _BILLED):
        op.execute(statement)
    op.create_index("ix_customers_billed", "customers", ["business_id", "billed_paise", "id"])
    op.create_index(
        "ix_customers_birth",
        "customers",
        ["business_id", "birth_key"],
        postgresql_where=sa.text("birth_key is not null"),
    )


def downgrade() -> None:
    for statement in (
        "DROP TRIGGER count_billed ON documents",
        "DROP FUNCTION count_billed()",
        "DROP FUNCTION billed_by(text, text, bigint)",
    ):
        op.execute(statement)
    op.drop_index("ix_customers_birth", table_name="customers")
    op.drop_index("ix_customers_billed", table_name="customers")
    op.drop_column("customers", "billed_paise")
    op.drop_column("customers", "birth_key")
    op.drop_column("members", "customer_columns")
    op.drop_table("segments")
