"""A service may ask for a form before it starts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("services", sa.Column("needed_form_id", sa.BigInteger(), nullable=True))
    op.add_column("services", sa.Column("needed_form_months", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_services_business_id_needed_form_id"),
        "services",
        "forms",
        ["business_id", "needed_form_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_check_constraint(
        op.f("ck_services_needed_form"),
        "services",
        "needed_form_months is null or needed_form_id is not null and needed_form_months between 1 and 120",
    )


def downgrade() -> None:
    op.drop_column("services", "needed_form_months")
    op.drop_column("services", "needed_form_id")
