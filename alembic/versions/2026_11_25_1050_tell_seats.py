"""Tell seats: a session, person, member or shop that changes makes itself heard by whoever remembers it."""

from __future__ import annotations

from alembic import op

from microcrm.models import seats

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in seats.build():
        op.execute(statement)


def downgrade() -> None:
    for statement in seats.raze():
        op.execute(statement)
