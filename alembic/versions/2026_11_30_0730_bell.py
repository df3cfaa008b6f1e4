"""The bell: what happened, for each member until they have read it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import bell, walls

revision = "0059"
down_revision = "0057"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_TABLE = "bell_notices"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("who_id", sa.BigInteger(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=True),
        sa.CheckConstraint("key <> ''", name=op.f("ck_bell_notices_key")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_bell_notices_business_id"), ondelete="CASCADE"
        ),
        *(_of_member(column) for column in ("member_id", "who_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bell_notices")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_bell_notices_business_id_id")),
        sa.UniqueConstraint("business_id", "member_id", "kind", "key", name="uq_bell_notices_key"),
    )
    op.create_index("ix_bell_notices_list", _TABLE, ["business_id", "member_id", "id"])
    op.create_index("ix_bell_notices_unread", _TABLE, ["business_id", "member_id"], postgresql_where="read_at is null")
    op.create_index("ix_bell_notices_read", _TABLE, ["business_id", "read_at"], postgresql_where="read_at is not null")
    for statement in walls.tenant_wall(_TABLE):
        op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute(bell.FUNCTION)
    op.execute(bell.TRIGGER)


def _of_member(column: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        ["members.business_id", "members.id"],
        name=op.f(f"fk_bell_notices_business_id_{column}"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.drop_table(_TABLE)
    op.execute("DROP FUNCTION tell_bell()")
