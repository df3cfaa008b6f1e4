"""An offer of the waiting list remembers the class whose seat or time it was, so that a no leads to the next in line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waitlist_offers", sa.Column("freed_session_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_waitlist_offers_business_id_freed_session_id"),
        "waitlist_offers",
        "class_sessions",
        ["business_id", "freed_session_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index("ix_waitlist_offers_class", "waitlist_offers", ["business_id", "freed_session_id"])


def downgrade() -> None:
    op.drop_index("ix_waitlist_offers_class", table_name="waitlist_offers")
    op.drop_constraint(op.f("fk_waitlist_offers_business_id_freed_session_id"), "waitlist_offers", type_="foreignkey")
    op.drop_column("waitlist_offers", "freed_session_id")
