"""Statements of the bank: what came in by them, and which payment it proves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0022"
down_revision = "0020b"
branch_labels = None
depends_on = None

TABLES = ("bank_statements", "bank_rows")


def upgrade() -> None:
    op.create_table(
        "bank_statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("read_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("went_out", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        *_own("bank_statements"),
        _within("bank_statements", "member_id", "members"),
        sa.UniqueConstraint("business_id", "digest", name=op.f("uq_bank_statements_business_id_digest")),
    )
    op.create_table(
        "bank_rows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.Column("bank_reference", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("made_payment", sa.Boolean(), nullable=False),
        sa.Column("is_sure", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_own("bank_rows"),
        _within("bank_rows", "statement_id", "bank_statements"),
        _within("bank_rows", "payment_id", "payments"),
        _within("bank_rows", "member_id", "members"),
        sa.UniqueConstraint("business_id", "digest", name=op.f("uq_bank_rows_business_id_digest")),
        sa.UniqueConstraint("business_id", "payment_id", name=op.f("uq_bank_rows_business_id_payment_id")),
        sa.CheckConstraint("amount_paise > 0", name=op.f("ck_bank_rows_amount")),
        sa.CheckConstraint("state in ('open', 'matched', 'aside')", name=op.f("ck_bank_rows_state")),
        sa.CheckConstraint("(state = 'matched') = (payment_id is not null)", name=op.f("ck_bank_rows_matched")),
        sa.CheckConstraint("state <> 'aside' or reason <> ''", name=op.f("ck_bank_rows_reason")),
    )
    op.create_index("ix_bank_rows_state", "bank_rows", ["business_id", "state", "day", "id"])
    for table in TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")


def _own(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("business_id", "id", name=op.f(f"uq_{table}_business_id_id")),
    )


def _within(table: str, column: str, other: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
