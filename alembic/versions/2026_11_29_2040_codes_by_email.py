"""Codes by e-mail: what customers type before an online booking counts, kept as hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0020b"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("proven_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("mails >= 1 and tries >= 0", name=op.f("ck_booking_codes_counts")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_booking_codes_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_codes")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_booking_codes_business_id_id")),
        sa.UniqueConstraint("business_id", "subject_hash", name=op.f("uq_booking_codes_business_id_subject_hash")),
    )
    op.create_index("ix_booking_codes_expiry", "booking_codes", ["business_id", "expires_at"], unique=False)
    grant = "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app"
    for statement in [*walls.tenant_wall("booking_codes"), grant]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("booking_codes")
