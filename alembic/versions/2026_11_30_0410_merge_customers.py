"""Customers are merged and taken apart again; and who is not the same as somebody else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import billing, merging, walls

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("customers", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_customers_business_id_merged_into_id"),
        "customers",
        "customers",
        ["business_id", "merged_into_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index(
        "ix_customers_merged",
        "customers",
        ["business_id", "merged_into_id"],
        postgresql_where="merged_into_id is not null",
    )
    op.create_index("ix_customers_sharing", "customers", ["business_id", "phone"], postgresql_where="is_sharing_phone")
    _merges()
    _distinct()
    for table in ("customer_merges", "distinct_customers"):
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    for statement in (*merging.ROUTE, merging.ISSUED_STAYS):
        op.execute(statement)
    for table in merging.ROUTED:
        op.execute(merging.route(table))
    for table in merging.SEALED:
        op.execute(merging.route(table, is_sealed=True))
    for table in merging.LOGGED:
        op.execute(f"GRANT UPDATE (customer_id) ON {table} TO microcrm_app")


def _merges() -> None:
    op.create_table(
        "customer_merges",
        *_start(),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("gone_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        *[sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("changes", "before", "moved")],
        sa.Column("undone_at", _INSTANT, nullable=True),
        *_own("customer_merges"),
        _within("customer_merges", "kept_id", "customers"),
        _within("customer_merges", "gone_id", "customers"),
        _within("customer_merges", "member_id", "members"),
    )
    op.create_index("ix_customer_merges_kept", "customer_merges", ["business_id", "kept_id"])
    op.create_index("ix_customer_merges_gone", "customer_merges", ["business_id", "gone_id"])


def _distinct() -> None:
    op.create_table(
        "distinct_customers",
        *_start(),
        sa.Column("low_id", sa.BigInteger(), nullable=False),
        sa.Column("high_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        *_own("distinct_customers"),
        _within("distinct_customers", "low_id", "customers"),
        _within("distinct_customers", "high_id", "customers"),
        _within("distinct_customers", "member_id", "members"),
    )
    columns = ["business_id", "low_id", "high_id"]
    op.create_index("uq_distinct_customers_pair", "distinct_customers", columns, unique=True)
    op.create_index("ix_distinct_customers_high", "distinct_customers", ["business_id", "high_id"])


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


def _within(table: str, column: str, other: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    for table in merging.LOGGED:
        op.execute(f"REVOKE UPDATE (customer_id) ON {table} FROM microcrm_app")
    for table in (*merging.ROUTED, *merging.SEALED):
        for function in ("route_customer", "refuse_merged_customer"):
            op.execute(f"DROP TRIGGER IF EXISTS {function} ON {table}")
    op.execute("DROP TRIGGER refuse_merged_relative ON family_ties")
    op.execute(billing.ISSUED_STAYS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    for function in (
        "route_customer()",
        "refuse_merged_customer()",
        "refuse_merged_relative()",
        "survivor_of(bigint, bigint)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("distinct_customers")
    op.drop_table("customer_merges")
    op.drop_index("ix_customers_sharing", "customers")
    op.drop_index("ix_customers_merged", "customers")
    op.drop_column("customers", "merged_into_id")
