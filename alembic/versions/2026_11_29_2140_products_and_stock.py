"""Goods, the movements of their stock, and lines of bills that sell them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0023"
down_revision = "0019b"
branch_labels = None
depends_on = None

TABLES = ("products", "stock_movements")
_DIRECTION = (
    "case kind when 'received' then quantity > 0 when 'returned' then quantity > 0 when 'sold' then quantity < 0 "
    "when 'damaged' then quantity < 0 else true end"
)


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("barcode", sa.String(), nullable=False),
        sa.Column("hsn", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("price_paise", sa.BigInteger(), nullable=False),
        sa.Column("is_price_with_tax", sa.Boolean(), nullable=False),
        sa.Column("low_at", sa.BigInteger(), nullable=True),
        sa.Column("stock", sa.BigInteger(), nullable=False),
        sa.Column("cost_paise", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_own("products"),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_products_business_id_name")),
        sa.CheckConstraint("price_paise >= 0 and cost_paise >= 0", name=op.f("ck_products_amounts")),
        sa.CheckConstraint("low_at >= 0", name=op.f("ck_products_low")),
    )
    op.create_index(
        "uq_products_barcode",
        "products",
        ["business_id", "barcode"],
        unique=True,
        postgresql_where=sa.text("barcode <> ''"),
    )
    op.create_index(
        "ix_products_low",
        "products",
        ["business_id", "stock"],
        postgresql_where=sa.text("is_active and (stock < 0 or stock <= low_at)"),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("stock_after", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("cost_paise", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        *_own("stock_movements"),
        _within("stock_movements", "product_id", "products"),
        _within("stock_movements", "member_id", "members"),
        _within("stock_movements", "document_id", "documents"),
        sa.CheckConstraint(
            "kind in ('received', 'sold', 'returned', 'counted', 'damaged', 'undone')",
            name=op.f("ck_stock_movements_kind"),
        ),
        sa.CheckConstraint(_DIRECTION, name=op.f("ck_stock_movements_direction")),
        sa.CheckConstraint(
            "cost_paise is null or (kind = 'received' and cost_paise >= 0)", name=op.f("ck_stock_movements_cost")
        ),
    )
    op.create_index("ix_stock_movements_product", "stock_movements", ["business_id", "product_id", "id"])
    op.create_index(
        "ix_stock_movements_document",
        "stock_movements",
        ["business_id", "document_id"],
        postgresql_where=sa.text("document_id is not null"),
    )
    op.add_column("document_lines", sa.Column("product_id", sa.BigInteger(), nullable=True))
    op.add_column("document_lines", sa.Column("unit", sa.String(), server_default="", nullable=False))
    op.create_foreign_key(
        op.f("fk_document_lines_business_id_product_id"),
        "document_lines",
        "products",
        ["business_id", "product_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    for table in TABLES:
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")


def _own(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("business_id", "id", name=op.f(f"uq_{table}_business_id_id")),
    )


def _within(table: str, column: str, other: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_document_lines_business_id_product_id"), "document_lines", type_="foreignkey")
    op.drop_column("document_lines", "unit")
    op.drop_column("document_lines", "product_id")
    for table in reversed(TABLES):
        op.drop_table(table)
