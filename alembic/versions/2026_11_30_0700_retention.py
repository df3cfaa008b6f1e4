"""What makes messages go when their time is over: how far it came, and indexes by age."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from microcrm.models import walls

revision = "0061"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "retention_marks"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("data_class", sa.String(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("business_id", "id", name=op.f(f"uq_{table}_business_id_id")),
        sa.UniqueConstraint("business_id", "data_class", name=op.f(f"uq_{table}_business_id_data_class")),
    )
    for statement in walls.tenant_wall(table):
        op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.create_index("ix_inbound_messages_log", "inbound_messages", ["business_id", "at", "id"])
    op.create_index(
        "ix_public_links_ends",
        "public_links",
        ["business_id", "expires_at"],
        postgresql_where=sa.text("expires_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_public_links_ends", "public_links")
    op.drop_index("ix_inbound_messages_log", "inbound_messages")
    op.drop_table("retention_marks")
