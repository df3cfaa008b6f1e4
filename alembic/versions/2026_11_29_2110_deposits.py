"""Deposits: what is paid ahead for a visit, by the shop's rule and a service's own; and disputes that reach the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0022"
branch_labels = None
depends_on = None

_KINDS = "deposit_kind in ('none', 'fixed', 'percent', 'full')"
_SUMS = "deposit_paise >= 0 and deposit_percent between 0 and 100"
_CONCERNS = "'', 'amount', 'currency', 'settled', 'cancelled', 'uncaptured'"


def upgrade() -> None:
    op.add_column("bookings", sa.Column("deposit_paise", sa.BigInteger(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_bookings_deposit"), "bookings", "deposit_paise >= 0")
    for table in ("booking_policies", "services"):
        is_own = table == "services"
        kind = sa.Column("deposit_kind", sa.String(), server_default=None if is_own else "none", nullable=is_own)
        op.add_column(table, kind)
        for name in ("deposit_paise", "deposit_percent"):
            op.add_column(table, sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        op.create_check_constraint(op.f(f"ck_{table}_deposit_kind"), table, _KINDS)
        op.create_check_constraint(op.f(f"ck_{table}_deposit"), table, _SUMS)
    _requests()
    _concerns(f"{_CONCERNS}, 'late', 'twice'")
    op.add_column("disputes", sa.Column("said_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("disputes", sa.Column("payment_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_disputes_business_id_payment_id"), "disputes", "payments", ["business_id", "payment_id"],
        ["business_id", "id"], ondelete="RESTRICT",
    )  # fmt: skip
    is_open = "status in ('open', 'under_review', 'action_required')"
    op.create_index("ix_disputes_open", "disputes", ["business_id", "id"], postgresql_where=is_open)


def _requests() -> None:
    op.alter_column("pay_requests", "document_id", existing_type=sa.BigInteger(), nullable=True)
    op.add_column("pay_requests", sa.Column("booking_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_pay_requests_business_id_booking_id"), "pay_requests", "bookings", ["business_id", "booking_id"],
        ["business_id", "id"], ondelete="RESTRICT",
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_pay_requests_subject"), "pay_requests", "(document_id is null) <> (booking_id is null)"
    )
    op.create_index(
        "ix_pay_requests_booking",
        "pay_requests",
        ["business_id", "booking_id"],
        postgresql_where="booking_id is not null",
    )


def _concerns(words: str) -> None:
    op.drop_constraint(op.f("ck_gateway_payments_concern"), "gateway_payments", type_="check")
    op.create_check_constraint(op.f("ck_gateway_payments_concern"), "gateway_payments", f"concern in ({words})")


def downgrade() -> None:
    op.drop_index("ix_disputes_open", "disputes")
    op.drop_column("disputes", "payment_id")
    op.drop_column("disputes", "said_at")
    op.execute("UPDATE gateway_payments SET concern = 'cancelled' WHERE concern IN ('late', 'twice')")
    _concerns(_CONCERNS)
    op.drop_index("ix_pay_requests_booking", "pay_requests")
    op.drop_constraint(op.f("ck_pay_requests_subject"), "pay_requests", type_="check")
    op.execute("UPDATE gateway_payments SET pay_request_id = NULL WHERE pay_request_id IN "
               "(SELECT id FROM pay_requests WHERE document_id IS NULL)")  # fmt: skip
    op.execute("DELETE FROM pay_requests WHERE document_id IS NULL")
    op.drop_column("pay_requests", "booking_id")
    op.alter_column("pay_requests", "document_id", existing_type=sa.BigInteger(), nullable=False)
    for table in ("services", "booking_policies"):
        for name in ("deposit_percent", "deposit_paise", "deposit_kind"):
            op.drop_column(table, name)
    op.drop_column("bookings", "deposit_paise")
