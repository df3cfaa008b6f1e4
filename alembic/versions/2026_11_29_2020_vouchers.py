"""Vouchers: the paper of an advance, what has been used of it, and the estimate that a bill came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from microcrm.models import walls

revision = "0017"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column, table in (("payment_id", "payments"), ("estimate_id", "documents")):
        op.add_column("documents", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_documents_business_id_{column}"),
            "documents",
            table,
            ["business_id", column],
            ["business_id", "id"],
            ondelete="RESTRICT",
        )
    op.create_index(
        "uq_documents_payment",
        "documents",
        ["business_id", "payment_id"],
        unique=True,
        postgresql_where=sa.text("payment_id is not null"),
    )
    op.create_index(
        "ix_documents_estimate",
        "documents",
        ["business_id", "estimate_id"],
        unique=False,
        postgresql_where=sa.text("estimate_id is not null"),
    )
    _create_uses()
    grant = "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app"
    for statement in [*walls.tenant_wall("advance_uses"), grant]:
        op.execute(statement)


def _create_uses() -> None:
    op.create_table(
        "advance_uses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("voucher_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("is_exempt", sa.Boolean(), nullable=False),
        *(
            sa.Column(f"{name}_paise", sa.BigInteger(), server_default="0", nullable=False)
            for name in ("taxable", "cgst", "sgst", "igst")
        ),
        sa.CheckConstraint("cgst_paise = sgst_paise", name=op.f("ck_advance_uses_halves")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_advance_uses_business_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["business_id", column],
                ["documents.business_id", "documents.id"],
                name=op.f(f"fk_advance_uses_business_id_{column}"),
                ondelete="RESTRICT",
            )
            for column in ("voucher_id", "document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advance_uses")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_advance_uses_business_id_id")),
    )
    for name, column in (("voucher", "voucher_id"), ("document", "document_id"), ("day", "on_day")):
        op.create_index(f"ix_advance_uses_{name}", "advance_uses", ["business_id", column], unique=False)


def downgrade() -> None:
    op.drop_table("advance_uses")
    op.drop_index("ix_documents_estimate", table_name="documents")
    op.drop_index("uq_documents_payment", table_name="documents")
    for column in ("estimate_id", "payment_id"):
        op.drop_constraint(op.f(f"fk_documents_business_id_{column}"), "documents", type_="foreignkey")
        op.drop_column("documents", column)
