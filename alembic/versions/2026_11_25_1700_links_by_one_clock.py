"""Links by one clock: whether a secret link has run out is judged by the time of the transaction that asks."""

from __future__ import annotations

from alembic import op

from microcrm.models.doors import BILL_BEHIND, BILL_BEHIND_AT, LINK_BEHIND, LINK_BEHIND_AT

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE, SINCE = "bytea", "bytea, timestamptz"


def upgrade() -> None:
    _replace("link_behind", BEFORE, LINK_BEHIND_AT, SINCE)
    _replace("bill_behind", BEFORE, BILL_BEHIND_AT, SINCE)


def downgrade() -> None:
    _replace("link_behind", SINCE, LINK_BEHIND, BEFORE)
    _replace("bill_behind", SINCE, BILL_BEHIND, BEFORE)


def _replace(name: str, old: str, function: str, new: str) -> None:
    op.execute(f"DROP FUNCTION {name}({old})")
    op.execute(function)
    op.execute(f"REVOKE ALL ON FUNCTION {name}({new}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}({new}) TO microcrm_app")
