"""Words of many customers at once: they are in the business by being a customer's, and different words are looked up once."""

from __future__ import annotations

from alembic import op

from microcrm.models.customers import FORGET_SPELLINGS, KEEP_SPELLINGS

revision = "0044"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("fk_customer_words_business_id"), "customer_words", type_="foreignkey")
    op.execute(KEEP_SPELLINGS)
    op.execute(FORGET_SPELLINGS)


def downgrade() -> None:
    """The functions stay: they do the same."""
    op.create_foreign_key(
        op.f("fk_customer_words_business_id"),
        "customer_words",
        "businesses",
        ["business_id"],
        ["id"],
        ondelete="CASCADE",
    )
