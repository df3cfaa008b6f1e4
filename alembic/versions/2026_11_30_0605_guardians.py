"""Who agreed for a child: a parent or guardian, by name, and how the shop knows that they are of age."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0052"
branch_labels = None
depends_on = None

_RULES = {
    "guardian_bond": "guardian_bond in ('', 'parent', 'guardian')",
    "guardian_proof": "guardian_proof in ('', 'known', 'document', 'locker')",
    "guardian": "(guardian_name = '') = (guardian_bond = '') and (guardian_name = '') = (guardian_proof = '')",
    "guardian_id": "guardian_id is null or guardian_name <> '' and guardian_id <> customer_id",
}


def upgrade() -> None:
    op.add_column("consents", sa.Column("guardian_id", sa.BigInteger(), nullable=True))
    for name in ("guardian_name", "guardian_bond", "guardian_proof"):
        op.add_column("consents", sa.Column(name, sa.String(), server_default="", nullable=False))
    for name, rule in _RULES.items():
        op.create_check_constraint(op.f(f"ck_consents_{name}"), "consents", rule)
    op.create_foreign_key(
        op.f("fk_consents_business_id_guardian_id"), "consents", "customers",
        ["business_id", "guardian_id"], ["business_id", "id"], ondelete="RESTRICT",
    )  # fmt: skip
    op.create_index(
        "ix_consents_guardian", "consents", ["business_id", "guardian_id"], postgresql_where="guardian_id is not null"
    )


def downgrade() -> None:
    op.drop_index("ix_consents_guardian", "consents")
    for name in ("guardian_proof", "guardian_bond", "guardian_name", "guardian_id"):
        op.drop_column("consents", name)
