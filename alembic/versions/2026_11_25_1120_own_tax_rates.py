"""Own tax rates: rates of a shop's own, kinds of registration by day, a bill's last line; and links to a bill."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls
from microcrm.models.doors import BILL_BEHIND

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_SUBJECTS = "num_nonnulls(booking_id, feed_member_id, offer_id, ticket_id{}) = 1"


def upgrade() -> None:
    op.add_column(
        "billing_profiles",
        sa.Column("registration_changes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.add_column("billing_profiles", sa.Column("footer", sa.String(), server_default="", nullable=False))
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("sac", sa.String(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("is_exempt", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("citation", sa.String(), nullable=False),
        sa.CheckConstraint(
            "rate_bp between 0 and 10000 and not (is_exempt and rate_bp <> 0)", name=op.f("ck_tax_rates_rate")
        ),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name=op.f("ck_tax_rates_days")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_tax_rates_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_tax_rates_business_id_id")),
        sa.UniqueConstraint(
            "business_id",
            "tax_class",
            "sac",
            "valid_from",
            name=op.f("uq_tax_rates_business_id_tax_class_sac_valid_from"),
        ),
    )
    op.add_column("public_links", sa.Column("document_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_public_links_business_id_document_id"),
        "public_links",
        "documents",
        ["business_id", "document_id"],
        ["business_id", "id"],
        ondelete="CASCADE",
    )
    op.create_index("ix_public_links_document", "public_links", ["business_id", "document_id"], unique=False)
    op.drop_constraint(op.f("ck_public_links_one_subject"), "public_links")
    op.create_check_constraint(op.f("ck_public_links_one_subject"), "public_links", _SUBJECTS.format(", document_id"))
    for statement in [*walls.tenant_wall("tax_rates"), "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app"]:
        op.execute(statement)
    op.execute(BILL_BEHIND)
    op.execute("REVOKE ALL ON FUNCTION bill_behind(bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION bill_behind(bytea) TO microcrm_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION bill_behind(bytea)")
    op.execute("DELETE FROM public_links WHERE document_id IS NOT NULL")
    op.drop_constraint(op.f("ck_public_links_one_subject"), "public_links")
    op.drop_index("ix_public_links_document", table_name="public_links")
    op.drop_constraint(op.f("fk_public_links_business_id_document_id"), "public_links", type_="foreignkey")
    op.drop_column("public_links", "document_id")
    op.create_check_constraint(op.f("ck_public_links_one_subject"), "public_links", _SUBJECTS.format(""))
    op.drop_table("tax_rates")
    op.drop_column("billing_profiles", "footer")
    op.drop_column("billing_profiles", "registration_changes")
