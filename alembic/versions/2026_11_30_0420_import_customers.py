"""Lists of customers that are brought in: each file, and its rows piece by piece under seal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls
from microcrm.models.customers import FORGET_SPELLINGS
from microcrm.models.imports import FUNCTION_NAMES, WITH_IMPORTS

revision = "0042"
down_revision = "0040"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_AT_WORK = "state in ('reading', 'rehearsing', 'committing', 'undoing')"
TABLES = ("customer_imports", "import_pieces")


def upgrade() -> None:
    _imports()
    _pieces()
    for table in TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute(WITH_IMPORTS)
    for name in FUNCTION_NAMES:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app")
    op.execute(
        "CREATE TRIGGER tell_change AFTER INSERT OR UPDATE OR DELETE ON customer_imports "
        "FOR EACH ROW EXECUTE FUNCTION tell_change('import')"
    )
    op.execute(FORGET_SPELLINGS)


def _imports() -> None:
    op.create_table(
        "customer_imports",
        *_start(),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("headings", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("mapping", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("days", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("day_order", sa.String(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("committed_at", _INSTANT, nullable=True),
        sa.Column("undone_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_own("customer_imports"),
        _within("customer_imports", "member_id", "members", "RESTRICT"),
        sa.CheckConstraint(
            "state in ('reading', 'rehearsing', 'committing', 'undoing', 'mapping', 'rehearsed', 'done', 'undone', 'failed')",
            name=op.f("ck_customer_imports_state"),
        ),
    )
    op.create_index("ix_customer_imports_created", "customer_imports", ["business_id", "created_at", "id"])
    op.create_index(
        "ix_customer_imports_at_work", "customer_imports", ["business_id", "id"], postgresql_where=sa.text(_AT_WORK)
    )
    op.create_index(
        "ix_customer_imports_expiring", "customer_imports", ["business_id", "expires_at"],
        postgresql_where=sa.text("sealed_key is not null"),
    )  # fmt: skip


def _pieces() -> None:
    op.create_table(
        "import_pieces",
        *_start(),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in ("file", "cells", "people", "before")),
        sa.Column("verdicts", sa.Text(), server_default="", nullable=False),
        sa.Column("is_done", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("added", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("kept", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        *_own("import_pieces"),
        _within("import_pieces", "import_id", "customer_imports", "CASCADE"),
        sa.UniqueConstraint(
            "business_id", "import_id", "part", "place", name=op.f("uq_import_pieces_business_id_import_id_part_place")
        ),
    )


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


def _within(table: str, column: str, other: str, ondelete: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete=ondelete,
    )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {FUNCTION_NAMES[0]}")
    for table in reversed(TABLES):
        op.drop_table(table)
