"""The door of a shop's public pages says what the shop has set up: codes, payments online, its own plan of messages."""

from __future__ import annotations

from alembic import op

from microcrm.models import doors

revision = "0056"
down_revision = "0053b"
branch_labels = None
depends_on = None

_NAME = "public_shop(text)"


def upgrade() -> None:
    _replace(doors.PUBLIC_SHOP)


def downgrade() -> None:
    _replace(doors.FUNCTIONS[0])


def _replace(function: str) -> None:
    op.execute(f"DROP FUNCTION {_NAME}")
    op.execute(function)
    op.execute(f"REVOKE ALL ON FUNCTION {_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_NAME} TO microcrm_app")
