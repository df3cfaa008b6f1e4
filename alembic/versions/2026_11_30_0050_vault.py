"""Sealed records, who opened them, and the keys in a schema of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

RECORDS = ("sealed_records", "sealed_versions", "record_openings")
KEYS = ("business_keys", "customer_keys")
_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("CREATE SCHEMA keys")
    _keys()
    _records()
    for table in (*(f"keys.{name}" for name in KEYS), *RECORDS):
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON SCHEMA keys TO microcrm_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, keys TO microcrm_app")


def _keys() -> None:
    op.create_table(
        "business_keys",
        *_start(),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        *_own("business_keys"),
        sa.UniqueConstraint("business_id", "generation", name=op.f("uq_business_keys_business_id_generation")),
        schema="keys",
    )
    op.create_table(
        "customer_keys",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("business_key_id", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("destroyed_at", _INSTANT, nullable=True),
        *_own("customer_keys"),
        _within("customer_keys", "customer_id", "customers", "CASCADE"),
        _within("customer_keys", "business_key_id", "keys.business_keys"),
        sa.UniqueConstraint(
            "business_id", "customer_id", "generation", name=op.f("uq_customer_keys_business_id_customer_id_generation")
        ),
        sa.CheckConstraint(
            "(sealed is null) = (destroyed_at is not null) and (sealed is null) = (business_key_id is null)",
            name=op.f("ck_customer_keys_destroyed"),
        ),
        schema="keys",
    )
    columns = ["business_id", "business_key_id", "id"]
    op.create_index("ix_customer_keys_business_key", "customer_keys", columns, schema="keys")


def _records() -> None:
    op.create_table(
        "sealed_records",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        *_own("sealed_records"),
        _within("sealed_records", "customer_id", "customers"),
        _within("sealed_records", "member_id", "members"),
    )
    op.create_index("ix_sealed_records_customer", "sealed_records", ["business_id", "customer_id", "happened_on", "id"])
    op.create_table(
        "sealed_versions",
        *_start(),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        *_own("sealed_versions"),
        _within("sealed_versions", "record_id", "sealed_records", "CASCADE"),
        _within("sealed_versions", "member_id", "members"),
        sa.UniqueConstraint(
            "business_id", "record_id", "version", name=op.f("uq_sealed_versions_business_id_record_id_version")
        ),
    )
    op.create_table(
        "record_openings",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        *_own("record_openings"),
        _within("record_openings", "customer_id", "customers"),
        _within("record_openings", "record_id", "sealed_records", "CASCADE"),
        _within("record_openings", "member_id", "members"),
    )
    op.create_index("ix_record_openings_customer", "record_openings", ["business_id", "customer_id", "at"])


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
    for table in reversed(RECORDS):
        op.drop_table(table)
    op.execute("DROP SCHEMA keys CASCADE")
