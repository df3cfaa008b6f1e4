"""Looks at masked numbers, and how many a day are allowed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0040"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = ("contact_reveals", "reveal_budgets")


def upgrade() -> None:
    op.create_table(
        "contact_reveals",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("contact", "reason", "words", "heat")],
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        *_own("contact_reveals"),
        _within("contact_reveals", "customer_id", "customers"),
        _within("contact_reveals", "member_id", "members"),
        sa.CheckConstraint("contact in ('phone', 'email')", name=op.f("ck_contact_reveals_contact")),
    )
    op.create_index("ix_contact_reveals_budget", "contact_reveals", ["business_id", "member_id", "day"])
    op.create_index("ix_contact_reveals_customer", "contact_reveals", ["business_id", "customer_id", "id"])
    op.create_index("ix_contact_reveals_heat", "contact_reveals", ["business_id", "day"], postgresql_where="heat <> ''")
    op.create_table(
        "reveal_budgets",
        *_start(),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("a_day", sa.Integer(), nullable=False),
        *_own("reveal_budgets"),
        _within("reveal_budgets", "member_id", "members", "CASCADE"),
        sa.CheckConstraint("(role is null) <> (member_id is null)", name=op.f("ck_reveal_budgets_whose")),
        sa.CheckConstraint("a_day between 0 and 200", name=op.f("ck_reveal_budgets_a_day")),
    )
    op.create_index("uq_reveal_budgets_role", "reveal_budgets", ["business_id", "role"], unique=True)
    op.create_index("uq_reveal_budgets_member", "reveal_budgets", ["business_id", "member_id"], unique=True)
    for table in TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")


def _start() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
    )


def _own(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("business_id", "id", name=op.f(f"uq_{table}_business_id_id")),
    )


def _within(table: str, column: str, other: str, ondelete: str = "RESTRICT") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete=ondelete,
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
