"""Notes about customers, each with its author, and tasks. The one note that a customer had becomes a pinned one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls
from microcrm.models.customer_notes import tell

revision = "0035"
down_revision = "0037"
branch_labels = None
depends_on = None

TABLES = ("customer_notes", "customer_tasks")
_INSTANT = postgresql.TIMESTAMP(timezone=True)
_IS_OPEN = "done_at is null and removed_at is null"


def upgrade() -> None:
    op.create_table(
        "customer_notes",
        *_start(),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("edited_at", _INSTANT, nullable=True),
        sa.Column("removed_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_own("customer_notes"),
        _within("customer_notes", "member_id", "members"),
        sa.CheckConstraint("words <> ''", name=op.f("ck_customer_notes_words")),
    )
    op.create_index("ix_customer_notes_customer", "customer_notes", ["business_id", "customer_id", "at", "id"])
    op.create_index(
        "ix_customer_notes_pinned",
        "customer_notes",
        ["business_id", "customer_id", "at"],
        postgresql_where=sa.text("is_pinned and removed_at is null"),
    )
    _tasks()
    for table in TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    _carry_over()
    for statement in tell():
        op.execute(statement)


def _tasks() -> None:
    op.create_table(
        "customer_tasks",
        *_start(),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("created_by_member_id", sa.BigInteger(), nullable=True),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.Column("done_by_member_id", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_own("customer_tasks"),
        _within("customer_tasks", "member_id", "members"),
        _within("customer_tasks", "created_by_member_id", "members"),
        _within("customer_tasks", "done_by_member_id", "members"),
        sa.CheckConstraint("title <> ''", name=op.f("ck_customer_tasks_title")),
        sa.CheckConstraint("done_at is not null or done_by_member_id is null", name=op.f("ck_customer_tasks_done")),
    )
    op.create_index("ix_customer_tasks_customer", "customer_tasks", ["business_id", "customer_id", "created_at", "id"])
    for name, columns in {"open": ["customer_id", "due_on", "id"], "due": ["due_on", "member_id"]}.items():
        op.create_index(
            f"ix_customer_tasks_{name}", "customer_tasks", ["business_id", *columns], postgresql_where=sa.text(_IS_OPEN)
        )


def _carry_over() -> None:
    """Nobody knows any more who wrote it and when; what was remembered of it for taking changes back has no column now."""
    op.execute(
        "INSERT INTO customer_notes (business_id, customer_id, words, is_pinned, at, version) "
        "SELECT business_id, id, notes, true, created_at, 1 FROM customers WHERE notes <> ''"
    )
    op.execute("UPDATE undos SET before = before - 'notes' WHERE entity = 'customer' AND before ? 'notes'")
    op.drop_column("customers", "notes")


def _start() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
    )


def _own(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        _within(table, "customer_id", "customers"),
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
    op.add_column("customers", sa.Column("notes", sa.String(), server_default="", nullable=False))
    op.execute(
        "UPDATE customers c SET notes = n.words FROM (SELECT business_id, customer_id, string_agg(words, E'\\n\\n' ORDER BY at, id) "
        "AS words FROM customer_notes WHERE is_pinned AND removed_at IS NULL GROUP BY 1, 2) n "
        "WHERE n.business_id = c.business_id AND n.customer_id = c.id"
    )
    op.alter_column("customers", "notes", server_default=None)
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION tell_customer()")
