"""Whether the stand-ins are wanted asks both kinds of accounts; what waits in a lane that is served at its pace is not overdue, and
channels that stopped by themselves are counted.
"""

from __future__ import annotations

from alembic import op

from microcrm.models import gateway, monitoring

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

_NAME = gateway.SANDBOX_IS_WANTED_NAME


def upgrade() -> None:
    op.execute("DROP FUNCTION real_keys_are_used()")
    _create(gateway.SANDBOX_IS_WANTED, _NAME)
    op.execute(f"DROP FUNCTION {monitoring.MESSAGES_IN_ALL_NAME}")
    _create(monitoring.MESSAGES_IN_ALL, monitoring.MESSAGES_IN_ALL_NAME)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_NAME}")
    _create(gateway.REAL_KEYS, "real_keys_are_used()")


def _create(function: str, name: str) -> None:
    op.execute(function)
    op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app")
