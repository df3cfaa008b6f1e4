"""Links behind which customers fill in a form themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import form_links, merging, walls

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_TABLE = "form_links"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("form_version_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("filled_at", _INSTANT, nullable=True),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.CheckConstraint("(record_id is null) = (filled_at is null)", name=op.f("ck_form_links_filled")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_form_links_business_id"), ondelete="CASCADE"
        ),
        _within("customer_id", "customers"),
        _within("form_version_id", "form_versions"),
        _within("member_id", "members"),
        _within("record_id", "sealed_records", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_links")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_form_links_business_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_form_links_token_hash")),
    )
    op.create_index("ix_form_links_customer", _TABLE, ["business_id", "customer_id", "id"])
    op.create_index(
        "ix_form_links_record", _TABLE, ["business_id", "record_id"], postgresql_where="record_id is not null"
    )
    for statement in walls.tenant_wall(_TABLE):
        op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute(merging.route(_TABLE))
    op.execute(form_links.FORM_BEHIND)
    op.execute(f"REVOKE ALL ON FUNCTION {form_links.FORM_BEHIND_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {form_links.FORM_BEHIND_NAME} TO microcrm_app")


def _within(column: str, other: str, ondelete: str = "RESTRICT") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_form_links_business_id_{column}"),
        ondelete=ondelete,
    )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {form_links.FORM_BEHIND_NAME}")
    op.drop_table(_TABLE)
