"""Photos and papers of customers, who has looked at them, and customers who belong together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0037"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLES = ("person_files", "file_openings", "family_ties")
_INSTANT = postgresql.TIMESTAMP(timezone=True)
# Whoever was entered as sharing a phone belongs to the one whose phone it is.
_SHARING = """
INSERT INTO family_ties (business_id, customer_id, relative_id, tie, pays, told, created_at, version)
SELECT s.business_id, s.id, o.id, 'relative', '', 'relative', now(), 1
FROM customers s JOIN customers o ON o.business_id = s.business_id AND o.phone = s.phone AND NOT o.is_sharing_phone
WHERE s.is_sharing_phone AND s.phone <> ''
"""


def upgrade() -> None:
    _files()
    _openings()
    _family()
    for table in TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute(_SHARING)


def _files() -> None:
    op.create_table(
        "person_files",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("shows", sa.String(), nullable=False),
        sa.Column("title", sa.String(), server_default="", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), server_default="0", nullable=False),
        sa.Column("height", sa.Integer(), server_default="0", nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("before_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("stored_at", _INSTANT, nullable=True),
        sa.Column("removed_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_own("person_files"),
        _within("person_files", "customer_id", "customers"),
        _within("person_files", "before_id", "person_files"),
        _within("person_files", "booking_id", "bookings"),
        _within("person_files", "member_id", "members"),
        sa.UniqueConstraint("business_id", "token", name=op.f("uq_person_files_business_id_token")),
        _check("person_files", "shows", "shows in ('photo', 'before', 'after', 'paper')"),
        _check("person_files", "pair", "before_id is null or shows = 'after'"),
    )
    op.create_index("ix_person_files_customer", "person_files", ["business_id", "customer_id", "day", "id"])
    op.create_index("ix_person_files_size", "person_files", ["business_id", "size"])
    op.create_index(
        "ix_person_files_before", "person_files", ["business_id", "before_id"], postgresql_where="before_id is not null"
    )
    op.create_index(
        "ix_person_files_unfinished",
        "person_files",
        ["business_id", "created_at"],
        postgresql_where="stored_at is null or removed_at is not null",
    )


def _openings() -> None:
    op.create_table(
        "file_openings",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("shows", sa.String(), nullable=False),
        sa.Column("is_small", sa.Boolean(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        *_own("file_openings"),
        _within("file_openings", "customer_id", "customers"),
        _within("file_openings", "member_id", "members"),
    )
    op.create_index("ix_file_openings_customer", "file_openings", ["business_id", "customer_id", "at"])
    op.create_index("ix_file_openings_file", "file_openings", ["business_id", "file_id", "member_id", "at"])


def _family() -> None:
    op.create_table(
        "family_ties",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("relative_id", sa.BigInteger(), nullable=False),
        sa.Column("tie", sa.String(), nullable=False),
        sa.Column("pays", sa.String(), server_default="", nullable=False),
        sa.Column("told", sa.String(), server_default="", nullable=False),
        sa.Column(
            "low_id", sa.BigInteger(), sa.Computed("LEAST(customer_id, relative_id)", persisted=True), nullable=True
        ),
        sa.Column(
            "high_id", sa.BigInteger(), sa.Computed("GREATEST(customer_id, relative_id)", persisted=True), nullable=True
        ),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_own("family_ties"),
        _within("family_ties", "customer_id", "customers", "CASCADE"),
        _within("family_ties", "relative_id", "customers", "CASCADE"),
        sa.UniqueConstraint("business_id", "low_id", "high_id", name=op.f("uq_family_ties_business_id_low_id_high_id")),
        _check("family_ties", "two", "customer_id <> relative_id"),
        _check("family_ties", "tie", "tie in ('parent', 'child', 'guardian', 'ward', 'spouse', 'sibling', 'relative')"),
        _check(
            "family_ties", "duties", "pays in ('', 'customer', 'relative') and told in ('', 'customer', 'relative')"
        ),
    )
    op.create_index("ix_family_ties_customer", "family_ties", ["business_id", "customer_id"])
    op.create_index("ix_family_ties_relative", "family_ties", ["business_id", "relative_id"])


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


def _check(table: str, name: str, rule: str) -> sa.Constraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
