"""A link is to one thing of six: the index of each holds only its own, so that a new link is written into one instead of six."""

from __future__ import annotations

from alembic import op

revision = "0063"
down_revision = "0056"
branch_labels = None
depends_on = None

_COLUMNS = {
    "booking": "booking_id", "feed": "feed_member_id", "offer": "offer_id", "ticket": "ticket_id", "document": "document_id",
    "entry": "entry_id",
}  # fmt: skip


def upgrade() -> None:
    _replace(is_partial=True)


def downgrade() -> None:
    _replace(is_partial=False)


def _replace(*, is_partial: bool) -> None:
    for name, column in _COLUMNS.items():
        op.drop_index(f"ix_public_links_{name}", "public_links")
        op.create_index(
            f"ix_public_links_{name}", "public_links", ["business_id", column],
            postgresql_where=f"{column} IS NOT NULL" if is_partial else None,
        )  # fmt: skip
