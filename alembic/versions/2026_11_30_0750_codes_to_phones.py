"""The code before an online booking goes to the phone or by e-mail, as the shop wants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_policies", sa.Column("code_way", sa.String(), nullable=False, server_default="email"))
    op.create_check_constraint(
        op.f("ck_booking_policies_code_way"), "booking_policies", "code_way in ('phone', 'email')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_booking_policies_code_way"), "booking_policies")
    op.drop_column("booking_policies", "code_way")
