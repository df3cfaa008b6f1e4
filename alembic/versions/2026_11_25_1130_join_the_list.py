"""Join the list: entries of the waiting list have a secret link of their own, and the language they are written to in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from microcrm.models.doors import LINK_BEHIND, LINK_BEHIND_BEFORE

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None

SUBJECTS = "booking_id, feed_member_id, offer_id, ticket_id, document_id"


def upgrade() -> None:
    op.add_column("waitlist_entries", sa.Column("language", sa.String(), server_default="", nullable=False))
    op.add_column("public_links", sa.Column("entry_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_public_links_business_id_entry_id"), "public_links", "waitlist_entries",
        ["business_id", "entry_id"], ["business_id", "id"], ondelete="CASCADE",
    )  # fmt: skip
    op.create_index("ix_public_links_entry", "public_links", ["business_id", "entry_id"])
    _one_of(f"{SUBJECTS}, entry_id")
    _replace_door(LINK_BEHIND)


def downgrade() -> None:
    op.execute("DELETE FROM public_links WHERE entry_id IS NOT NULL")
    _one_of(SUBJECTS)
    op.drop_index("ix_public_links_entry", "public_links")
    op.drop_constraint(op.f("fk_public_links_business_id_entry_id"), "public_links")
    _replace_door(LINK_BEHIND_BEFORE)
    op.drop_column("public_links", "entry_id")
    op.drop_column("waitlist_entries", "language")


def _one_of(columns: str) -> None:
    op.drop_constraint(op.f("ck_public_links_one_subject"), "public_links")
    op.create_check_constraint(op.f("ck_public_links_one_subject"), "public_links", f"num_nonnulls({columns}) = 1")


def _replace_door(function: str) -> None:
    """What it answers has other columns now, which replacing cannot change."""
    op.execute("DROP FUNCTION link_behind(bytea)")
    op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION link_behind(bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION link_behind(bytea) TO microcrm_app")
