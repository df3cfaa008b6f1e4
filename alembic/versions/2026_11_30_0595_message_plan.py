"""When which message goes by itself, and in which words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0053"
down_revision = "0054"
branch_labels = None
depends_on = None

_TABLES = ("message_plans", "message_steps", "message_templates")


def upgrade() -> None:
    op.create_table(
        "message_plans",
        *_own("message_plans"),
        _channels(),
        sa.Column("review_url", sa.String(), nullable=False, server_default=""),
        sa.Column("sms_price", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("business_id", name=op.f("uq_message_plans_business_id")),
        sa.CheckConstraint("sms_price between 0 and 1000000", name=op.f("ck_message_plans_price")),
    )
    op.create_table(
        "message_steps",
        *_own("message_steps"),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("offset_min", sa.Integer(), nullable=False),
        sa.Column("clock_min", sa.Integer(), nullable=True),
        _channels(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "service_id"],
            ["services.business_id", "services.id"],
            name=op.f("fk_message_steps_business_id_service_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("offset_min between 0 and 86400", name=op.f("ck_message_steps_offset")),
        sa.CheckConstraint(
            "clock_min is null or (clock_min between 0 and 1439 and offset_min % 1440 = 0)",
            name=op.f("ck_message_steps_clock"),
        ),
    )
    op.create_index(
        "uq_message_steps_step",
        "message_steps",
        ["business_id", "step", "service_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "message_templates",
        *_own("message_templates"),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False, server_default=""),
        sa.Column("content_sid", sa.String(), nullable=False, server_default=""),
        sa.Column("dlt_template_id", sa.String(), nullable=False, server_default=""),
        sa.Column("dlt_text", sa.String(), nullable=False, server_default=""),
        sa.Column("dlt_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "business_id",
            "step",
            "channel",
            "language",
            name=op.f("uq_message_templates_business_id_step_channel_language"),
        ),
        sa.CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name=op.f("ck_message_templates_channel")),
        sa.CheckConstraint("content_sid = '' or channel = 'whatsapp'", name=op.f("ck_message_templates_content")),
        sa.CheckConstraint(
            "(dlt_template_id = '' and dlt_text = '') or channel = 'sms'", name=op.f("ck_message_templates_dlt")
        ),
        sa.CheckConstraint("(dlt_text = '') = (dlt_template_id = '')", name=op.f("ck_message_templates_registered")),
    )
    for table in _TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")


def _channels() -> sa.Column[list[str]]:
    return sa.Column("channels", postgresql.JSONB(), nullable=False, server_default="[]")


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
    for table in reversed(_TABLES):
        op.drop_table(table)
