"""Safety timers of services, and whether a patch test was clear."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0029b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("services", sa.Column("patch_test_days", sa.Integer(), nullable=True))
    op.add_column("services", sa.Column("rest_days", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_services_patch_test"), "services", "patch_test_days between 3 and 730")
    op.create_check_constraint(op.f("ck_services_rest"), "services", "rest_days between 1 and 365")
    op.add_column("sealed_records", sa.Column("is_clear", sa.Boolean(), server_default="false", nullable=False))
    op.create_check_constraint(op.f("ck_sealed_records_clear"), "sealed_records", "not is_clear or kind = 'patch_test'")


def downgrade() -> None:
    op.drop_column("sealed_records", "is_clear")
    op.drop_column("services", "rest_days")
    op.drop_column("services", "patch_test_days")
