"""Close the till: cash counted by note and coin, never changed afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0015"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "till_closings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("opening_paise", sa.BigInteger(), nullable=False),
        sa.Column("expected_paise", sa.BigInteger(), nullable=False),
        sa.Column("counted_paise", sa.BigInteger(), nullable=False),
        sa.Column("kept_paise", sa.BigInteger(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("taken", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("opening_paise >= 0 and counted_paise >= 0", name=op.f("ck_till_closings_amounts")),
        sa.CheckConstraint("kept_paise between 0 and counted_paise", name=op.f("ck_till_closings_kept")),
        sa.CheckConstraint("counted_paise = expected_paise or reason <> ''", name=op.f("ck_till_closings_reason")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_till_closings_business_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_till_closings_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_closings")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_till_closings_business_id_id")),
        sa.UniqueConstraint("business_id", "number", name=op.f("uq_till_closings_business_id_number")),
    )
    op.create_index("ix_till_closings_day", "till_closings", ["business_id", "day"], unique=False)
    grant = "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app"
    for statement in [*walls.tenant_wall("till_closings"), grant]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("till_closings")
