"""What customers agreed to, and the texts that they were told before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0036"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = ("consent_notices", "consents")
_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "consent_notices",
        *_start(),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        *_own("consent_notices"),
        _within("consent_notices", "member_id", "members"),
        sa.UniqueConstraint(
            "business_id", "purpose", "language", "version",
            name=op.f("uq_consent_notices_business_id_purpose_language_version"),
        ),
    )  # fmt: skip
    _consents()
    for table in TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")


def _consents() -> None:
    op.create_table(
        "consents",
        *_start(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(), server_default="", nullable=False),
        sa.Column("voids_id", sa.BigInteger(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        *_own("consents"),
        _within("consents", "customer_id", "customers"),
        _within("consents", "notice_id", "consent_notices"),
        _within("consents", "member_id", "members"),
        _within("consents", "voids_id", "consents"),
        sa.UniqueConstraint("business_id", "voids_id", name=op.f("uq_consents_business_id_voids_id")),
        _check("decision", "decision in ('given', 'refused', 'withdrawn', 'void')"),
        _check("void", "(decision = 'void') = (voids_id is not null)"),
        _check("until", "decision = 'given' or until is null"),
        _check("notice", "decision <> 'given' or notice_id is not null"),
    )
    op.create_index("ix_consents_customer", "consents", ["business_id", "customer_id", "purpose", "day", "id"])


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


def _check(name: str, rule: str) -> sa.Constraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_consents_{name}"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
