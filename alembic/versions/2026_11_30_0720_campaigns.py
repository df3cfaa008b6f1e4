"""Messages to many customers at once, and which message belongs to which of them; the header that offers by SMS leave under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import campaigns, walls

revision = "0057"
down_revision = "0062"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _text("state", "draft"),
        _text("segment_key"),
        _text("segment_name"),
        _json("rules", "{}"),
        _json("channels", "[]"),
        _json("words", "{}"),
        sa.Column("pace", sa.Integer(), server_default="60", nullable=False),
        sa.Column("begins_at", _INSTANT, nullable=True),
        sa.Column("next_at", _INSTANT, nullable=True),
        sa.Column("reached_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("examined", sa.Integer(), server_default="0", nullable=False),
        _json("left_out", "{}"),
        sa.Column("is_planned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("started_at", _INSTANT, nullable=True),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'running', 'paused', 'stopped', 'done')", name=op.f("ck_campaigns_state")
        ),
        sa.CheckConstraint("pace between 1 and 600", name=op.f("ck_campaigns_pace")),
        sa.CheckConstraint("state = 'draft' or started_at is not null", name=op.f("ck_campaigns_started")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_campaigns_business_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_campaigns_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_campaigns_business_id_id")),
    )
    op.create_index("ix_campaigns_running", "campaigns", ["business_id", "id"], postgresql_where="state = 'running'")
    for statement in walls.tenant_wall("campaigns"):
        op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.add_column("message_channels", _text("offer_sender"))
    op.add_column("messages", sa.Column("campaign_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_messages_business_id_campaign_id"), "messages", "campaigns", ["business_id", "campaign_id"],
        ["business_id", "id"], ondelete="RESTRICT",
    )  # fmt: skip
    op.create_index(
        "ix_messages_campaign",
        "messages",
        ["business_id", "campaign_id", "id"],
        postgresql_where="campaign_id is not null",
    )
    op.create_index(
        "ix_messages_campaign_due",
        "messages",
        ["business_id", "channel", "due_at", "id"],
        postgresql_where="state = 'planned' and campaign_id is not null",
    )
    op.execute(campaigns.CAMPAIGNS_DUE)
    op.execute(f"REVOKE ALL ON FUNCTION {campaigns.CAMPAIGNS_DUE_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {campaigns.CAMPAIGNS_DUE_NAME} TO microcrm_app")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {campaigns.CAMPAIGNS_DUE_NAME}")
    op.drop_index("ix_messages_campaign_due", "messages")
    op.drop_index("ix_messages_campaign", "messages")
    op.drop_constraint(op.f("fk_messages_business_id_campaign_id"), "messages")
    op.drop_column("messages", "campaign_id")
    op.drop_column("message_channels", "offer_sender")
    op.drop_table("campaigns")


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=False)


def _json(name: str, default: str) -> sa.Column[str]:
    return sa.Column(name, postgresql.JSONB(), server_default=default, nullable=False)
