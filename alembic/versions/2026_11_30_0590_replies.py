"""What customers write to the shop, and who wants no messages by which channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import merging, walls

revision = "0054"
down_revision = "0051"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_INBOUND, _BLOCKS = "inbound_messages", "channel_blocks"


def upgrade() -> None:
    op.create_table(
        _INBOUND,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("channel", "provider_id", "sender")),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("media_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("understood", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("assigned_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("channel in ('whatsapp', 'sms')", name=op.f("ck_inbound_messages_channel")),
        _of_business(_INBOUND),
        _within(_INBOUND, "customer_id", "customers"),
        _within(_INBOUND, "booking_id", "bookings", "CASCADE"),
        _within(_INBOUND, "assigned_id", "members"),
        _within(_INBOUND, "settled_by_id", "members"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_messages")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_inbound_messages_business_id_id")),
        sa.UniqueConstraint("business_id", "provider_id", name=op.f("uq_inbound_messages_business_id_provider_id")),
    )
    for name, columns, where in (
        ("open", ["at", "id"], "settled_at is null"),
        ("sender", ["sender", "at", "id"], None),
        ("customer", ["customer_id", "at", "id"], None),
        ("booking", ["booking_id"], "booking_id is not null"),
    ):
        op.create_index(f"ix_inbound_messages_{name}", _INBOUND, ["business_id", *columns], postgresql_where=where)
    op.create_table(
        _BLOCKS,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("channel", "address", "way")),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("ended_way", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name=op.f("ck_channel_blocks_channel")),
        sa.CheckConstraint("way in ('word', 'link', 'staff', 'provider')", name=op.f("ck_channel_blocks_way")),
        _of_business(_BLOCKS),
        _within(_BLOCKS, "member_id", "members"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_blocks")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_channel_blocks_business_id_id")),
    )
    op.create_index(
        "uq_channel_blocks_standing",
        _BLOCKS,
        ["business_id", "channel", "address"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    for table in (_INBOUND, _BLOCKS):
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute(merging.route(_INBOUND))


def _of_business(table: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
    )


def _within(table: str, column: str, other: str, ondelete: str = "RESTRICT") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete=ondelete,
    )


def downgrade() -> None:
    op.drop_table(_BLOCKS)
    op.drop_table(_INBOUND)
