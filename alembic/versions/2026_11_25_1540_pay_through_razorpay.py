"""Pay through Razorpay: accounts, requests, payments, refunds and disputes there, and the inbox of webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import gateway, walls

revision = "0012"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("gateway_accounts", "pay_requests", "gateway_payments", "gateway_refunds", "disputes")


def upgrade() -> None:
    op.create_table(
        "gateway_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("key_secret", sa.LargeBinary(), nullable=False),
        sa.Column("hook_secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("hook_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hook_token", sa.LargeBinary(), nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("checked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("heard_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_gateway_accounts_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_accounts")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_gateway_accounts_business_id_id")),
        sa.UniqueConstraint("business_id", name=op.f("uq_gateway_accounts_business_id")),
        sa.UniqueConstraint("hook_hash", name=op.f("uq_gateway_accounts_hook_hash")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("leased_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('new', 'done', 'unused', 'failed')", name=op.f("ck_inbox_state")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_inbox_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("business_id", "key", name=op.f("uq_inbox_business_id_key")),
    )
    op.create_index("ix_inbox_due", "inbox", ["due_at"], unique=False, postgresql_where="state = 'new'")
    op.create_table(
        "pay_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("looked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('order', 'link')", name=op.f("ck_pay_requests_kind")),
        sa.CheckConstraint("state in ('wanted', 'open', 'paid', 'ended')", name=op.f("ck_pay_requests_state")),
        sa.CheckConstraint("amount_paise > 0", name=op.f("ck_pay_requests_amount")),
        sa.ForeignKeyConstraint(
            ["business_id", "document_id"],
            ["documents.business_id", "documents.id"],
            name=op.f("fk_pay_requests_business_id_document_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_pay_requests_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_pay_requests_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_requests")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_pay_requests_business_id_id")),
        sa.UniqueConstraint("business_id", "reference", name=op.f("uq_pay_requests_business_id_reference")),
    )
    op.create_index("ix_pay_requests_document", "pay_requests", ["business_id", "document_id"], unique=False)
    op.create_index(
        "ix_pay_requests_open",
        "pay_requests",
        ["business_id", "looked_at"],
        unique=False,
        postgresql_where="state in ('wanted', 'open')",
    )
    op.create_index("ix_pay_requests_order", "pay_requests", ["business_id", "order_id"], unique=False)
    op.create_index("ix_pay_requests_remote", "pay_requests", ["business_id", "remote_id"], unique=False)
    op.create_table(
        "gateway_payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("pay_request_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("refunded_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fee_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("concern", sa.String(), nullable=False),
        sa.Column("concern_closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "concern in ('', 'amount', 'currency', 'settled', 'cancelled', 'uncaptured')",
            name=op.f("ck_gateway_payments_concern"),
        ),
        sa.CheckConstraint(
            "status in ('created', 'failed', 'authorized', 'captured', 'refunded')",
            name=op.f("ck_gateway_payments_status"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "pay_request_id"],
            ["pay_requests.business_id", "pay_requests.id"],
            name=op.f("fk_gateway_payments_business_id_pay_request_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name=op.f("fk_gateway_payments_business_id_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_gateway_payments_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_payments")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_gateway_payments_business_id_id")),
        sa.UniqueConstraint("business_id", "remote_id", name=op.f("uq_gateway_payments_business_id_remote_id")),
    )
    op.create_index(
        "ix_gateway_payments_concern",
        "gateway_payments",
        ["business_id", "id"],
        unique=False,
        postgresql_where="concern <> ''",
    )
    op.create_index("ix_gateway_payments_ledger", "gateway_payments", ["business_id", "payment_id"], unique=False)
    op.create_index("ix_gateway_payments_request", "gateway_payments", ["business_id", "pay_request_id"], unique=False)
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("gateway_payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("respond_by", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('open', 'under_review', 'action_required', 'closed', 'won', 'lost')",
            name=op.f("ck_disputes_status"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "gateway_payment_id"],
            ["gateway_payments.business_id", "gateway_payments.id"],
            name=op.f("fk_disputes_business_id_gateway_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_disputes_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_disputes_business_id_id")),
        sa.UniqueConstraint("business_id", "remote_id", name=op.f("uq_disputes_business_id_remote_id")),
    )
    op.create_index("ix_disputes_payment", "disputes", ["business_id", "gateway_payment_id"], unique=False)
    op.create_table(
        "gateway_refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("gateway_payment_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('wanted', 'pending', 'processed', 'failed')", name=op.f("ck_gateway_refunds_status")
        ),
        sa.CheckConstraint("amount_paise > 0", name=op.f("ck_gateway_refunds_amount")),
        sa.ForeignKeyConstraint(
            ["business_id", "gateway_payment_id"],
            ["gateway_payments.business_id", "gateway_payments.id"],
            name=op.f("fk_gateway_refunds_business_id_gateway_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_gateway_refunds_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name=op.f("fk_gateway_refunds_business_id_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_gateway_refunds_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_refunds")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_gateway_refunds_business_id_id")),
        sa.UniqueConstraint("business_id", "key", name=op.f("uq_gateway_refunds_business_id_key")),
        sa.UniqueConstraint("business_id", "remote_id", name=op.f("uq_gateway_refunds_business_id_remote_id")),
    )
    op.create_index(
        "ix_gateway_refunds_open",
        "gateway_refunds",
        ["business_id", "id"],
        unique=False,
        postgresql_where="status in ('wanted', 'pending')",
    )
    op.create_index(
        "ix_gateway_refunds_payment", "gateway_refunds", ["business_id", "gateway_payment_id"], unique=False
    )
    statements = [statement for table in TABLES for statement in walls.tenant_wall(table)]
    statements += [*walls.inbox_wall(), *gateway.FUNCTIONS]
    for name in gateway.FUNCTION_NAMES:
        statements += [
            f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app",
        ]
    for statement in [*statements, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app"]:
        op.execute(statement)


def downgrade() -> None:
    for name in gateway.FUNCTION_NAMES:
        op.execute(f"DROP FUNCTION {name}")
    for table in ("inbox", *reversed(TABLES)):
        op.drop_table(table)
