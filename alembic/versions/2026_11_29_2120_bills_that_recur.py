"""Bills that recur, one for each period; months that are filed, in which nothing changes any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls
from microcrm.models.filing import GUARDS
from microcrm.models.recurring import BILLS_DUE, FUNCTION_NAMES

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _create_recurring()
    _create_filed()
    op.add_column("documents", sa.Column("recurring_id", sa.BigInteger(), nullable=True))
    op.add_column("documents", sa.Column("period", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_documents_business_id_recurring_id"),
        "documents",
        "recurring_bills",
        ["business_id", "recurring_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index(
        "uq_documents_period",
        "documents",
        ["business_id", "recurring_id", "period"],
        unique=True,
        postgresql_where=sa.text("recurring_id is not null"),
    )
    tables = ("recurring_bills", "filed_months")
    statements = [statement for table in tables for statement in walls.tenant_wall(table)]
    for statement in [*statements, BILLS_DUE, *GUARDS]:
        op.execute(statement)
    for name in FUNCTION_NAMES:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    # What was typed as "filed up to" becomes its month.
    op.execute("""
INSERT INTO filed_months (business_id, month, filed_at)
SELECT business_id, date_trunc('month', locked_through)::date, now() FROM billing_profiles WHERE locked_through IS NOT NULL
""")
    op.execute("""
UPDATE billing_profiles
SET locked_through = (date_trunc('month', locked_through) + interval '1 month' - interval '1 day')::date
WHERE locked_through IS NOT NULL
""")


def _create_recurring() -> None:
    op.create_table(
        "recurring_bills",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("total_paise", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("next_period", sa.Integer(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("is_issuing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by_member_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("unit in ('week', 'month')", name=op.f("ck_recurring_bills_unit")),
        sa.CheckConstraint("step between 1 and 52", name=op.f("ck_recurring_bills_step")),
        sa.CheckConstraint("state in ('active', 'paused', 'ended')", name=op.f("ck_recurring_bills_state")),
        sa.CheckConstraint("next_period >= base and base >= 0", name=op.f("ck_recurring_bills_periods")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_recurring_bills_business_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["business_id", column],
                [f"{table}.business_id", f"{table}.id"],
                name=op.f(f"fk_recurring_bills_business_id_{column}"),
                ondelete="RESTRICT",
            )
            for column, table in (("customer_id", "customers"), ("created_by_member_id", "members"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_bills")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_recurring_bills_business_id_id")),
    )
    op.create_index("ix_recurring_bills_due", "recurring_bills", ["business_id", "state", "next_on"], unique=False)
    op.create_index("ix_recurring_bills_customer", "recurring_bills", ["business_id", "customer_id"], unique=False)


def _create_filed() -> None:
    op.create_table(
        "filed_months",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=True),
        sa.Column("opened_by_member_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("extract(day from month) = 1", name=op.f("ck_filed_months_month")),
        sa.CheckConstraint("(opened_at is null) = (reason = '')", name=op.f("ck_filed_months_reason")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_filed_months_business_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["business_id", column],
                ["members.business_id", "members.id"],
                name=op.f(f"fk_filed_months_business_id_{column}"),
                ondelete="RESTRICT",
            )
            for column in ("member_id", "opened_by_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filed_months")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_filed_months_business_id_id")),
    )
    op.create_index(
        "uq_filed_months_month",
        "filed_months",
        ["business_id", "month"],
        unique=True,
        postgresql_where=sa.text("opened_at is null"),
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER filed_stays ON documents")
    op.execute("DROP FUNCTION filed_stays()")
    op.execute("DROP FUNCTION businesses_with_due_bills(timestamptz)")
    op.drop_index("uq_documents_period", table_name="documents")
    op.drop_constraint(op.f("fk_documents_business_id_recurring_id"), "documents", type_="foreignkey")
    op.drop_column("documents", "period")
    op.drop_column("documents", "recurring_id")
    op.drop_table("filed_months")
    op.drop_table("recurring_bills")
