"""How a shop's messages leave: its account at Twilio, and its channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import messaging, walls

revision = "0051"
down_revision = "0048"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_TABLES = ("messaging_accounts", "message_channels")


def upgrade() -> None:
    op.create_table(
        "messaging_accounts",
        *_own("messaging_accounts"),
        sa.Column("account_sid", sa.String(), nullable=False),
        sa.Column("auth_token", sa.LargeBinary(), nullable=False),
        sa.Column("previous_token", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", _INSTANT, nullable=True),
        sa.Column("hook_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hook_token", sa.LargeBinary(), nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("checked_at", _INSTANT, nullable=False),
        sa.Column("heard_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.UniqueConstraint("business_id", name=op.f("uq_messaging_accounts_business_id")),
        sa.UniqueConstraint("hook_hash", name=op.f("uq_messaging_accounts_hook_hash")),
    )
    op.create_table(
        "message_channels",
        *_own("message_channels"),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False, server_default=""),
        sa.Column("dlt_entity_id", sa.String(), nullable=False, server_default=""),
        sa.Column("is_on", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("broken", sa.String(), nullable=False, server_default=""),
        sa.Column("broken_at", _INSTANT, nullable=True),
        sa.Column("per_second", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Numeric(12, 3), nullable=False, server_default="0"),
        sa.Column("refilled_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.UniqueConstraint("business_id", "channel", name=op.f("uq_message_channels_business_id_channel")),
        sa.CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name=op.f("ck_message_channels_channel")),
        sa.CheckConstraint("not is_on or channel = 'email' or sender <> ''", name=op.f("ck_message_channels_sender")),
        sa.CheckConstraint("per_second between 1 and 1000", name=op.f("ck_message_channels_pace")),
    )
    for table in _TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute(messaging.TWILIO_BEHIND)
    op.execute(f"REVOKE ALL ON FUNCTION {messaging.TWILIO_BEHIND_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {messaging.TWILIO_BEHIND_NAME} TO microcrm_app")


def _own(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("business_id", "id", name=op.f(f"uq_{table}_business_id_id")),
    )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {messaging.TWILIO_BEHIND_NAME}")
    for table in reversed(_TABLES):
        op.drop_table(table)
