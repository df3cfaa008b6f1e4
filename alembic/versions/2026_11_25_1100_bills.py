"""Bills: terms, number series, documents that stay once issued, payments, and a ledger that sums to zero."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import billing, walls

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    "billing_profiles",
    "number_series",
    "documents",
    "document_lines",
    "payments",
    "allocations",
    "ledger_entries",
)


def upgrade() -> None:
    op.create_table(
        "billing_profiles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("registration", sa.String(), nullable=False),
        sa.Column("is_rounded", sa.Boolean(), nullable=False),
        sa.Column("is_price_with_tax", sa.Boolean(), nullable=False),
        sa.Column("upi_id", sa.String(), nullable=False),
        sa.Column("upi_name", sa.String(), nullable=False),
        sa.Column("bank", sa.String(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("second_language", sa.String(), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("patterns", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("locked_through", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "registration in ('regular', 'composition', 'none')", name=op.f("ck_billing_profiles_registration")
        ),
        sa.CheckConstraint("second_language in ('', 'hi', 'kn')", name=op.f("ck_billing_profiles_second_language")),
        sa.CheckConstraint("due_days between 0 and 365", name=op.f("ck_billing_profiles_due_days")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_billing_profiles_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_profiles")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_billing_profiles_business_id_id")),
        sa.UniqueConstraint("business_id", name=op.f("uq_billing_profiles_business_id")),
    )
    op.create_table(
        "number_series",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("began", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_number_series_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_number_series_business_id_id")),
        sa.UniqueConstraint("business_id", "kind", "began", name=op.f("uq_number_series_business_id_kind_began")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.Column("voided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(), nullable=False),
        sa.CheckConstraint("evidence in ('claimed', 'webhook', 'statement')", name=op.f("ck_payments_evidence")),
        sa.CheckConstraint(
            "mode in ('cash', 'upi', 'card', 'bank', 'wallet', 'razorpay')", name=op.f("ck_payments_mode")
        ),
        sa.CheckConstraint("amount_paise <> 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_payments_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_payments_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_payments_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_payments_business_id_id")),
        sa.UniqueConstraint("business_id", "request_key", name=op.f("uq_payments_business_id_request_key")),
    )
    op.create_index("ix_payments_customer", "payments", ["business_id", "customer_id"], unique=False)
    op.create_index("ix_payments_received", "payments", ["business_id", "received_at"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=True),
        sa.Column("began", sa.Integer(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("issued_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("seller", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("buyer", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("buyer_gstin", sa.String(), nullable=False),
        sa.Column("place_state", sa.String(), nullable=False),
        sa.Column("heads", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("discount_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("taxable_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cgst_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sgst_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("igst_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("round_off_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tip_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("cancel_reason", sa.String(), nullable=False),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by_member_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'draft') = (number is null)", name=op.f("ck_documents_number")),
        sa.CheckConstraint("heads in ('cgst_sgst', 'cgst_utgst', 'igst', 'none')", name=op.f("ck_documents_heads")),
        sa.CheckConstraint(
            "kind in ('estimate', 'tax_invoice', 'bill_of_supply', 'invoice_cum_bill', 'plain_bill', "
            "'receipt_voucher', 'refund_voucher', 'credit_note', 'debit_note')",
            name=op.f("ck_documents_kind"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'issued', 'part_paid', 'paid', 'cancelled')", name=op.f("ck_documents_state")
        ),
        sa.CheckConstraint("cgst_paise = sgst_paise", name=op.f("ck_documents_halves")),
        sa.CheckConstraint(
            "tip_paise >= 0 and paid_paise >= 0 and total_paise >= 0", name=op.f("ck_documents_amounts")
        ),
        sa.CheckConstraint(
            "total_paise = taxable_paise + cgst_paise + sgst_paise + igst_paise + round_off_paise",
            name=op.f("ck_documents_total"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "booking_id"],
            ["bookings.business_id", "bookings.id"],
            name=op.f("fk_documents_business_id_booking_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "corrects_id"],
            ["documents.business_id", "documents.id"],
            name=op.f("fk_documents_business_id_corrects_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "created_by_member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_documents_business_id_created_by_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_documents_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_documents_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("business_id", "began", "number", name=op.f("uq_documents_business_id_began_number")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_documents_business_id_id")),
    )
    op.create_index("ix_documents_booking", "documents", ["business_id", "booking_id"], unique=False)
    op.create_index(
        "ix_documents_corrects",
        "documents",
        ["business_id", "corrects_id"],
        unique=False,
        postgresql_where="corrects_id is not null",
    )
    op.create_index("ix_documents_customer", "documents", ["business_id", "customer_id"], unique=False)
    op.create_index("ix_documents_issued", "documents", ["business_id", "issued_on", "id"], unique=False)
    op.create_index("ix_documents_number", "documents", ["business_id", "number"], unique=False)
    op.create_index("ix_documents_state", "documents", ["business_id", "state", "issued_on"], unique=False)
    op.create_table(
        "allocations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_paise <> 0", name=op.f("ck_allocations_amount")),
        sa.ForeignKeyConstraint(
            ["business_id", "document_id"],
            ["documents.business_id", "documents.id"],
            name=op.f("fk_allocations_business_id_document_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name=op.f("fk_allocations_business_id_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_allocations_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_allocations_business_id_id")),
    )
    op.create_index("ix_allocations_document", "allocations", ["business_id", "document_id"], unique=False)
    op.create_index("ix_allocations_payment", "allocations", ["business_id", "payment_id"], unique=False)
    op.create_table(
        "document_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("sac", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_with_tax", sa.Boolean(), nullable=False),
        sa.Column("discount_bp", sa.Integer(), nullable=False),
        sa.Column("discount_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("is_exempt", sa.Boolean(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_item_id", sa.BigInteger(), nullable=True),
        sa.Column("bill_discount_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("taxable_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cgst_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sgst_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("igst_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("cgst_paise = sgst_paise", name=op.f("ck_document_lines_halves")),
        sa.CheckConstraint("quantity > 0 and price_paise >= 0", name=op.f("ck_document_lines_amounts")),
        sa.CheckConstraint(
            "rate_bp between 0 and 10000 and discount_bp between 0 and 10000", name=op.f("ck_document_lines_rates")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "booking_item_id"],
            ["booking_items.business_id", "booking_items.id"],
            name=op.f("fk_document_lines_business_id_booking_item_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "document_id"],
            ["documents.business_id", "documents.id"],
            name=op.f("fk_document_lines_business_id_document_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_document_lines_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "service_id"],
            ["services.business_id", "services.id"],
            name=op.f("fk_document_lines_business_id_service_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_document_lines_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_lines")),
        sa.UniqueConstraint(
            "business_id", "document_id", "place", name=op.f("uq_document_lines_business_id_document_id_place")
        ),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_document_lines_business_id_id")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("posting", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("amount_paise", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount_paise <> 0", name=op.f("ck_ledger_entries_amount")),
        sa.ForeignKeyConstraint(
            ["business_id", "document_id"],
            ["documents.business_id", "documents.id"],
            name=op.f("fk_ledger_entries_business_id_document_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name=op.f("fk_ledger_entries_business_id_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_ledger_entries_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_ledger_entries_business_id_id")),
    )
    op.create_index("ix_ledger_entries_account", "ledger_entries", ["business_id", "account", "on_day"], unique=False)
    op.create_index("ix_ledger_entries_posting", "ledger_entries", ["business_id", "posting"], unique=False)
    statements = [statement for table in TABLES for statement in walls.tenant_wall(table)]
    for statement in [*billing.GUARDS, *statements, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app"]:
        op.execute(statement)


def downgrade() -> None:
    for table in ("ledger_entries", "allocations", "payments", "document_lines", "documents", "number_series"):
        op.drop_table(table)
    op.drop_table("billing_profiles")
    for function in ("issued_stays", "issued_lines_stay", "postings_balance"):
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP SEQUENCE postings")
